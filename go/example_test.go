package fdescrow_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"fdescrow"
)

// organization is what the examples begin with: a certificate with its key, and an escrow in memory.
func organization() (*fdescrow.Certificates, *fdescrow.Keyring, *fdescrow.Escrow) {
	certificates, private, err := fdescrow.NewCertificate{
		Subject: "CN=Escrow,O=Example", Algorithm: "rsa-2048", NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}.Generate()
	if err != nil {
		log.Fatal(err)
	}
	defer private.Close()
	keyring, err := fdescrow.NewKeyring(fdescrow.PrivateKeyFile{Secret: private, Certificates: certificates})
	if err != nil {
		log.Fatal(err)
	}
	escrow, err := fdescrow.Open("memory:", "example.com", fdescrow.WithCertificates(certificates))
	if err != nil {
		log.Fatal(err)
	}
	return certificates, keyring, escrow
}

// message is what a Mac sends.
func message(certificates *fdescrow.Certificates) []byte {
	text, err := fdescrow.NewSecret([]byte("ABCD-EFGH-IJKL-MNOP-QRST-UVWX"))
	if err != nil {
		log.Fatal(err)
	}
	defer text.Close()
	key, err := fdescrow.ParseExact(fdescrow.FileVault, text)
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	envelope, err := fdescrow.Seal(key, certificates, fdescrow.Sealing{Bare: true, Format: fdescrow.EnvelopedPKCS1v15})
	if err != nil {
		log.Fatal(err)
	}
	defer envelope.Close()
	return envelope.DER()
}

// A key arrives, is checked, and is handed out for a reason.
func ExampleEscrow() {
	ctx := context.Background()
	certificates, keyring, escrow := organization()
	defer escrow.Close()
	defer keyring.Close()
	der := message(certificates)

	receipt, err := escrow.Receive(ctx, fdescrow.Sealed("C02XYZ", fdescrow.FileVault, der).By("orbit"))
	if errors.Is(err, fdescrow.ErrStoreConflict) {
		fmt.Println("send it again")
	}
	fmt.Println(receipt.Status)
	report, err := escrow.Check(ctx, keyring, fdescrow.CheckOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("opened:", report.Opened)
	key, err := escrow.Reveal(ctx, fdescrow.Reveal{Device: "C02XYZ", By: "ana", Reason: "lost passphrase"}, keyring)
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	fmt.Println(key)
	_ = key.Use(func(secret []byte) { fmt.Println(string(secret)) })
	// Output:
	// stored
	// opened: 1
	// [redacted]
	// ABCD-EFGH-IJKL-MNOP-QRST-UVWX
}

// Every device is visited, a page at a time.
func ExampleList_All() {
	ctx := context.Background()
	_, _, escrow := organization()
	defer escrow.Close()
	for _, device := range []string{"A", "B"} {
		if err := escrow.AgentReported(ctx, device, "agent", ""); err != nil {
			log.Fatal(err)
		}
	}
	for device, err := range escrow.Devices(ctx, fdescrow.Selection{}).All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(device.Device, device.Keys)
	}
	// Output:
	// A 0
	// B 0
}

// A table that is not the library's is judged row by row: one that is broken stops no other.
func ExampleJudge() {
	certificates, keyring, escrow := organization()
	defer escrow.Close()
	defer keyring.Close()
	rows := []fdescrow.Row{
		{Envelope: message(certificates), Kind: fdescrow.FileVault},
		{Envelope: []byte("no message"), Kind: fdescrow.FileVault},
	}
	verdicts, err := fdescrow.Judge(context.Background(), keyring, rows, fdescrow.SuiteFileVault)
	if err != nil {
		log.Fatal(err)
	}
	for _, verdict := range verdicts {
		fmt.Printf("%s: %q\n", verdict.Verdict, verdict.Code)
	}
	// Output:
	// opens: ""
	// does_not_open: "EnvelopeSyntax"
}

// An error has a number, and says what to do.
func ExampleError() {
	text, err := fdescrow.NewSecret([]byte("ABCD-EFGH"))
	if err != nil {
		log.Fatal(err)
	}
	defer text.Close()
	_, err = fdescrow.ParseTyped(fdescrow.FileVault, text)
	var failure *fdescrow.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Code.Name(), failure.Fault, errors.Is(err, fdescrow.ErrKeyFormat))
		fmt.Println(failure.Remedy)
	}
	// Output:
	// KeyFormat input true
	// Read the key again; the message says which group is wrong.
}
