//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fdescrow"
)

// TestMain is an agent where the environment says so: the same program as a process of its own, on a system that is played.
func TestMain(m *testing.M) {
	systems := map[string]func(string) platform{
		"linux":   func(volume string) platform { return playedLinux{linux{volume}} },
		"windows": func(string) platform { return playedPC{} },
		"darwin":  func(string) platform { return playedMac{} },
	}
	system, is := systems[os.Getenv("AGENT_SYSTEM")]
	if !is {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	err := start(ctx, log, os.Args[1:], system)
	stop()
	if err != nil {
		log.Error("agent", "error", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// dieAfter is a power failure: the agent ends here, if it was this that should be its last.
func dieAfter(what string) {
	if os.Getenv("AGENT_DIES_AFTER") == what {
		must(0, syscall.Kill(os.Getpid(), syscall.SIGKILL))
		select {}
	}
}

// playedLinux is Linux with cryptsetup as it is; the hardware has a name in tests alone.
type playedLinux struct{ linux }

func (playedLinux) identify(context.Context) (identity, error) {
	return identity{Platform: "ubuntu", Hostname: "linux"}, nil
}

// A computer is what a played PC or Mac is, in a file: it outlives the agent.
type computer struct {
	// A PC.
	Conversion, Protection float64
	Protectors             []protector
	Made                   int
	Refused                int

	// A Mac.
	GenerateNewKey bool
	Envelope       []byte
	LastLogin      time.Time
}

type protector struct {
	ID       string
	Type     float64
	Name     string
	Password string
}

func readComputer(path string) computer {
	var read computer
	must(0, json.Unmarshal(must(os.ReadFile(path)), &read))
	return read
}

func (c computer) write(path string) {
	must(0, os.WriteFile(path+".new", must(json.Marshal(c)), 0o600))
	must(0, os.Rename(path+".new", path))
}

func computerPath() string { return os.Getenv("AGENT_COMPUTER") }

// playedPC plays Windows' methods.
type playedPC struct{}

func (playedPC) identify(context.Context) (identity, error) {
	return identity{Platform: "windows", Hostname: "pc"}, nil
}

func (p playedPC) open(told *order, state []byte, pinned *fdescrow.Certificates) (device, error) {
	return openBitLocker(p, "C:", told, state, pinned)
}

func (playedPC) computer(context.Context) fdescrow.Computer {
	return fdescrow.Computer{Server: fdescrow.No, TPM: fdescrow.Yes, SystemVolume: fdescrow.Yes, Registry: &fdescrow.BitLockerRegistry{}}
}

func (playedPC) call(_ context.Context, call *fdescrow.BitLockerCall) (returned, error) {
	c := readComputer(computerPath())
	about := ""
	for _, input := range call.Inputs {
		if text, is := input.Value.(string); is {
			about = text
		}
	}
	which := slices.IndexFunc(c.Protectors, func(one protector) bool { return one.ID == about })
	if os.Getenv("AGENT_IS_REFUSED") == call.Method {
		c.Refused++
		c.write(computerPath())
		return returned{code: 0x80310030}, nil // FVE_E_BOOTABLE_CDDVD
	}
	got, err := c.call(call.Method, about, which)
	if call.Changes && got.code == 0 {
		c.write(computerPath())
		dieAfter(call.Method)
	}
	return got, err
}

func (c *computer) call(method, about string, which int) (returned, error) {
	add := func(kind float64, password string) returned {
		c.Made++
		id := fmt.Sprintf("{%08d-0000-4000-8000-000000000000}", c.Made)
		c.Protectors = append(c.Protectors, protector{id, kind, about, password})
		return returned{output: id}
	}
	switch method {
	case "GetLockStatus", "GetSuspendCount":
		return returned{output: 0.0}, nil
	case "GetConversionStatus":
		return returned{output: c.Conversion}, nil
	case "GetProtectionStatus":
		return returned{output: c.Protection}, nil
	case "GetEncryptionMethod":
		return returned{output: 7 * c.Conversion}, nil
	case "GetKeyProtectors":
		all := []any{}
		for _, one := range c.Protectors {
			all = append(all, one.ID)
		}
		return returned{output: all}, nil
	case "PrepareVolume":
		return returned{}, nil
	case "ProtectKeyWithNumericalPassword":
		return add(3, newPassword()), nil
	case "ProtectKeyWithTPM":
		return add(1, ""), nil
	case "Encrypt":
		c.Conversion, c.Protection = 1, 1
		return returned{}, nil
	case "EnableKeyProtectors":
		c.Protection = 1
		return returned{}, nil
	}
	if which < 0 {
		return returned{code: 0x80310033}, nil // FVE_E_PROTECTOR_NOT_FOUND
	}
	switch one := c.Protectors[which]; method {
	case "GetKeyProtectorType":
		return returned{output: one.Type}, nil
	case "GetKeyProtectorFriendlyName":
		return returned{output: one.Name}, nil
	case "GetKeyProtectorNumericalPassword":
		secret, err := fdescrow.NewSecret([]byte(one.Password))
		return returned{secret: secret}, err
	case "DeleteKeyProtector":
		c.Protectors = slices.Delete(c.Protectors, which, which+1)
		return returned{}, nil
	}
	return returned{}, errors.New("no such method: " + method)
}

func newPassword() string {
	key := must(fdescrow.GenerateKey(fdescrow.BitLocker))
	defer key.Close()
	return shown(key)
}

func shown(key *fdescrow.Key) (text string) {
	must(0, key.Use(func(secret []byte) { text = string(secret) }))
	return text
}

// playedMac plays macOS with an escrow profile and Escrow Buddy.
type playedMac struct{}

func (playedMac) identify(context.Context) (identity, error) {
	return identity{Platform: "darwin", Hostname: "mac"}, nil
}

func (p playedMac) open(told *order, state []byte, _ *fdescrow.Certificates) (device, error) {
	return openFileVault(p, told, state)
}

func (playedMac) sight(context.Context) (fdescrow.FileVaultSight, error) {
	c := readComputer(computerPath())
	told := fdescrow.No
	if c.GenerateNewKey {
		told = fdescrow.Yes
	}
	return fdescrow.FileVaultSight{
		Enabled: fdescrow.Yes, EscrowProfile: fdescrow.Yes, Envelope: c.Envelope, LastLogin: c.LastLogin,
		EscrowBuddy: fdescrow.EscrowBuddy{Installed: fdescrow.Yes, InAuthorizationDatabase: fdescrow.Yes, GenerateNewKey: told},
	}, nil
}

func (playedMac) run(_ context.Context, command *fdescrow.Command) error {
	line := strings.Join(command.Args, " ")
	const setting = "/usr/bin/defaults write /Library/Preferences/com.netflix.Escrow-Buddy.plist GenerateNewKey -bool "
	value, is := strings.CutPrefix(line, setting)
	if !is {
		return errors.New("not on a Mac that is played: " + line)
	}
	c := readComputer(computerPath())
	c.GenerateNewKey = value == "true"
	c.write(computerPath())
	dieAfter("defaults")
	return nil
}
