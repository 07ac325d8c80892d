//go:build linux

package main

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fdescrow"
)

const policyText = `
[organization]
id = "example.com"
name = "Example Ltd"
identifier = "com.example"
[filevault.escrow]
location = "Example Ltd"
[bitlocker.enforcement]
[luks]
authorize = ["key_file"]
key_file = "FOLDER/user"
backup_directory = "FOLDER/headers"
[rotation]
after_reveal = 0
`

// newWorldOf is a world with the policy; its paths are not known before there is a folder.
func newWorldOf(t *testing.T, system string) *world {
	t.Helper()
	folder := t.TempDir()
	w := newWorld(t, system, strings.ReplaceAll(policyText, "FOLDER", folder))
	must(0, os.WriteFile(filepath.Join(folder, "user"), []byte("user-passphrase"), 0o600))
	must(0, os.Symlink(filepath.Join(folder, "user"), w.path("user")))
	must(0, os.Symlink(filepath.Join(folder, "headers"), w.path("headers")))
	return w
}

// passwords are the recovery passwords of a played PC.
func (w *world) passwords() []string {
	var all []string
	for _, one := range readComputer(w.path("computer.json")).Protectors {
		if one.Type == 3 {
			all = append(all, one.Password)
		}
	}
	return all
}

func TestAPCIsEncryptedAndKeepsItsKeyWhateverHappens(t *testing.T) {
	w := newWorldOf(t, "windows")
	computer{}.write(w.path("computer.json"))
	w.dies("AGENT_DIES_AFTER=ProtectKeyWithNumericalPassword")
	if made := w.passwords(); len(made) != 1 || w.spooled() != 0 {
		t.Fatal(len(made), w.spooled())
	}
	w.diesWhileItSends()
	if len(w.passwords()) != 1 || w.spooled() != 1 {
		t.Fatal("the password is not in the spool: ", w.spooled())
	}
	// The answer is lost: it is sent again.
	w.trouble.Store(wireIsHalf)
	w.dies("AGENT_DIES_AFTER=ProtectKeyWithTPM")
	w.runs()
	w.trouble.Store(wireIsWell)
	if w.spooled() != 1 || readComputer(w.path("computer.json")).Conversion != 0 {
		t.Fatal("the disk is encrypted without a receipt")
	}
	w.available()
	// What Windows refuses is not tried again and again.
	w.runs("AGENT_IS_REFUSED=Encrypt")
	w.runs("AGENT_IS_REFUSED=Encrypt")
	if c := readComputer(w.path("computer.json")); c.Conversion != 0 || c.Refused != 1 {
		t.Fatalf("%+v", c)
	}
	// It is for a person, who took the disc out; an hour later it would be tried. Here the agent forgets.
	must(0, os.Remove(filepath.Join(w.path("agent"), "state.json")))
	w.dies("AGENT_DIES_AFTER=Encrypt")
	w.runs()
	first := w.passwords()
	if c := readComputer(w.path("computer.json")); c.Conversion != 1 || c.Protection != 1 || len(first) != 1 || len(c.Protectors) != 2 {
		t.Fatalf("%+v", c)
	}
	if w.situation() != "done" || w.spooled() != 0 {
		t.Fatal(w.situation(), w.spooled())
	}
	if got := w.reveals(); got != first[0] {
		t.Fatal("another password is shown")
	}
	// It was shown, so it is replaced: the new one is added, and the old one goes when the server has opened the new one.
	w.dies("AGENT_DIES_AFTER=ProtectKeyWithNumericalPassword")
	if both := w.passwords(); len(both) != 2 || both[0] != first[0] {
		t.Fatal(len(both))
	}
	w.diesWhileItSends()
	w.runs()
	w.until("the old password is gone", func() bool {
		w.runs()
		return len(w.passwords()) == 1
	})
	second := w.passwords()
	if second[0] == first[0] || w.spooled() != 0 {
		t.Fatal("the old password is the one that is left")
	}
	w.runs() // tells that it is done: the old key is retired
	if got := w.reveals(); got != second[0] {
		t.Fatal("another password is shown")
	}
	w.ends(first[0], second[0])
}

// login is what Escrow Buddy and macOS do when a user logs in.
func (w *world) login(to *fdescrow.Certificates) string {
	c := readComputer(w.path("computer.json"))
	if !c.GenerateNewKey && c.Envelope != nil {
		w.Fatal("Escrow Buddy was not told")
	}
	key := must(fdescrow.GenerateKey(fdescrow.FileVault))
	defer key.Close()
	envelope := must(fdescrow.Seal(key, to, fdescrow.Sealing{Bare: true, Format: fdescrow.EnvelopedPKCS1v15}))
	defer envelope.Close()
	computer{Envelope: envelope.DER(), LastLogin: time.Now()}.write(w.path("computer.json"))
	return shown(key)
}

func TestAMacGetsANewKeyWhateverHappens(t *testing.T) {
	w := newWorldOf(t, "darwin")
	computer{}.write(w.path("computer.json"))
	first := w.login(w.certificates)
	w.diesWhileItSends()
	if w.spooled() != 1 {
		t.Fatal("the message of the Mac is not in the spool")
	}
	w.trouble.Store(wireIsHalf)
	w.runs()
	w.trouble.Store(wireIsWell)
	w.available()
	w.runs()
	if w.situation() != "done" || w.spooled() != 0 || w.status() != "verified" {
		t.Fatal(w.situation(), w.spooled(), w.status())
	}
	if got := w.reveals(); got != first {
		t.Fatal("another key is shown")
	}
	// It was shown, so Escrow Buddy is told.
	w.dies("AGENT_DIES_AFTER=defaults")
	if !readComputer(w.path("computer.json")).GenerateNewKey {
		t.Fatal("Escrow Buddy was not told")
	}
	w.runs()
	second := w.login(w.certificates)
	w.diesWhileItSends()
	w.runs()
	w.until("the new key is verified", func() bool {
		w.runs()
		return w.spooled() == 0
	})
	if got := w.reveals(); got != second || second == first {
		t.Fatal("another key is shown")
	}
	w.ends(first, second)
}

// cryptsetup runs the real one.
func (w *world) cryptsetup(input string, arguments ...string) error {
	command := exec.Command("cryptsetup", arguments...)
	command.Stdin = strings.NewReader(input)
	return command.Run()
}

// slots is how many key slots the volume has.
func (w *world) slots() int {
	w.Helper()
	printed := must(exec.Command("cryptsetup", "luksDump", "--dump-json-metadata", w.path("disk")).Output())
	return strings.Count(string(printed), `"kdf"`)
}

func (w *world) opens(key string) bool {
	return w.cryptsetup(key, "open", "--test-passphrase", "--key-file", "-", w.path("disk")) == nil
}

// wrapper stands before cryptsetup and kills the agent after a command had its effect.
const wrapper = `#!/bin/sh
"$REAL" "$@"
status=$?
case " $* " in *" $DIES_AFTER "*) kill -9 $PPID ;; esac
exit $status
`

func TestALinuxVolumeKeepsItsKeyWhateverHappens(t *testing.T) {
	real, err := exec.LookPath("cryptsetup")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("cryptsetup is missing")
	}
	w := newWorldOf(t, "linux")
	must(0, os.WriteFile(w.path("disk"), nil, 0o600))
	must(0, os.Truncate(w.path("disk"), 20<<20))
	must(0, w.cryptsetup("user-passphrase", "luksFormat", "--batch-mode", "--type", "luks2", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
		"--key-file", "-", w.path("disk")))
	must(0, os.Mkdir(w.path("bin"), 0o700))
	must(0, os.WriteFile(w.path("bin/cryptsetup"), []byte(wrapper), 0o700))
	dies := func(after string) {
		t.Helper()
		w.dies("PATH="+w.path("bin")+":"+os.Getenv("PATH"), "REAL="+real, "DIES_AFTER="+after)
	}
	dies("luksAddKey")
	if w.slots() != 2 || w.spooled() != 0 {
		t.Fatal(w.slots(), w.spooled())
	}
	// The key of that slot was in memory alone: the slot goes, and another one is made.
	w.diesWhileItSends()
	if w.slots() != 2 || w.spooled() != 1 {
		t.Fatal(w.slots(), w.spooled())
	}
	w.trouble.Store(wireIsHalf)
	w.runs()
	w.trouble.Store(wireIsWell)
	w.available()
	w.runs()
	if w.situation() != "done" || w.spooled() != 0 || w.slots() != 2 {
		t.Fatal(w.situation(), w.spooled(), w.slots())
	}
	first := w.reveals()
	if !w.opens(first) || !w.opens("user-passphrase") || w.opens("another") {
		t.Fatal("the key that is shown does not open the volume")
	}
	if left := must(os.ReadDir(w.path("headers"))); len(left) != 0 {
		t.Fatal("a copy of the header is left")
	}
	// It was shown, so it is replaced.
	dies("luksAddKey")
	w.diesWhileItSends()
	w.runs()
	w.until("the old slot is gone", func() bool {
		w.runs()
		return !w.opens(first)
	})
	w.runs() // tells that it is done: the old key is retired
	second := w.reveals()
	if !w.opens(second) || !w.opens("user-passphrase") || w.slots() != 2 || w.spooled() != 0 {
		t.Fatal("the new key does not open the volume")
	}
	w.ends(first, second, "user-passphrase")
}

func TestAnAgentGoesOnWithoutAServer(t *testing.T) {
	w := newWorldOf(t, "windows")
	computer{Conversion: 1, Protection: 1, Protectors: []protector{{"{10000000-0000-4000-8000-000000000000}", 1, "", ""}}}.write(w.path("computer.json"))
	w.trouble.Store(wireIsTaken)
	if err := <-w.agent("-once").ended; err == nil {
		t.Fatal("it does something that nobody said")
	}
	w.trouble.Store(wireIsMute)
	running := w.agent("-every", "1h")
	w.until("it sends", func() bool { return w.uploads.Load() > 0 })
	if other := <-w.agent("-once").ended; other == nil {
		t.Fatal("two agents work in one folder")
	}
	w.trouble.Store(wireIsTaken)
	w.wire.CloseClientConnections()
	w.until("it waits", func() bool {
		return w.situation() == "receipt_awaited" || w.situation() == "not_verified_yet" || w.situation() == "not_stored_yet"
	})
	running.end()
	if err := <-running.ended; err != nil {
		t.Fatal("it does not end by itself: ", err)
	}
	// Somebody adds a recovery password while the server is away: what the server said last holds.
	c := readComputer(w.path("computer.json"))
	added := newPassword()
	c.Protectors = append(c.Protectors, protector{"{20000000-0000-4000-8000-000000000000}", 3, "", added})
	c.write(w.path("computer.json"))
	w.runs()
	if w.spooled() != 2 {
		t.Fatal("it waits for a server: ", w.spooled())
	}
	c.Protectors = c.Protectors[:len(c.Protectors)-1]
	c.write(w.path("computer.json"))
	// It was told once what to do, and has an encrypted disk without a recovery password.
	made := w.passwords()
	if len(made) != 1 {
		t.Fatal(len(made))
	}
	// The server lost its table of hosts: the device enrolls anew, and the key arrives.
	must(0, w.server.Process.Kill())
	w.wasKilled(<-w.server.ended)
	for _, name := range []string{"hosts.db", "hosts.db-wal", "hosts.db-shm"} {
		_ = os.Remove(filepath.Join(w.path("server"), name))
	}
	w.startServer()
	w.trouble.Store(wireIsWell)
	w.runs()
	w.available()
	w.until("both keys are verified", func() bool {
		w.runs()
		return w.spooled() == 0
	})
	// One is of a protector that is gone: the server has it all the same, and asks which is meant.
	for protector, expected := range map[string]string{"{00000001-0000-4000-8000-000000000000}": made[0], "{20000000-0000-4000-8000-000000000000}": added} {
		_, answer := w.says("hosts/1/encryption_key?volume=C:&protector=" + url.QueryEscape(protector))
		if key, is := answer["encryption_key"].(map[string]any); !is || key["key"] != expected {
			t.Fatal(protector, answer["errors"])
		}
	}
	w.ends(made[0], added)
}
