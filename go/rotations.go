package fdescrow

import (
	"context"
	"time"

	"fdescrow/internal/native"
)

// A Rotation is the replacement of a key (docs/rotation.md).
type Rotation struct {
	Device    string    `json:"device"`
	ID        string    `json:"id"`
	Cause     string    `json:"cause"`
	Method    string    `json:"method"`
	Place     Place     `json:"place"`
	Requested time.Time `json:"requested"`
	NotBefore time.Time `json:"not_before"`
	Old       string    `json:"old"` // the key that is replaced; empty: there was none that anybody could open
	Known     uint64    `json:"known"`
	Phase     string    `json:"phase"`
	Since     time.Time `json:"since"`
	Attempt   uint32    `json:"attempt"`
	Attempted time.Time `json:"attempted,omitzero"`
	Answer    string    `json:"answer"` // awaited, deferred, failed
	Failures  uint32    `json:"failures"`
	Pardoned  uint32    `json:"pardoned"`
	Failure   string    `json:"failure"`
	New       string    `json:"new"`
	Overdue   bool      `json:"overdue"`
	Next      *NextStep `json:"next"` // what is to be done; nil: wait
	WakeAt    time.Time `json:"wake_at,omitzero"`
}

// A NextStep is what is to be done for a rotation.
type NextStep struct {
	Step    string `json:"step"`    // ask_security_info, call_operator, check_key, remove_old, retire_old, send_request
	Key     string `json:"key"`     // of check_key
	Attempt uint32 `json:"attempt"` // of send_request
}

// RequestRotation has the keys of a device replaced: of one place, or of all where it is nil. It tells the ids of the rotations.
//
// [ErrDeviceUnknown], [ErrRecoveryNoKey], [ErrRecoveryReasonMissing].
func (e *Escrow) RequestRotation(ctx context.Context, device string, place *Place, by, reason string) ([]string, error) {
	requested, err := ask[requested](ctx, e, native.EscrowRequestRotation, struct {
		deviceDecision
		Place *Place `json:"place,omitempty"`
	}{deviceDecision{device, by, reason}, place})
	return requested.Rotations, err
}

type requested struct {
	Rotations []string `json:"rotations"`
}

// A RotationAnswer is what a device, its management or its agent answered to an attempt.
type RotationAnswer struct {
	Device   string        `json:"device"`
	Rotation string        `json:"rotation"`
	By       string        `json:"by"`
	Event    RotationEvent `json:"event"`
	Attempt  uint32        `json:"attempt,omitempty"`
	Why      string        `json:"why,omitempty"` // of RotationFailed: a word
}

// A RotationEvent is what happened to an attempt.
type RotationEvent string

const (
	RotationCancelled  RotationEvent = "cancelled"
	RotationDeferred   RotationEvent = "deferred"
	RotationDelivered  RotationEvent = "delivered"
	RotationFailed     RotationEvent = "failed"
	RotationOldRemoved RotationEvent = "old_removed"
	RotationSent       RotationEvent = "sent"
)

// RotationReported takes that in. Keys and checks report themselves.
//
// [ErrDeviceUnknown], [ErrRotationUnknown], [ErrEventRejected].
func (e *Escrow) RotationReported(ctx context.Context, said RotationAnswer) (Rotation, error) {
	return ask[Rotation](ctx, e, native.EscrowRotationReported, said)
}

// Rotations are those of a device: of each place the one that goes on, or ended last.
//
// [ErrDeviceUnknown].
func (e *Escrow) Rotations(ctx context.Context, device string) ([]Rotation, error) {
	return ask[[]Rotation](ctx, e, native.EscrowRotations, deviceDocument{device})
}

// AllRotations are those that go on, device by device.
func (e *Escrow) AllRotations(ctx context.Context) List[Rotation] {
	return list[Rotation](ctx, e, native.EscrowAllRotations, plain)
}
