package fdescrow

import (
	"context"

	"fdescrow/internal/native"
)

// A Summary is an organization at a glance.
type Summary struct {
	Devices     uint64            `json:"devices"`
	Status      map[Status]uint64 `json:"status"`    // devices of each, as they were judged last
	Keys        uint64            `json:"keys"`      // retired and quarantined ones included
	CheckDue    uint64            `json:"check_due"` // devices that have keys to be checked by now
	Problems    map[Reason]uint64 `json:"problems"`  // keys that are known not to work
	Quarantined uint64            `json:"quarantined"`
}

// Summary tells of the organization at a glance.
func (e *Escrow) Summary(ctx context.Context) (Summary, error) {
	return use(ctx, e, func(escrow native.Escrow, now int64) (Summary, error) {
		return answer[Summary](native.EscrowSummary(escrow, now))
	})
}

// A Selection is which devices: all, or those with one status, one first reason, or of one group; one of these.
type Selection struct {
	Status Status `json:"status,omitempty"`
	Reason Reason `json:"reason,omitempty"`
	Group  string `json:"group,omitempty"`
}

// Devices are the devices of a selection. [ErrMisuse] if it selects by more than one thing.
func (e *Escrow) Devices(ctx context.Context, among Selection) List[DeviceReport] {
	return list[DeviceReport](ctx, e, native.EscrowList, func(p part) any {
		return struct {
			Selection
			part
		}{among, p}
	})
}

// Count is how many devices a selection has.
func (e *Escrow) Count(ctx context.Context, among Selection) (uint64, error) {
	counted, err := ask[counted](ctx, e, native.EscrowCount, among)
	return counted.Count, err
}

type counted struct {
	Count uint64 `json:"count"`
}

// An Undecryptable is a key that is known not to work.
type Undecryptable struct {
	Device string `json:"device"`
	Key    string `json:"key"`
	Place
	Reason     Reason      `json:"reason"`
	Meaning    string      `json:"meaning"` // in one sentence
	Remedy     string      `json:"remedy"`  // what to do, in one sentence
	Inspection *Inspection `json:"inspection"`
}

// Undecryptable are the keys that are known not to work.
func (e *Escrow) Undecryptable(ctx context.Context) List[Undecryptable] {
	return list[Undecryptable](ctx, e, native.EscrowUndecryptable, plain)
}

// An AssessReport is what came of judging devices anew.
type AssessReport struct {
	Judged     uint64 `json:"judged"`
	Unreadable uint64 `json:"unreadable"`

	More bool   `json:"more"`
	Next string `json:"next"`
}

// AssessDue judges the devices anew whose time has come, a batch after another, until there are no more.
func (e *Escrow) AssessDue(ctx context.Context, by string) (AssessReport, error) {
	var total AssessReport
	for {
		report, err := ask[AssessReport](ctx, e, native.EscrowAssessDue, partBy{By: by})
		total.Judged += report.Judged
		total.Unreadable += report.Unreadable
		if err != nil || !report.More {
			return total, err
		}
	}
}

// AssessChanged judges all devices anew after a change of the policy, a page after another.
func (e *Escrow) AssessChanged(ctx context.Context, by string) (AssessReport, error) {
	var total AssessReport
	for after := ""; ; {
		report, err := ask[AssessReport](ctx, e, native.EscrowAssessChanged, partBy{part{After: after}, by})
		total.Judged += report.Judged
		total.Unreadable += report.Unreadable
		if after = report.Next; err != nil || after == "" {
			return total, err
		}
	}
}
