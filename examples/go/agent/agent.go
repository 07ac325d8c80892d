package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"fdescrow"
)

// A platform is a system with its planner.
type platform interface {
	// identify tells who the device is.
	identify(ctx context.Context) (identity, error)
	// open opens the planner for its disk.
	open(told *order, state []byte, pinned *fdescrow.Certificates) (device, error)
}

// A device is the disk, seen and changed for its planner.
type device interface {
	planner() *fdescrow.Planner
	// look shows the planner the disk as it is now.
	look(ctx context.Context) error
	// password is what is sealed for StepEscrow; nil where the planner has it.
	password(ctx context.Context) (*fdescrow.Secret, error)
	// do does a step that is the platform's alone, and tells the planner what became of it. save writes the planner down.
	do(ctx context.Context, step fdescrow.Step, save func() error) error
}

// An agent takes one step after another.
type agent struct {
	log    *slog.Logger
	system platform
	pinned *fdescrow.Certificates
	folder folder
	lock   *os.File
	spool  *fdescrow.Spool
	client *client

	device device
	told   *order                     // what the device was opened with
	asked  map[[sha256.Size]byte]bool // the messages that the server was asked about in this round
}

// maxSteps is more than any goal has: a program that goes in circles ends.
const maxSteps = 200

func (a *agent) close() error {
	err := errors.Join(a.spool.Close(), a.pinned.Close())
	if a.device != nil {
		err = errors.Join(err, a.device.planner().Close())
	}
	if a.lock != nil {
		err = errors.Join(err, a.lock.Close())
	}
	return err
}

// round asks the server what to do and does it. It tells when there may be more to do.
func (a *agent) round(ctx context.Context) (time.Duration, error) {
	a.asked = map[[sha256.Size]byte]bool{}
	told, err := a.ask(ctx)
	if err != nil {
		return time.Minute, err
	}
	if err := a.prepare(told); err != nil {
		return time.Minute, err
	}
	if err := a.pursue(ctx, told.Goal); err != nil {
		return time.Minute, err
	}
	next, err := a.steps(ctx)
	if err != nil {
		// The planner in memory may be ahead of what is written down: begin again from that.
		err = errors.Join(err, a.forget())
		return time.Minute, err
	}
	if next.Standing == fdescrow.StandingRests {
		if err := a.folder.replace("done", []byte(told.Goal.ID)); err != nil {
			return time.Minute, err
		}
	}
	wake := 5 * time.Minute
	if !next.WakeAt.IsZero() {
		wake = max(time.Second, time.Until(next.WakeAt))
	}
	return wake, a.sendTheRest(ctx)
}

// ask is what the server says, or, where it cannot be reached, what it said last.
func (a *agent) ask(ctx context.Context) (*order, error) {
	done, err := a.folder.read("done") // the goal that was reached: told until another one is
	if err != nil {
		return nil, err
	}
	told, err := a.client.config(ctx, string(done))
	if err == nil {
		text, err := json.Marshal(told)
		if err != nil {
			return nil, err
		}
		return told, a.folder.replace("order.json", text)
	}
	text, failure := a.folder.read("order.json")
	if failure != nil || text == nil {
		return nil, err
	}
	a.log.Warn("the server did not answer; what it said last holds", "error", err)
	told = &order{}
	return told, json.Unmarshal(text, told)
}

// prepare opens the planner, if it is not open with the same order.
func (a *agent) prepare(told *order) error {
	if a.device != nil && a.told.Organization == told.Organization && string(a.told.Plan) == string(told.Plan) {
		return nil
	}
	if err := a.forget(); err != nil {
		return err
	}
	state, err := a.folder.read("state.json")
	if err != nil {
		return err
	}
	if a.device, err = a.system.open(told, state, a.pinned); err != nil {
		return fmt.Errorf("open the planner: %w", err)
	}
	a.told = told
	return nil
}

func (a *agent) forget() error {
	if a.device == nil {
		return nil
	}
	err := a.device.planner().Close()
	a.device = nil
	return err
}

func (a *agent) pursue(ctx context.Context, wanted goal) error {
	parsed, err := wanted.parsed()
	if err != nil {
		return err
	}
	if err := a.device.look(ctx); err != nil {
		return fmt.Errorf("look at the disk: %w", err)
	}
	planner := a.device.planner()
	return errors.Join(planner.Pursue(parsed), planner.AskAgain(), a.save())
}

// save writes down what the planner knows: after everything that it learns, before anything follows from it.
func (a *agent) save() error {
	state, err := a.device.planner().State()
	if err != nil {
		return err
	}
	return a.folder.replace("state.json", state)
}

// steps looks, takes one step, and looks again, until there is nothing to do now.
func (a *agent) steps(ctx context.Context) (fdescrow.Next, error) {
	planner, situation := a.device.planner(), ""
	for range maxSteps {
		if err := ctx.Err(); err != nil {
			return fdescrow.Next{}, err
		}
		if err := a.device.look(ctx); err != nil {
			return fdescrow.Next{}, fmt.Errorf("look at the disk: %w", err)
		}
		next, err := planner.Next(a.spool)
		if err != nil {
			return next, err
		}
		if next.Situation != situation {
			situation = next.Situation
			a.log.Info("situation", "situation", situation, "standing", next.Standing, "because", next.Because)
		}
		switch next.Step {
		case fdescrow.StepNone:
			return next, a.save()
		case fdescrow.StepAsk:
			err = a.send(ctx)
		case fdescrow.StepEscrow:
			err = a.escrow(ctx)
		default:
			err = a.device.do(ctx, next.Step, a.save)
		}
		if err := errors.Join(err, a.save()); err != nil {
			return next, err
		}
	}
	return fdescrow.Next{}, errors.New("it goes in circles")
}

// escrow seals the key into the spool. Nothing depends on the key before it is on the disk there.
func (a *agent) escrow(ctx context.Context) error {
	planner := a.device.planner()
	password, err := a.device.password(ctx)
	if err != nil {
		a.log.Warn("the key was not read", "error", err)
		return planner.Failed(-1)
	}
	defer password.Close()
	if err := planner.Escrow(a.spool, password); err != nil {
		return err
	}
	return errors.Join(a.spool.Sync(), planner.Done())
}

// send sends what the planner waits for.
func (a *agent) send(ctx context.Context) error {
	planner := a.device.planner()
	key, err := planner.Upload(a.spool)
	if err != nil {
		return err
	}
	a.asked[sha256.Sum256(key.Envelope)] = true
	receipt, err := a.client.upload(ctx, key)
	if err != nil {
		a.log.Warn("no receipt: the key stays in the spool", "request", key.Request, "error", err)
		return planner.Failed(-1)
	}
	return a.receipt(receipt)
}

// receipt takes a receipt: the planner is told and written down first, then the spool may let the key go.
func (a *agent) receipt(receipt fdescrow.Receipt) error {
	err := a.device.planner().Receipt(a.spool, receipt)
	if errors.Is(err, fdescrow.ErrEventRejected) {
		a.log.Error("a receipt of something else", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	a.log.Info("receipt", "request", receipt.Request, "protector", receipt.Protector, "status", receipt.Status, "level", receipt.Level)
	if err := a.save(); err != nil {
		return err
	}
	return a.spool.Sync()
}

// sendTheRest sends what no step sent: keys of protectors that are gone. The server is to have every key that was ever made.
func (a *agent) sendTheRest(ctx context.Context) error {
	for index := a.spool.Len() - 1; index >= 0; index-- {
		key, err := a.spool.Upload(index)
		if err != nil {
			return err
		}
		if a.asked[sha256.Sum256(key.Envelope)] {
			continue
		}
		receipt, err := a.client.upload(ctx, key)
		if err != nil {
			return err
		}
		if err := a.receipt(receipt); err != nil {
			return err
		}
	}
	return nil
}
