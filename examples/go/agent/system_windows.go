package main

// Compiled and vetted, and never run by the tests of this repository: they play a Windows computer instead.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"fdescrow"
)

// windows is this system: the volume is a letter, as C:.
type windows struct{ letter string }

func thisSystem(volume string) platform {
	if volume == "" {
		volume = "C:"
	}
	return windows{volume}
}

func (w windows) open(told *order, state []byte, pinned *fdescrow.Certificates) (device, error) {
	return openBitLocker(w, w.letter, told, state, pinned)
}

func (w windows) identify(ctx context.Context) (identity, error) {
	var read struct{ UUID, IdentifyingNumber string }
	err := powershell(ctx, `Get-CimInstance Win32_ComputerSystemProduct | Select-Object UUID, IdentifyingNumber`, &read)
	name, _ := os.Hostname()
	return identity{read.UUID, read.IdentifyingNumber, name, "windows"}, err
}

// computer leaves out what could not be read: unknown is never a reason to act.
func (w windows) computer(ctx context.Context) fdescrow.Computer {
	var known fdescrow.Computer
	var system struct{ ProductType int }
	if powershell(ctx, `Get-CimInstance Win32_OperatingSystem | Select-Object ProductType`, &system) == nil && system.ProductType != 0 {
		known.Server = reading(system.ProductType != 1)
	}
	var tpm struct{ Ready *bool }
	if powershell(ctx, `$t = Get-CimInstance -Namespace root/CIMV2/Security/MicrosoftTpm Win32_Tpm
		if ($t) { Invoke-CimMethod $t IsReady | Select-Object @{n='Ready';e={$_.IsReady}} } else { @{Ready = $false} }`, &tpm) == nil && tpm.Ready != nil {
		known.TPM = reading(*tpm.Ready)
	}
	var volume struct{ VolumeType *int }
	if powershell(ctx, w.find()+`; $v | Select-Object VolumeType`, &volume) == nil && volume.VolumeType != nil {
		known.SystemVolume = reading(*volume.VolumeType == 0)
	}
	var policy struct{ OSEncryptionType, EncryptionMethodWithXtsOs *uint32 }
	if powershell(ctx, `$p = 'HKLM:\SOFTWARE\Policies\Microsoft\FVE'
		if (Test-Path $p) { Get-ItemProperty $p | Select-Object OSEncryptionType, EncryptionMethodWithXtsOs } else { @{} }`, &policy) == nil {
		known.Registry = &fdescrow.BitLockerRegistry{OSEncryptionType: policy.OSEncryptionType, EncryptionMethodWithXTSOS: policy.EncryptionMethodWithXtsOs}
	}
	return known
}

func reading(is bool) fdescrow.Reading {
	if is {
		return fdescrow.Yes
	}
	return fdescrow.No
}

// find is the part of a script that makes $v the volume.
func (w windows) find() string {
	return `$v = Get-CimInstance -Namespace root/CIMV2/Security/MicrosoftVolumeEncryption Win32_EncryptableVolume -Filter ` + quoted("DriveLetter='"+w.letter+"'")
}

// call calls a method by PowerShell, which reads the script from its standard input: nothing stands in arguments.
func (w windows) call(ctx context.Context, call *fdescrow.BitLockerCall) (returned, error) {
	var arguments []string
	for _, input := range call.Inputs {
		switch value := input.Value.(type) {
		case nil: // Windows chooses
		case float64:
			arguments = append(arguments, input.Name+" = [uint32]"+strconv.FormatUint(uint64(value), 10))
		case string:
			arguments = append(arguments, input.Name+" = "+quoted(value))
		default:
			return returned{}, errors.New("an argument of a form that is not known")
		}
	}
	script := w.find() + `; Invoke-CimMethod $v ` + quoted(call.Method) + ` -Arguments @{` + strings.Join(arguments, "; ") + `}`
	var answer map[string]json.RawMessage
	if err := powershell(ctx, script, &answer); err != nil {
		return returned{}, err
	}
	var got returned
	if err := json.Unmarshal(answer["ReturnValue"], &got.code); err != nil {
		return returned{}, errors.New("the method returned no number")
	}
	if got.code != 0 || len(call.Outputs) == 0 {
		return got, nil
	}
	output := answer[call.Outputs[0]]
	if call.Outputs[0] == "NumericalPassword" {
		defer clear(output)
		secret, err := fdescrow.NewSecret(bytes.Trim(output, `"`))
		got.secret = secret
		return got, err
	}
	return got, json.Unmarshal(output, &got.output)
}

// quoted is a text of PowerShell in which nothing is replaced.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// powershell runs a script and reads the JSON that it prints. What it says on the way to an error may quote what it printed, and is
// told to nobody.
func powershell(ctx context.Context, script string, into any) error {
	command := exec.CommandContext(ctx, "powershell.exe", "-NoProfile", "-NonInteractive", "-Command", "-")
	command.Stdin = strings.NewReader("$ErrorActionPreference = 'Stop'\n& {" + script + "} | ConvertTo-Json -Compress -Depth 4\n\n")
	printed, err := command.Output()
	defer clear(printed)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("powershell ended with %d", exit.ExitCode())
	}
	if err != nil {
		return err
	}
	if json.Unmarshal(printed, into) != nil {
		return errors.New("powershell printed something else")
	}
	return nil
}
