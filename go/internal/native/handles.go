// Code generated from include/fdescrow.h by internal/generate; DO NOT EDIT.

package native

import "unsafe"

// ABI is the number of the C ABI that these calls are made for.
const ABI = 1

// What the library hands out. The pointers are C's; the zero value is NULL.
type (
	// Buffer is a fdescrow_buffer *.
	Buffer struct{ pointer unsafe.Pointer }
	// Certificates is a fdescrow_certificates *.
	Certificates struct{ pointer unsafe.Pointer }
	// Envelope is a fdescrow_envelope *.
	Envelope struct{ pointer unsafe.Pointer }
	// Error is a fdescrow_error *.
	Error struct{ pointer unsafe.Pointer }
	// Escrow is a fdescrow_escrow *.
	Escrow struct{ pointer unsafe.Pointer }
	// Key is a fdescrow_key *.
	Key struct{ pointer unsafe.Pointer }
	// Keyring is a fdescrow_keyring *.
	Keyring struct{ pointer unsafe.Pointer }
	// Planner is a fdescrow_planner *.
	Planner struct{ pointer unsafe.Pointer }
	// Policy is a fdescrow_policy *.
	Policy struct{ pointer unsafe.Pointer }
	// Reply is a fdescrow_reply *.
	Reply struct{ pointer unsafe.Pointer }
	// Secret is a fdescrow_secret *.
	Secret struct{ pointer unsafe.Pointer }
	// Spool is a fdescrow_spool *.
	Spool struct{ pointer unsafe.Pointer }
	// Store is a fdescrow_store *.
	Store struct{ pointer unsafe.Pointer }
	// Text is a fdescrow_text *.
	Text struct{ pointer unsafe.Pointer }
)
