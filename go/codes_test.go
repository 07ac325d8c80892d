package fdescrow

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"fdescrow/internal/native"
)

// The oracle is the document, not the header that the numbers are made from.
func TestEveryNumberHasTheNameAndFaultOfTheDocument(t *testing.T) {
	document := string(must(os.ReadFile("../docs/errors.md")))
	rows := regexp.MustCompile("(?m)^\\| (\\d+) \\| `(\\w+)` \\| (\\w+) \\| (.+?) \\| (.+?) \\|$").FindAllStringSubmatch(document, -1)
	if len(rows) == 0 || len(rows) != len(names) || len(names) != len(sentences) {
		t.Fatalf("%d in the document, %d names, %d sentences", len(rows), len(names), len(sentences))
	}
	for _, row := range rows {
		var number int32
		if _, err := fmt.Sscan(row[1], &number); err != nil {
			t.Fatal(err)
		}
		code := Code(number)
		err := newError(code, "")
		if code.Name() != row[2] || string(err.Fault) != row[3] || sentences[code] != row[4] || err.Remedy != row[5] {
			t.Errorf("%s: %q %q %q %q", row[0], code.Name(), err.Fault, sentences[code], err.Remedy)
		}
		if named := string(native.ResultName(number)); named != row[2] {
			t.Errorf("%d: the library calls it %q", number, named)
		}
		if !errors.Is(err, code) || errors.Is(err, code+1) || !errors.Is(fmt.Errorf("while tested: %w", err), code) {
			t.Error(code)
		}
	}
}

func TestWhatIsMadeOfTheHeaderIsWhatIsThere(t *testing.T) {
	if output, err := exec.Command("go", "run", "./internal/generate", "-check").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
}

func TestACodeThatIsNotKnownIsTold(t *testing.T) {
	if text := Code(9999).Error(); text != "fdescrow: error 9999" || Code(9999).Name() != "" {
		t.Fatal(text)
	}
	if text := ErrStoreConflict.Error(); !strings.HasPrefix(text, "fdescrow: ") {
		t.Fatal(text)
	}
}

// Every word that has a constant is one that the library knows.
func TestTheWordsAreTheLibrarys(t *testing.T) {
	f := newFlow(t, "memory:")
	for _, kind := range []Kind{BitLocker, FileVault, LUKS, Snapd, Systemd} {
		key, err := GenerateKey(kind)
		if err != nil || key.Kind() != kind {
			t.Error(kind, err)
		}
		key.Close()
	}
	for _, source := range []Source{CSP, DDM, Lsblk, LUKSDump, Osquery, RotateReply, SecurityInfo, Snapshot, WMI} {
		if _, err := ReadReport(source, []byte("?"), "", noon); errors.Is(err, ErrMisuse) {
			t.Error(source, err)
		}
	}
	if _, err := ReadReport("gossip", []byte("?"), "", noon); !errors.Is(err, ErrMisuse) {
		t.Error(err)
	}
	statuses := []Status{
		StatusActionRequired, StatusEnforcing, StatusFailed, StatusNotRequired, StatusRemovingEnforcement, StatusVerified, StatusVerifying,
	}
	for _, status := range statuses {
		if _, err := f.escrow.Count(f.ctx, Selection{Status: status}); err != nil {
			t.Error(status, err)
		}
	}
	if _, err := f.escrow.Count(f.ctx, Selection{Status: "fine"}); !errors.Is(err, ErrRequestSyntax) {
		t.Error(err)
	}
	states := []RecoveryState{
		RecoveryApproved, RecoveryDenied, RecoveryExpired, RecoveryReleaseAuthorized, RecoveryReleaseFailed, RecoveryReleased,
		RecoveryRequested, RecoveryRevoked,
	}
	for _, state := range states {
		if _, err := f.escrow.Recoveries(f.ctx, state).Page("", 0); err != nil {
			t.Error(state, err)
		}
	}
	key, der := f.sealed()
	defer key.Close()
	envelope := must(ParseEnvelope(der))
	defer envelope.Close()
	for _, suite := range []Suite{SuiteModern, SuiteFileVault, SuiteLegacy} {
		if _, err := Judge(f.ctx, f.keyring, nil, suite); err != nil {
			t.Error(suite, err)
		}
	}
	for _, format := range []Format{Auth, Enveloped, EnvelopedPKCS1v15} {
		sealed, err := Seal(key, f.certificates, Sealing{Format: format})
		if err != nil {
			t.Error(format, err)
		}
		sealed.Close()
	}
	must(f.escrow.Receive(f.ctx, Sealed("A", FileVault, der).By("orbit")))
	events := []RotationEvent{RotationCancelled, RotationDeferred, RotationDelivered, RotationFailed, RotationOldRemoved, RotationSent}
	for _, event := range events {
		said := RotationAnswer{Device: "A", Rotation: "0190b5a29d3c7c3e8e4f000000000000", By: "mdm", Event: event}
		if _, err := f.escrow.RotationReported(f.ctx, said); !errors.Is(err, ErrRotationUnknown) {
			t.Error(event, err)
		}
	}
	for _, level := range []Level{WellFormed, EnvelopeOpens, ProtectorOpens, VolumeKeyUnwrapped} {
		policy, err := ParsePolicy([]byte("[escrow]\nrequired = true\nlevels = { luks = \"" + string(level) + "\" }\n"))
		if err != nil && !errors.Is(err, ErrPolicyInvalid) {
			t.Error(level, err)
		}
		policy.Close()
	}
}
