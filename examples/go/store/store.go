// Package store is a store of a program's own: the tables of the library in a database of database/sql, here in the words of SQLite.
//
// It knows no table by name: what there is, the library says. docs/storage.md has the promises that it keeps, and its tests try to break
// each of them.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fdescrow"
)

// A Store has its tables in a database.
type Store struct {
	database *sql.DB
	tables   map[string]fdescrow.StoreTable
	now      func() time.Time
}

// New makes the tables where they are not there yet. now is the clock that leases go by; nil: the system's.
//
// Every connection of the database must wait for a lock and write durably: busy_timeout, journal_mode WAL, synchronous FULL.
func New(database *sql.DB, now func() time.Time) (*Store, error) {
	schema, err := fdescrow.StoreSchema()
	if err != nil {
		return nil, err
	}
	store := &Store{database: database, tables: map[string]fdescrow.StoreTable{}, now: now}
	if now == nil {
		store.now = time.Now
	}
	for _, table := range schema.Tables {
		store.tables[table.Name] = table
		for _, statement := range statements(table) {
			if _, err := database.Exec(statement); err != nil {
				return nil, err
			}
		}
	}
	return store, nil
}

// statements make a table and its indexes.
func statements(table fdescrow.StoreTable) []string {
	kinds := map[string]string{"integer": "INTEGER", "text": "TEXT"}
	var columns []string
	key := "PRIMARY KEY"
	if table.Ordered {
		// Places rise in the order of commits, for only one writes at a time.
		columns, key = append(columns, "place INTEGER PRIMARY KEY AUTOINCREMENT"), "UNIQUE"
	}
	for _, column := range append(append([]fdescrow.StoreColumn{}, table.Key...), table.Columns...) {
		columns = append(columns, column.Name+" "+kinds[column.Kind])
	}
	if table.Body {
		columns = append(columns, "body TEXT")
	}
	if table.Bytes {
		columns = append(columns, "bytes BLOB")
	}
	for _, work := range table.Works {
		columns = append(columns, work.Holder+" TEXT", work.Until+" INTEGER")
	}
	columns = append(columns, fmt.Sprintf("%s (%s)", key, strings.Join(names(table.Key), ", ")))
	made := []string{fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s)", table.Name, strings.Join(columns, ", "))}
	for _, index := range table.Indexes {
		if len(index.Order) > 0 {
			made = append(made, fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s_%s ON %s (%s)", table.Name, index.Name, table.Name, strings.Join(index.Order, ", ")))
		}
	}
	return made
}

func names(columns []fdescrow.StoreColumn) (all []string) {
	for _, column := range columns {
		all = append(all, column.Name)
	}
	return all
}

// runner is a database, or one connection of it in the middle of a transaction.
type runner interface {
	ExecContext(ctx context.Context, statement string, arguments ...any) (sql.Result, error)
	QueryContext(ctx context.Context, statement string, arguments ...any) (*sql.Rows, error)
}

var ctx = context.Background()

// alone runs what writes, while nobody else does, and keeps it if there is no error.
func (s *Store) alone(write func(runner) error) error {
	connection, err := s.database.Conn(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := connection.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := write(connection); err != nil {
		if _, stuck := connection.ExecContext(ctx, "ROLLBACK"); stuck != nil {
			return errors.Join(stuck, err)
		}
		return err
	}
	if _, err := connection.ExecContext(ctx, "COMMIT"); err != nil {
		_, _ = connection.ExecContext(ctx, "ROLLBACK")
		// The disk may have it.
		return fmt.Errorf("%w: %w", fdescrow.ErrStoreUnknown, err)
	}
	return nil
}

// rows are those of a statement that selects everything of a table; visit may end it.
func (s *Store) rows(from runner, table, where string, arguments []any, visit func(row fdescrow.StoreRow, place int64) bool) error {
	description := s.tables[table]
	columns := append(names(description.Key), names(description.Columns)...)
	if description.Body {
		columns = append(columns, "body")
	}
	if description.Bytes {
		columns = append(columns, "bytes")
	}
	if description.Ordered {
		columns = append(columns, "place")
	}
	found, err := from.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE %s", strings.Join(columns, ", "), table, where), arguments...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for at := range values {
			into[at] = &values[at]
		}
		if err := found.Scan(into...); err != nil {
			return err
		}
		row, place := rowOf(description, values)
		if !visit(row, place) {
			break
		}
	}
	return errors.Join(found.Err(), found.Close())
}

func rowOf(table fdescrow.StoreTable, values []any) (row fdescrow.StoreRow, place int64) {
	row = fdescrow.StoreRow{Table: table.Name, Key: fdescrow.StoreValues{}, Columns: fdescrow.StoreValues{}}
	next := func() any {
		value := values[0]
		values = values[1:]
		return value
	}
	for _, column := range table.Key {
		row.Key[column.Name] = content(next())
	}
	for _, column := range table.Columns {
		row.Columns[column.Name] = content(next())
	}
	if table.Body {
		if body, is := content(next()).(string); is {
			row.Body = &body
		}
	}
	if table.Bytes {
		bytes, _ := next().([]byte)
		bytes = append([]byte{}, bytes...)
		row.Bytes = &bytes
	}
	if table.Ordered {
		place, _ = next().(int64)
	}
	return row, place
}

// content is what a column holds: some drivers give a text as bytes.
func content(value any) any {
	if bytes, is := value.([]byte); is {
		return string(bytes)
	}
	return value
}

// byKey is what finds one row.
func byKey(key fdescrow.StoreKey) (where string, arguments []any) {
	var terms []string
	for name, value := range key.Key {
		terms, arguments = append(terms, name+" = ?"), append(arguments, value)
	}
	return strings.Join(terms, " AND "), arguments
}

func (s *Store) find(from runner, key fdescrow.StoreKey) (row *fdescrow.StoreRow, err error) {
	where, arguments := byKey(key)
	err = s.rows(from, key.Table, where, arguments, func(found fdescrow.StoreRow, _ int64) bool {
		row = &found
		return false
	})
	return row, err
}

// where is what a query asks for, but for its limit and place.
func where(query fdescrow.StoreQuery) (terms []string, arguments []any) {
	terms, arguments = []string{"organization = ?"}, []any{query.Organization}
	for name, value := range query.Equal {
		terms, arguments = append(terms, name+" = ?"), append(arguments, value)
	}
	for _, name := range query.NotNull {
		terms = append(terms, name+" IS NOT NULL")
	}
	if query.From.IsSet() {
		terms, arguments = append(terms, query.Order[0]+" >= ?"), append(arguments, query.From.Value)
	}
	if query.To.IsSet() {
		terms, arguments = append(terms, query.Order[0]+" <= ?"), append(arguments, query.To.Value)
	}
	return terms, arguments
}

// Get reads one row.
func (s *Store) Get(key fdescrow.StoreKey) (*fdescrow.StoreRow, error) {
	return s.find(s.database, key)
}

// List reads rows by an index.
func (s *Store) List(query fdescrow.StoreQuery) (rows []fdescrow.StoreRow, more bool, err error) {
	terms, arguments := where(query)
	direction, operator := "", ">"
	if query.Descending {
		direction, operator = " DESC", "<"
	}
	switch {
	case query.After == nil:
	case len(query.Order) == 0:
		terms = append(terms, "0") // there is one row at most
	default:
		places := strings.TrimSuffix(strings.Repeat("?, ", len(query.Order)), ", ")
		terms = append(terms, fmt.Sprintf("(%s) %s (%s)", strings.Join(query.Order, ", "), operator, places))
		arguments = append(arguments, query.After...)
	}
	condition := strings.Join(terms, " AND ")
	if len(query.Order) > 0 {
		condition += " ORDER BY " + strings.Join(query.Order, direction+", ") + direction
	}
	err = s.rows(s.database, query.Table, condition+" LIMIT ?", append(arguments, query.Limit+1), func(row fdescrow.StoreRow, _ int64) bool {
		if more = len(rows) == query.Limit; !more {
			rows = append(rows, row)
		}
		return !more
	})
	return rows, more, err
}

// Count counts rows.
func (s *Store) Count(query fdescrow.StoreQuery) (int64, error) { return count(s.database, query) }

func count(from runner, query fdescrow.StoreQuery) (counted int64, err error) {
	terms, arguments := where(query)
	found, err := from.QueryContext(ctx, fmt.Sprintf("SELECT count(*) FROM %s WHERE %s", query.Table, strings.Join(terms, " AND ")), arguments...)
	if err != nil {
		return 0, err
	}
	defer found.Close()
	found.Next()
	return counted, errors.Join(found.Scan(&counted), found.Close())
}

// Claim takes rows that are due.
func (s *Store) Claim(claim fdescrow.StoreClaim) (rows []fdescrow.StoreRow, err error) {
	work, now := claim.Work, s.now().Unix()
	err = s.alone(func(connection runner) error {
		// A lease that ends after any that is given was made by a clock that was wrong.
		condition := fmt.Sprintf("organization = ? AND %s IS NOT NULL AND %s <= ? AND (%s IS NULL OR %s <= ? OR %s > ?) ORDER BY %s LIMIT ?",
			work.Due, work.Due, work.Holder, work.Until, work.Until, strings.Join(append([]string{work.Due}, names(s.tables[work.Table].Key)...), ", "))
		arguments := []any{claim.Organization, claim.Now, now, now + 3600, claim.Limit}
		if err := s.rows(connection, work.Table, condition, arguments, func(row fdescrow.StoreRow, _ int64) bool {
			rows = append(rows, row)
			return true
		}); err != nil {
			return err
		}
		for _, row := range rows {
			where, arguments := byKey(row.StoreKey())
			statement := fmt.Sprintf("UPDATE %s SET %s = ?, %s = ? WHERE %s", work.Table, work.Holder, work.Until, where)
			if _, err := connection.ExecContext(ctx, statement, append([]any{claim.By, now + claim.LeaseSeconds}, arguments...)...); err != nil {
				return err
			}
		}
		return nil
	})
	return rows, err
}

// Release gives claimed rows back.
func (s *Store) Release(work fdescrow.StoreWork, by string, keys []fdescrow.StoreKey) error {
	return s.alone(func(connection runner) error {
		for _, key := range keys {
			where, arguments := byKey(key)
			statement := fmt.Sprintf("UPDATE %s SET %s = NULL, %s = NULL WHERE %s AND %s = ?", key.Table, work.Holder, work.Until, where, work.Holder)
			if _, err := connection.ExecContext(ctx, statement, append(arguments, by)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// Committed is the revision of a change.
func (s *Store) Committed(organization, change string) (int64, error) {
	key := fdescrow.StoreValues{"organization": organization, "change_id": change}
	return s.revision(s.database, fdescrow.StoreKey{Table: "changes", Key: key})
}

// Events reads audit entries in the order of their commits.
func (s *Store) Events(organization, after string, limit int) (fdescrow.StoreEvents, error) {
	events := fdescrow.StoreEvents{Next: after}
	var from uint64
	if after != "" {
		var err error
		if from, err = strconv.ParseUint(after, 10, 63); err != nil {
			return events, fdescrow.ErrMisuse
		}
	}
	err := s.rows(s.database, "audit", "organization = ? AND place > ? ORDER BY place LIMIT ?", []any{organization, int64(from), limit},
		func(row fdescrow.StoreRow, place int64) bool {
			events.Next = strconv.FormatInt(place, 10)
			events.Events = append(events.Events, fdescrow.StoreEvent{Cursor: events.Next, Row: row})
			return true
		})
	return events, err
}

// Snapshot shows tables as they were at one moment.
func (s *Store) Snapshot(organization string, tables []string, visit func(fdescrow.StoreRow) bool) error {
	connection, err := s.database.Conn(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := connection.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	wanted := true
	for _, table := range tables {
		order := strings.Join(names(s.tables[table].Key), ", ")
		err := s.rows(connection, table, "organization = ? ORDER BY "+order, []any{organization}, func(row fdescrow.StoreRow, _ int64) bool {
			wanted = visit(row)
			return wanted
		})
		if err != nil || !wanted {
			_, stuck := connection.ExecContext(ctx, "ROLLBACK")
			return errors.Join(err, stuck)
		}
	}
	_, err = connection.ExecContext(ctx, "COMMIT")
	return err
}
