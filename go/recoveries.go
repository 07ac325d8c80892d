package fdescrow

import (
	"context"
	"time"

	"fdescrow/internal/native"
)

// A RecoveryState is how far a recovery is (docs/recovery.md).
type RecoveryState string

const (
	RecoveryApproved          RecoveryState = "approved"
	RecoveryDenied            RecoveryState = "denied"
	RecoveryExpired           RecoveryState = "expired"
	RecoveryReleaseAuthorized RecoveryState = "release_authorized"
	RecoveryReleaseFailed     RecoveryState = "release_failed"
	RecoveryReleased          RecoveryState = "released"
	RecoveryRequested         RecoveryState = "requested"
	RecoveryRevoked           RecoveryState = "revoked"
)

// A Recovery is a request to see a key, and what became of it.
type Recovery struct {
	ID      string        `json:"recovery"`
	Device  string        `json:"device"`
	Now     RecoveryState `json:"now"`     // how far it is at this moment: expired, if its time is over
	Lacking uint8         `json:"lacking"` // approvals that it still lacks
	Until   time.Time     `json:"until,omitzero"`

	Key       string            `json:"key"`
	Envelope  string            `json:"envelope"`
	State     RecoveryState     `json:"state"` // as it is stored
	Request   RecoveryRequest   `json:"request"`
	Needed    uint8             `json:"needed"` // approvals that the policy asked for
	Approvals []RecoveryConsent `json:"approvals"`
	Release   *RecoveryRelease  `json:"release"`
	End       *RecoveryEnd      `json:"end"`
	Report    *RecoveryOutcome  `json:"report"`
}

// A RecoveryRequest is who asked, and why.
type RecoveryRequest struct {
	Actor      string    `json:"actor"`
	Person     *Person   `json:"person"`
	Reason     string    `json:"reason"`
	Ticket     string    `json:"ticket"`
	BreakGlass bool      `json:"break_glass"`
	Command    string    `json:"command"`
	At         time.Time `json:"at"`
	Expires    time.Time `json:"expires,omitzero"`
}

// A RecoveryConsent is a person who agreed.
type RecoveryConsent struct {
	Actor    string    `json:"actor"`
	Person   Person    `json:"person"`
	Key      string    `json:"key"`
	Envelope string    `json:"envelope"`
	At       time.Time `json:"at"`
	Note     string    `json:"note"`
	Revoked  time.Time `json:"revoked,omitzero"`
}

// A RecoveryRelease is how the key was handed out.
type RecoveryRelease struct {
	Authorized time.Time `json:"authorized"`
	Expires    time.Time `json:"expires,omitzero"`
	Attempts   uint32    `json:"attempts"`
	Finished   time.Time `json:"finished,omitzero"`
}

// A RecoveryEnd is who denied it, or took it back.
type RecoveryEnd struct {
	Actor string    `json:"actor"`
	At    time.Time `json:"at"`
}

// A RecoveryOutcome is whether the key did its work.
type RecoveryOutcome struct {
	Outcome Outcome   `json:"outcome"`
	At      time.Time `json:"at"`
}

// An Outcome is whether a key did its work.
type Outcome string

const (
	Worked     Outcome = "worked"
	DidNotWork Outcome = "did_not_work"
)

// RequestRecovery asks for a key where others have to approve, or to have the request on record.
//
// [ErrDeviceUnknown], [ErrRecoveryNoKey] and its like.
func (e *Escrow) RequestRecovery(ctx context.Context, request Reveal) (Recovery, error) {
	return ask[Recovery](ctx, e, native.EscrowRequestRecovery, request)
}

// ApproveRecovery: a person other than who asked, and than who approved before, agrees. note may be empty.
//
// [ErrRecoveryUnknown], [ErrRecoveryRejected].
func (e *Escrow) ApproveRecovery(ctx context.Context, recovery string, person Person, by, note string) (Recovery, error) {
	return ask[Recovery](ctx, e, native.EscrowApproveRecovery, struct {
		Recovery string `json:"recovery"`
		Person   Person `json:"person"`
		By       string `json:"by"`
		Note     string `json:"note,omitempty"`
	}{recovery, person, by, note})
}

// RevokeApproval: a person takes an approval back. Errors as for [Escrow.ApproveRecovery].
func (e *Escrow) RevokeApproval(ctx context.Context, recovery string, person Person, by string) (Recovery, error) {
	return ask[Recovery](ctx, e, native.EscrowRevokeApproval, struct {
		Recovery string `json:"recovery"`
		Person   Person `json:"person"`
		By       string `json:"by"`
	}{recovery, person, by})
}

// DenyRecovery: a person says no; who asked takes the request back by it. Errors as for [Escrow.ApproveRecovery].
func (e *Escrow) DenyRecovery(ctx context.Context, recovery, by, reason string) (Recovery, error) {
	return ask[Recovery](ctx, e, native.EscrowDenyRecovery, struct {
		Recovery string `json:"recovery"`
		By       string `json:"by"`
		Reason   string `json:"reason"`
	}{recovery, by, reason})
}

// ReportRecovery says whether the key did its work. Errors as for [Escrow.ApproveRecovery].
func (e *Escrow) ReportRecovery(ctx context.Context, recovery string, outcome Outcome, by string) (Recovery, error) {
	return ask[Recovery](ctx, e, native.EscrowReportRecovery, struct {
		Recovery string  `json:"recovery"`
		Outcome  Outcome `json:"outcome"`
		By       string  `json:"by"`
	}{recovery, outcome, by})
}

// Recovery is one of them.
//
// [ErrRecoveryUnknown].
func (e *Escrow) Recovery(ctx context.Context, recovery string) (Recovery, error) {
	return ask[Recovery](ctx, e, native.EscrowRecovery, struct {
		Recovery string `json:"recovery"`
	}{recovery})
}

// Recoveries are all of them, or those of one state.
func (e *Escrow) Recoveries(ctx context.Context, state RecoveryState) List[Recovery] {
	return list[Recovery](ctx, e, native.EscrowRecoveries, func(p part) any {
		return struct {
			part
			State RecoveryState `json:"state,omitempty"`
		}{p, state}
	})
}
