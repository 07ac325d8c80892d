package fdescrow

import (
	"context"
	"encoding/json"
	"time"

	"fdescrow/internal/native"
)

// An Entry is an entry of the audit.
type Entry struct {
	Action       string          `json:"action"`
	Actor        string          `json:"actor"`
	Device       string          `json:"device"` // empty: it is the organization's
	Hash         string          `json:"hash"`
	MAC          string          `json:"mac"`
	Number       uint64          `json:"number"`
	Organization string          `json:"organization"`
	Previous     string          `json:"previous"`
	Reason       string          `json:"reason"`
	References   EntryReferences `json:"references"`
	Time         time.Time       `json:"time"`
	Version      uint32          `json:"version"`

	// Raw is the entry as it is hashed, byte by byte: what to hand to a SIEM.
	Raw json.RawMessage `json:"-"`
}

// EntryReferences are what an entry refers to.
type EntryReferences struct {
	Certificate string             `json:"certificate"`
	Envelope    string             `json:"envelope"`
	Identity    string             `json:"identity"` // the certificate of the identity that opened the envelope
	Key         string             `json:"key"`
	Level       Level              `json:"level"`
	Outcome     string             `json:"outcome"` // how it ended, if it did not end well
	Protector   string             `json:"protector"`
	Recipients  []string           `json:"recipients"`
	Request     string             `json:"request"`
	Rows        map[string]*string `json:"rows"` // every row that the same commit changed, with its hash; nil: it was removed
	Volume      string             `json:"volume"`
}

// UnmarshalJSON reads an entry, and keeps it as it came.
func (e *Entry) UnmarshalJSON(document []byte) error {
	type plain Entry
	if err := json.Unmarshal(document, (*plain)(e)); err != nil {
		return err
	}
	e.Raw = append(json.RawMessage(nil), document...)
	return nil
}

// Events are a part of the audit of all devices.
type Events struct {
	Entries    []Entry `json:"entries"`
	Unreadable int     `json:"unreadable"`
	Next       string  `json:"next"` // where to go on, also when there is nothing more yet
}

// Events are the audit of all devices, in the order in which it was committed, behind the Next of the call before; empty: from the start.
// limit 0: 1,000.
//
// [ErrMisuse] for a Next of another store.
func (e *Escrow) Events(ctx context.Context, after string, limit int) (Events, error) {
	return ask[Events](ctx, e, untimed(native.EscrowEvents), part{after, limit})
}

// AuditOf is the audit of one device, behind the number of the last entry that is known; 0: from the start. limit 0: 1,000.
func (e *Escrow) AuditOf(ctx context.Context, device string, after uint64, limit int) ([]Entry, error) {
	return ask[[]Entry](ctx, e, untimed(native.EscrowAuditOf), struct {
		Device string `json:"device"`
		After  uint64 `json:"after,omitempty"`
		Limit  int    `json:"limit,omitempty"`
	}{device, after, limit})
}

// An AuditReport is whether the audit verifies.
type AuditReport struct {
	Intact     bool           `json:"intact"`
	Chains     uint64         `json:"chains"`
	Entries    uint64         `json:"entries"`
	Unreadable uint64         `json:"unreadable"`
	Findings   []AuditFinding `json:"findings"`
}

// An AuditFinding is something that does not verify.
type AuditFinding struct {
	Device  string `json:"device"` // empty: the organization's chain
	Problem string `json:"problem"`
	Message string `json:"message"`
}

// VerifyAudit verifies the whole audit against itself, the rows and, where they are given, a MAC key and a checkpoint that was kept
// elsewhere; nil for none.
//
// [ErrCheckpointSyntax], [ErrMACKeySyntax], [ErrMisuse] if the checkpoint is another organization's.
func (e *Escrow) VerifyAudit(ctx context.Context, macKey *Secret, checkpoint []byte) (AuditReport, error) {
	key, done, err := macKey.use()
	if err != nil {
		return AuditReport{}, err
	}
	defer done()
	return use(ctx, e, func(escrow native.Escrow, _ int64) (AuditReport, error) {
		return answer[AuditReport](native.EscrowVerifyAudit(escrow, key, checkpoint))
	})
}

// A Checkpoint is what the whole audit was at a time, to be kept where the writers of the database are not.
type Checkpoint struct {
	Bytes  []byte `json:"-"`
	Digest string `json:"digest"`
	Chains uint64 `json:"chains"`
}

// Checkpoint makes a checkpoint. previous: the bytes of the one before, which the new one names; or nil.
//
// [ErrCheckpointSyntax].
func (e *Escrow) Checkpoint(ctx context.Context, previous []byte) (Checkpoint, error) {
	return use(ctx, e, func(escrow native.Escrow, now int64) (Checkpoint, error) {
		buffer, text, failure, result := native.EscrowCheckpoint(escrow, previous, now)
		written, err := answer[Checkpoint](text, failure, result)
		if result == 0 {
			written.Bytes = native.BufferOf(buffer)
		}
		return written, err
	})
}
