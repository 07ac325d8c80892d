package fdescrow

import (
	"errors"
	"os"
	"testing"
)

// known tells whether it is an error of the library: anything else from a parser is a defect, ErrPanic above all.
func known(t *testing.T, err error) {
	t.Helper()
	var failure *Error
	if err != nil && (!errors.As(err, &failure) || failure.Code == ErrPanic || failure.Code.Name() == "") {
		t.Fatalf("%T: %v", err, err)
	}
}

func FuzzParseEnvelope(f *testing.F) {
	p := newPeer(f)
	key, envelope := sealedTo(p.certificates, Auth)
	f.Add(envelope.DER())
	key.Close()
	key, envelope = sealedTo(p.certificates, EnvelopedPKCS1v15)
	f.Add(envelope.DER())
	key.Close()
	for _, poison := range p.poison() {
		f.Add(poison)
	}
	f.Add([]byte("-----BEGIN CMS-----\nMIA=\n-----END CMS-----\n"))
	f.Fuzz(func(t *testing.T, message []byte) {
		envelope, err := ParseEnvelope(message)
		known(t, err)
		if err != nil {
			return
		}
		defer envelope.Close()
		if _, err := envelope.Inspect(p.certificates); err != nil {
			t.Fatal(err)
		}
		again, err := ParseEnvelope(envelope.DER())
		if err != nil || must(again.Digest()) != must(envelope.Digest()) {
			t.Fatal("its own DER is read as another message:", err)
		}
		again.Close()
		opened, err := envelope.Open(p.keyring, Opening{Kind: FileVault, Suite: SuiteLegacy, Unmatched: true})
		known(t, err)
		if err == nil {
			opened.Close()
		}
	})
}

func FuzzParsePolicy(f *testing.F) {
	for _, path := range []string{"../examples/policy.toml", "../examples/policy-fleet.toml"} {
		f.Add(must(os.ReadFile(path)))
	}
	f.Add([]byte(`{"escrow":{"required":true}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		policy, err := ParsePolicy(document)
		known(t, err)
		if err != nil {
			return
		}
		defer policy.Close()
		if _, err := policy.Check(); err != nil {
			t.Fatal(err)
		}
		if _, err := policy.Explain(""); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzParseTyped(f *testing.F) {
	kinds := []Kind{FileVault, BitLocker, LUKS, Systemd, Snapd}
	for number, kind := range kinds {
		key := must(GenerateKey(kind))
		f.Add(uint8(number), []byte(shown(f, key.Use)))
		key.Close()
	}
	f.Add(uint8(0), []byte("abcd efgh ijkl mnop qrst uvwx"))
	f.Fuzz(func(t *testing.T, number uint8, typed []byte) {
		kind := kinds[int(number)%len(kinds)]
		text := must(NewSecret(typed))
		defer text.Close()
		key, err := ParseTyped(kind, text)
		known(t, err)
		if err != nil {
			return
		}
		defer key.Close()
		canonical := must(key.Secret())
		defer canonical.Close()
		exact, err := ParseExact(kind, canonical)
		if err != nil {
			t.Fatal("the canonical form is not exact:", err)
		}
		defer exact.Close()
		if shown(t, exact.Use) != shown(t, key.Use) {
			t.Fatal("it changed")
		}
	})
}
