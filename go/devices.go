package fdescrow

import (
	"context"
	"time"

	"fdescrow/internal/native"
)

type deviceDocument struct {
	Device string `json:"device"`
}

// decision is something that somebody decided about a device, and why.
type deviceDecision struct {
	Device string `json:"device"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// A Status is how a device stands.
type Status string

const (
	StatusActionRequired      Status = "action_required"
	StatusEnforcing           Status = "enforcing"
	StatusFailed              Status = "failed"
	StatusNotRequired         Status = "not_required"
	StatusRemovingEnforcement Status = "removing_enforcement"
	StatusVerified            Status = "verified"
	StatusVerifying           Status = "verifying"
)

// A Reason is why a device or key has its status, and an Action what to do about it: words of docs/verification.md.
type (
	Reason string
	Action string
)

// An Assessment is how a device stands, by the policy of its group.
type Assessment struct {
	Status  Status    `json:"status"`
	Reasons []Reason  `json:"reasons"`
	Actions []Action  `json:"actions"`
	WakeAt  time.Time `json:"wake_at,omitzero"` // when to judge it anew; zero: nothing changes by itself
	Awaits  []string  `json:"awaits"`           // what would change it
}

// Assess judges a device.
//
// [ErrDeviceUnknown].
func (e *Escrow) Assess(ctx context.Context, device string) (Assessment, error) {
	return ask[Assessment](ctx, e, native.EscrowAssess, deviceDocument{device})
}

// A DeviceReport is a device at a glance.
type DeviceReport struct {
	Device      string     `json:"device"`
	Assessment  Assessment `json:"assessment"`
	Walk        *Walk      `json:"walk"` // nil unless the policy enforces FileVault
	Created     time.Time  `json:"created"`
	Forgotten   time.Time  `json:"forgotten,omitzero"` // when it was hidden
	Keys        uint64     `json:"keys"`
	Quarantined uint32     `json:"quarantined"`
}

// A Walk is where a Mac stands on its way to a key that works.
type Walk struct {
	Station      string    `json:"station"`
	Deadline     time.Time `json:"deadline,omitzero"`
	BypassesLeft *int32    `json:"bypasses_left"` // how often the user may still say "not now"; -1: as often as they like
}

// Device tells of a device at a glance.
//
// [ErrDeviceUnknown].
func (e *Escrow) Device(ctx context.Context, device string) (DeviceReport, error) {
	return ask[DeviceReport](ctx, e, native.EscrowDevice, deviceDocument{device})
}

// A KeySummary is a key of a device.
type KeySummary struct {
	ID     string `json:"id"`
	Device string `json:"device"`
	Place
	Number       uint64            `json:"number"` // its place among the keys of the device, from 1
	Installation uint32            `json:"installation"`
	Received     time.Time         `json:"received"`
	By           string            `json:"by"`
	Sightings    uint64            `json:"sightings"`
	LastSighting time.Time         `json:"last_sighting,omitzero"`
	Level        Level             `json:"level"`
	ProvedBy     string            `json:"proved_by"` // device, server
	Binding      string            `json:"binding"`   // none, recorded, sealed
	LastSuccess  time.Time         `json:"last_success,omitzero"`
	LastAttempt  time.Time         `json:"last_attempt,omitzero"`
	LastFailure  Reason            `json:"last_failure"`
	Reason       Reason            `json:"reason"` // why it cannot be taken for one that works, if it cannot
	CheckDue     time.Time         `json:"check_due,omitzero"`
	Quarantine   string            `json:"quarantine"` // accepted, pending, rejected
	SeenOn       string            `json:"seen_on"`    // the device that had sent the same wrapped key before
	Retired      time.Time         `json:"retired,omitzero"`
	RemovalDue   time.Time         `json:"removal_due,omitzero"`
	Envelopes    []EnvelopeSummary `json:"envelopes"`
}

// An EnvelopeSummary is an envelope of a key.
type EnvelopeSummary struct {
	Digest     string         `json:"digest"`
	Added      time.Time      `json:"added"`
	Origin     EnvelopeOrigin `json:"origin"`
	Recipients []string       `json:"recipients"` // the known certificates that it is sealed to
	Opened     time.Time      `json:"opened,omitzero"`
	Retired    time.Time      `json:"retired,omitzero"`
}

// An EnvelopeOrigin is where an envelope comes from.
type EnvelopeOrigin struct {
	How  string `json:"how"`  // received, resealed, rewrapped, sealed
	From string `json:"from"` // the envelope that it was made of
}

// History is all keys of a device, the oldest first, with their envelopes. No key is opened.
//
// [ErrDeviceUnknown].
func (e *Escrow) History(ctx context.Context, device string) ([]KeySummary, error) {
	return ask[[]KeySummary](ctx, e, native.EscrowHistory, deviceDocument{device})
}

// A Found is a candidate of a search.
type Found struct {
	Device string `json:"device"`
	Key    string `json:"key"` // empty: the device was found and has none
	Place
	Retired bool `json:"retired"`
}

// Find finds devices and keys by what people have: a device, another name, the ID on a BitLocker screen (its first 8 digits will do), a
// LUKS or APFS volume UUID. Candidates, never keys.
//
// [ErrIDInvalid].
func (e *Escrow) Find(ctx context.Context, text string) ([]Found, error) {
	return ask[[]Found](ctx, e, native.EscrowFind, struct {
		Text string `json:"text"`
	}{text})
}

// Profile is the FileVault profile of a device, by the policy of its group and the primary certificate. It need not be known yet.
//
// [ErrMisuse] if the policy says nothing of FileVault or there is no certificate for its escrow; [ErrPolicyInvalid].
func (e *Escrow) Profile(ctx context.Context, device string) ([]byte, error) {
	return use(ctx, e, func(escrow native.Escrow, now int64) ([]byte, error) {
		document, err := encode(deviceDocument{device})
		if err != nil {
			return nil, err
		}
		return bufferOf(native.EscrowProfile(escrow, document, now))
	})
}

// An Observed is what became of a report.
type Observed struct {
	Recorded bool    `json:"recorded"` // whether it said anything new
	Receipts []Taken `json:"receipts"` // one for each sealed key in it
}

// A Taken is a receipt, or why there is none.
type Taken struct {
	Receipt
	Code  Code   `json:"code"` // 0: there is a receipt
	Error string `json:"error"`
}

// Err is why there is no receipt; nil if there is one.
func (t Taken) Err() error {
	if t.Code == 0 {
		return nil
	}
	return newError(t.Code, t.Error)
}

// An Observing is a report about a device.
type Observing struct {
	Device string `json:"device"`
	By     string `json:"by"` // who answers for it
	Source Source `json:"source"`
	Volume string `json:"volume,omitempty"` // the LUKS UUID for a report that names none
}

// Observe takes in a report: what it says of the disks, and the sealed keys in it. A device that is not known is created.
//
// [ErrObservationSyntax], [ErrObservationLimit], [ErrStoreLimit], [ErrEventRejected].
func (e *Escrow) Observe(ctx context.Context, about Observing, report []byte) (Observed, error) {
	return use(ctx, e, func(escrow native.Escrow, now int64) (Observed, error) {
		document, err := encode(about)
		if err != nil {
			return Observed{}, err
		}
		return answer[Observed](native.EscrowObserve(escrow, report, document, now))
	})
}

// A Name is another name of a device, by which it is found.
type Name struct {
	Kind   string `json:"kind"` // serial, udid, hostname, owner, …
	Value  string `json:"value"`
	Source string `json:"source"`
	Trust  string `json:"trust"` // authenticated, claimed
}

// NameDevice gives a device other names; those of the same kind and source are replaced.
//
// [ErrDeviceUnknown], [ErrIDInvalid], [ErrMisuse] over 64 names.
func (e *Escrow) NameDevice(ctx context.Context, device, by string, names ...Name) error {
	if names == nil {
		names = []Name{}
	}
	return e.tell(ctx, native.EscrowNameDevice, struct {
		Device string `json:"device"`
		By     string `json:"by"`
		Names  []Name `json:"names"`
	}{device, by, names})
}

// MoveToGroup puts a device into the group whose policy it follows from now on; empty: the organization's.
//
// [ErrMisuse] for a name that no group can have; [ErrRecoveryReasonMissing].
func (e *Escrow) MoveToGroup(ctx context.Context, device, group, by, reason string) error {
	return e.tell(ctx, native.EscrowMoveToGroup, struct {
		deviceDecision
		Group string `json:"group,omitempty"`
	}{deviceDecision{device, by, reason}, group})
}

// ForgetDevice hides a device. No key is removed by it.
//
// [ErrDeviceUnknown], [ErrRecoveryReasonMissing].
func (e *Escrow) ForgetDevice(ctx context.Context, device, by, reason string) error {
	return e.tell(ctx, native.EscrowForgetDevice, deviceDecision{device, by, reason})
}

// NewInstallation: a device was wiped or enrolled anew. Its earlier keys stay revealable, and none counts as current.
//
// Errors as for [Escrow.ForgetDevice].
func (e *Escrow) NewInstallation(ctx context.Context, device, by, reason string) error {
	return e.tell(ctx, native.EscrowNewInstallation, deviceDecision{device, by, reason})
}

// A Configuration is what the management system says of the configuration of a device.
type Configuration struct {
	Device    string `json:"device"`
	By        string `json:"by"`
	Operation string `json:"operation"` // install, remove
	Delivery  string `json:"delivery"`  // pending, acknowledged, confirmed, failed
}

// ConfigurationReported takes that in.
//
// [ErrStoreLimit], [ErrEventRejected].
func (e *Escrow) ConfigurationReported(ctx context.Context, said Configuration) error {
	return e.tell(ctx, native.EscrowConfigurationReported, said)
}

// AgentReported takes in what the agent says that it could not do, in one word; or, with an empty one, that it could. It takes nothing
// away from a key. Errors as for [Escrow.ConfigurationReported].
func (e *Escrow) AgentReported(ctx context.Context, device, by, failure string) error {
	return e.tell(ctx, native.EscrowAgentReported, struct {
		Device  string `json:"device"`
		By      string `json:"by"`
		Failure string `json:"failure,omitempty"`
	}{device, by, failure})
}
