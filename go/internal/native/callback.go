package native

import (
	"sync"
	"sync/atomic"
)

// Answer is what a private operation answers, as the header numbers it.
type Answer int32

// The answers.
const (
	Done        Answer = 0 // it did what it was asked
	Refused     Answer = 1 // the key was reached and did not take the input
	Unavailable Answer = 2 // the key cannot be reached: nothing is then believed about any message
)

// The paddings that a Decrypt may take off, or-ed.
const (
	UnpadsPKCS1v15   uint32 = 1
	UnpadsOAEPSHA256 uint32 = 2
	UnpadsOAEPSHA1   uint32 = 4
)

// Operations are the private operations of a key that is not the library's. One of the three functions is there. They are called from
// any thread, several at a time; output is the library's memory and must not be kept.
type Operations struct {
	Unpads     uint32
	RawPrivate func(input, output []byte) Answer
	Decrypt    func(padding uint32, ciphertext, output []byte) (int, Answer)
	Agree      func(point, output []byte) Answer
}

// C holds a number for what is Go's, not a pointer of Go.
var (
	numbers    sync.Map // uintptr → *Operations, *StoreMethods, *StoreFactory
	lastNumber atomic.Uintptr
)

func register(given any) uintptr {
	number := lastNumber.Add(1)
	numbers.Store(number, given)
	return number
}

func forget(number uintptr) { numbers.Delete(number) }

// Registered tells how many keys and stores the library holds functions of; for tests.
func Registered() (count int) {
	numbers.Range(func(any, any) bool { count++; return true })
	return count
}

// registered is what has this number; nil if it is of another type.
func registered[T any](number uintptr) *T {
	found, _ := numbers.Load(number)
	given, _ := found.(*T)
	return given
}

// A panic must not unwind through the library: what panicked cannot be reached.
func unavailableIfPanicked(answer *Answer) {
	if recover() != nil {
		*answer = Unavailable
	}
}

func rawPrivate(number uintptr, input, output []byte) (answer Answer) {
	defer unavailableIfPanicked(&answer)
	if given := registered[Operations](number); given != nil && given.RawPrivate != nil {
		return given.RawPrivate(input, output)
	}
	return Unavailable
}

func decrypt(number uintptr, padding uint32, ciphertext, output []byte) (length int, answer Answer) {
	defer unavailableIfPanicked(&answer)
	if given := registered[Operations](number); given != nil && given.Decrypt != nil {
		return given.Decrypt(padding, ciphertext, output)
	}
	return 0, Unavailable
}

func agree(number uintptr, point, output []byte) (answer Answer) {
	defer unavailableIfPanicked(&answer)
	if given := registered[Operations](number); given != nil && given.Agree != nil {
		return given.Agree(point, output)
	}
	return Unavailable
}
