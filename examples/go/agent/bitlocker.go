package main

import (
	"context"
	"errors"

	"fdescrow"
)

// A volume is one that Windows can encrypt: Win32_EncryptableVolume.
type volume interface {
	// computer is what is known of the machine: not what is not.
	computer(ctx context.Context) fdescrow.Computer
	// call calls a method. A code other than 0 is Windows' own; an error says that it was not called.
	call(ctx context.Context, call *fdescrow.BitLockerCall) (returned, error)
}

// returned is what a method returned.
type returned struct {
	code   uint32
	output any              // its first output: a float64, a string or a []any of strings, as in JSON
	secret *fdescrow.Secret // instead, where it is a recovery password
}

// A bitlocker is a volume of a Windows computer.
type bitlocker struct {
	planning *fdescrow.BitLockerPlanner
	volume   volume
}

func openBitLocker(volume volume, letter string, told *order, state []byte, pinned *fdescrow.Certificates) (device, error) {
	planner, err := fdescrow.OpenBitLocker(fdescrow.BitLockerOptions{
		State: state, Organization: told.Organization, Device: told.Device, Volume: letter, To: pinned,
	})
	if err != nil {
		return nil, err
	}
	return &bitlocker{planner, volume}, nil
}

func (b *bitlocker) planner() *fdescrow.Planner { return &b.planning.Planner }

func (b *bitlocker) look(ctx context.Context) error {
	if err := b.planning.Look(b.volume.computer(ctx)); err != nil {
		return err
	}
	for {
		call, err := b.planning.Call()
		if err != nil || call == nil {
			return err
		}
		got, err := b.volume.call(ctx, call)
		if err != nil {
			return err
		}
		if err := b.planning.Answer(got.answer()); err != nil {
			return err
		}
	}
}

// unspecified is E_FAIL: for an answer that has no form that is known. Nothing follows from it.
const unspecified = 0x80004005

func (r returned) answer() fdescrow.BitLockerAnswer {
	if r.code != 0 {
		return fdescrow.AnswerError(r.code)
	}
	switch output := r.output.(type) {
	case float64:
		return fdescrow.AnswerNumber(uint32(output))
	case string:
		return fdescrow.AnswerText(output)
	case nil:
		return fdescrow.AnswerText("")
	case []any:
		texts := make([]string, 0, len(output))
		for _, one := range output {
			text, is := one.(string)
			if !is {
				return fdescrow.AnswerError(unspecified)
			}
			texts = append(texts, text)
		}
		return fdescrow.AnswerTexts(texts...)
	}
	return fdescrow.AnswerError(unspecified)
}

// password reads the recovery password that the step seals.
func (b *bitlocker) password(ctx context.Context) (*fdescrow.Secret, error) {
	call, err := b.planning.Call()
	if err != nil {
		return nil, err
	}
	got, err := b.volume.call(ctx, call)
	if err == nil && got.secret == nil {
		err = errors.New("the recovery password was not shown")
	}
	return got.secret, err
}

func (b *bitlocker) do(ctx context.Context, step fdescrow.Step, _ func() error) error {
	call, err := b.planning.Call()
	if err != nil {
		return err
	}
	if step != fdescrow.StepCall || call == nil || needsPIN(call) {
		return b.planning.Failed(-1) // nobody is asked for a PIN here
	}
	got, err := b.volume.call(context.WithoutCancel(ctx), call)
	if err != nil {
		return b.planning.Failed(-1)
	}
	protector, _ := got.output.(string)
	if got.code != 0 {
		protector = ""
	}
	return b.planning.Returned(got.code, protector)
}

func needsPIN(call *fdescrow.BitLockerCall) bool {
	for _, input := range call.Inputs {
		if input.Type == "pin" {
			return true
		}
	}
	return false
}
