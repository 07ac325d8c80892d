package fdescrow

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// agent is a device played by the test, with its spool in a file and a server that checks at once.
type agent struct {
	*flow
	path string
}

func newAgent(t *testing.T) *agent {
	return &agent{newFlow(t, "memory:"), filepath.Join(t.TempDir(), "spool")}
}

// spool is what is on the disk.
func (a *agent) spool() *Spool {
	a.Helper()
	spool := must(OpenSpool(a.path))
	a.Cleanup(func() { spool.Close() })
	if spool.Damaged() != 0 {
		a.Fatal("lines of the spool are damaged")
	}
	return spool
}

// decides checks what the planner decides.
func (a *agent) decides(planner *Planner, situation string, step Step) Next {
	a.Helper()
	next := must(planner.Next(a.spool()))
	if next.Situation != situation || next.Step != step {
		a.Fatalf("%+v, not %s and %d", next, situation, step)
	}
	return next
}

// seals seals for the step; nothing is done before the spool is on the disk.
func (a *agent) seals(planner *Planner, password *Secret) {
	a.Helper()
	if err := planner.Done(); !errors.Is(err, ErrMisuse) {
		a.Fatal(err)
	}
	spool := a.spool()
	before := spool.Len()
	if err := errors.Join(planner.Escrow(spool, password), spool.Sync(), planner.Done()); err != nil {
		a.Fatal(err)
	}
	if a.spool().Len() != before+1 {
		a.Fatal("the key is not on the disk")
	}
}

// sends sends for the step; the server checks, and is asked again.
func (a *agent) sends(planner *Planner) {
	a.Helper()
	spool := a.spool()
	key := must(planner.Upload(spool))
	before := spool.Len()
	must(a.escrow.Receive(a.ctx, key.Upload().By("agent")))
	must(a.escrow.Check(a.ctx, a.keyring, CheckOptions{By: "nightly"}))
	receipt := must(a.escrow.Receive(a.ctx, key.Upload().By("agent")))
	if receipt.Status != Verified || receipt.Request != key.Request {
		a.Fatal(receipt)
	}
	if err := errors.Join(planner.Receipt(spool, receipt), spool.Sync()); err != nil {
		a.Fatal(err)
	}
	if a.spool().Len() != before-1 {
		a.Fatal("the spool still holds what is verified")
	}
	// Again, and late, it changes nothing.
	if err := planner.Receipt(spool, receipt); err != nil {
		a.Fatal(err)
	}
}

const (
	oldProtector = "{11111111-1111-1111-1111-111111111111}"
	newProtector = "{22222222-2222-2222-2222-222222222222}"
	tpmProtector = "{33333333-3333-3333-3333-333333333333}"
	oldPassword  = "000011-000022-000033-000044-000055-000066-000077-000088"
	newPassword  = "111111-222222-333333-444444-555555-666666-000011-000022"
)

// windows is a volume that is encrypted and protected, by its protectors.
type windows []string

func (w windows) answer(t *testing.T, call *BitLockerCall) BitLockerAnswer {
	if call.Changes {
		t.Fatal(call)
	}
	about := ""
	if len(call.Inputs) > 0 {
		about, _ = call.Inputs[0].Value.(string)
	}
	switch call.Method {
	case "GetKeyProtectors":
		return AnswerTexts(w...)
	case "GetKeyProtectorType":
		if about == tpmProtector {
			return AnswerNumber(1)
		}
		return AnswerNumber(3)
	case "GetKeyProtectorFriendlyName":
		if about == newProtector {
			return AnswerText("fdescrow r1")
		}
		return AnswerText("")
	case "GetEncryptionMethod":
		return AnswerNumber(7)
	case "GetProtectionStatus", "GetConversionStatus":
		return AnswerNumber(1)
	case "GetLockStatus", "GetSuspendCount":
		return AnswerNumber(0)
	}
	return AnswerError(0x80041010)
}

// openWindows opens the planner as after a crash, and looks.
func (a *agent) openWindows(before *BitLockerPlanner, volume windows) *BitLockerPlanner {
	a.Helper()
	options := BitLockerOptions{Organization: "example.com", Device: "PC-17", Volume: "C:", To: a.certificates, Clock: a.clock.time}
	if before != nil {
		options.State = must(before.State())
		other := options
		other.Device = "PC-18"
		if _, err := OpenBitLocker(other); !errors.Is(err, ErrMisuse) {
			a.Fatal(err)
		}
		before.Close()
	}
	planner := must(OpenBitLocker(options))
	a.Cleanup(func() { planner.Close() })
	if err := planner.Look(Computer{Server: No, TPM: Yes, SystemVolume: Yes, Registry: &BitLockerRegistry{}}); err != nil {
		a.Fatal(err)
	}
	for {
		call := must(planner.Call())
		if call == nil {
			return planner
		}
		if err := planner.Answer(volume.answer(a.T, call)); err != nil {
			a.Fatal(err)
		}
	}
}

func TestWindowsRotatesItsRecoveryPassword(t *testing.T) {
	a := newAgent(t)
	volume := windows{tpmProtector, oldProtector}
	reads := func(planner *BitLockerPlanner, protector, password string) {
		t.Helper()
		call := must(planner.Call())
		if call.Method != "GetKeyProtectorNumericalPassword" || call.Inputs[0].Value != protector || len(call.Outputs) != 1 {
			t.Fatalf("%+v", call)
		}
		secret := must(NewSecret([]byte(password)))
		defer secret.Close()
		a.seals(&planner.Planner, secret)
	}
	planner := a.openWindows(nil, volume)
	if _, err := planner.Next(a.spool()); !errors.Is(err, ErrMisuse) {
		t.Fatal("without a goal:", err)
	}
	if err := planner.Pursue(Goal{ID: "r1", Aim: AimRotate}); !errors.Is(err, ErrRequestSyntax) {
		t.Fatal("without what is to go:", err)
	}
	if err := planner.Pursue(Goal{ID: "r1", Aim: AimRotate, Replace: []string{oldProtector}}); err != nil {
		t.Fatal(err)
	}
	next := a.decides(&planner.Planner, "password_not_escrowed", StepEscrow)
	if next.Standing != StandingActs || next.Because == "" || len(next.Details) == 0 {
		t.Fatalf("%+v", next)
	}
	reads(planner, oldProtector, oldPassword)
	planner = a.openWindows(planner, volume)
	a.decides(&planner.Planner, "answer_due", StepAsk)
	if !planner.Awaits(a.spool(), 0) || planner.Awaits(a.spool(), 9) || planner.Awaits(a.spool(), -1) {
		t.Fatal("who sends what is not known")
	}
	a.sends(&planner.Planner)
	planner = a.openWindows(planner, volume)
	a.decides(&planner.Planner, "no_new_password", StepCall)
	if call := must(planner.Call()); call.Method != "ProtectKeyWithNumericalPassword" || !call.Changes {
		t.Fatalf("%+v", call)
	}
	// The disk of the policy service is full; it is tried again after a minute.
	if err := planner.Returned(0x80070070, ""); err != nil {
		t.Fatal(err)
	}
	planner = a.openWindows(planner, volume)
	next = a.decides(&planner.Planner, "no_new_password", StepNone)
	if !next.WakeAt.Equal(a.clock.now.Add(time.Minute)) || next.Held == nil || *next.Held.Code != 0x80070070 || next.Held.Failures != 1 {
		t.Fatalf("%+v", next)
	}
	a.clock.pass(time.Minute)
	planner = a.openWindows(planner, volume)
	a.decides(&planner.Planner, "no_new_password", StepCall)
	volume = append(volume, newProtector)
	if err := planner.Returned(0, newProtector); err != nil {
		t.Fatal(err)
	}
	planner = a.openWindows(planner, volume)
	a.decides(&planner.Planner, "password_not_escrowed", StepEscrow)
	reads(planner, newProtector, newPassword)
	planner = a.openWindows(planner, volume)
	a.decides(&planner.Planner, "answer_due", StepAsk)
	if err := planner.Failed(-1); err != nil {
		t.Fatal(err)
	}
	planner = a.openWindows(planner, volume)
	a.decides(&planner.Planner, "not_verified", StepNone)
	if err := planner.AskAgain(); err != nil {
		t.Fatal(err)
	}
	a.decides(&planner.Planner, "answer_due", StepAsk)
	a.sends(&planner.Planner)
	planner = a.openWindows(planner, volume)
	a.decides(&planner.Planner, "old_password", StepCall)
	if call := must(planner.Call()); call.Method != "DeleteKeyProtector" || call.Inputs[0].Value != oldProtector {
		t.Fatalf("%+v", call)
	}
	volume = slices.DeleteFunc(volume, func(protector string) bool { return protector == oldProtector })
	if err := planner.Returned(0, ""); err != nil {
		t.Fatal(err)
	}
	planner = a.openWindows(planner, volume)
	if next := a.decides(&planner.Planner, "done", StepNone); next.Standing != StandingRests {
		t.Fatalf("%+v", next)
	}
	revealed := must(a.escrow.Reveal(a.ctx, Reveal{Device: "PC-17", Volume: "C:", Protector: newProtector, By: "ana", Reason: "test"}, a.keyring))
	defer revealed.Close()
	if shown(t, revealed.Use) != newPassword {
		t.Fatal("another password is in escrow")
	}
}

// openMac opens the planner as after a crash, and looks.
func (a *agent) openMac(before *FileVaultPlanner, sight FileVaultSight) *FileVaultPlanner {
	a.Helper()
	options := FileVaultOptions{Device: "MAC-1", Clock: a.clock.time}
	if before != nil {
		options.State = must(before.State())
		before.Close()
	}
	planner := must(OpenFileVault(options))
	a.Cleanup(func() { planner.Close() })
	if err := planner.Look(sight); err != nil {
		a.Fatal(err)
	}
	return planner
}

func TestAMacRotatesByEscrowBuddyAndItsKeyIsAttested(t *testing.T) {
	a := newAgent(t)
	key, old := a.sealed()
	defer key.Close()
	newer, fresh := a.sealed()
	defer newer.Close()
	sight := FileVaultSight{
		Enabled: Yes, EscrowProfile: Yes, EscrowBuddy: EscrowBuddy{Installed: Yes, InAuthorizationDatabase: Yes, GenerateNewKey: No},
		KeyAtHand: true, Envelope: old,
	}
	planner := must(OpenFileVault(FileVaultOptions{Device: "MAC-1", Clock: a.clock.time}))
	if err := planner.Pursue(Goal{ID: "first", Aim: AimEscrow}); !errors.Is(err, ErrMisuse) {
		t.Fatal("nothing was looked at:", err)
	}
	planner.Close()
	planner = a.openMac(nil, sight)
	if err := planner.Pursue(Goal{ID: "first", Aim: AimEscrow}); err != nil {
		t.Fatal(err)
	}
	a.decides(&planner.Planner, "envelope_new", StepEscrow)
	a.seals(&planner.Planner, nil)
	planner = a.openMac(planner, sight)
	a.decides(&planner.Planner, "answer_due", StepAsk)
	a.sends(&planner.Planner)
	planner = a.openMac(planner, sight)
	a.decides(&planner.Planner, "done", StepNone)

	// Is it the present key?
	if err := planner.Pursue(Goal{ID: "try", Aim: AimAttest}); err != nil {
		t.Fatal(err)
	}
	next := must(planner.Next(a.spool()))
	if next.Step != StepValidateRecovery {
		t.Fatalf("%+v", next)
	}
	text := must(NewSecret([]byte(shown(t, key.Use))))
	defer text.Close()
	if _, err := planner.Command("", text); !errors.Is(err, ErrMisuse) {
		t.Fatal("it was not begun:", err)
	}
	if err := planner.Begin(); err != nil {
		t.Fatal(err)
	}
	if _, err := planner.Command("", nil); !errors.Is(err, ErrNullPointer) {
		t.Fatal(err)
	}
	command := must(planner.Command("", text))
	defer command.Close()
	if !slices.Equal(command.Args, []string{"/usr/bin/fdesetup", "validaterecovery", "-inputplist"}) {
		t.Fatal(command.Args)
	}
	if input := shown(t, command.Input.Use); !strings.Contains(input, shown(t, key.Use)) || !strings.Contains(input, "plist") {
		t.Fatal("the property list has no key")
	}
	if err := planner.Attested(true); err != nil {
		t.Fatal(err)
	}
	planner = a.openMac(planner, sight)
	if next := must(planner.Next(a.spool())); next.Step != StepNone || next.Attested == nil || !*next.Attested {
		t.Fatalf("%+v", next)
	}

	// A new one is made at the next log-in.
	if err := planner.Pursue(Goal{ID: "r1", Aim: AimRotate}); err != nil {
		t.Fatal(err)
	}
	next = must(planner.Next(a.spool()))
	if next.Step != StepCall {
		t.Fatalf("%+v", next)
	}
	if err := planner.Ran(nil); !errors.Is(err, ErrMisuse) {
		t.Fatal("it was not begun:", err)
	}
	if err := planner.Begin(); err != nil {
		t.Fatal(err)
	}
	command = must(planner.Command("", nil))
	defer command.Close()
	if command.Args[0] != "/usr/bin/defaults" || shown(t, command.Input.Use) != "" {
		t.Fatal(command.Args)
	}
	if err := planner.Ran(nil); err != nil {
		t.Fatal(err)
	}
	sight.EscrowBuddy.GenerateNewKey = Yes
	planner = a.openMac(planner, sight)
	if next := must(planner.Next(a.spool())); next.Step != StepNone || next.Standing != StandingWaits {
		t.Fatalf("%+v", next)
	}
	a.clock.pass(time.Hour)
	sight.EscrowBuddy.GenerateNewKey, sight.Envelope, sight.LastLogin = No, fresh, a.clock.now
	planner = a.openMac(planner, sight)
	a.decides(&planner.Planner, "envelope_new", StepEscrow)
	a.seals(&planner.Planner, nil)
	planner = a.openMac(planner, sight)
	a.sends(planning(t, &planner.Planner, a.spool()))
	planner = a.openMac(planner, sight)
	a.decides(&planner.Planner, "done", StepNone)
	if err := planner.Reply("never"); !errors.Is(err, ErrMisuse) {
		t.Fatal(err)
	}
	if err := planner.Reply(ReplyNotNow); err != nil {
		t.Fatal(err)
	}
}

// planning is a planner that has decided.
func planning(t *testing.T, planner *Planner, spool *Spool) *Planner {
	t.Helper()
	if next := must(planner.Next(spool)); next.Step != StepAsk {
		t.Fatalf("%+v", next)
	}
	return planner
}

func TestSnapdMakesAKeyThatIsTriedAndEscrowed(t *testing.T) {
	a := newAgent(t)
	const secret = "55055-39320-64491-48436-47667-15525-36879-32875"
	options := SnapdOptions{Organization: "example.com", Device: "UBUNTU-1", To: a.certificates, Clock: a.clock.time}
	if _, err := OpenSnapd(SnapdOptions{Organization: "example.com", Device: "UBUNTU-1", Level: "never", To: a.certificates}); !errors.Is(err, ErrMisuse) {
		t.Fatal(err)
	}
	planner := must(OpenSnapd(options))
	defer planner.Close()
	if err := planner.Pursue(Goal{ID: "first"}); err != nil {
		t.Fatal(err)
	}
	slots, asked := []string{"default-recovery"}, ""
	for steps := 0; ; steps++ {
		if steps > 20 {
			t.Fatal("it goes in circles: " + asked)
		}
		if err := planner.Look(slots); err != nil {
			t.Fatal(err)
		}
		next := must(planner.Next(a.spool()))
		if next.Step == StepNone {
			if next.Situation != "done" {
				t.Fatalf("%+v", next)
			}
			break
		}
		switch next.Step {
		case StepGenerate, StepCall:
			body := must(planner.Body())
			text := shown(t, body.Use)
			body.Close()
			if asked += text + "\n"; strings.Contains(text, "add-recovery-key") {
				slots = append(slots, "fdescrow")
			}
			if next.Step == StepCall {
				if err := planner.Done(); err != nil {
					t.Fatal(err)
				}
				break
			}
			wrong := must(NewSecret([]byte(`{"result":{}}`)))
			if err := planner.Generated(wrong); !errors.Is(err, ErrMisuse) {
				t.Fatal(err)
			}
			wrong.Close()
			answer := must(NewSecret([]byte(`{"type":"sync","result":{"recovery-key":"` + secret + `","key-id":"k1"}}`)))
			if err := planner.Generated(answer); err != nil {
				t.Fatal(err)
			}
			answer.Close()
		case StepEscrow:
			a.seals(&planner.Planner, nil)
		case StepAsk:
			a.sends(&planner.Planner)
		default:
			t.Fatalf("%+v", next)
		}
	}
	if !strings.Contains(asked, "generate-recovery-key") || !strings.Contains(asked, secret) {
		t.Fatal(asked)
	}
	if err := planner.Look(nil); err != nil {
		t.Fatal(err)
	}
	a.decides(&planner.Planner, "unreadable", StepNone)
}

func TestASpoolKeepsWhatIsOnTheDiskAndRepairsWhatIsTorn(t *testing.T) {
	f := newFlow(t, "memory:")
	path := filepath.Join(t.TempDir(), "spool")
	spool := must(OpenSpool(path))
	defer spool.Close()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatal("there is a file before there is anything in it")
	}
	key := must(GenerateKey(LUKS))
	defer key.Close()
	put := func(device string) {
		t.Helper()
		place := Place{Kind: LUKS, Volume: "0f0e0d0c-0b0a-4908-8706-050403020100", Protector: "1"}
		envelope := must(Seal(key, f.certificates, Sealing{Owner: Owner{Organization: "example.com", Device: device, Volume: place.Volume, Protector: "1"}}))
		defer envelope.Close()
		if err := spool.Put(envelope, device, place, "r1", noon); err != nil {
			t.Fatal(err)
		}
		// One that is there is not put again.
		if err := spool.Put(envelope, device, place, "r1", noon); err != nil {
			t.Fatal(err)
		}
	}
	put("A")
	if spool.Len() != 1 {
		t.Fatal(spool.Len())
	}
	if err := spool.Sync(); err != nil {
		t.Fatal(err)
	}
	about := must(os.Stat(path))
	if about.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
		t.Fatal(about.Mode())
	}
	sent := must(spool.Upload(0))
	if sent.Device != "A" || sent.Kind != LUKS || sent.Protector != "1" || sent.Request != "r1" || len(sent.Envelope) == 0 {
		t.Fatalf("%+v", sent)
	}
	for _, index := range []int{1, -1} {
		if _, err := spool.Upload(index); !errors.Is(err, ErrMisuse) {
			t.Fatal(err)
		}
	}

	// The folder is gone for a while: nothing is lost, and what may be torn is written anew.
	away := filepath.Dir(path) + " away"
	if err := os.Rename(filepath.Dir(path), away); err != nil {
		t.Fatal(err)
	}
	put("B")
	if err := spool.Sync(); err == nil {
		t.Fatal("there is no folder")
	}
	if err := os.Rename(away, filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(must(os.ReadFile(path)), "0123"...), 0o600); err != nil {
		t.Fatal(err)
	}
	torn := must(OpenSpool(path))
	if torn.Damaged() != 1 || torn.Len() != 1 {
		t.Fatal(torn.Damaged(), torn.Len())
	}
	torn.Close()
	if err := spool.Sync(); err != nil {
		t.Fatal(err)
	}
	again := must(OpenSpool(path))
	if again.Damaged() != 0 || again.Len() != 2 || string(must(os.ReadFile(path))) != string(must(spool.Compact())) {
		t.Fatal(again.Damaged(), again.Len())
	}
	again.Close()

	// A receipt that is enough lets it go, and the file is made small.
	receipt := must(f.escrow.Receive(f.ctx, sent.Upload().By("agent")))
	if err := spool.Acknowledge(receipt, EnvelopeOpens); err != nil || spool.Len() != 2 {
		t.Fatal(err, spool.Len())
	}
	other := receipt
	other.Device = "C"
	if err := spool.Acknowledge(other, ""); !errors.Is(err, ErrEventRejected) {
		t.Fatal(err)
	}
	if err := spool.Acknowledge(receipt, ""); err != nil || spool.Len() != 1 {
		t.Fatal(err, spool.Len())
	}
	if err := spool.Acknowledge(must(f.escrow.Receive(f.ctx, must(spool.Upload(0)).Upload().By("agent"))), ""); err != nil || spool.Len() != 0 {
		t.Fatal(err, spool.Len())
	}
	if err := spool.Sync(); err != nil {
		t.Fatal(err)
	}
	if left := string(must(os.ReadFile(path))); left != "fdescrow-spool 1\n" {
		t.Fatal(left)
	}

	if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSpool(path); !errors.Is(err, ErrSpoolSyntax) {
		t.Fatal(err)
	}
	elsewhere := must(ReadSpool(nil))
	defer elsewhere.Close()
	if err := elsewhere.Sync(); !errors.Is(err, ErrMisuse) {
		t.Fatal(err)
	}
	spool = elsewhere
	put("D")
	file := spool.Pending()
	if kept := must(ReadSpool(file)); kept.Len() != 1 || spool.Pending() != nil {
		t.Fatal(kept.Len())
	}
}

func TestACommandGetsItsInputAndSaysHowItEnded(t *testing.T) {
	if os.PathSeparator != '/' {
		t.Skip("there is no sh")
	}
	ctx := context.Background()
	input := must(NewSecret([]byte(strings.Repeat("x", 1<<20))))
	command := &Command{Args: []string{"sh", "-c", "wc -c"}, Input: input}
	if printed, err := command.Output(ctx); err != nil || strings.TrimSpace(string(printed)) != "1048576" {
		t.Fatal(string(printed), err)
	}
	// One that does not read it all ends, too.
	if err := (&Command{Args: []string{"true"}, Input: input}).Run(ctx); err != nil {
		t.Fatal(err)
	}
	secret := must((&Command{Args: []string{"sh", "-c", "printf passphrase"}}).Secret(ctx))
	if shown(t, secret.Use) != "passphrase" {
		t.Fatal("it printed something else")
	}
	f := newAgent(t)
	planner := f.openWindows(nil, windows{tpmProtector, oldProtector})
	for _, err := range []error{
		(&Command{Args: []string{"sh", "-c", "exit 3"}}).Run(ctx), (&Command{Args: []string{"/nowhere/program"}, Input: input}).Run(ctx), (&Command{}).Run(ctx),
	} {
		if err == nil {
			t.Fatal("it failed")
		}
		if err := planner.Ran(err); !errors.Is(err, ErrMisuse) {
			t.Fatal("there is no step:", err)
		}
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := (&Command{Args: []string{"sleep", "60"}}).Run(over); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := command.Close(); err != nil {
		t.Fatal(err)
	}
	if err := command.Input.Use(func([]byte) {}); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestPlannersAndSpoolsThatAreClosedOrNeverOpenedGiveAnError(t *testing.T) {
	a := newAgent(t)
	closed := a.openWindows(nil, windows{tpmProtector})
	gone := a.spool()
	done(errors.Join(closed.Close(), closed.Close(), gone.Close(), gone.Close()))
	secret := must(NewSecret([]byte("x")))
	done(secret.Close())
	open := a.openWindows(nil, windows{tpmProtector})
	for name, err := range map[string]error{
		"pursue":         closed.Pursue(Goal{ID: "a", Aim: AimAdopt}),
		"done":           closed.Done(),
		"failed":         closed.Failed(1),
		"ask again":      closed.AskAgain(),
		"look":           closed.Look(Computer{}),
		"answer":         closed.Answer(AnswerText("")),
		"zero planner":   (&Planner{}).Done(),
		"zero LUKS":      (&LUKSPlanner{}).Generate(),
		"zero FileVault": (&FileVaultPlanner{}).Begin(),
		"zero snapd":     (&SnapdPlanner{}).Look(nil),
		"nil answer":     (&SnapdPlanner{}).Generated(nil),
		"closed spool":   open.Receipt(gone, Receipt{}),
		"nil spool":      open.Receipt(nil, Receipt{}),
		"sync":           gone.Sync(),
		"nil sync":       (*Spool)(nil).Sync(),
		"put":            gone.Put(nil, "", Place{}, "", noon),
		"acknowledge":    gone.Acknowledge(Receipt{}, ""),
		"password":       open.Escrow(a.spool(), secret),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Error(name, err)
		}
	}
	if _, err := open.Next(nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := OpenBitLocker(BitLockerOptions{Organization: "example.com", Device: "A"}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if gone.Len() != 0 || gone.Pending() != nil || closed.Awaits(gone, 0) || (&LUKSPlanner{}).Authorization() != "" {
		t.Error("something is left of what was closed")
	}
	done(errors.Join((*Planner)(nil).Close(), (*Spool)(nil).Close(), (*Command)(nil).Close(), (&LUKSPlanner{}).Close()))
}
