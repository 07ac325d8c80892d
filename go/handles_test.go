package fdescrow

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// misuse is every door, on things that were closed, never opened, or nil.
func misuse(f *flow, escrow *Escrow, keyring *Keyring, certificates *Certificates, policy *Policy, key *Key, envelope *Envelope, secret *Secret) map[string]error {
	all := map[string]error{}
	note := func(name string, err error) { all[name] = err }
	ctx := f.ctx

	note("secret.Use", secret.Use(func([]byte) { f.Error("a closed secret was shown") }))
	note("key.Use", key.Use(func([]byte) { f.Error("a closed key was shown") }))
	_, err := key.Secret()
	note("key.Secret", err)
	_, err = key.Sheet(Place{Kind: FileVault}, SheetText, noon)
	note("key.Sheet", err)
	_, err = ParseTyped(FileVault, secret)
	note("ParseTyped", err)
	_, err = ParseExact(FileVault, secret)
	note("ParseExact", err)
	_, err = certificates.PEM()
	note("certificates.PEM", err)
	_, err = certificates.Describe()
	note("certificates.Describe", err)
	_, err = certificates.With(f.certificates)
	note("certificates.With", err)
	_, err = f.certificates.With(certificates)
	note("With", err)
	_, err = envelope.Digest()
	note("envelope.Digest", err)
	_, err = envelope.Inspect(nil)
	note("envelope.Inspect", err)
	_, err = envelope.Open(f.keyring, Opening{})
	note("envelope.Open", err)
	_, err = envelope.Rewrap(f.keyring, Opening{}, f.certificates)
	note("envelope.Rewrap", err)
	mine, der := f.sealed()
	defer mine.Close()
	sealed := must(ParseEnvelope(der))
	defer sealed.Close()
	_, err = sealed.Open(keyring, Opening{})
	note("Open keyring", err)
	_, err = sealed.Rewrap(f.keyring, Opening{}, certificates)
	note("Rewrap to", err)
	_, err = Seal(key, f.certificates, Sealing{})
	note("Seal key", err)
	_, err = Seal(mine, certificates, Sealing{})
	note("Seal to", err)
	_, err = Judge(ctx, keyring, nil, SuiteModern)
	note("Judge", err)
	_, err = policy.Check()
	note("policy.Check", err)
	_, err = policy.Explain("")
	note("policy.Explain", err)
	_, err = policy.FileVaultProfile("", nil, noon)
	note("policy.FileVaultProfile", err)
	_, err = policy.BitLockerProfile("")
	note("policy.BitLockerProfile", err)
	_, err = policy.LUKSPlan("", f.certificates)
	note("policy.LUKSPlan", err)
	_, err = policy.Assess([]byte("{}"), "", noon)
	note("policy.Assess", err)
	_, err = NewKeyring(PrivateKey{Certificates: certificates})
	note("PrivateKey", err)

	note("escrow.SetPolicies", escrow.SetPolicies(nil))
	_, err = escrow.Receive(ctx, Sealed("A", FileVault, der).By("a"))
	note("escrow.Receive", err)
	_, err = f.escrow.Receive(ctx, Plaintext("A", FileVault, secret).By("a"))
	note("Receive secret", err)
	_, err = escrow.Summary(ctx)
	note("escrow.Summary", err)
	_, err = escrow.Check(ctx, f.keyring, CheckOptions{})
	note("escrow.Check", err)
	_, err = f.escrow.Check(ctx, keyring, CheckOptions{})
	note("Check keyring", err)
	_, err = f.escrow.Rewrap(ctx, f.keyring, certificates, RewrapOptions{})
	note("Rewrap certificates", err)
	_, err = f.escrow.Rewrap(ctx, keyring, f.certificates, RewrapOptions{})
	note("Rewrap keyring", err)
	_, err = f.escrow.Reveal(ctx, Reveal{Device: "A"}, keyring)
	note("Reveal keyring", err)
	_, err = f.escrow.RevealTo(ctx, Reveal{Device: "A"}, f.keyring, certificates)
	note("RevealTo", err)
	_, err = escrow.RevealSheet(ctx, Reveal{Device: "A"}, f.keyring, SheetHTML)
	note("escrow.RevealSheet", err)
	_, err = escrow.Devices(ctx, Selection{}).Page("", 0)
	note("escrow.Devices", err)
	_, err = escrow.Checkpoint(ctx, nil)
	note("escrow.Checkpoint", err)
	_, err = escrow.VerifyAudit(ctx, nil, nil)
	note("escrow.VerifyAudit", err)
	_, err = escrow.Observe(ctx, Observing{}, nil)
	note("escrow.Observe", err)
	_, err = escrow.Profile(ctx, "A")
	note("escrow.Profile", err)
	return all
}

func TestWhatIsClosedNilOrNeverOpenedGivesAnErrorAndNoCrash(t *testing.T) {
	f := newFlow(t, "memory:")
	policy := must(ParsePolicy([]byte(policyOfFlows)))
	key, der := f.sealed()
	envelope, secret := must(ParseEnvelope(der)), must(NewSecret([]byte("x")))
	keyring, certificates := must(NewKeyring()), must(ParseCertificates(f.certificates.DER(0)))
	escrow := must(Open("memory:", "example.com"))
	for _, closing := range []interface{ Close() error }{policy, key, envelope, secret, keyring, certificates, escrow} {
		for range 2 {
			if err := closing.Close(); err != nil {
				t.Errorf("%T: %v", closing, err)
			}
		}
	}
	for name, err := range misuse(f, escrow, keyring, certificates, policy, key, envelope, secret) {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("closed, %s: %v", name, err)
		}
	}
	zero := misuse(f, &Escrow{}, &Keyring{}, &Certificates{}, &Policy{}, &Key{}, &Envelope{}, &Secret{})
	for name, err := range zero {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("zero, %s: %v", name, err)
		}
	}
	for name, err := range misuse(f, nil, nil, nil, nil, nil, nil, nil) {
		if !errors.Is(err, ErrClosed) && !errors.Is(err, ErrMisuse) && !errors.Is(err, ErrUploadNotSealed) {
			t.Errorf("nil, %s: %v", name, err)
		}
	}
	if keyring.Len() != 0 || certificates.Len() != 0 || certificates.DER(0) != nil || key.Kind() != "" || envelope.DER() != nil {
		t.Error("something is left of what was closed")
	}
	for _, err := range []error{(*Escrow)(nil).Close(), (*Secret)(nil).Close(), (&Keyring{}).Close(), (*Policy)(nil).Close()} {
		if err != nil {
			t.Error(err)
		}
	}
	for _, option := range []Option{WithPolicies(policy), WithCertificates(certificates), WithMACKey(secret)} {
		if _, err := Open("memory:", "example.com", option); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	}
}

func TestAContextThatIsOverStopsBeforeACallAndBetweenBatches(t *testing.T) {
	f := newFlow(t, "memory:")
	over, cancel := context.WithCancel(f.ctx)
	cancel()
	if _, err := f.escrow.Summary(over); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := f.escrow.Reveal(over, Reveal{}, f.keyring); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := f.escrow.ForgetDevice(over, "A", "ana", "sold"); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for number := range 3 {
		key, der := f.sealed()
		key.Close()
		must(f.escrow.Receive(f.ctx, Sealed(string(rune('A'+number)), FileVault, der).By("orbit")))
	}
	between, cancel := context.WithCancel(f.ctx)
	report, err := f.escrow.Check(between, f.keyring, CheckOptions{Devices: 1, AfterEachBatch: func(CheckReport) { cancel() }})
	if !errors.Is(err, context.Canceled) || report.Opened != 1 {
		t.Fatal(report, err)
	}
}

func TestTextThatIsNotUTF8IsRefusedAndNotReplaced(t *testing.T) {
	f := newFlow(t, "memory:")
	if _, err := f.escrow.Device(f.ctx, "a\xff"); !errors.Is(err, ErrNotUTF8) {
		t.Fatal(err)
	}
	for _, fine := range []string{"a\ufffd", `a\ufffd`, `a\\ufffd`} {
		if _, err := f.escrow.Device(f.ctx, fine); !errors.Is(err, ErrDeviceUnknown) {
			t.Fatal(fine, err)
		}
	}
	if _, err := ParsePolicy([]byte("\xff")); !errors.Is(err, ErrNotUTF8) {
		t.Fatal(err)
	}
	if _, err := Open("memory:\xff", "example.com"); !errors.Is(err, ErrNotUTF8) {
		t.Fatal(err)
	}
	if _, err := Open("nowhere://", "example.com"); !errors.Is(err, ErrMisuse) {
		t.Fatal(err)
	}
	if _, err := Open("memory:", strings.Repeat("a", 1000)); !errors.Is(err, ErrRequestSyntax) && !errors.Is(err, ErrIDInvalid) {
		t.Fatal(err)
	}
}

// Everything is used from many goroutines, and closed under their hands, while the collector runs without a pause.
func TestManyUseWhatOthersClose(t *testing.T) {
	f := newFlow(t, "memory:")
	stop := make(chan struct{})
	var collector sync.WaitGroup
	collector.Add(1)
	go func() {
		defer collector.Done()
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	key, der := f.sealed()
	envelope := must(ParseEnvelope(der))
	var users sync.WaitGroup
	for number := range 8 {
		users.Add(1)
		go func() {
			defer users.Done()
			for range 10 {
				own := must(ParseEnvelope(der))
				if _, err := own.Inspect(f.certificates); err != nil {
					t.Error(err)
				}
				if opened, err := envelope.Open(f.keyring, Opening{Kind: FileVault}); err == nil {
					if err := opened.Use(func([]byte) {}); err != nil {
						t.Error(err)
					}
				} else if !errors.Is(err, ErrClosed) {
					t.Error(err)
				}
				if err := key.Use(func(secret []byte) {
					if len(secret) != 29 {
						t.Error(len(secret))
					}
				}); err != nil && !errors.Is(err, ErrClosed) {
					t.Error(err)
				}
				if _, err := f.escrow.Receive(f.ctx, Sealed("device", FileVault, der).By("orbit")); err != nil && !errors.Is(err, ErrStoreConflict) && !errors.Is(err, ErrStoreLimit) {
					t.Error(err)
				}
			}
			if number == 3 {
				key.Close()
				envelope.Close()
			}
		}()
	}
	users.Wait()
	close(stop)
	collector.Wait()
}

func TestASecretInUseIsWipedAfterItsLastUse(t *testing.T) {
	secret := must(NewSecret([]byte("still here")))
	if err := secret.Use(func(shown []byte) {
		secret.Close()
		runtime.GC()
		if string(shown) != "still here" {
			t.Error("it was wiped in the middle of its use")
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := secret.Use(func([]byte) {}); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestWhatNobodyClosesIsClosedByTheCollector(t *testing.T) {
	freed := make(chan string, 1)
	func() { own("handle", func(handle string) { freed <- handle }) }()
	deadline := time.After(20 * time.Second)
	for {
		runtime.GC()
		select {
		case <-freed:
			return
		case <-deadline:
			t.Fatal("it was not")
		case <-time.After(time.Millisecond):
		}
	}
}

func TestAHandleIsFreedOnceWhenNobodyUsesItAnyMore(t *testing.T) {
	freed := 0
	o := own("handle", func(string) { freed++ })
	for range 2 {
		if _, err := o.use(); err != nil {
			t.Fatal(err)
		}
	}
	o.close()
	o.done()
	o.close()
	if freed != 0 {
		t.Fatal("it is in use")
	}
	o.done()
	if o.close(); freed != 1 {
		t.Fatal(freed)
	}
	unused := own("handle", func(string) { freed++ })
	unused.close()
	if unused.close(); freed != 2 {
		t.Fatal(freed)
	}
}
