package fdescrow

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// canary is a well-formed key that is found again wherever it leaks.
const canary = "CNRY-ABCD-EFGH-IJKL-MNOP-QRST"

// printed is a value through everything that prints.
func printed(value any) string {
	var all bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%t", "%e", "%T"} {
		fmt.Fprintf(&all, verb+"\n", value)
	}
	if document, err := json.Marshal(value); err == nil {
		all.Write(document)
	}
	if document, err := xml.Marshal(value); err == nil {
		all.Write(document)
	}
	_ = gob.NewEncoder(&all).Encode(value)
	slog.New(slog.NewTextHandler(&all, nil)).Info("value", "value", value)
	slog.New(slog.NewJSONHandler(&all, nil)).Info("value", "value", value)
	fmt.Fprint(&all, value)
	return all.String()
}

func mustNotLeak(t *testing.T, name, text string) {
	t.Helper()
	for _, form := range []string{canary, strings.ReplaceAll(canary, "-", ""), fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprint([]byte(canary))} {
		if strings.Contains(text, form) {
			t.Errorf("%s leaks: %s", name, text)
		}
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	f := newFlow(t, "memory:")
	secret := must(NewSecret([]byte(canary)))
	defer secret.Close()
	key := must(ParseExact(FileVault, secret))
	defer key.Close()
	envelope := must(Seal(key, f.certificates, Sealing{Owner: Owner{Device: "A"}}))
	defer envelope.Close()
	opened := must(envelope.Open(f.keyring, Opening{}))
	defer opened.Close()
	must(f.escrow.Receive(f.ctx, Plaintext("A", FileVault, secret).By("ana")))
	wish := Reveal{Device: "A", By: "ana", Reason: "lost"}
	revealed := must(f.escrow.Reveal(f.ctx, wish, f.keyring))
	defer revealed.Close()
	sheet := must(f.escrow.RevealSheet(f.ctx, wish, f.keyring, SheetHTML))
	defer sheet.Close()

	type holder struct {
		Secret  *Secret
		Value   Secret
		Key     Key
		private Secret
		upload  Upload
	}
	values := map[string]any{
		"secret": secret, "secret value": *secret, "key": key, "key value": *key, "opened": opened, "revealed": revealed, "sheet": sheet,
		"revealed value": *revealed, "upload": Plaintext("A", FileVault, secret), "envelope": envelope, "keyring": f.keyring, "escrow": f.escrow,
		"file":   PrivateKeyFile{Secret: secret, Password: secret},
		"holder": holder{secret, *secret, *key, *secret, Plaintext("A", FileVault, secret)},
		"slice":  []*Secret{secret}, "map": map[string]Secret{"a": *secret},
	}
	for name, value := range values {
		mustNotLeak(t, name, printed(value))
	}
	for name, value := range map[string]any{"secret": secret, "secret value": *secret, "key": key, "revealed": revealed} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			if text := fmt.Sprintf(verb, value); text != redacted {
				t.Errorf("%s as %s is %q", name, verb, text)
			}
		}
		if document := must(json.Marshal(value)); string(document) != `"[redacted]"` {
			t.Errorf("%s is %s", name, document)
		}
	}
}

func TestNoErrorAndNoAuditHoldsASecret(t *testing.T) {
	f := newFlow(t, "memory:")
	wrong := must(NewSecret([]byte(canary + "-" + canary)))
	defer wrong.Close()
	var all []error
	for _, kind := range []Kind{FileVault, BitLocker, LUKS, Systemd, Snapd} {
		for _, parse := range []func(Kind, *Secret) (*Key, error){ParseTyped, ParseExact} {
			if key, err := parse(kind, wrong); err != nil {
				all = append(all, err)
			} else {
				key.Close()
			}
		}
	}
	_, err := f.escrow.Receive(f.ctx, Plaintext("A", FileVault, wrong).By("ana"))
	all = append(all, err)
	_, err = f.escrow.Receive(f.ctx, Sealed("A", FileVault, []byte(canary)).By("ana"))
	all = append(all, err)
	_, err = ParseEnvelope([]byte(canary))
	all = append(all, err)
	_, err = NewKeyring(PrivateKeyFile{File: []byte("-----BEGIN PRIVATE KEY-----\n" + canary + "\n-----END PRIVATE KEY-----\n")})
	all = append(all, err)
	_, err = NewKeyring(PrivateKeyFile{File: []byte(canary), Password: wrong})
	all = append(all, err)
	_, err = ReadReport(Osquery, []byte(`[{"`+canary+`":1}]`), "", noon)
	all = append(all, err)
	if len(all) < 8 {
		t.Fatal(all)
	}
	for _, err := range all {
		if err == nil {
			continue
		}
		mustNotLeak(t, err.Error(), printed(err))
		var failure *Error
		if !errors.As(err, &failure) || failure.Remedy == "" || failure.Fault == "" {
			t.Errorf("%v has no remedy", err)
		}
	}
	secret := must(NewSecret([]byte(canary)))
	defer secret.Close()
	must(f.escrow.Receive(f.ctx, Plaintext("A", FileVault, secret).By("ana")))
	revealed := must(f.escrow.Reveal(f.ctx, Reveal{Device: "A", By: "ana", Reason: "lost"}, f.keyring))
	revealed.Close()
	mustNotLeak(t, "the audit", printed(must(f.escrow.Events(f.ctx, "", 0))))
	mustNotLeak(t, "the history", printed(must(f.escrow.History(f.ctx, "A"))))
}
