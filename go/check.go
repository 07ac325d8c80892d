package fdescrow

import (
	"context"

	"fdescrow/internal/native"
)

// CheckOptions are how keys are checked. The zero value is as it should be for most.
type CheckOptions struct {
	Devices        uint32 // in one batch; 0: 64
	KeysPerDevice  uint32 // 0: 16
	Workers        int    // threads that open keys; 0: 1
	SkipFailed     bool   // leave out keys that failed with another keyring
	By             string // for the audit; empty: "check"
	ResealTo       *Certificates
	AfterEachBatch func(total CheckReport) // told after each batch; nil: nobody is
}

// A CheckReport is what came of a check.
type CheckReport struct {
	Opened      uint64            `json:"opened"`
	Resealed    uint64            `json:"resealed"`
	NotOpened   map[Reason]uint64 `json:"not_opened"`
	Unavailable uint64            `json:"unavailable"` // keys whose private key could not be reached: nothing is recorded of them
	Stale       uint64            `json:"stale"`       // keys that changed meanwhile
	Unreadable  uint64            `json:"unreadable"`
	More        bool              `json:"more"` // whether there is more to check
}

func (total *CheckReport) add(batch CheckReport) {
	total.Opened += batch.Opened
	total.Resealed += batch.Resealed
	for reason, count := range batch.NotOpened {
		total.NotOpened[reason] += count
	}
	total.Unavailable += batch.Unavailable
	total.Stale += batch.Stale
	total.Unreadable += batch.Unreadable
	total.More = batch.More
}

// Check opens the keys that are due and records what came of each, a batch after another, until there are no more.
//
// A key that does not open, and a private key that cannot be reached, are no errors: they are in the report. An error comes with what
// was done before it. ResealTo has keys which open sealed anew to its first certificate.
func (e *Escrow) Check(ctx context.Context, keyring *Keyring, options CheckOptions) (CheckReport, error) {
	total := CheckReport{NotOpened: map[Reason]uint64{}}
	for {
		batch, err := e.CheckBatch(ctx, keyring, options)
		if err != nil {
			return total, err
		}
		total.add(batch)
		if options.AfterEachBatch != nil {
			options.AfterEachBatch(total)
		}
		if !batch.More {
			return total, nil
		}
	}
}

// CheckBatch is one batch of [Escrow.Check]; there are more of them while the report says so.
func (e *Escrow) CheckBatch(ctx context.Context, keyring *Keyring, options CheckOptions) (CheckReport, error) {
	resealTo, done, err := options.ResealTo.use()
	if err != nil {
		return CheckReport{}, err
	}
	defer done()
	if keyring == nil {
		return CheckReport{}, ErrClosed
	}
	retry := !options.SkipFailed
	return with(keyring.owner, func(keys native.Keyring) (CheckReport, error) {
		return ask[CheckReport](ctx, e, func(escrow native.Escrow, request string, now int64) (native.Text, native.Error, int32) {
			return native.EscrowCheck(escrow, keys, request, resealTo, now)
		}, struct {
			Devices       uint32 `json:"devices,omitempty"`
			KeysPerDevice uint32 `json:"keys_per_device,omitempty"`
			Workers       int    `json:"workers,omitempty"`
			RetryFailed   bool   `json:"retry_failed"`
			By            string `json:"by,omitempty"`
		}{options.Devices, options.KeysPerDevice, options.Workers, retry, options.By})
	})
}

// A CheckTotal is how much there is to check.
type CheckTotal struct {
	Devices    uint64 `json:"devices"`     // that have keys which are due
	FirstCheck bool   `json:"first_check"` // whether one of the keys was never opened
}

// CheckTotal tells how much there is to check.
func (e *Escrow) CheckTotal(ctx context.Context) (CheckTotal, error) {
	return use(ctx, e, func(escrow native.Escrow, now int64) (CheckTotal, error) {
		return answer[CheckTotal](native.EscrowCheckTotal(escrow, now))
	})
}

// RewrapOptions are how stored keys get another recipient.
type RewrapOptions struct {
	By             string // for the audit
	Batch          int    // envelopes in one batch; 0: 100
	AfterEachBatch func(total RewrapReport)
}

// A RewrapReport is what came of it.
type RewrapReport struct {
	Rewrapped   uint64          `json:"rewrapped"`
	Already     uint64          `json:"already"`
	Quarantined uint64          `json:"quarantined"`
	Unavailable uint64          `json:"unavailable"`
	Failures    []RewrapFailure `json:"failures"`
	Next        string          `json:"next"` // where the batch after this begins; empty: there is none
}

// A RewrapFailure is a key that was not sealed anew.
type RewrapFailure struct {
	Device string `json:"device"`
	Key    string `json:"key"`
	Code   string `json:"code"` // the name of an error
	Reason string `json:"reason"`
}

// Rewrap seals to another certificate as well, the first of to, all keys that are sealed to another known one and not to this, a batch
// after another. A key that fails stops no other. An error comes with what was done before it, and where to go on with [Escrow.RewrapBatch].
//
// [ErrEnvelopeSeal].
func (e *Escrow) Rewrap(ctx context.Context, keyring *Keyring, to *Certificates, options RewrapOptions) (RewrapReport, error) {
	var total RewrapReport
	for {
		batch, err := e.RewrapBatch(ctx, keyring, to, total.Next, options)
		if err != nil {
			return total, err
		}
		total.Rewrapped += batch.Rewrapped
		total.Already += batch.Already
		total.Quarantined += batch.Quarantined
		total.Unavailable += batch.Unavailable
		total.Failures = append(total.Failures, batch.Failures...)
		total.Next = batch.Next
		if options.AfterEachBatch != nil {
			options.AfterEachBatch(total)
		}
		if total.Next == "" {
			return total, nil
		}
	}
}

// RewrapBatch is one batch of [Escrow.Rewrap], behind the Next of the one before; empty: the first.
//
// [ErrMisuse] for a Next that was not handed out.
func (e *Escrow) RewrapBatch(ctx context.Context, keyring *Keyring, to *Certificates, after string, options RewrapOptions) (RewrapReport, error) {
	if keyring == nil || to == nil {
		return RewrapReport{}, ErrClosed
	}
	return with(keyring.owner, func(keys native.Keyring) (RewrapReport, error) {
		return with(to.owner, func(list native.Certificates) (RewrapReport, error) {
			return ask[RewrapReport](ctx, e, func(escrow native.Escrow, request string, now int64) (native.Text, native.Error, int32) {
				return native.EscrowRewrap(escrow, keys, list, request, now)
			}, struct {
				part
				By string `json:"by,omitempty"`
			}{part{after, options.Batch}, options.By})
		})
	})
}
