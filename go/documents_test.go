package fdescrow

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// observations are reports of every source, with as much in them as they can say.
var observations = map[Source]string{
	Osquery: `[{"encrypted":"1","path":"/","filevault_key":"MIAGCSqGSIb3DQEHA6CA\nMIA="},5]`,
	SecurityInfo: `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>CommandUUID</key><string>0001</string>
<key>Status</key><string>Acknowledged</string><key>SecurityInfo</key><dict><key>FDE_Enabled</key><true/>
<key>FDE_HasPersonalRecoveryKey</key><true/><key>FDE_HasInstitutionalRecoveryKey</key><false/>
<key>FDE_PersonalRecoveryKeyCMS</key><data>MIAGCQ==</data><key>FDE_PersonalRecoveryKeyDeviceKey</key><string>C02XL0GYJGH5</string>
</dict></dict></plist>`,
	RotateReply: `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>CommandUUID</key><string>0002</string>
<key>Status</key><string>Error</string><key>ErrorChain</key><array><dict><key>ErrorCode</key><integer>69</integer>
<key>ErrorDomain</key><string>MCMDMErrorDomain</string></dict></array></dict></plist>`,
	DDM: `{"StatusItems":{"diskmanagement":{"filevault":{"enabled":true}}},"Errors":[]}`,
	WMI: `[{"DeviceID":"\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}\\","DriveLetter":"C:","VolumeType":0,"ConversionStatus":1,
"EncryptionMethod":7,"ProtectionStatus":1,"LockStatus":0,"KeyProtectors":[
{"VolumeKeyProtectorID":"{33030F6D-3EE2-4E0F-8A6A-58F1B2E0C7A1}","KeyProtectorType":1},
{"VolumeKeyProtectorID":"{a4b0c1d2-0f3c-4d55-9a55-6f1f6f0b9e01}","KeyProtectorType":3}]}]`,
	CSP: `{"DeviceEncryptionStatus":65540,"RequireDeviceEncryption":1,"RotateRecoveryPasswordsStatus":-2147024809,
"RotateRecoveryPasswordsRequestID":"r1","RemovableDrivesEncryptionStatus":0}`,
	Lsblk: `{"blockdevices":[{"name":"sda","type":"disk","fstype":null,"uuid":null,"mountpoints":[null],"children":[
{"name":"sda1","type":"part","fstype":"crypto_LUKS","uuid":"0f0e0d0c-0b0a-4908-8706-050403020100","mountpoints":[null],"children":[
{"name":"root","type":"crypt","fstype":"ext4","uuid":"1f0e0d0c-0b0a-4908-8706-050403020100","mountpoints":["/"]}]}]}]}`,
	Snapshot: `{"at":"2026-01-01T00:00:00Z","platform":"macos","volumes":[{"volume":null,"encrypted":"yes","protected":"unknown","conversion":null,
"method":null,"protectors":null}],"filevault":{"enabled":"yes","personal_recovery_key":"no","bypasses_left":-1}}`,
}

func TestEveryKindOfReportIsReadIntoItsType(t *testing.T) {
	observations[LUKSDump] = string(must(os.ReadFile("../core/src/verification/observation/tests/luks2.json")))
	for source, text := range observations {
		report, err := ReadReport(source, []byte(text), "0f0e0d0c-0b0a-4908-8706-050403020100", noon)
		if err != nil {
			t.Error(source, err)
			continue
		}
		if !report.Observation.At.Equal(noon) {
			t.Error(source, report.Observation.At)
		}
		switch source {
		case Osquery:
			if len(report.Envelopes) != 1 || len(report.Ignored) == 0 || report.Observation.FileVault.Enabled != Yes {
				t.Errorf("%+v", report)
			}
		case SecurityInfo:
			if report.Observation.FileVault.DeviceKey != "C02XL0GYJGH5" || report.Envelopes[0].Kind != FileVault || report.Reply.Status == "" {
				t.Errorf("%+v", report)
			}
		case RotateReply:
			if report.Reply.Error == nil || report.Reply.Error.Code != 69 {
				t.Errorf("%+v", report)
			}
		case WMI:
			if snapshot := report.Observation.Volumes[0].Protectors; !snapshot.Complete || len(snapshot.Protectors) != 2 {
				t.Errorf("%+v", report)
			}
		case CSP:
			if string(report.CSP.Rotation) != `{"failed":2147942487}` || len(report.CSP.Problems) != 2 {
				t.Errorf("%+v", report.CSP)
			}
		case LUKSDump:
			if len(report.Observation.Volumes[0].Protectors.Protectors) == 0 {
				t.Errorf("%+v", report)
			}
		case Snapshot:
			if left := report.Observation.FileVault.BypassesLeft; left == nil || *left != -1 {
				t.Errorf("%+v", report)
			}
		}
	}
	if _, err := ReadReport(Osquery, []byte("{"), "", noon); !errors.Is(err, ErrObservationSyntax) {
		t.Error(err)
	}
	if _, err := ReadReport(Osquery, []byte(strings.Repeat("[", 100)), "", noon); !errors.Is(err, ErrObservationLimit) && !errors.Is(err, ErrObservationSyntax) {
		t.Error(err)
	}
}

func TestAReportBringsItsKeysIntoTheStore(t *testing.T) {
	f := newFlow(t, "memory:")
	observed := must(f.escrow.Observe(f.ctx, Observing{Device: "A", By: "mdm", Source: SecurityInfo}, []byte(observations[SecurityInfo])))
	if !observed.Recorded || len(observed.Receipts) != 1 || !errors.Is(observed.Receipts[0].Err(), ErrUploadNotSealed) {
		t.Errorf("%+v", observed)
	}
	key, der := f.sealed()
	defer key.Close()
	base64 := must(json.Marshal(der))
	row := `[{"encrypted":"1","path":"/","filevault_key":` + string(base64) + `}]`
	observed = must(f.escrow.Observe(f.ctx, Observing{Device: "A", By: "osquery", Source: Osquery}, []byte(row)))
	if len(observed.Receipts) != 1 || observed.Receipts[0].Err() != nil || observed.Receipts[0].Receipt.Kind != FileVault {
		t.Errorf("%+v", observed)
	}
	device := must(f.escrow.Device(f.ctx, "A"))
	if device.Keys != 1 {
		t.Errorf("%+v", device)
	}
	if _, err := f.escrow.Observe(f.ctx, Observing{Device: "A", By: "a", Source: "gossip"}, nil); !errors.Is(err, ErrMisuse) {
		t.Error(err)
	}
}

func TestPoliciesAndWhatDevicesReceive(t *testing.T) {
	certificates, private := newIdentity("rsa-2048")
	defer certificates.Close()
	defer private.Close()
	for _, path := range []string{"../examples/policy.toml", "../examples/policy-fleet.toml"} {
		policy := must(ParsePolicy(must(os.ReadFile(path))))
		defer policy.Close()
		if advice := must(policy.Check()); len(advice) == 0 || advice[0].Group != "" || advice[0].Digest == "" {
			t.Errorf("%s: %+v", path, advice)
		}
		if explained := must(policy.Explain("")); len(explained) < 10 || explained[0].Path == "" || explained[0].Origin == "" {
			t.Errorf("%s: %+v", path, explained)
		}
		profile := must(policy.FileVaultProfile("", certificates, noon))
		if again := must(policy.FileVaultProfile("", certificates, noon)); string(again) != string(profile) {
			t.Error(path, "the same input gave other bytes")
		}
		var parsed map[string]any
		if err := json.Unmarshal(must(ParseProfile(profile)), &parsed); err != nil || parsed["PayloadType"] != "Configuration" {
			t.Error(path, err, parsed)
		}
		for _, finding := range must(LintProfile(profile, certificates, noon)) {
			if finding.Severity == SeverityError || finding.Code == "" || finding.Source == "" {
				t.Errorf("%s: %+v", path, finding)
			}
		}
	}
	fleet := must(ParsePolicy(must(os.ReadFile("../examples/policy-fleet.toml"))))
	defer fleet.Close()
	if syncML := must(fleet.BitLockerProfile("")); !strings.Contains(string(syncML), "<Atomic>") {
		t.Error(string(syncML))
	}
	var plan map[string]any
	if err := json.Unmarshal(must(fleet.LUKSPlan("", certificates)), &plan); err != nil || len(plan) == 0 {
		t.Error(plan, err)
	}
	assessment := must(fleet.Assess(json.RawMessage(`{"version":1,"created":"2026-05-04T12:00:00Z","installation":1,"installed":"2026-05-04T12:00:00Z","places":[],"posture":{},"received":0}`), "", noon))
	if assessment.Status == "" {
		t.Error(assessment)
	}
	if _, err := fleet.Assess(json.RawMessage(`{}`), "", noon); !errors.Is(err, ErrRequestSyntax) {
		t.Error(err)
	}
	bare := must(ParsePolicy([]byte("[escrow]\nrequired = true\n")))
	defer bare.Close()
	if _, err := bare.FileVaultProfile("", nil, noon); !errors.Is(err, ErrMisuse) {
		t.Error(err)
	}
	if _, err := bare.BitLockerProfile(""); !errors.Is(err, ErrMisuse) {
		t.Error(err)
	}
	if _, err := ParsePolicy([]byte("[escrow]\nrequires = true\n")); !errors.Is(err, ErrPolicySyntax) {
		t.Error(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(must(PolicySchema()), &schema); err != nil || schema["$schema"] == nil {
		t.Error(err)
	}

	f := newFlow(t, "memory:", WithPolicies(fleet))
	if profile := must(f.escrow.Profile(f.ctx, "new")); !strings.Contains(string(profile), "com.apple.MCX.FileVault2") {
		t.Error(string(profile))
	}
	if statements := must(Migrate("sqlite:"+t.TempDir()+"/keys.db", false)); len(statements) == 0 {
		t.Error("an empty place needs its tables")
	}
}

func TestCertificatesAndSheets(t *testing.T) {
	first, private := newIdentity("p-256")
	defer first.Close()
	defer private.Close()
	second, _ := newIdentity("p-384")
	defer second.Close()
	both := must(first.With(second))
	defer both.Close()
	described := must(both.Describe())
	if both.Len() != 2 || len(described) != 2 || described[0].Subject != "CN=Escrow 2026,O=Example" || !described[0].NotAfter.Equal(noon.AddDate(9, 0, 0)) {
		t.Errorf("%+v", described)
	}
	if string(both.DER(1)) != string(second.DER(0)) || both.DER(2) != nil || both.DER(-1) != nil {
		t.Error("they are not in their order")
	}
	if again := must(ParseCertificates(must(both.PEM()))); again.Len() != 2 {
		t.Error(again.Len())
	}
	if _, err := ParseCertificates([]byte("none")); !errors.Is(err, ErrCertificateSyntax) {
		t.Error(err)
	}
	if _, _, err := (NewCertificate{Subject: "CN=x", Algorithm: "rsa-512"}).Generate(); !errors.Is(err, ErrMisuse) {
		t.Error(err)
	}
	key := must(GenerateKey(FileVault))
	defer key.Close()
	for format, sign := range map[SheetFormat]string{SheetText: "2026", SheetHTML: "<svg"} {
		sheet := must(key.Sheet(Place{Kind: FileVault}, format, noon))
		if text := shown(t, sheet.Use); !strings.Contains(text, sign) || !strings.Contains(text, shown(t, key.Use)[:4]) {
			t.Error(text)
		}
		sheet.Close()
	}
}

// Every piece of Go in the document stands in an example, which runs.
func TestTheDocumentIsMadeOfExamples(t *testing.T) {
	trimmed := func(text string) string {
		var lines []string
		for _, line := range strings.Split(text, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
		return "\n" + strings.Join(lines, "\n") + "\n"
	}
	examples := trimmed(string(must(os.ReadFile("example_test.go"))))
	parts := strings.Split(string(must(os.ReadFile("../docs/go.md"))), "```go\n")
	if len(parts) < 4 {
		t.Fatal(len(parts))
	}
	for _, part := range parts[1:] {
		block, _, _ := strings.Cut(part, "```")
		if !strings.Contains(examples, trimmed(block)) {
			t.Errorf("no example has this:\n%s", block)
		}
	}
}
