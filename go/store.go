package fdescrow

import (
	"errors"
	"time"

	"fdescrow/internal/native"
)

// A Store remembers rows in a database of yours, for [OpenStore]. docs/storage.md has its promises, [StoreConformance] tries to break
// each of them, and [StoreSchema] tells the tables.
//
// Its methods are called from several goroutines at once, and from threads that are not Go's. An error is taken by its number:
// [ErrStoreUnavailable], [ErrStoreCorrupt], [ErrStoreSchema], [ErrStoreDurability] or [ErrMisuse], wrapped or not; any other one means
// unavailable. A panic, too, and in the middle of a change that it is not known whether it was stored.
type Store interface {
	// Get reads one row; nil if it is not there.
	Get(key StoreKey) (*StoreRow, error)
	// List reads at most query.Limit rows by an index, and tells whether there are further ones.
	List(query StoreQuery) (rows []StoreRow, more bool, err error)
	// Count counts rows; limit and place are not looked at.
	Count(query StoreQuery) (int64, error)
	// Claim takes rows that are due, for one holder and a time.
	Claim(claim StoreClaim) ([]StoreRow, error)
	// Release gives claimed rows back.
	Release(work StoreWork, by string, keys []StoreKey) error
	// Commit writes a change, all of it and durably, or nothing, and tells the revision. A *[StoreConflict] if what it builds on is not so;
	// [ErrStoreUnknown] if it is not known whether it was stored. A change that was committed before is not written again.
	Commit(change *StoreChange) (revision int64, err error)
	// Committed is the revision of a change that was committed; 0 if it was not.
	Committed(organization, change string) (revision int64, err error)
	// Events reads audit entries in the order of their commits.
	Events(organization, after string, limit int) (StoreEvents, error)
	// Snapshot shows tables as they were at one moment, row by row, until visit is false.
	Snapshot(organization string, tables []string, visit func(StoreRow) bool) error
}

// A StoreBatch is a [Store] that writes several changes at once, each for itself; errors has one place for each.
type StoreBatch interface {
	Store
	CommitBatch(changes []StoreChange) (revisions []int64, errors []error, err error)
}

// A StoreConflict is why a change was not stored.
type StoreConflict struct {
	Cause   StoreCause
	Table   string // of the row, for [CauseAbsent] and [CausePresent]
	Current int64  // the revision of the subject; 0 if it is not there
}

// A StoreCause is what a change built on that is not so.
type StoreCause string

const (
	CauseAbsent   StoreCause = "absent"   // a row that it changes is not there, or differs in a column that never changes
	CauseGuard    StoreCause = "guard"    // one of its guards does not hold
	CausePresent  StoreCause = "present"  // a row that it adds is there
	CauseRevision StoreCause = "revision" // the subject has another revision
)

// Error is what happened.
func (c *StoreConflict) Error() string {
	return "fdescrow: a conflict in the store: " + string(c.Cause)
}

// Is tells whether target is [ErrStoreConflict].
func (c *StoreConflict) Is(target error) bool { return target == ErrStoreConflict }

// A StoreKey says which row.
type StoreKey struct {
	Table string      `json:"table"`
	Key   StoreValues `json:"key"`
}

// A StoreRow is a row.
type StoreRow struct {
	Table   string      `json:"table"`
	Key     StoreValues `json:"key"`
	Columns StoreValues `json:"columns"`
	// Body is kept byte for byte; nil where the table has none.
	Body *string `json:"body,omitempty"`
	// Bytes is nil where the table has none; empty is something else.
	Bytes *[]byte `json:"bytes,omitempty"`
}

// StoreKey is the key of the row.
func (r StoreRow) StoreKey() StoreKey { return StoreKey{r.Table, r.Key} }

// StoreValues are values by the names of their columns: int64, string, or nil for an empty one.
type StoreValues map[string]any

// A StoreQuery asks for rows of an organization by an index.
type StoreQuery struct {
	Organization string      `json:"organization"`
	Table        string      `json:"table"`
	Index        string      `json:"index"`
	Equal        StoreValues `json:"equal"`      // columns and their values
	NotNull      []string    `json:"not_null"`   // columns that must not be empty
	Order        []string    `json:"order"`      // columns to sort by; none: there is at most one row
	From         StoreBound  `json:"from"`       // the least value of the first of Order
	To           StoreBound  `json:"to"`         // the greatest one
	After        StoreCursor `json:"after"`      // the values of Order in the last row of the page before; nil: the first page
	Descending   bool        `json:"descending"` // the order is turned around
	Limit        int         `json:"limit"`
}

// A StoreWork is what can be claimed.
type StoreWork struct {
	Table  string `json:"table"`
	Due    string `json:"due"`    // the column that tells when
	Holder string `json:"holder"` // a column of the store's own: who has it
	Until  string `json:"until"`  // a column of the store's own: how long
}

// A StoreClaim takes rows that are due.
type StoreClaim struct {
	Organization string    `json:"organization"`
	Work         StoreWork `json:"work"`
	By           string    `json:"by"`
	Limit        int       `json:"limit"`
	LeaseSeconds int64     `json:"lease_seconds"`
	Now          int64     `json:"now"` // what is due is due at this time; leases go by the store's own clock
}

// A StoreChange is written as a whole, or not at all.
type StoreChange struct {
	Change       string       `json:"change"` // its id
	Organization string       `json:"organization"`
	Expected     int64        `json:"expected"`    // the revision that the subject must have; 0: it must not be there
	Revision     int64        `json:"revision"`    // the one that it gets
	SubjectRow   StoreRow     `json:"subject_row"` // with the new revision; a claim of it ends
	ChangeRow    StoreRow     `json:"change_row"`  // remembers the change
	Guards       []StoreGuard `json:"guards"`      // all of them must hold
	Edits        []StoreEdit  `json:"edits"`       // in this order
}

// A StoreGuard must hold for a change to be stored: one of the two.
type StoreGuard struct {
	Absent   *StoreQuery    `json:"absent"`   // there is no such row
	Revision *StoreRevision `json:"revision"` // this row has this revision
}

// A StoreRevision is the revision of a row; 0: it is not there.
type StoreRevision struct {
	Of StoreKey `json:"of"`
	Is int64    `json:"is"`
}

// A StoreEdit is a change of one row: one of the five.
type StoreEdit struct {
	Insert  *StoreRow `json:"insert"`  // it must not be there
	Replace *StoreRow `json:"replace"` // it must be there, with the same values in columns that never change
	Put     *StoreRow `json:"put"`     // whether it is there or not
	Delete  *StoreKey `json:"delete"`  // it must be there
	Clear   *StoreKey `json:"clear"`   // whether it is there or not
}

// StoreEvents are audit entries in the order of their commits.
type StoreEvents struct {
	Events []StoreEvent `json:"events"`
	Next   string       `json:"next"` // where the next ones begin
}

// A StoreEvent is an audit entry and its place.
type StoreEvent struct {
	Cursor string   `json:"cursor"`
	Row    StoreRow `json:"row"`
}

// OpenStore opens the keys of an organization in a store of your own, which must be good until the escrow was closed.
//
// [ErrIDInvalid], [ErrMACKeySyntax], and those that the store answers.
func OpenStore(store Store, organization string, options ...Option) (*Escrow, error) {
	if err := load(); err != nil {
		return nil, err
	}
	if store == nil {
		return nil, ErrClosed
	}
	handle, failure, result := native.StoreCustom(methodsOf(store))
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	// The escrow goes on with it.
	defer native.StoreFree(handle)
	return settingsOf(organization, options).open(handle)
}

// StoreTables are the tables that a [Store] keeps.
type StoreTables struct {
	Version int          `json:"version"`
	Tables  []StoreTable `json:"tables"`
}

// A StoreTable is a table.
type StoreTable struct {
	Name    string        `json:"name"`
	Key     []StoreColumn `json:"key"`
	Columns []StoreColumn `json:"columns"`
	Body    bool          `json:"body"`    // whether its rows have a body
	Bytes   bool          `json:"bytes"`   // whether its rows have bytes
	Ordered bool          `json:"ordered"` // whether its rows are only added, and read in the order of their commits
	Indexes []StoreIndex  `json:"indexes"`
	Works   []StoreWork   `json:"works"`
}

// A StoreColumn is a column.
type StoreColumn struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"` // integer, text
	Nullable bool   `json:"nullable"`
	Fixed    bool   `json:"fixed"` // never changed in a row that is there
}

// A StoreIndex is an index: rows whose columns of NotNull are not empty, in this order.
type StoreIndex struct {
	Name    string   `json:"name"`
	Order   []string `json:"order"`
	NotNull []string `json:"not_null"`
}

// StoreSchema tells the tables that a [Store] keeps.
func StoreSchema() (StoreTables, error) {
	if err := load(); err != nil {
		return StoreTables{}, err
	}
	return answer[StoreTables](native.StoreSchema())
}

// A StoreFixture opens stores for [StoreConformance].
type StoreFixture struct {
	// Open is an empty store, or, where again is true, the one that was opened last as another process would find it.
	Open func(again bool) (Store, error)
	// Wait lets the store's own clock go on; nil if it has none: then what waits for a lease fails.
	Wait func(passed time.Duration)
}

// A StoreOutcome tells whether a store kept a promise.
type StoreOutcome struct {
	Case    string `json:"case"`
	Promise string `json:"promise"`
	Passed  bool   `json:"passed"`
	Problem string `json:"problem"`
}

// StoreConformance tries to break each promise of a [Store], or that of one case: for the tests of the store. Package storetest runs it.
//
// [ErrMisuse] if there is no such case.
func StoreConformance(fixture StoreFixture, caseName string) ([]StoreOutcome, error) {
	if err := load(); err != nil {
		return nil, err
	}
	if fixture.Open == nil {
		return nil, ErrClosed
	}
	var causes []error
	factory := &native.StoreFactory{
		Open: func(again bool) *native.StoreMethods {
			store, err := fixture.Open(again)
			if err != nil || store == nil {
				causes = append(causes, err)
				return nil
			}
			return methodsOf(store)
		},
		Wait: func(seconds uint32) {
			if fixture.Wait != nil {
				fixture.Wait(time.Duration(seconds) * time.Second)
			}
		},
	}
	outcomes, err := answer[[]StoreOutcome](native.StoreConformance(factory, caseName))
	return outcomes, errors.Join(append(causes, err)...)
}
