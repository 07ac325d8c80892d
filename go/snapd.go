package fdescrow

import (
	"time"

	"fdescrow/internal/native"
)

// SnapdOptions are what the planner of a device that snapd encrypted is opened with.
type SnapdOptions struct {
	State        []byte        // what [Planner.State] gave in the run before; empty in the first one
	Organization string        // as the server knows it
	Device       string        // as the server knows it
	Level        Level         // what verified means; empty: [EnvelopeOpens]
	To           *Certificates // pinned
	Clock        func() time.Time
}

// A SnapdPlanner plans for the recovery key of a Linux device that snapd encrypted with the TPM.
type SnapdPlanner struct{ Planner }

// OpenSnapd opens a planner for a Linux device that snapd encrypted with the TPM.
//
// [ErrIDInvalid], [ErrRequestSyntax]; [ErrMisuse] for another level, or if the state is of another organization, device or level.
func OpenSnapd(options SnapdOptions) (*SnapdPlanner, error) {
	to, done, err := needed(options.To)
	if err != nil {
		return nil, err
	}
	defer done()
	handle, failure, result := native.SnapdOpen(string(options.State), options.Organization, options.Device, string(options.Level), to)
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	planner := &SnapdPlanner{}
	planner.init(handle, options.Clock)
	return planner, nil
}

// Look shows the planner the names of the slots that snapd has for recovery keys; nil if it could not be asked. One look is good for one step.
func (p *SnapdPlanner) Look(slots []string) error {
	document := ""
	if slots != nil {
		var err error
		if document, err = encode(slots); err != nil {
			return err
		}
	}
	return p.tell(func(planner native.Planner, now int64) (native.Error, int32) {
		return native.SnapdLook(planner, document, now)
	})
}

// Body is what is sent by POST to /v2/system-volumes at /run/snapd.socket for StepCall and StepGenerate. It may hold the key. A change that
// snapd answers with is to be waited for before [Planner.Done].
//
// [ErrMisuse] if the step sends nothing.
func (p *SnapdPlanner) Body() (*Secret, error) {
	return plan(&p.Planner, func(planner native.Planner, _ int64) (*Secret, error) {
		body, failure, result := native.SnapdBody(planner)
		if err := failed(failure, result); err != nil {
			return nil, err
		}
		return ownSecret(body), nil
	})
}

// Generated takes the answer of snapd to StepGenerate, whole. The key stays in the library's memory until snapd said that it works.
//
// [ErrKeyFormat]; [ErrMisuse] if the step is another, or the answer has no key: [Planner.Failed].
func (p *SnapdPlanner) Generated(answer *Secret) error {
	if answer == nil {
		return ErrClosed
	}
	_, err := with(answer.owner, func(secret native.Secret) (struct{}, error) {
		return struct{}{}, p.tell(func(planner native.Planner, now int64) (native.Error, int32) {
			return native.SnapdGenerated(planner, secret, now)
		})
	})
	return err
}
