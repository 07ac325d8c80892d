// Package fdescrow seals, stores, checks and hands out the recovery keys of encrypted disks: FileVault, BitLocker, LUKS.
//
// It is libfdescrow, a library in Rust, under a Go API: names, numbers and promises are the same. It is called with cgo, or, where cgo
// is off, by loading the shared library while the program runs; docs/go.md says how to get it, docs/errors.md what each error asks for.
//
// An [Escrow] holds the keys of one organization over a store:
//
//	escrow, err := fdescrow.Open("sqlite:keys.db", "example.com", fdescrow.WithCertificates(certificates))
//	receipt, err := escrow.Receive(ctx, fdescrow.Sealed("C02XYZ", fdescrow.FileVault, der).By("orbit"))
//	report, err := escrow.Check(ctx, keyring, fdescrow.CheckOptions{})
//	key, err := escrow.Reveal(ctx, fdescrow.Reveal{Device: "C02XYZ", By: "ana", Reason: "lost passphrase"}, keyring)
//
// What is opened or made is closed: Close wipes secrets and frees memory of the library, which the garbage collector does not see. What
// nobody closes is closed when it is collected. All types may be used from several goroutines at once, and closed meanwhile: what is in
// use is freed when the last call returns. After Close a call fails with [ErrClosed].
//
// A context is looked at before a call and, where a method works in batches, between two of them. A call that goes on is not broken off.
package fdescrow

//go:generate go run ./internal/generate
