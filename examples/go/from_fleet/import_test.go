package fromfleet

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"fdescrow"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestKeysThatFleetKeptAreHandedOut(t *testing.T) {
	ctx := context.Background()
	certificates, private, err := fdescrow.NewCertificate{
		Subject: "CN=Fleet,OU=SCEP CA,O=scep-ca", Algorithm: "rsa-2048", NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}.Generate()
	if err != nil {
		t.Fatal(err)
	}
	defer certificates.Close()
	defer private.Close()
	keyring := must(fdescrow.NewKeyring(fdescrow.PrivateKeyFile{Secret: private, Certificates: certificates}))
	defer keyring.Close()
	escrow := must(fdescrow.Open("memory:", "example.com", fdescrow.WithCertificates(certificates)))
	defer escrow.Close()

	// As Fleet seals it: the defaults of the package, which are DES-CBC and PKCS #1 v1.5.
	const windowsKey, macKey = "000011-000022-000033-000044-000055-000066-000077-000088", "ABCD-EFGH-IJKL-MNOP-QRST-UVWX"
	to := []*x509.Certificate{must(x509.ParseCertificate(certificates.DER(0)))}
	pc := base64.StdEncoding.EncodeToString(must(pkcs7.Encrypt([]byte(windowsKey), to)))
	text := must(fdescrow.NewSecret([]byte(macKey)))
	defer text.Close()
	key := must(fdescrow.ParseExact(fdescrow.FileVault, text))
	defer key.Close()
	sealed := must(fdescrow.Seal(key, certificates, fdescrow.Sealing{Bare: true, Format: fdescrow.EnvelopedPKCS1v15}))
	defer sealed.Close()
	mac := base64.StdEncoding.EncodeToString(sealed.DER())

	for range 2 { // a loop that was broken off begins again
		must(importPC(ctx, escrow, keyring, "PC-1", pc))
		must(importMac(ctx, escrow, "MAC-1", mac))
	}
	if report := must(escrow.Check(ctx, keyring, fdescrow.CheckOptions{})); len(report.NotOpened) != 0 || report.Opened == 0 {
		t.Error(report)
	}
	for device, expected := range map[string]string{"PC-1": windowsKey, "MAC-1": macKey} {
		revealed := must(escrow.Reveal(ctx, fdescrow.Reveal{Device: device, By: "ana", Reason: "lost"}, keyring))
		if err := revealed.Use(func(secret []byte) {
			if string(secret) != expected {
				t.Error(device, "another key")
			}
		}); err != nil {
			t.Error(err)
		}
		revealed.Close()
		if keys := must(escrow.History(ctx, device)); len(keys) != 1 {
			t.Error(device, len(keys))
		}
	}
	for _, row := range []string{"", "not base64", base64.StdEncoding.EncodeToString([]byte(windowsKey))} {
		if _, err := importPC(ctx, escrow, keyring, "PC-2", row); err == nil {
			t.Error("a row that is no message is taken")
		}
		if _, err := importMac(ctx, escrow, "MAC-2", row); err == nil {
			t.Error("a row that is no message is taken")
		}
	}
}

// flat is code without its indentation.
func flat(code string) string {
	lines := strings.Split(code, "\n")
	for index, line := range lines {
		lines[index] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

func TestTheCodeOfTheDocumentIsCompiled(t *testing.T) {
	var compiled strings.Builder
	must(0, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		compiled.WriteString(flat(string(text)))
		return err
	}))
	parts := strings.Split(string(must(os.ReadFile("../../../docs/from-fleet.md"))), "```go\n")
	if len(parts) < 3 {
		t.Fatal("the document has no code")
	}
	for _, part := range parts[1:] {
		code, _, _ := strings.Cut(part, "```")
		if !strings.Contains(compiled.String(), flat(code)) {
			t.Errorf("is compiled nowhere:\n%s", code)
		}
	}
}
