package fdescrow

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

const userPassphrase = "user-passphrase"

// disk is a LUKS volume in a plain file, which needs no root, with an agent's folder and a server.
type disk struct {
	*agent
	folder string
	volume string
	plan   []byte
	state  []byte
}

func newDisk(t *testing.T, version string) *disk {
	t.Helper()
	if _, err := exec.LookPath("cryptsetup"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	d := &disk{agent: newAgent(t), folder: t.TempDir()}
	d.path = d.file("spool")
	done(os.WriteFile(d.file("user"), []byte(userPassphrase), 0o600))
	done(os.WriteFile(d.file("disk"), nil, 0o600))
	done(os.Truncate(d.file("disk"), 6<<20))
	arguments := []string{"-q", "luksFormat", "--type", version, "--pbkdf-force-iterations", "1000"}
	if version == "luks2" {
		// Room for twelve slots.
		arguments = append(arguments, "--pbkdf", "pbkdf2", "--luks2-keyslots-size", "3M", "--offset", "8192")
	}
	if output, err := exec.Command("cryptsetup", append(arguments, d.file("disk"), d.file("user"))...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	d.volume = must(LUKSVolume(d.header()))
	policy := must(ParsePolicy([]byte(fmt.Sprintf("[organization]\nid = \"example.com\"\nidentifier = \"com.example\"\n[luks]\n"+
		"authorize = [\"key_file\"]\nkey_file = %q\nbackup_directory = %q\n", d.file("user"), d.folder))))
	defer policy.Close()
	d.plan = must(policy.LUKSPlan("", d.certificates))
	return d
}

func (d *disk) file(name string) string { return filepath.Join(d.folder, name) }

func (d *disk) header() []byte {
	file := must(os.Open(d.file("disk")))
	defer file.Close()
	header := make([]byte, 4096)
	must(io.ReadFull(file, header))
	return header
}

// opens tells whether a passphrase opens a slot.
func (d *disk) opens(slot int, passphrase string) bool {
	open := exec.Command("cryptsetup", "open", "--test-passphrase", "--key-slot", strconv.Itoa(slot), "--key-file", "-", d.file("disk"))
	open.Stdin = bytes.NewReader([]byte(passphrase))
	return open.Run() == nil
}

// revealed is the key of a slot, as the server hands it out.
func (d *disk) revealed(slot int) string {
	d.Helper()
	key := must(d.escrow.Reveal(d.ctx, Reveal{Device: "PC-17", Volume: d.volume, Protector: strconv.Itoa(slot), By: "ana", Reason: "test"}, d.keyring))
	defer key.Close()
	return shown(d, key.Use)
}

// errKilled ends an agent in the middle of a run, with what it had in memory.
var errKilled = errors.New("killed")

// run is an agent: it goes on until there is nothing to do. It ends after so many steps that had an effect, before it writes down what
// became of the last one.
func (d *disk) run(goal Goal, steps int) (next Next, err error) {
	planner, err := OpenLUKS(LUKSOptions{
		State: d.state, Plan: d.plan, Device: "PC-17", Volume: d.volume, Pinned: d.certificates, Clock: d.clock.time,
	})
	if err != nil {
		return next, err
	}
	defer planner.Close()
	spool, err := OpenSpool(d.path)
	if err != nil {
		return next, err
	}
	defer spool.Close()
	if err := planner.Pursue(goal); err != nil {
		return next, err
	}
	save := func() { d.state = must(planner.State()) }
	places := LUKSPlaces{Volume: d.file("disk"), HeaderBackup: d.file("header"), KeyFile: d.file("user")}
	for ; ; steps-- {
		metadata, err := must(LUKSMetadataCommand(places.Volume)).Output(d.ctx)
		if err != nil {
			metadata = nil // LUKS1 has none
		}
		sight := LUKSSight{Header: d.header(), Metadata: metadata, AtHand: []Authorization{AuthorizationKeyFile}}
		if err := planner.Look(sight); err != nil {
			return next, err
		}
		if next, err = planner.Next(spool); err != nil || next.Step == StepNone {
			return next, err
		}
		if steps == 0 {
			return next, errKilled
		}
		switch next.Step {
		case StepGenerate:
			err = planner.Generate()
		case StepBackUpHeader, StepCall:
			if next.Step == StepBackUpHeader {
				_ = os.Remove(places.HeaderBackup)
			}
			var command *Command
			if command, err = planner.Command(places); err != nil {
				return next, err
			}
			ended := command.Run(d.ctx)
			command.Close()
			if steps == 1 {
				return next, errKilled
			}
			err = planner.Ran(ended)
		case StepEscrow:
			if err = planner.Escrow(spool, nil); err == nil {
				if err = spool.Sync(); err == nil && steps == 1 {
					return next, errKilled
				}
				err = errors.Join(err, planner.Done())
			}
		case StepAsk:
			var key SpooledKey
			if key, err = planner.Upload(spool); err != nil {
				return next, err
			}
			receipt := must(d.escrow.Receive(d.ctx, key.Upload().By("agent")))
			if steps == 1 {
				return next, errKilled
			}
			if err = planner.Receipt(spool, receipt); err == nil {
				save()
				err = spool.Sync()
			}
		case StepDropBackup:
			_ = os.Remove(places.HeaderBackup)
			err = planner.Done()
		default:
			err = planner.Failed(-1)
		}
		if err != nil {
			return next, err
		}
		save()
	}
}

// finish brings it to where the goal wants it, with checks of the server in between.
func (d *disk) finish(goal Goal) {
	d.Helper()
	for range 3 {
		next, err := d.run(goal, -1)
		if err != nil {
			d.Fatal(next, err)
		}
		if next.Standing == StandingRests {
			return
		}
		must(d.escrow.Check(d.ctx, d.keyring, CheckOptions{By: "nightly"}))
		d.clock.now = d.clock.now.Add(3600e9)
	}
	d.Fatal("it does not come to rest")
}

func TestAVolumeGetsASlotWhoseKeyTheServerHasAndAnOldOneGoes(t *testing.T) {
	for _, version := range []string{"luks1", "luks2"} {
		t.Run(version, func(t *testing.T) {
			d := newDisk(t, version)
			next, err := d.run(Goal{ID: "escrow", Aim: AimEscrow}, -1)
			if err != nil || next.Situation != "not_verified" || next.Standing != StandingWaits {
				t.Fatal(next, err)
			}
			d.finish(Goal{ID: "escrow", Aim: AimEscrow})
			old := d.revealed(1)
			if !d.opens(0, userPassphrase) || !d.opens(1, old) {
				t.Fatal("the slots do not open")
			}
			if left := d.spool().Len(); left != 0 {
				t.Fatal(left)
			}
			if _, err := os.Stat(d.file("header")); !errors.Is(err, os.ErrNotExist) {
				t.Fatal("the copy of the header is still there")
			}
			d.finish(Goal{ID: "r1", Aim: AimRotate, Replace: []string{"1"}})
			if d.opens(1, old) || !d.opens(2, d.revealed(2)) || !d.opens(0, userPassphrase) {
				t.Fatal("the old slot opens, or another does not")
			}
			if bytes.Contains(d.state, []byte(old)) || bytes.Contains(d.state, []byte(d.revealed(2))) {
				t.Fatal("a key is in the state")
			}
			d.plan = bytes.Replace(d.plan, []byte("example.com"), []byte("example.org"), 1)
			if _, err := d.run(Goal{ID: "r1", Aim: AimEscrow}, -1); !errors.Is(err, ErrMisuse) && !errors.Is(err, ErrProfileSyntax) {
				t.Fatal(err)
			}
		})
	}
}

// The agent ends after each step that had its effect, before it wrote down that it had.
func TestAnAgentThatIsKilledAfterAnyStepGoesOnAndLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("each kill makes a volume")
	}
	for steps := 1; ; steps++ {
		d := newDisk(t, "luks2")
		d.finish(Goal{ID: "escrow", Aim: AimEscrow})
		old := d.revealed(1)
		rotation := Goal{ID: "r1", Aim: AimRotate, Replace: []string{"1"}}
		_, err := d.run(rotation, steps)
		if err == nil {
			if steps < 7 {
				t.Fatal("only so many steps:", steps)
			}
			return
		}
		if !errors.Is(err, errKilled) {
			t.Fatal(steps, err)
		}
		if !d.opens(1, old) || d.revealed(1) != old {
			t.Fatal("killed after step", steps, "and the old key is of no use before the new one is verified")
		}
		d.finish(rotation)
		if !d.opens(0, userPassphrase) || d.opens(1, old) {
			t.Fatal("after", steps)
		}
		works := 0
		for slot := 2; slot < 8; slot++ {
			devices := must(d.escrow.History(d.ctx, "PC-17"))
			for _, key := range devices {
				if key.Protector == strconv.Itoa(slot) && d.opens(slot, d.revealed(slot)) {
					works++
					break
				}
			}
		}
		if works != 1 {
			t.Fatal("killed after step", steps, "and", works, "slots open with what the server has")
		}
	}
}
