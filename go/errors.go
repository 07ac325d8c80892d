package fdescrow

import (
	"errors"
	"fmt"
	"strconv"

	"fdescrow/internal/native"
)

// A Code is the number of an error; it never changes its meaning. It is an error itself, so that errors.Is(err, ErrStoreConflict) asks
// for it. A newer library may have codes that this package does not name.
type Code int32

// Error is what happened, in a sentence.
func (c Code) Error() string {
	if sentence, known := sentences[c]; known {
		return "fdescrow: " + sentence
	}
	return "fdescrow: error " + strconv.Itoa(int(c))
}

// Name is the name in docs/errors.md, as "StoreConflict"; empty for a code that is not known.
func (c Code) Name() string { return names[c] }

// A Fault says who can do something about an error.
type Fault string

const (
	FaultCaller  Fault = "caller"  // the program that uses the library
	FaultInput   Fault = "input"   // a person, a device or a file has to change
	FaultLibrary Fault = "library" // it is a bug: please report it
	FaultWorld   Fault = "world"   // something outside is not there at the moment: nothing is known, and trying again may help
)

// An Error is why a call failed. No error holds a secret.
type Error struct {
	Code   Code
	Fault  Fault
	Remedy string // what to do, in one sentence

	message string
	cause   error
}

// Error is what happened.
func (e *Error) Error() string { return "fdescrow: " + e.message }

// Is tells whether target is the code of this error.
func (e *Error) Is(target error) bool {
	code, is := target.(Code)
	return is && e.Code == code
}

// Unwrap is what an identity of yours answered, where it was that.
func (e *Error) Unwrap() error { return e.cause }

// ErrClosed: it was used after Close, or it is nil or a zero value where something is needed.
var ErrClosed = errors.New("fdescrow: it is closed, or was never opened")

// ErrLibrary: libfdescrow is not there, or is not the one that belongs to this package. The message says how to get it.
var ErrLibrary = errors.New("fdescrow: no library")

// load is called before the first handle is made.
func load() error {
	if err := native.Load(); err != nil {
		return fmt.Errorf("%w: %w", ErrLibrary, err)
	}
	return nil
}

// failed takes what a call answered; nil if it did what it was asked.
func failed(failure native.Error, result int32) error {
	if result == 0 {
		return nil
	}
	err := newError(Code(result), "")
	if !failure.IsNull() {
		err.message = string(native.ErrorMessage(failure))
		native.ErrorFree(failure)
	}
	return err
}

func newError(code Code, message string) *Error {
	if message == "" {
		message = sentences[code]
	}
	err := &Error{Code: code, message: message}
	// The library has these words; without one there is no error but that.
	if load() == nil {
		err.Fault = Fault(native.ResultFault(int32(code)))
		err.Remedy = string(native.ResultRemedy(int32(code)))
	}
	return err
}
