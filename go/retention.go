package fdescrow

import (
	"context"
	"time"

	"fdescrow/internal/native"
)

// keyDecision is something that somebody decided about a key, and why.
type keyDecision struct {
	Key    string `json:"key"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// Quarantine are the keys that wait for an operator's decision, because another device sent the same before.
func (e *Escrow) Quarantine(ctx context.Context) List[KeySummary] {
	return list[KeySummary](ctx, e, native.EscrowQuarantine, plain)
}

// AcceptQuarantined: the key is this device's.
//
// [ErrKeyUnknown], [ErrEventRejected], [ErrRecoveryReasonMissing].
func (e *Escrow) AcceptQuarantined(ctx context.Context, key, by, reason string) error {
	return e.tell(ctx, native.EscrowAcceptQuarantined, keyDecision{key, by, reason})
}

// RejectQuarantined: the key is not this device's. It stays, and is never opened. Errors as for [Escrow.AcceptQuarantined].
func (e *Escrow) RejectQuarantined(ctx context.Context, key, by, reason string) error {
	return e.tell(ctx, native.EscrowRejectQuarantined, keyDecision{key, by, reason})
}

// A Removal is a key that is going to be removed (docs/retention.md).
type Removal struct {
	Key    string `json:"key"`
	Device string `json:"device"`
	Place
	Retired time.Time `json:"retired,omitzero"`
	Planned time.Time `json:"planned"`
	Due     time.Time `json:"due"` // from when on it may be removed
	By      string    `json:"by"`
	Kept    Obstacle  `json:"kept"` // of RemoveDue: why it is kept and off the list; empty: it was removed
}

// An Obstacle is why a key is kept: a word of docs/retention.md.
type Obstacle string

// Removals are the keys that are going to be removed.
func (e *Escrow) Removals(ctx context.Context) List[Removal] {
	return list[Removal](ctx, e, native.EscrowRemovals, plain)
}

// PlanRemovals is the first step of retention: it plans the removal of keys that the policy keeps no longer, as far as the list is read,
// and lists them. Nothing is removed before the waiting period is over.
func (e *Escrow) PlanRemovals(ctx context.Context, by string) List[Removal] {
	return list[Removal](ctx, e, native.EscrowPlanRemovals, func(p part) any { return partBy{p, by} })
}

// CancelRemoval keeps a key that was going to be removed.
//
// [ErrRemovalUnknown], [ErrRecoveryReasonMissing].
func (e *Escrow) CancelRemoval(ctx context.Context, key, by, reason string) error {
	return e.tell(ctx, native.EscrowCancelRemoval, keyDecision{key, by, reason})
}

// RemoveDue is the second step of retention: it removes keys whose waiting period is over, as far as the list is read, and lists them;
// never the last of a place that works.
func (e *Escrow) RemoveDue(ctx context.Context, by string) List[Removal] {
	return list[Removal](ctx, e, native.EscrowRemoveDue, func(p part) any { return partBy{p, by} })
}
