//go:build !cgo || fdescrow_purego

package fdescrow

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fdescrow/internal/native"
)

// Every door, in a process that has no library, or another one.
func TestWithoutTheLibraryEveryDoorSaysHowToGetIt(t *testing.T) {
	if os.Getenv("FDESCROW_TEST_CHILD") != "" {
		withoutLibrary(t)
		return
	}
	other := filepath.Join(t.TempDir(), "libfdescrow.so")
	if err := os.WriteFile(other, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, named := range []string{"/nowhere/libfdescrow.so", other} {
		child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
		child.Env = append(os.Environ(), "FDESCROW_TEST_CHILD=1", native.Variable+"="+named)
		if output, err := child.CombinedOutput(); err != nil || !strings.Contains(string(output), "PASS") {
			t.Errorf("%s: %v: %s", named, err, output)
		}
	}
}

func withoutLibrary(t *testing.T) {
	_, open := Open("memory:", "example.com")
	_, policy := ParsePolicy(nil)
	_, schema := PolicySchema()
	_, secret := NewSecret(nil)
	_, key := GenerateKey(FileVault)
	_, certificates := ParseCertificates(nil)
	_, _, made := NewCertificate{}.Generate()
	_, envelope := ParseEnvelope(nil)
	_, keyring := NewKeyring()
	_, profile := ParseProfile(nil)
	_, lint := LintProfile(nil, nil, noon)
	_, report := ReadReport(Osquery, nil, "", noon)
	_, migrate := Migrate("memory:", false)
	for number, err := range []error{open, policy, schema, secret, key, certificates, made, envelope, keyring, profile, lint, report, migrate} {
		if !errors.Is(err, ErrLibrary) {
			t.Fatal(number, err)
		}
		for _, said := range []string{os.Getenv(native.Variable), native.Variable, "docs/go.md"} {
			if !strings.Contains(err.Error(), said) {
				t.Error(err)
			}
		}
	}
	// What comes before any library is an error, too.
	if _, err := (&Envelope{}).Open(&Keyring{}, Opening{Owner: Owner{Device: "\xff"}}); !errors.Is(err, ErrNotUTF8) {
		t.Error(err)
	}
	if _, err := Judge(context.Background(), nil, nil, SuiteModern); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}
