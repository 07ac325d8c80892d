package fdescrow

import (
	"encoding/json"
	"errors"
	"os/exec"
	"sync"
	"time"

	"fdescrow/internal/native"
)

// A Step is what a planner wants done.
type Step uint32

const (
	StepNone             Step = 0  // there is nothing to do now
	StepAsk              Step = 1  // send [Planner.Upload]; then [Planner.Receipt], or [Planner.Failed] without an answer
	StepCall             Step = 2  // run the command of the platform, or call what [BitLockerPlanner.Call] says
	StepEscrow           Step = 3  // [Planner.Escrow], [Spool.Sync], [Planner.Done]
	StepGenerate         Step = 4  // [LUKSPlanner.Generate]; or post [SnapdPlanner.Body] and give the answer to [SnapdPlanner.Generated]
	StepBackUpHeader     Step = 5  // remove what is where the copy of the LUKS header goes; then as StepCall
	StepDropBackup       Step = 6  // remove the copy of the LUKS header
	StepChangeRecovery   Step = 7  // run the command with the key that was released for it, or a user's password
	StepValidateRecovery Step = 8  // run the command with the key that was released for it; then [FileVaultPlanner.Attested]
	StepSendRotate       Step = 9  // queue the MDM command RotateFileVaultKey
	StepSendSecurityInfo Step = 10 // queue the MDM command SecurityInfo
)

// An Aim is what a goal wants.
type Aim string

const (
	AimAdopt             Aim = "adopt"              // BitLocker: every recovery password that is there is in escrow
	AimAttest            Aim = "attest"             // FileVault: it is known whether the key that the server has is the present one
	AimEscrow            Aim = "escrow"             // LUKS, FileVault: a key is in escrow
	AimProtect           Aim = "protect"            // BitLocker: encrypted, its recovery password in escrow, protection on
	AimRestoreProtection Aim = "restore_protection" // BitLocker: protection that was suspended is on again
	AimRotate            Aim = "rotate"             // a new key is in escrow, and what Goal.Replace names is gone
)

// A Goal is what a planner pursues.
type Goal struct {
	// ID names it for good, a rotation's id for example.
	ID string
	// Aim is empty for snapd, which has one only.
	Aim Aim
	// Replace names the slots or protectors that are to go when the new key is verified: for AimRotate on LUKS and BitLocker.
	Replace []string
}

// MarshalJSON writes it as the library reads it.
func (g Goal) MarshalJSON() ([]byte, error) {
	type replace struct {
		Replace []string `json:"replace"`
	}
	document := struct {
		ID  string `json:"id"`
		Aim any    `json:"aim,omitempty"`
	}{ID: g.ID}
	switch {
	case g.Replace != nil:
		document.Aim = map[Aim]replace{g.Aim: {g.Replace}}
	case g.Aim != "":
		document.Aim = g.Aim
	}
	return json.Marshal(document)
}

// A Standing is what a situation is to whoever runs an agent.
type Standing string

const (
	StandingActs               Standing = "acts"                // there is a step to run
	StandingNeedsAdministrator Standing = "needs_administrator" // somebody has to change a policy or look at the volume
	StandingNeedsPerson        Standing = "needs_person"        // somebody at the device has to do something
	StandingRests              Standing = "rests"               // what was asked for is true
	StandingWaits              Standing = "waits"               // time or the server will change it: look again later
)

// A Next is what a planner decided.
type Next struct {
	// Step is what to do now. A newer library may have steps that this package does not name: report them as failed.
	Step      Step            `json:"-"`
	Situation string          `json:"situation"` // as the page of the platform lists them
	Standing  Standing        `json:"standing"`  // empty for snapd
	Because   string          `json:"because"`   // the situation in a sentence
	Details   json.RawMessage `json:"step"`      // the step with its particulars, for a log
	Held      *Held           `json:"held"`      // why the step of this situation is not taken now
	WakeAt    time.Time       `json:"wake_at"`   // when to look again at the latest; zero: at the agent's own interval
	Remarks   []any           `json:"remarks"`   // BitLocker: what is not as the rules want it, and is left as it is
	Attested  *bool           `json:"attested"`  // FileVault: whether the key that the server has is the present one
}

// Held is a step that failed, and is not tried again yet.
type Held struct {
	Until    time.Time `json:"until"`    // when it is tried again
	Failures uint32    `json:"failures"` // how often in a row it failed
	Status   *int      `json:"status"`   // LUKS: the exit status with which it failed
	Code     *uint32   `json:"code"`     // BitLocker: the number that Windows gave
	Decision string    `json:"decision"` // BitLocker: who can do something about it
}

// A Planner says what to do next about one volume of a device. It is in a [LUKSPlanner], [BitLockerPlanner], [FileVaultPlanner] or
// [SnapdPlanner], which looks at the volume; the rest is the same for all.
//
// The loop: look, [Planner.Next], do the one step, say what became of it, write [Planner.State] down before anything follows from it,
// again. One look is good for one step. The program may be killed anywhere.
type Planner struct {
	owner *owner[native.Planner]
	mutex sync.Mutex // one call at a time
	clock func() time.Time
}

func (p *Planner) init(handle native.Planner, clock func() time.Time) {
	p.owner, p.clock = own(handle, native.PlannerFree), clock
	if clock == nil {
		p.clock = time.Now
	}
}

// plan calls a function with the planner and the time.
func plan[T any](p *Planner, call func(planner native.Planner, now int64) (T, error)) (T, error) {
	return with(p.owner, func(planner native.Planner) (T, error) {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		return call(planner, p.clock().Unix())
	})
}

// tell tells the planner something.
func (p *Planner) tell(call func(planner native.Planner, now int64) (native.Error, int32)) error {
	_, err := plan(p, func(planner native.Planner, now int64) (struct{}, error) {
		return struct{}{}, failed(call(planner, now))
	})
	return err
}

// State is what is to be written down after every step, JSON without any secret. The next run opens it.
func (p *Planner) State() ([]byte, error) {
	return plan(p, func(planner native.Planner, _ int64) ([]byte, error) {
		return textOf(native.PlannerState(planner))
	})
}

// Pursue takes a goal, in place of the one before. The same goal again changes nothing.
//
// [ErrRequestSyntax]; [ErrMisuse] for FileVault if nothing was looked at: what is there now is of the old key.
func (p *Planner) Pursue(goal Goal) error {
	document, err := encode(goal)
	if err != nil {
		return err
	}
	return p.tell(func(planner native.Planner, _ int64) (native.Error, int32) {
		return native.PlannerPursue(planner, document)
	})
}

// Next decides, by what was looked at, what the situation is and what to do.
//
// [ErrMisuse] without a goal, or if nothing was looked at since the last step.
func (p *Planner) Next(spool *Spool) (Next, error) {
	return planWith(p, spool, func(planner native.Planner, held native.Spool, _ int64) (Next, error) {
		next, err := answer[Next](native.PlannerNext(planner, held))
		if err == nil {
			next.Step = Step(native.PlannerStep(planner))
		}
		return next, err
	})
}

// Upload is what StepAsk sends.
//
// [ErrMisuse] if the step is another, or the spool another than that of [Planner.Next].
func (p *Planner) Upload(spool *Spool) (SpooledKey, error) {
	return planWith(p, spool, func(planner native.Planner, held native.Spool, _ int64) (SpooledKey, error) {
		return answer[SpooledKey](native.PlannerUpload(planner, held))
	})
}

// Escrow seals the key for StepEscrow, bound to device and place, and puts it into the spool. Then [Spool.Sync], and only when that
// went well [Planner.Done].
//
// password is what BitLocker showed; nil for the others, whose key the planner has.
// [ErrMisuse] if the step is another; [ErrKeyFormat], [ErrEnvelopeSeal], [ErrSpoolFull], [ErrRandomnessUnavailable].
func (p *Planner) Escrow(spool *Spool, password *Secret) error {
	secret, done, err := password.use()
	if err != nil {
		return err
	}
	defer done()
	return spool.change(p, func(planner native.Planner, held native.Spool, now int64) (native.Buffer, native.Error, int32) {
		return native.PlannerEscrow(planner, held, secret, now)
	})
}

// Receipt takes a receipt: the answer to StepAsk; or, while there is no such step, to anything that the spool holds, however late and
// however often.
//
// The spool lets the key go if the receipt says verified at the level of the planner's rules. Write the planner's state down, and then
// [Spool.Sync]: what the spool does not hold any more, the planner must know.
// [ErrEventRejected] if the receipt is of another device, place, request or envelope.
func (p *Planner) Receipt(spool *Spool, receipt Receipt) error {
	document, err := encode(receipt)
	if err != nil {
		return err
	}
	return spool.change(p, func(planner native.Planner, held native.Spool, now int64) (native.Buffer, native.Error, int32) {
		return native.PlannerReceipt(planner, held, document, now)
	})
}

// Done says that the step was done: the command ended with 0, the file is gone, the envelope is in the spool on the disk.
//
// [ErrMisuse] without a step, and for one that is not done like that.
func (p *Planner) Done() error { return p.tell(native.PlannerDone) }

// Failed says that the step was not done, as far as is known; the next look shows whether it had an effect.
//
// status is the exit status of the command; negative: it did not run or was killed, the server did not answer, a file could not be written.
// [ErrMisuse] without a step.
func (p *Planner) Failed(status int) error {
	return p.tell(func(planner native.Planner, now int64) (native.Error, int32) {
		return native.PlannerFailed(planner, int32(status), now)
	})
}

// Ran says what [Command.Run] returned: [Planner.Done] for nil, and [Planner.Failed] for an error.
func (p *Planner) Ran(err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return p.Done()
	case errors.As(err, &exit):
		return p.Failed(exit.ExitCode())
	}
	return p.Failed(-1)
}

// Awaits tells whether a step will send this key of the spool, counted from 0, so that nobody else need. The others are of places that are
// gone: send them too, the server is to have every key that was ever made.
func (p *Planner) Awaits(spool *Spool, index int) bool {
	is, err := planWith(p, spool, func(planner native.Planner, held native.Spool, _ int64) (bool, error) {
		return index >= 0 && native.PlannerAwaits(planner, held, index), nil
	})
	return err == nil && is
}

// AskAgain has the server asked at once about every key that is not verified, for somebody wants to know now, or the agent was started.
func (p *Planner) AskAgain() error {
	return p.tell(func(planner native.Planner, _ int64) (native.Error, int32) { return native.PlannerAskAgain(planner) })
}

// Close wipes a key that the planner holds, and frees it.
func (p *Planner) Close() error {
	if p != nil {
		p.owner.close()
	}
	return nil
}

// planWith calls a function with the planner and a spool.
func planWith[T any](p *Planner, spool *Spool, call func(native.Planner, native.Spool, int64) (T, error)) (T, error) {
	return plan(p, func(planner native.Planner, now int64) (T, error) {
		return hold(spool, func(held native.Spool) (T, error) { return call(planner, held, now) })
	})
}

// textOf is a document that the caller reads.
func textOf(text native.Text, failure native.Error, result int32) ([]byte, error) {
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	return native.TextOf(text), nil
}
