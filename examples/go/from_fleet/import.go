// Package fromfleet is the code of docs/from-fleet.md: keys of a server that kept them as Fleet does, in an escrow.
package fromfleet

import (
	"context"

	"fdescrow"
)

// importMac takes base64_encrypted of a Mac as it is: macOS sealed it.
func importMac(ctx context.Context, escrow *fdescrow.Escrow, device, encrypted string) (fdescrow.Receipt, error) {
	return escrow.Receive(ctx, fdescrow.Sealed(device, fdescrow.FileVault, []byte(encrypted)).By("import"))
}

// importPC takes base64_encrypted of a Windows PC: the server sealed it, with single DES. It is opened and sealed anew.
func importPC(ctx context.Context, escrow *fdescrow.Escrow, keyring *fdescrow.Keyring, device, encrypted string) (fdescrow.Receipt, error) {
	var none fdescrow.Receipt
	envelope, err := fdescrow.ParseEnvelope([]byte(encrypted))
	if err != nil {
		return none, err
	}
	defer envelope.Close()
	opened, err := envelope.Open(keyring, fdescrow.Opening{Kind: fdescrow.BitLocker, Suite: fdescrow.SuiteLegacy})
	if err != nil {
		return none, err
	}
	defer opened.Close()
	key, err := opened.Secret()
	if err != nil {
		return none, err
	}
	defer key.Close()
	return escrow.Receive(ctx, fdescrow.Plaintext(device, fdescrow.BitLocker, key).By("import").Request("import"))
}
