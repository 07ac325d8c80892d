package main

import (
	"context"
	"fmt"

	"fdescrow"
)

// A mac is what is known of one, and what runs on it.
type mac interface {
	// sight is the Mac as it is now; what cannot be read stays unknown.
	sight(ctx context.Context) (fdescrow.FileVaultSight, error)
	// run runs a command of the planner.
	run(ctx context.Context, command *fdescrow.Command) error
}

// A filevault is a Mac with its planner. macOS seals the key itself: there is nothing to seal here.
type filevault struct {
	planning *fdescrow.FileVaultPlanner
	mac      mac
}

func openFileVault(mac mac, told *order, state []byte) (device, error) {
	planner, err := fdescrow.OpenFileVault(fdescrow.FileVaultOptions{State: state, Device: told.Device})
	if err != nil {
		return nil, err
	}
	return &filevault{planner, mac}, nil
}

func (f *filevault) planner() *fdescrow.Planner { return &f.planning.Planner }

func (f *filevault) password(context.Context) (*fdescrow.Secret, error) { return nil, nil }

func (f *filevault) look(ctx context.Context) error {
	sight, err := f.mac.sight(ctx)
	if err != nil {
		return err
	}
	return f.planning.Look(sight)
}

func (f *filevault) do(ctx context.Context, step fdescrow.Step, save func() error) error {
	if step != fdescrow.StepCall {
		return f.planning.Failed(-1) // neither a key is released to this agent, nor is it an MDM server
	}
	// Some commands must not be repeated, even if nobody learns how the first one ended.
	if err := f.planning.Begin(); err != nil {
		return err
	}
	if err := save(); err != nil {
		return err
	}
	command, err := f.planning.Command("", nil)
	if err != nil {
		return fmt.Errorf("the command of the step: %w", err)
	}
	defer command.Close()
	return f.planning.Ran(f.mac.run(context.WithoutCancel(ctx), command))
}
