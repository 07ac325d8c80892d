package main

// Compiled and vetted, and never run by the tests of this repository: they play a Mac instead.

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"regexp"

	"fdescrow"
)

// darwin is this system.
type darwin struct{}

func thisSystem(string) platform { return darwin{} }

var (
	uuidOf   = regexp.MustCompile(`"IOPlatformUUID" = "([^"]+)"`)
	serialOf = regexp.MustCompile(`"IOPlatformSerialNumber" = "([^"]+)"`)
)

func (darwin) identify(ctx context.Context) (identity, error) {
	printed, err := exec.CommandContext(ctx, "/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice").Output()
	if err != nil {
		return identity{Platform: "darwin"}, err
	}
	uuid, serial := uuidOf.FindSubmatch(printed), serialOf.FindSubmatch(printed)
	if uuid == nil {
		return identity{Platform: "darwin"}, errors.New("ioreg names no IOPlatformUUID")
	}
	who := identity{HardwareUUID: string(uuid[1]), Platform: "darwin"}
	if serial != nil {
		who.HardwareSerial = string(serial[1])
	}
	who.Hostname, _ = os.Hostname()
	return who, nil
}

func (d darwin) open(told *order, state []byte, _ *fdescrow.Certificates) (device, error) {
	return openFileVault(d, told, state)
}

const escrowBuddy = "/Library/Security/SecurityAgentPlugins/Escrow Buddy.bundle"

func (darwin) sight(ctx context.Context) (fdescrow.FileVaultSight, error) {
	seen := fdescrow.FileVaultSight{
		Enabled:       printed(ctx, "true", "false", "/usr/bin/fdesetup", "isactive"),
		EscrowProfile: contains(ctx, "com.apple.security.FDERecoveryKeyEscrow", "/usr/bin/profiles", "show", "-type", "configuration"),
	}
	seen.EscrowBuddy.InAuthorizationDatabase = contains(ctx, "Escrow Buddy:Invoke", "/usr/bin/security", "authorizationdb", "read", "system.login.console")
	seen.EscrowBuddy.GenerateNewKey = printed(ctx, "1", "0", "/usr/bin/defaults", "read", "/Library/Preferences/com.netflix.Escrow-Buddy.plist", "GenerateNewKey")
	switch _, err := os.Stat(escrowBuddy); {
	case err == nil:
		seen.EscrowBuddy.Installed = fdescrow.Yes
	case errors.Is(err, fs.ErrNotExist):
		seen.EscrowBuddy.Installed = fdescrow.No
	}
	envelope, err := os.ReadFile("/var/db/FileVaultPRK.dat")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return seen, err
	}
	seen.Envelope = envelope
	return seen, nil
}

func (darwin) run(ctx context.Context, command *fdescrow.Command) error { return command.Run(ctx) }

// printed is yes or no where a command prints the one or the other word, and unknown in every other case.
func printed(ctx context.Context, yes, no, program string, arguments ...string) fdescrow.Reading {
	output, err := exec.CommandContext(ctx, program, arguments...).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fdescrow.Unknown
	}
	switch string(bytes.TrimSpace(output)) {
	case yes:
		return fdescrow.Yes
	case no:
		return fdescrow.No
	}
	return fdescrow.Unknown
}

// contains tells whether what a command prints, if it goes well, has a text in it.
func contains(ctx context.Context, text, program string, arguments ...string) fdescrow.Reading {
	output, err := exec.CommandContext(ctx, program, arguments...).Output()
	switch {
	case err != nil:
		return fdescrow.Unknown
	case bytes.Contains(output, []byte(text)):
		return fdescrow.Yes
	}
	return fdescrow.No
}
