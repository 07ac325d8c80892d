package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"fdescrow"
)

// headerLength is the part of a LUKS header that is read.
const headerLength = 4096

// A luks is a Linux device with a LUKS volume: a device or a file, as cryptsetup takes it.
type luks struct {
	planning *fdescrow.LUKSPlanner
	volume   string
	places   fdescrow.LUKSPlaces
}

func openLUKS(volume string, told *order, state []byte, pinned *fdescrow.Certificates) (device, error) {
	var plan struct {
		BackupDirectory string `json:"backup_directory"`
		KeyFile         string `json:"key_file"`
	}
	if err := json.Unmarshal(told.Plan, &plan); err != nil {
		return nil, errors.New("the plan is not understood")
	}
	header, err := readHeader(volume)
	if err != nil {
		return nil, err
	}
	id, err := fdescrow.LUKSVolume(header)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", volume, err)
	}
	if err := os.MkdirAll(plan.BackupDirectory, 0o700); err != nil {
		return nil, err
	}
	planner, err := fdescrow.OpenLUKS(fdescrow.LUKSOptions{State: state, Plan: told.Plan, Device: told.Device, Volume: id, Pinned: pinned})
	if err != nil {
		return nil, err
	}
	return &luks{planner, volume, fdescrow.LUKSPlaces{
		Volume: volume, HeaderBackup: filepath.Join(plan.BackupDirectory, id+".header"), KeyFile: plan.KeyFile,
	}}, nil
}

func readHeader(volume string) ([]byte, error) {
	file, err := os.Open(volume)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	header := make([]byte, headerLength)
	length, err := io.ReadFull(file, header)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return header[:length], err
}

func (l *luks) planner() *fdescrow.Planner { return &l.planning.Planner }

func (l *luks) password(context.Context) (*fdescrow.Secret, error) { return nil, nil }

func (l *luks) look(ctx context.Context) error {
	header, err := readHeader(l.volume)
	if err != nil {
		return err
	}
	command, err := fdescrow.LUKSMetadataCommand(l.volume)
	if err != nil {
		return err
	}
	defer command.Close()
	sight := fdescrow.LUKSSight{Header: header}
	// LUKS1 has no metadata, and cryptsetup fails.
	if sight.Metadata, err = command.Output(ctx); err != nil {
		sight.Metadata = nil
	}
	if l.places.KeyFile != "" {
		sight.AtHand = append(sight.AtHand, fdescrow.AuthorizationKeyFile)
	}
	return l.planning.Look(sight)
}

func (l *luks) do(ctx context.Context, step fdescrow.Step, _ func() error) error {
	switch step {
	case fdescrow.StepGenerate:
		return l.planning.Generate()
	case fdescrow.StepDropBackup:
		if err := remove(l.places.HeaderBackup); err != nil {
			return err
		}
		return l.planning.Done()
	case fdescrow.StepBackUpHeader:
		// cryptsetup writes over nothing: what an earlier try left goes first.
		if err := remove(l.places.HeaderBackup); err != nil {
			return err
		}
	case fdescrow.StepCall:
	default: // a newer library wants what this program cannot do
		return l.planning.Failed(-1)
	}
	command, err := l.planning.Command(l.places)
	if err != nil {
		return err
	}
	defer command.Close()
	// What began to change the header is not broken off by the end of the agent.
	return l.planning.Ran(command.Run(context.WithoutCancel(ctx)))
}

// remove removes a file, so that the disk knows.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return folder(filepath.Dir(path)).sync()
}
