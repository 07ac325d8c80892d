package fdescrow_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"fdescrow"
)

// organization is what the examples begin with: a certificate with its key, and an escrow in memory.
func organization() (*fdescrow.Certificates, *fdescrow.Keyring, *fdescrow.Escrow) {
	certificates, private, err := fdescrow.NewCertificate{
		Subject: "CN=Escrow,O=Example", Algorithm: "rsa-2048", NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}.Generate()
	check(err)
	defer private.Close()
	keyring, err := fdescrow.NewKeyring(fdescrow.PrivateKeyFile{Secret: private, Certificates: certificates})
	check(err)
	escrow, err := fdescrow.Open("memory:", "example.com", fdescrow.WithCertificates(certificates))
	check(err)
	return certificates, keyring, escrow
}

// message is what a Mac sends.
func message(certificates *fdescrow.Certificates) []byte {
	text, err := fdescrow.NewSecret([]byte("ABCD-EFGH-IJKL-MNOP-QRST-UVWX"))
	check(err)
	defer text.Close()
	key, err := fdescrow.ParseExact(fdescrow.FileVault, text)
	check(err)
	defer key.Close()
	envelope, err := fdescrow.Seal(key, certificates, fdescrow.Sealing{Bare: true, Format: fdescrow.EnvelopedPKCS1v15})
	check(err)
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
	check(err)
	fmt.Println("opened:", report.Opened)
	key, err := escrow.Reveal(ctx, fdescrow.Reveal{Device: "C02XYZ", By: "ana", Reason: "lost passphrase"}, keyring)
	check(err)
	defer key.Close()
	fmt.Println(key)
	_ = key.Use(func(secret []byte) { fmt.Println(string(secret)) })
	// Output:
	// stored
	// opened: 1
	// [redacted]
	// ABCD-EFGH-IJKL-MNOP-QRST-UVWX
}

// From the profile that a Mac receives to the key that a person reads out.
func Example() {
	ctx := context.Background()
	certificates, keyring, opened := organization()
	opened.Close()
	defer keyring.Close()
	policy, err := fdescrow.ParsePolicy([]byte(`
[organization]
id = "example.com"
name = "Example Ltd"
identifier = "com.example"
[filevault.enforcement]
[filevault.escrow]
location = "Example Ltd"
`))
	check(err)
	defer policy.Close()
	folder, err := os.MkdirTemp("", "fdescrow")
	check(err)
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "keys.db")
	what := func([]byte) []byte { return message(certificates) }

	escrow, err := fdescrow.Open("sqlite:"+path, "example.com", fdescrow.WithPolicies(policy), fdescrow.WithCertificates(certificates))
	check(err)
	defer escrow.Close()
	profile, err := escrow.Profile(ctx, "C02XYZ") // the bytes to deliver
	check(err)
	receipt, err := escrow.Receive(ctx, fdescrow.Sealed("C02XYZ", fdescrow.FileVault, what(profile)).By("orbit"))
	check(err)
	report, err := escrow.Check(ctx, keyring, fdescrow.CheckOptions{}) // batch after batch
	check(err)
	for key, err := range escrow.Undecryptable(ctx).All() {
		check(err)
		fmt.Println(key.Device, key.Reason, key.Remedy)
	}
	key, err := escrow.Reveal(ctx, fdescrow.Reveal{Device: "C02XYZ", By: "ana", Reason: "lost passphrase"}, keyring)
	check(err)
	defer key.Close()
	check(key.Use(func(secret []byte) { fmt.Println(string(secret)) })) // the only word that shows a key

	fmt.Println(receipt.Status, report.Opened)
	// Output:
	// ABCD-EFGH-IJKL-MNOP-QRST-UVWX
	// stored 1
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A key in a file that is encrypted, and one in a key service.
func ExampleNewKeyring() {
	certificates, opened, escrow := organization()
	escrow.Close()
	opened.Close()
	signer, err := rsa.GenerateKey(rand.Reader, 2048) // or what the client of a key service gives
	check(err)
	password, err := fdescrow.NewSecret([]byte("password"))
	check(err)
	defer password.Close()
	pemOrPKCS12 := []byte("what the file holds")

	keyring, err := fdescrow.NewKeyring(
		fdescrow.PrivateKeyFile{File: pemOrPKCS12, Password: password},
		fdescrow.PrivateKey{Key: signer, Certificates: certificates},
	)
	fmt.Println(keyring == nil, errors.Is(err, fdescrow.ErrIdentitySyntax))
	// Output:
	// true true
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
	check(err)
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
	check(err)
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

// An agent on a Mac takes one step after the other until there is nothing to do. It may be killed anywhere.
func ExamplePlanner() {
	ctx := context.Background()
	certificates, keyring, escrow := organization()
	defer escrow.Close()
	defer keyring.Close()
	folder, err := os.MkdirTemp("", "fdescrow")
	check(err)
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "spool")
	sight := fdescrow.FileVaultSight{Enabled: fdescrow.Yes, EscrowProfile: fdescrow.Yes, Envelope: message(certificates)}
	goal := fdescrow.Goal{ID: "enrolment", Aim: fdescrow.AimEscrow}
	upload := func(key fdescrow.SpooledKey) (fdescrow.Receipt, error) {
		if _, err := escrow.Receive(ctx, key.Upload().By("agent")); err != nil {
			return fdescrow.Receipt{}, err
		}
		if _, err := escrow.Check(ctx, keyring, fdescrow.CheckOptions{}); err != nil {
			return fdescrow.Receipt{}, err
		}
		return escrow.Receive(ctx, key.Upload().By("agent"))
	}
	var state []byte
	save := func(planner *fdescrow.FileVaultPlanner) {
		state, err = planner.State()
		check(err)
	}

	step := func() fdescrow.Next {
		planner, err := fdescrow.OpenFileVault(fdescrow.FileVaultOptions{State: state, Device: "C02XYZ"})
		check(err)
		defer planner.Close()
		spool, err := fdescrow.OpenSpool(path)
		check(err)
		defer spool.Close()
		check(planner.Look(sight))
		check(planner.Pursue(goal))
		next, err := planner.Next(spool)
		check(err)
		switch next.Step {
		case fdescrow.StepEscrow: // it is safe when it is on the disk
			check(planner.Escrow(spool, nil))
			check(spool.Sync())
			check(planner.Done())
		case fdescrow.StepAsk: // the planner learns first what became of it; then the spool may let it go
			key, err := planner.Upload(spool)
			check(err)
			receipt, err := upload(key)
			if err != nil {
				check(planner.Failed(-1))
				break
			}
			check(planner.Receipt(spool, receipt))
			save(planner)
			check(spool.Sync())
		}
		save(planner)
		return next
	}

	for {
		next := step()
		fmt.Println(next.Standing, next.Situation)
		if next.Step == fdescrow.StepNone {
			break
		}
	}
	// Output:
	// acts envelope_new
	// acts answer_due
	// rests done
}
