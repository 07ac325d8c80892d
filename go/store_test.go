package fdescrow

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fdescrow/internal/native"
)

// rowsInMemory is a store of a program's own: every table is a map. It is what a store has to do, and no more.
type rowsInMemory struct {
	mutex  sync.Mutex
	tables map[string]map[string]*heldRow
	places int64
	schema map[string]StoreTable
	clock  time.Duration // what its own clock is ahead
	undo   []func()      // of the change that is being written
}

// heldRow is a row with what is the store's own.
type heldRow struct {
	StoreRow
	place  int64            // in the order of commits
	leases map[string]lease // by the column that they are of
}

type lease struct {
	by    string
	until time.Time
}

func newRowsInMemory() *rowsInMemory {
	store := &rowsInMemory{tables: map[string]map[string]*heldRow{}, schema: map[string]StoreTable{}}
	for _, table := range must(StoreSchema()).Tables {
		store.tables[table.Name], store.schema[table.Name] = map[string]*heldRow{}, table
	}
	return store
}

// name is a key as the key of a map.
func (k StoreKey) name() string { return string(must(json.Marshal(k.Key))) }

func (s *rowsInMemory) row(key StoreKey) *heldRow { return s.tables[key.Table][key.name()] }

// value is that of a column, of the key or not.
func (r *heldRow) value(column string) any {
	if value, is := r.Key[column]; is {
		return value
	}
	return r.Columns[column]
}

func compare(one, other any) int {
	if number, is := one.(int64); is {
		return cmp.Compare(number, other.(int64))
	}
	return strings.Compare(one.(string), other.(string))
}

// matching are the rows of a query, sorted; without its limit and place.
func (s *rowsInMemory) matching(query StoreQuery) (rows []*heldRow) {
	for _, row := range s.tables[query.Table] {
		is := row.value("organization") == query.Organization
		for name, value := range query.Equal {
			is = is && row.value(name) == value
		}
		for _, name := range query.NotNull {
			is = is && row.value(name) != nil
		}
		is = is && (!query.From.IsSet() || compare(row.value(query.Order[0]), query.From.Value) >= 0)
		is = is && (!query.To.IsSet() || compare(row.value(query.Order[0]), query.To.Value) <= 0)
		if is {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(one, other *heldRow) int { return query.sign() * one.compare(other.at(query.Order), query.Order) })
	return rows
}

func (q StoreQuery) sign() int {
	if q.Descending {
		return -1
	}
	return 1
}

// at is the place of a row in an order.
func (r *heldRow) at(order []string) (place []any) {
	for _, name := range order {
		place = append(place, r.value(name))
	}
	return place
}

func (r *heldRow) compare(place []any, order []string) int {
	for at, name := range order {
		if by := compare(r.value(name), place[at]); by != 0 {
			return by
		}
	}
	return 0
}

func copies(rows []*heldRow) (copied []StoreRow) {
	for _, row := range rows {
		copied = append(copied, row.StoreRow)
	}
	return copied
}

func (s *rowsInMemory) Get(key StoreKey) (*StoreRow, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if row := s.row(key); row != nil {
		copied := row.StoreRow
		return &copied, nil
	}
	return nil, nil
}

func (s *rowsInMemory) List(query StoreQuery) ([]StoreRow, bool, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	rows := s.matching(query)
	if query.After != nil {
		rows = slices.DeleteFunc(rows, func(row *heldRow) bool {
			return query.sign()*row.compare(query.After, query.Order) <= 0
		})
	}
	if len(rows) > query.Limit {
		return copies(rows[:query.Limit]), true, nil
	}
	return copies(rows), false, nil
}

func (s *rowsInMemory) Count(query StoreQuery) (int64, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return int64(len(s.matching(query))), nil
}

func (s *rowsInMemory) Claim(claim StoreClaim) ([]StoreRow, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := time.Now().Add(s.clock)
	var order []string
	for _, column := range s.schema[claim.Work.Table].Key {
		order = append(order, column.Name)
	}
	order = append([]string{claim.Work.Due}, order...)
	due := s.matching(StoreQuery{
		Organization: claim.Organization, Table: claim.Work.Table, NotNull: []string{claim.Work.Due}, Order: order, To: StoreBound{claim.Now},
	})
	due = slices.DeleteFunc(due, func(row *heldRow) bool {
		until := row.leases[claim.Work.Holder].until
		// A lease that ends after any that is given was made by a clock that was wrong.
		return until.After(now) && !until.After(now.Add(time.Hour))
	})
	if len(due) > claim.Limit {
		due = due[:claim.Limit]
	}
	for _, row := range due {
		row.leases = maps.Clone(row.leases)
		if row.leases == nil {
			row.leases = map[string]lease{}
		}
		row.leases[claim.Work.Holder] = lease{claim.By, now.Add(time.Duration(claim.LeaseSeconds) * time.Second)}
	}
	return copies(due), nil
}

func (s *rowsInMemory) Release(work StoreWork, by string, keys []StoreKey) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, key := range keys {
		if row := s.row(key); row != nil && row.leases[work.Holder].by == by {
			delete(row.leases, work.Holder)
		}
	}
	return nil
}

func (s *rowsInMemory) revision(key StoreKey) int64 {
	row := s.row(key)
	if row == nil {
		return 0
	}
	revision, _ := row.value("revision").(int64)
	return revision
}

// write writes a row, or removes it, until the change is undone.
func (s *rowsInMemory) write(key StoreKey, row *heldRow) {
	rows, name, was := s.tables[key.Table], key.name(), s.row(key)
	s.undo = append(s.undo, func() {
		if rows[name] = was; was == nil {
			delete(rows, name)
		}
	})
	if rows[name] = row; row == nil {
		delete(rows, name)
	}
}

func (s *rowsInMemory) insert(row StoreRow) error {
	if s.row(row.StoreKey()) != nil {
		return &StoreConflict{Cause: CausePresent, Table: row.Table}
	}
	s.places++
	s.write(row.StoreKey(), &heldRow{StoreRow: row, place: s.places})
	return nil
}

func (s *rowsInMemory) replace(row StoreRow) error {
	there := s.row(row.StoreKey())
	for _, column := range s.schema[row.Table].Columns {
		if there == nil || (column.Fixed && there.Columns[column.Name] != row.Columns[column.Name]) {
			return &StoreConflict{Cause: CauseAbsent, Table: row.Table}
		}
	}
	bytes := there.Bytes // are never changed
	replaced := *there
	replaced.StoreRow, replaced.Bytes = row, bytes
	s.write(row.StoreKey(), &replaced)
	return nil
}

func (s *rowsInMemory) Commit(change *StoreChange) (int64, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if before := s.row(change.ChangeRow.StoreKey()); before != nil {
		if before.Columns["device"] != change.ChangeRow.Columns["device"] {
			return 0, ErrMisuse
		}
		return s.revision(before.StoreKey()), nil
	}
	s.undo = nil
	if err := s.apply(change); err != nil {
		slices.Reverse(s.undo)
		for _, undo := range s.undo {
			undo()
		}
		var conflict *StoreConflict
		if errors.As(err, &conflict) {
			conflict.Current = s.revision(change.SubjectRow.StoreKey())
		}
		return 0, err
	}
	return change.Revision, nil
}

func (s *rowsInMemory) apply(change *StoreChange) error {
	subject := change.SubjectRow
	if s.revision(subject.StoreKey()) != change.Expected {
		return &StoreConflict{Cause: CauseRevision}
	}
	for _, guard := range change.Guards {
		holds := guard.Absent == nil || len(s.matching(*guard.Absent)) == 0
		if guard.Revision != nil {
			holds = s.revision(guard.Revision.Of) == guard.Revision.Is
		}
		if !holds {
			return &StoreConflict{Cause: CauseGuard}
		}
	}
	write := s.replace
	if change.Expected == 0 {
		write = s.insert
	}
	if err := write(subject); err != nil {
		return err
	}
	free := *s.row(subject.StoreKey())
	free.leases = nil
	s.write(subject.StoreKey(), &free)
	for _, edit := range change.Edits {
		if err := s.edit(edit); err != nil {
			return err
		}
	}
	return s.insert(change.ChangeRow)
}

func (s *rowsInMemory) edit(edit StoreEdit) error {
	var key StoreKey
	switch {
	case edit.Insert != nil:
		return s.insert(*edit.Insert)
	case edit.Replace != nil:
		key = edit.Replace.StoreKey()
	case edit.Put != nil:
		key = edit.Put.StoreKey()
	case edit.Delete != nil:
		key = *edit.Delete
	case edit.Clear != nil:
		key = *edit.Clear
	}
	if s.schema[key.Table].Ordered {
		return ErrMisuse
	}
	if edit.Replace != nil {
		return s.replace(*edit.Replace)
	}
	if edit.Delete != nil && s.row(key) == nil {
		return &StoreConflict{Cause: CauseAbsent, Table: key.Table}
	}
	s.write(key, nil)
	if edit.Put != nil {
		return s.insert(*edit.Put)
	}
	return nil
}

func (s *rowsInMemory) Committed(organization, change string) (int64, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.revision(StoreKey{"changes", StoreValues{"organization": organization, "change_id": change}}), nil
}

func (s *rowsInMemory) Events(organization, after string, limit int) (StoreEvents, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	place := int64(0)
	if after != "" {
		var err error
		if place, err = strconv.ParseInt(after, 10, 64); err != nil || place < 0 || after[0] == '+' {
			return StoreEvents{}, ErrMisuse
		}
	}
	rows := s.matching(StoreQuery{Organization: organization, Table: "audit"})
	rows = slices.DeleteFunc(rows, func(row *heldRow) bool { return row.place <= place })
	slices.SortFunc(rows, func(one, other *heldRow) int { return cmp.Compare(one.place, other.place) })
	page := StoreEvents{Next: after}
	for _, row := range rows[:min(limit, len(rows))] {
		page.Next = strconv.FormatInt(row.place, 10)
		page.Events = append(page.Events, StoreEvent{page.Next, row.StoreRow})
	}
	return page, nil
}

func (s *rowsInMemory) Snapshot(organization string, tables []string, visit func(StoreRow) bool) error {
	var rows []StoreRow
	s.mutex.Lock()
	for _, name := range tables {
		var order []string
		for _, column := range s.schema[name].Key {
			order = append(order, column.Name)
		}
		rows = append(rows, copies(s.matching(StoreQuery{Organization: organization, Table: name, Order: order}))...)
	}
	s.mutex.Unlock()
	for _, row := range rows {
		if !visit(row) {
			break
		}
	}
	return nil
}

// batching is the same with changes that are written together.
type batching struct{ *rowsInMemory }

func (s batching) CommitBatch(changes []StoreChange) (revisions []int64, failures []error, err error) {
	for at := range changes {
		revision, err := s.Commit(&changes[at])
		revisions, failures = append(revisions, revision), append(failures, err)
	}
	return revisions, failures, nil
}

func TestAStoreOfAProgramsOwnKeepsEveryPromise(t *testing.T) {
	only, promises := "", 30
	if testing.Short() {
		only, promises = "a_released_row_is_free", 1
	}
	for _, together := range []bool{false, true} {
		before := native.Registered()
		var last *rowsInMemory
		outcomes := must(StoreConformance(StoreFixture{
			Open: func(again bool) (Store, error) {
				if !again || last == nil {
					last = newRowsInMemory()
				}
				if together {
					return batching{last}, nil
				}
				return last, nil
			},
			Wait: func(passed time.Duration) {
				last.mutex.Lock()
				defer last.mutex.Unlock()
				last.clock += passed
			},
		}, only))
		if len(outcomes) < promises {
			t.Error("so few promises:", len(outcomes))
		}
		for _, outcome := range outcomes {
			if !outcome.Passed {
				t.Errorf("%s: %s: %s", outcome.Case, outcome.Promise, outcome.Problem)
			}
		}
		if native.Registered() != before {
			t.Error("the library still holds stores")
		}
	}
}

// forgetful is a store that breaks a promise: what is committed is not there.
type forgetful struct{ *rowsInMemory }

func (forgetful) Committed(string, string) (int64, error) { return 0, nil }

func TestAStoreThatBreaksAPromiseIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs every case")
	}
	fixture := StoreFixture{Open: func(bool) (Store, error) { return forgetful{newRowsInMemory()}, nil }}
	broken, outcomes := 0, must(StoreConformance(fixture, ""))
	for _, outcome := range outcomes {
		if !outcome.Passed {
			if broken++; outcome.Problem == "" {
				t.Errorf("%+v", outcome)
			}
		}
	}
	if broken == 0 {
		t.Fatal("nothing was found")
	}
	if _, err := StoreConformance(fixture, "no such case"); !errors.Is(err, ErrMisuse) {
		t.Fatal(err)
	}
	if _, err := StoreConformance(StoreFixture{}, ""); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	nowhere := errors.New("there is no disk")
	fixture.Open = func(bool) (Store, error) { return nil, nowhere }
	if outcomes, err := StoreConformance(fixture, outcomes[0].Case); !errors.Is(err, nowhere) || outcomes[0].Passed {
		t.Fatal(err)
	}
}

// failing is a store that answers an error, or panics.
type failing struct {
	*rowsInMemory
	err error
}

func (f *failing) fail() error {
	if f.err == errPanic {
		panic("the store panics")
	}
	return f.err
}

var errPanic = errors.New("panic")

func (f *failing) Get(key StoreKey) (*StoreRow, error) {
	if err := f.fail(); err != nil {
		return nil, err
	}
	return f.rowsInMemory.Get(key)
}

func (f *failing) Commit(change *StoreChange) (int64, error) {
	if err := f.fail(); err != nil {
		return 0, err
	}
	return f.rowsInMemory.Commit(change)
}

func TestAnEscrowOverAStoreOfAProgramsOwn(t *testing.T) {
	f := newFlow(t, "memory:")
	store := &failing{rowsInMemory: newRowsInMemory()}
	before := native.Registered()
	escrow := must(OpenStore(store, "example.com", WithCertificates(f.certificates), WithClock(f.clock.time)))
	f.escrow.Close()
	f.escrow = escrow
	var keys []*Key
	for number := range 5 {
		key, der := f.sealed()
		keys = append(keys, key)
		must(escrow.Receive(f.ctx, Sealed(fmt.Sprint("MAC-", number), FileVault, der).By("orbit")))
	}
	if report := must(escrow.Check(f.ctx, f.keyring, CheckOptions{Workers: 4})); report.Opened != 5 {
		t.Fatal(report)
	}
	revealed := must(escrow.Reveal(f.ctx, Reveal{Device: "MAC-3", By: "ana", Reason: "test"}, f.keyring))
	if shown(t, revealed.Use) != shown(t, keys[3].Use) {
		t.Fatal("another key was revealed")
	}
	if report := must(escrow.VerifyAudit(f.ctx, nil, nil)); report.Entries == 0 || !report.Intact {
		t.Fatal(report)
	}
	// A body with an integer that no float64 has comes back as it was.
	if _, is := must(store.Get(StoreKey{"devices", StoreValues{"organization": "example.com", "device": "MAC-3"}})).Columns["revision"].(int64); !is {
		t.Fatal("a revision is no int64")
	}

	for _, err := range []Code{ErrStoreConflict, ErrStoreUnknown, ErrStoreCorrupt, ErrStoreSchema, ErrStoreDurability, ErrMisuse, ErrStoreUnavailable} {
		store.err = fmt.Errorf("wrapped: %w", err)
		key, der := f.sealed()
		key.Close()
		if _, got := escrow.Receive(f.ctx, Sealed("MAC-1", FileVault, der).By("orbit")); !errors.Is(got, err) && !errors.Is(got, ErrStoreUnavailable) {
			t.Error(err, got)
		}
	}
	for _, err := range []error{errors.New("another error"), errPanic} {
		store.err = err
		if _, got := escrow.Device(f.ctx, "MAC-1"); !errors.Is(got, ErrStoreUnavailable) {
			t.Error(err, got)
		}
	}
	store.err = nil
	if device := must(escrow.Device(f.ctx, "MAC-1")); device.Keys != 1 {
		t.Fatal(device)
	}
	escrow.Close()
	for range 100 {
		runtime.GC()
		if native.Registered() == before {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if native.Registered() != before {
		t.Fatal("the library still holds the store")
	}
	if _, err := OpenStore(nil, "example.com"); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if _, err := OpenStore(store, ""); err == nil {
		t.Fatal("there is no such organization")
	}
}

func TestValuesOfRowsAreWhatTheyWere(t *testing.T) {
	var values StoreValues
	done(json.Unmarshal([]byte(`{"a":9007199254740993,"b":"text","c":null}`), &values))
	if values["a"] != int64(9007199254740993) || values["b"] != "text" || values["c"] != nil || len(values) != 3 {
		t.Fatal(values)
	}
	for _, wrong := range []string{`{"a":1.5}`, `{"a":[]}`, `{"a":true}`, `[]`} {
		if err := json.Unmarshal([]byte(wrong), &values); err == nil {
			t.Error(wrong, values)
		}
	}
	empty := []byte{}
	row := StoreRow{Table: "envelopes", Bytes: &empty}
	if document := string(must(json.Marshal(row))); !strings.Contains(document, `"bytes":""`) || strings.Contains(document, "body") {
		t.Fatal(document)
	}
}
