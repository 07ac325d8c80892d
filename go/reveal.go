package fdescrow

import (
	"context"
	"time"

	"fdescrow/internal/native"
)

// A Person is who somebody is, by what never changes.
type Person struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// A Reveal is a request for a key. A key is handed out for a reason alone, and leaves a trace.
type Reveal struct {
	Device string `json:"device"`
	By     string `json:"by"`
	Reason string `json:"reason"`

	// Which key, where the device has several.
	Kind      Kind   `json:"kind,omitempty"`
	Volume    string `json:"volume,omitempty"`
	Protector string `json:"protector,omitempty"`
	Key       string `json:"key,omitempty"`

	Person     *Person `json:"person,omitempty"` // who By is, where the policy asks for approvals
	Ticket     string  `json:"ticket,omitempty"`
	BreakGlass bool    `json:"break_glass,omitempty"` // without the approvals that are asked for otherwise
	Recovery   string  `json:"recovery,omitempty"`    // under which approved request
	Command    string  `json:"command,omitempty"`     // the key is for this command of the device itself, where the policy allows that
}

// A Handout is what is known about a key that was handed out.
type Handout struct {
	Key string `json:"key"` // its id
	Place
	Level      Level       `json:"level"`
	Recovery   string      `json:"recovery"`   // what to report the outcome of
	Candidates []Candidate `json:"candidates"` // the other keys of this place
}

// A Candidate is a key of a place.
type Candidate struct {
	Key         string    `json:"key"`
	Received    time.Time `json:"received"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	Standing    string    `json:"standing"` // what it is among the others
}

// A RevealedKey is a key that was handed out.
type RevealedKey struct {
	*Key
	About Handout
}

// Reveal hands out a key. That it may be handed out, and that it was, are in the audit before it returns.
//
// [ErrDeviceUnknown], [ErrRecoveryNoKey] and its like, [ErrIdentityUnavailable]. After [ErrIdentityUnavailable] and [ErrStoreUnknown] asking
// again goes on under the same authorisation.
func (e *Escrow) Reveal(ctx context.Context, request Reveal, keyring *Keyring) (*RevealedKey, error) {
	return reveal(ctx, e, request, keyring, func(escrow native.Escrow, keys native.Keyring, document string, now int64) (*RevealedKey, error) {
		key, text, failure, result := native.EscrowReveal(escrow, keys, document, now)
		about, err := answer[Handout](text, failure, result)
		if result != 0 {
			return nil, err
		}
		return &RevealedKey{ownKey(key), about}, err
	})
}

// A RevealedSheet is a key that was handed out as a page.
type RevealedSheet struct {
	*Secret
	About Handout
}

// RevealSheet hands out a key as a page to read out or to print, as secret as the key. Errors as for [Escrow.Reveal].
func (e *Escrow) RevealSheet(ctx context.Context, request Reveal, keyring *Keyring, format SheetFormat) (*RevealedSheet, error) {
	return reveal(ctx, e, request, keyring, func(escrow native.Escrow, keys native.Keyring, document string, now int64) (*RevealedSheet, error) {
		sheet, text, failure, result := native.EscrowRevealSheet(escrow, keys, document, bool(format), now)
		about, err := answer[Handout](text, failure, result)
		if result != 0 {
			return nil, err
		}
		return &RevealedSheet{ownSecret(sheet), about}, err
	})
}

// A RevealedEnvelope is a key that was handed out sealed.
type RevealedEnvelope struct {
	*Envelope
	About Handout
}

// RevealTo hands out a key sealed to a technician's certificate, the first of to, so that nobody on the way sees it. Errors as for
// [Escrow.Reveal].
func (e *Escrow) RevealTo(ctx context.Context, request Reveal, keyring *Keyring, to *Certificates) (*RevealedEnvelope, error) {
	if to == nil {
		return nil, ErrClosed
	}
	return with(to.owner, func(list native.Certificates) (*RevealedEnvelope, error) {
		return reveal(ctx, e, request, keyring, func(escrow native.Escrow, keys native.Keyring, document string, now int64) (*RevealedEnvelope, error) {
			sealed, text, failure, result := native.EscrowRevealTo(escrow, keys, list, document, now)
			about, err := answer[Handout](text, failure, result)
			if result != 0 {
				return nil, err
			}
			return &RevealedEnvelope{&Envelope{own(sealed, native.EnvelopeFree)}, about}, err
		})
	})
}

// reveal asks for a key in one of the three forms.
func reveal[T any](ctx context.Context, e *Escrow, request Reveal, keyring *Keyring, call func(native.Escrow, native.Keyring, string, int64) (*T, error)) (*T, error) {
	document, err := encode(request)
	if err != nil {
		return nil, err
	}
	if keyring == nil {
		return nil, ErrClosed
	}
	return with(keyring.owner, func(keys native.Keyring) (*T, error) {
		return use(ctx, e, func(escrow native.Escrow, now int64) (*T, error) {
			revealed, err := call(escrow, keys, document, now)
			return revealed, keyring.because(err)
		})
	})
}
