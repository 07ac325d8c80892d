package fdescrow

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

const policyOfFlows = `
[organization]
id = "example.com"
name = "Example Ltd"
identifier = "com.example"

[filevault.enforcement]
setup_assistant = true
max_bypass_attempts = 0
ask_at_logout = false
show_recovery_key = false

[filevault.escrow]
location = "Example Ltd keeps a recovery key for this Mac."

[filevault.profile]
display_name = "Disk encryption"
description = "Encrypts this Mac."

[escrow]
required = true
`

// flow is an organization whose escrow was just opened.
type flow struct {
	*testing.T
	ctx          context.Context
	clock        *clock
	url          string
	certificates *Certificates
	keyring      *Keyring
	escrow       *Escrow
}

func newFlow(t *testing.T, url string, options ...Option) *flow {
	t.Helper()
	f := &flow{T: t, ctx: context.Background(), clock: &clock{noon}, url: url}
	var private *Secret
	f.certificates, private = newIdentity("rsa-2048")
	f.keyring = must(NewKeyring(PrivateKeyFile{Secret: private, Certificates: f.certificates}))
	options = append([]Option{WithCertificates(f.certificates), WithClock(f.clock.time)}, options...)
	f.escrow = must(Open(url, "example.com", options...))
	t.Cleanup(func() {
		for _, closing := range []interface{ Close() error }{f.escrow, f.keyring, f.certificates, private} {
			if err := closing.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return f
}

// onStores runs a story on every store.
func onStores(t *testing.T, story func(t *testing.T, url string)) {
	t.Run("memory", func(t *testing.T) { story(t, "memory:") })
	t.Run("sqlite", func(t *testing.T) { story(t, "sqlite:"+filepath.Join(t.TempDir(), "keys.db")) })
}

// sealed is a key, and the message that a Mac would send.
func (f *flow) sealed() (*Key, []byte) {
	key := must(GenerateKey(FileVault))
	envelope := must(Seal(key, f.certificates, Sealing{Bare: true, Format: EnvelopedPKCS1v15}))
	defer envelope.Close()
	return key, envelope.DER()
}

func TestAKeyIsReceivedCheckedRevealedReplacedAndAllOfItIsInTheAudit(t *testing.T) {
	onStores(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		ctx := f.ctx
		policy := must(ParsePolicy([]byte(policyOfFlows)))
		defer policy.Close()
		if err := f.escrow.SetPolicies(policy); err != nil {
			t.Fatal(err)
		}

		key, der := f.sealed()
		receipt, err := f.escrow.Receive(ctx, Sealed("C02XYZ", FileVault, der).By("orbit").Request("upload 1"))
		if err != nil || receipt.Status != Stored || receipt.Device != "C02XYZ" || receipt.Kind != FileVault || receipt.Request != "upload 1" {
			t.Fatal(receipt, err)
		}
		total, err := f.escrow.CheckTotal(ctx)
		if err != nil || total.Devices != 1 || !total.FirstCheck {
			t.Fatal(total, err)
		}
		batches := 0
		report, err := f.escrow.Check(ctx, f.keyring, CheckOptions{By: "nightly", Workers: 2, AfterEachBatch: func(CheckReport) { batches++ }})
		if err != nil || report.Opened != 1 || len(report.NotOpened) != 0 || batches == 0 {
			t.Fatal(report, err)
		}
		if receipt, err = f.escrow.Receipt(ctx, receipt.Key); err != nil || receipt.Status != Verified || receipt.Level != EnvelopeOpens {
			t.Fatal(receipt, err)
		}

		report2, err := f.escrow.Observe(ctx, Observing{Device: "C02XYZ", By: "osquery", Source: Osquery},
			[]byte(`[{"name":"/dev/disk3s1","uuid":"","encrypted":"1","type":"APFS Encryption","encryption_status":"encrypted","user_uuid":"","filevault_status":"on"}]`))
		if err != nil {
			t.Fatal(report2, err)
		}
		if err := f.escrow.ConfigurationReported(ctx, Configuration{Device: "C02XYZ", By: "mdm", Operation: "install", Delivery: "confirmed"}); err != nil {
			t.Fatal(err)
		}
		assessment, err := f.escrow.Assess(ctx, "C02XYZ")
		if err != nil || assessment.Status == "" {
			t.Fatal(assessment, err)
		}
		device, err := f.escrow.Device(ctx, "C02XYZ")
		if err != nil || device.Keys != 1 || device.Assessment.Status != assessment.Status || !device.Created.Equal(noon) {
			t.Fatal(device, err)
		}

		if err := f.escrow.NameDevice(ctx, "C02XYZ", "inventory", Name{Kind: "hostname", Value: "ana-mac", Source: "inventory", Trust: "claimed"}); err != nil {
			t.Fatal(err)
		}
		found, err := f.escrow.Find(ctx, "ana-mac")
		if err != nil || len(found) != 1 || found[0].Key != receipt.Key || found[0].Kind != FileVault {
			t.Fatal(found, err)
		}

		f.clock.pass(time.Hour)
		_, err = f.escrow.Reveal(ctx, Reveal{Device: "C02XYZ", By: "ana", Reason: " "}, f.keyring)
		if !errors.Is(err, ErrRecoveryReasonMissing) {
			t.Fatal(err)
		}
		revealed, err := f.escrow.Reveal(ctx, Reveal{Device: "C02XYZ", By: "ana", Reason: "lost passphrase", Ticket: "T-1"}, f.keyring)
		if err != nil || revealed.About.Key != receipt.Key || revealed.About.Level != EnvelopeOpens {
			t.Fatal(revealed, err)
		}
		defer revealed.Close()
		if shown(t, revealed.Use) != shown(t, key.Use) {
			t.Fatal("another key was revealed")
		}
		sheet, err := f.escrow.RevealSheet(ctx, Reveal{Device: "C02XYZ", By: "ana", Reason: "lost passphrase"}, f.keyring, SheetText)
		if err != nil {
			t.Fatal(err)
		}
		defer sheet.Close()
		technician, private := newIdentity("p-256")
		defer technician.Close()
		handed, err := f.escrow.RevealTo(ctx, Reveal{Device: "C02XYZ", By: "ana", Reason: "lost passphrase"}, f.keyring, technician)
		if err != nil {
			t.Fatal(err)
		}
		defer handed.Close()
		theirs := must(NewKeyring(PrivateKeyFile{Secret: private, Certificates: technician}))
		defer theirs.Close()
		opened, err := handed.Open(theirs, Opening{Kind: FileVault})
		if err != nil || shown(t, opened.Use) != shown(t, key.Use) || !opened.About.Authenticated {
			t.Fatal(opened, err)
		}
		defer opened.Close()
		if recovery, err := f.escrow.ReportRecovery(ctx, revealed.About.Recovery, Worked, "ana"); err != nil || recovery.Report == nil || recovery.Report.Outcome != Worked {
			t.Fatal(recovery, err)
		}

		rotations, err := f.escrow.RequestRotation(ctx, "C02XYZ", nil, "ana", "the key was shown")
		if err != nil || len(rotations) != 1 {
			t.Fatal(rotations, err)
		}
		all, err := f.escrow.Rotations(ctx, "C02XYZ")
		if err != nil || len(all) != 1 || all[0].ID != rotations[0] || all[0].Next == nil {
			t.Fatal(all, err)
		}
		rotation, err := f.escrow.RotationReported(ctx, RotationAnswer{Device: "C02XYZ", Rotation: rotations[0], By: "mdm", Event: RotationSent, Attempt: 1})
		if err != nil || rotation.Attempt != 1 {
			t.Fatal(rotation, err)
		}
		for rotation, err := range f.escrow.AllRotations(ctx).All() {
			if err != nil || rotation.Device != "C02XYZ" {
				t.Fatal(rotation, err)
			}
		}
		f.clock.pass(time.Minute)
		second, der := f.sealed()
		defer second.Close()
		if receipt, err = f.escrow.Receive(ctx, Sealed("C02XYZ", FileVault, der).By("mdm")); err != nil {
			t.Fatal(receipt, err)
		}
		if report, err = f.escrow.Check(ctx, f.keyring, CheckOptions{}); err != nil || report.Opened != 1 {
			t.Fatal(report, err)
		}
		if due, err := f.escrow.AssessDue(ctx, "nightly"); err != nil {
			t.Fatal(due, err)
		}
		if err := f.escrow.SetPolicies(nil); err != nil {
			t.Fatal(err)
		}
		if changed, err := f.escrow.AssessChanged(ctx, "nightly"); err != nil || changed.Judged != 1 {
			t.Fatal(changed, err)
		}

		first := must(f.certificates.Describe())[0].Fingerprint
		if live, err := f.escrow.LiveReferences(ctx, first); err != nil || live != 2 {
			t.Fatal(live, err)
		}
		if err := f.escrow.RetireCertificate(ctx, first, "ana", "it is old"); !errors.Is(err, ErrCertificateInUse) {
			t.Fatal(err)
		}
		next, nextPrivate := newIdentity("rsa-2048")
		defer next.Close()
		rewrapped, err := f.escrow.Rewrap(ctx, f.keyring, next, RewrapOptions{By: "ana"})
		if err != nil || rewrapped.Rewrapped == 0 || len(rewrapped.Failures) != 0 {
			t.Fatal(rewrapped, err)
		}
		f.clock.pass(48 * time.Hour)
		nextKeyring := must(NewKeyring(PrivateKeyFile{Secret: nextPrivate, Certificates: next}))
		defer nextKeyring.Close()
		if report, err = f.escrow.Check(ctx, nextKeyring, CheckOptions{}); err != nil {
			t.Fatal(report, err)
		}
		again, err := f.escrow.Reveal(ctx, Reveal{Device: "C02XYZ", By: "ana", Reason: "lost passphrase"}, nextKeyring)
		if err != nil || shown(t, again.Use) != shown(t, second.Use) {
			t.Fatal(again, err)
		}
		defer again.Close()
		registered, err := f.escrow.RegisteredCertificates(ctx)
		if err != nil || len(registered) != 2 {
			t.Fatal(registered, err)
		}
		if live, err := f.escrow.LiveReferences(ctx, first); err != nil || live != 0 {
			t.Fatal(live, err)
		}
		if err := f.escrow.RetireCertificate(ctx, first, "ana", "it is old"); err != nil {
			t.Fatal(err)
		}
		if err := f.escrow.CompromiseCertificate(ctx, first, "ana", "the laptop with it was stolen"); err != nil {
			t.Fatal(err)
		}
		exposed := 0
		for id, err := range f.escrow.ExposeKeys(ctx, first, "ana").All() {
			if err != nil || id == "" {
				t.Fatal(id, err)
			}
			exposed++
		}
		if exposed != 2 {
			t.Fatal(exposed)
		}

		history, err := f.escrow.History(ctx, "C02XYZ")
		if err != nil || len(history) != 2 || len(history[1].Envelopes) == 0 {
			t.Fatal(history, err)
		}
		summary, err := f.escrow.Summary(ctx)
		if err != nil || summary.Devices != 1 || summary.Keys != 2 {
			t.Fatal(summary, err)
		}
		if count, err := f.escrow.Count(ctx, Selection{}); err != nil || count != 1 {
			t.Fatal(count, err)
		}

		checkpoint, err := f.escrow.Checkpoint(ctx, nil)
		if err != nil || len(checkpoint.Bytes) == 0 || checkpoint.Digest == "" {
			t.Fatal(checkpoint, err)
		}
		verified, err := f.escrow.VerifyAudit(ctx, nil, checkpoint.Bytes)
		if err != nil || !verified.Intact || verified.Entries == 0 {
			t.Fatal(verified, err)
		}
		entries, err := f.escrow.AuditOf(ctx, "C02XYZ", 0, 0)
		if err != nil || len(entries) < 8 || entries[0].Number != 1 || len(entries[0].Raw) == 0 {
			t.Fatal(entries, err)
		}
		events, err := f.escrow.Events(ctx, "", 3)
		if err != nil || len(events.Entries) != 3 {
			t.Fatal(events, err)
		}
		if more, err := f.escrow.Events(ctx, events.Next, 0); err != nil || len(more.Entries) == 0 || more.Entries[0].Hash == events.Entries[2].Hash {
			t.Fatal(more, err)
		}
	})
}

func TestAKeyInClearIsSealedBeforeItIsStored(t *testing.T) {
	onStores(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		text := must(NewSecret([]byte("ABCD-EFGH-IJKL-MNOP-QRST-UVWX")))
		defer text.Close()
		receipt, err := f.escrow.Receive(f.ctx, Plaintext("C02XYZ", FileVault, text).By("ana"))
		if err != nil || receipt.Level != WellFormed {
			t.Fatal(receipt, err)
		}
		key, err := f.escrow.Reveal(f.ctx, Reveal{Device: "C02XYZ", By: "ana", Reason: "lost passphrase"}, f.keyring)
		if err != nil || shown(t, key.Use) != "ABCD-EFGH-IJKL-MNOP-QRST-UVWX" {
			t.Fatal(key, err)
		}
		key.Close()
		_, err = f.escrow.Receive(f.ctx, Sealed("C02XYZ", FileVault, []byte("ABCD-EFGH-IJKL-MNOP-QRST-UVWX")).By("ana"))
		if !errors.Is(err, ErrUploadNotSealed) {
			t.Fatal(err)
		}
		_, err = f.escrow.Receive(f.ctx, Sealed("C02XYZ", FileVault, nil).By("ana"))
		if !errors.Is(err, ErrUploadNotSealed) {
			t.Fatal(err)
		}
	})
}

func TestASecondPersonAgrees(t *testing.T) {
	onStores(t, func(t *testing.T, url string) {
		policy := must(ParsePolicy([]byte(policyOfFlows + "\n[recovery]\napprovals = 1\n")))
		defer policy.Close()
		f := newFlow(t, url, WithPolicies(policy))
		key, der := f.sealed()
		must(f.escrow.Receive(f.ctx, Sealed("C02XYZ", FileVault, der).By("orbit")))
		ana, ben := Person{"https://id.example.com", "1"}, Person{"https://id.example.com", "2"}
		wish := Reveal{Device: "C02XYZ", By: "ana", Reason: "lost passphrase", Person: &ana}
		if _, err := f.escrow.Reveal(f.ctx, wish, f.keyring); !errors.Is(err, ErrRecoveryRejected) {
			t.Fatal(err)
		}
		asked, err := f.escrow.RequestRecovery(f.ctx, wish)
		if err != nil || asked.Lacking != 1 || asked.Now != RecoveryRequested {
			t.Fatal(asked, err)
		}
		if _, err := f.escrow.ApproveRecovery(f.ctx, asked.ID, ana, "ana", ""); !errors.Is(err, ErrRecoveryRejected) {
			t.Fatal(err)
		}
		approved, err := f.escrow.ApproveRecovery(f.ctx, asked.ID, ben, "ben", "called her")
		if err != nil || approved.Lacking != 0 || len(approved.Approvals) != 1 || approved.Approvals[0].Note != "called her" {
			t.Fatal(approved, err)
		}
		wish.Recovery = asked.ID
		revealed, err := f.escrow.Reveal(f.ctx, wish, f.keyring)
		if err != nil || shown(t, revealed.Use) != shown(t, key.Use) {
			t.Fatal(revealed, err)
		}
		revealed.Close()

		denied := must(f.escrow.RequestRecovery(f.ctx, Reveal{Device: "C02XYZ", By: "ana", Reason: "once more", Person: &ana}))
		if denied, err = f.escrow.DenyRecovery(f.ctx, denied.ID, "ben", "she has it"); err != nil || denied.Now != RecoveryDenied || denied.End == nil {
			t.Fatal(denied, err)
		}
		revoked := must(f.escrow.RequestRecovery(f.ctx, Reveal{Device: "C02XYZ", By: "ana", Reason: "once more", Person: &ana}))
		must(f.escrow.ApproveRecovery(f.ctx, revoked.ID, ben, "ben", ""))
		if revoked, err = f.escrow.RevokeApproval(f.ctx, revoked.ID, ben, "ben"); err != nil || revoked.Lacking != 1 {
			t.Fatal(revoked, err)
		}
		if one, err := f.escrow.Recovery(f.ctx, revoked.ID); err != nil || one.ID != revoked.ID {
			t.Fatal(one, err)
		}
		if _, err := f.escrow.Recovery(f.ctx, "00000000000000000000000000000000"); err == nil {
			t.Fatal("there is no such recovery")
		}
		count := 0
		for recovery, err := range f.escrow.Recoveries(f.ctx, RecoveryDenied).All() {
			if err != nil || recovery.ID != denied.ID {
				t.Fatal(recovery, err)
			}
			count++
		}
		if count != 1 {
			t.Fatal(count)
		}
	})
}

func TestListsAreReadAPageAtATime(t *testing.T) {
	onStores(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		const devices = 230
		for number := range devices {
			if err := f.escrow.AgentReported(f.ctx, "device-"+string(rune('a'+number/26))+string(rune('a'+number%26)), "agent", ""); err != nil {
				t.Fatal(err)
			}
		}
		seen := map[string]bool{}
		for device, err := range f.escrow.Devices(f.ctx, Selection{}).All() {
			if err != nil || seen[device.Device] {
				t.Fatal(device, err)
			}
			seen[device.Device] = true
		}
		if len(seen) != devices {
			t.Fatal(len(seen))
		}
		page, err := f.escrow.Devices(f.ctx, Selection{}).Page("", 10)
		if err != nil || len(page.Items) != 10 || page.Next == "" {
			t.Fatal(page, err)
		}
		for range f.escrow.Devices(f.ctx, Selection{}).All() {
			break
		}
		cancelled, cancel := context.WithCancel(f.ctx)
		defer cancel()
		count := 0
		for _, err := range f.escrow.Devices(cancelled, Selection{}).All() {
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				break
			}
			count++
			cancel()
		}
		if count != 100 {
			t.Fatal("the page that was there is read, and no other:", count)
		}
		_, err = f.escrow.Devices(f.ctx, Selection{Status: StatusFailed, Group: "group"}).Page("", 0)
		if !errors.Is(err, ErrMisuse) {
			t.Fatal(err)
		}
		for _, err := range f.escrow.Devices(f.ctx, Selection{Status: StatusFailed, Group: "group"}).All() {
			if !errors.Is(err, ErrMisuse) {
				t.Fatal(err)
			}
		}
	})
}

func TestKeysThatAreSetApartAndKeysThatGo(t *testing.T) {
	onStores(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		_, der := f.sealed()
		must(f.escrow.Receive(f.ctx, Sealed("A", FileVault, der).By("orbit")))
		receipt := must(f.escrow.Receive(f.ctx, Sealed("B", FileVault, der).By("orbit")))
		if receipt.Status != Quarantined {
			t.Fatal(receipt)
		}
		for key, err := range f.escrow.Quarantine(f.ctx).All() {
			if err != nil || key.ID != receipt.Key || key.SeenOn != "A" {
				t.Fatal(key, err)
			}
		}
		if _, err := f.escrow.Reveal(f.ctx, Reveal{Device: "B", By: "ana", Reason: "lost", Key: receipt.Key}, f.keyring); !errors.Is(err, ErrRecoveryRefused) {
			t.Fatal(err)
		}
		if err := f.escrow.RejectQuarantined(f.ctx, receipt.Key, "ana", "it is A's"); err != nil {
			t.Fatal(err)
		}
		_, der = f.sealed()
		must(f.escrow.Receive(f.ctx, Sealed("A", FileVault, der).By("orbit")))
		other := must(f.escrow.Receive(f.ctx, Sealed("C", FileVault, der).By("orbit")))
		if err := f.escrow.AcceptQuarantined(f.ctx, other.Key, "ana", "the disk was moved"); err != nil {
			t.Fatal(err)
		}
		if err := f.escrow.AcceptQuarantined(f.ctx, other.Key, "ana", ""); !errors.Is(err, ErrRecoveryReasonMissing) && !errors.Is(err, ErrEventRejected) {
			t.Fatal(err)
		}

		must(f.escrow.Check(f.ctx, f.keyring, CheckOptions{}))
		f.clock.pass(3 * 365 * 24 * time.Hour)
		must(f.escrow.Check(f.ctx, f.keyring, CheckOptions{}))
		planned := 0
		for removal, err := range f.escrow.PlanRemovals(f.ctx, "ana").All() {
			if err != nil || removal.Due.Before(f.clock.now) {
				t.Fatal(removal, err)
			}
			planned++
			if planned == 1 {
				defer func() {
					if err := f.escrow.CancelRemoval(f.ctx, removal.Key, "ana", "kept"); err != nil && !errors.Is(err, ErrRemovalUnknown) {
						t.Error(err)
					}
				}()
			}
		}
		waiting := 0
		for _, err := range f.escrow.Removals(f.ctx).All() {
			if err != nil {
				t.Fatal(err)
			}
			waiting++
		}
		if waiting != planned {
			t.Fatal(waiting, planned)
		}
		f.clock.pass(365 * 24 * time.Hour)
		for _, err := range f.escrow.RemoveDue(f.ctx, "ana").All() {
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := f.escrow.ForgetDevice(f.ctx, "C", "ana", "sold"); err != nil {
			t.Fatal(err)
		}
		if err := f.escrow.NewInstallation(f.ctx, "A", "ana", "wiped"); err != nil {
			t.Fatal(err)
		}
		if err := f.escrow.MoveToGroup(f.ctx, "A", "macs", "ana", "it is one"); err != nil {
			t.Fatal(err)
		}
		if err := f.escrow.CancelRemoval(f.ctx, other.Key, "ana", "kept"); !errors.Is(err, ErrRemovalUnknown) {
			t.Fatal(err)
		}
	})
}

func TestKeysThatDoNotWork(t *testing.T) {
	onStores(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		stranger, private := newIdentity("rsa-2048")
		defer stranger.Close()
		defer private.Close()
		key := must(GenerateKey(FileVault))
		defer key.Close()
		envelope := must(Seal(key, stranger, Sealing{Bare: true, Format: EnvelopedPKCS1v15}))
		defer envelope.Close()
		must(f.escrow.Receive(f.ctx, Sealed("C02XYZ", FileVault, envelope.DER()).By("orbit")))
		report := must(f.escrow.Check(f.ctx, f.keyring, CheckOptions{}))
		if report.NotOpened["no_identity"] != 1 {
			t.Fatal(report)
		}
		count := 0
		for problem, err := range f.escrow.Undecryptable(f.ctx).All() {
			if err != nil || problem.Device != "C02XYZ" || problem.Reason != "no_identity" || problem.Remedy == "" || problem.Inspection == nil {
				t.Fatal(problem, err)
			}
			count++
		}
		if count != 1 {
			t.Fatal(count)
		}
		if summary := must(f.escrow.Summary(f.ctx)); summary.Problems["no_identity"] != 1 {
			t.Fatal(summary)
		}
		if _, err := f.escrow.Reveal(f.ctx, Reveal{Device: "C02XYZ", By: "ana", Reason: "lost"}, f.keyring); !errors.Is(err, ErrRecoveryNotOpened) {
			t.Fatal(err)
		}
		if _, err := f.escrow.Reveal(f.ctx, Reveal{Device: "nobody", By: "ana", Reason: "lost"}, f.keyring); !errors.Is(err, ErrDeviceUnknown) {
			t.Fatal(err)
		}
	})
}
