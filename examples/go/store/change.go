package store

import (
	"errors"
	"fmt"
	"strings"

	"fdescrow"
)

// Commit writes a change, all of it or nothing.
func (s *Store) Commit(change *fdescrow.StoreChange) (revision int64, err error) {
	err = s.alone(func(connection runner) error {
		before, err := s.find(connection, change.ChangeRow.StoreKey())
		if err != nil {
			return err
		}
		if before != nil {
			// It was committed before, or another change has its id.
			if before.Columns["device"] != change.ChangeRow.Columns["device"] {
				return fdescrow.ErrMisuse
			}
			revision, _ = before.Columns["revision"].(int64)
			return nil
		}
		revision = change.Revision
		err = s.apply(connection, change)
		var conflict *fdescrow.StoreConflict
		if errors.As(err, &conflict) {
			// As it was before the change: the subject is written last.
			current, unread := s.revision(connection, change.SubjectRow.StoreKey())
			conflict.Current = current
			return errors.Join(conflict, unread)
		}
		return err
	})
	return revision, err
}

// revision is that of a row; 0 if it is not there.
func (s *Store) revision(from runner, key fdescrow.StoreKey) (int64, error) {
	row, err := s.find(from, key)
	if row == nil || err != nil {
		return 0, err
	}
	revision, _ := row.Columns["revision"].(int64)
	return revision, nil
}

func (s *Store) apply(connection runner, change *fdescrow.StoreChange) error {
	current, err := s.revision(connection, change.SubjectRow.StoreKey())
	if err != nil {
		return err
	}
	if current != change.Expected {
		return &fdescrow.StoreConflict{Cause: fdescrow.CauseRevision}
	}
	for _, guard := range change.Guards {
		holds, err := s.holds(connection, guard)
		if err != nil {
			return err
		}
		if !holds {
			return &fdescrow.StoreConflict{Cause: fdescrow.CauseGuard}
		}
	}
	for _, edit := range change.Edits {
		if err := s.edit(connection, edit); err != nil {
			return err
		}
	}
	if err := s.insert(connection, change.ChangeRow); err != nil {
		return err
	}
	if change.Expected == 0 {
		return s.insert(connection, change.SubjectRow)
	}
	if err := s.replace(connection, change.SubjectRow); err != nil {
		return err
	}
	// A claim of it ends.
	for _, work := range s.tables[change.SubjectRow.Table].Works {
		where, arguments := byKey(change.SubjectRow.StoreKey())
		statement := fmt.Sprintf("UPDATE %s SET %s = NULL, %s = NULL WHERE %s", work.Table, work.Holder, work.Until, where)
		if _, err := connection.ExecContext(ctx, statement, arguments...); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) holds(connection runner, guard fdescrow.StoreGuard) (bool, error) {
	if guard.Absent != nil {
		counted, err := count(connection, *guard.Absent)
		return counted == 0, err
	}
	current, err := s.revision(connection, guard.Revision.Of)
	return current == guard.Revision.Is, err
}

func (s *Store) edit(connection runner, edit fdescrow.StoreEdit) error {
	if edit.Insert != nil {
		return s.insert(connection, *edit.Insert)
	}
	var key fdescrow.StoreKey
	switch {
	case edit.Replace != nil:
		key = edit.Replace.StoreKey()
	case edit.Put != nil:
		key = edit.Put.StoreKey()
	case edit.Delete != nil:
		key = *edit.Delete
	case edit.Clear != nil:
		key = *edit.Clear
	}
	if s.tables[key.Table].Ordered {
		return fdescrow.ErrMisuse // its rows are only added
	}
	if edit.Replace != nil {
		return s.replace(connection, *edit.Replace)
	}
	where, arguments := byKey(key)
	removed, err := connection.ExecContext(ctx, fmt.Sprintf("DELETE FROM %s WHERE %s", key.Table, where), arguments...)
	if err != nil {
		return err
	}
	if edit.Put != nil {
		return s.insert(connection, *edit.Put)
	}
	if number, err := removed.RowsAffected(); edit.Delete != nil && (err != nil || number == 0) {
		return errors.Join(&fdescrow.StoreConflict{Cause: fdescrow.CauseAbsent, Table: key.Table}, err)
	}
	return nil
}

// insert adds a row that must not be there.
func (s *Store) insert(connection runner, row fdescrow.StoreRow) error {
	there, err := s.find(connection, row.StoreKey())
	if err != nil {
		return err
	}
	if there != nil {
		return &fdescrow.StoreConflict{Cause: fdescrow.CausePresent, Table: row.Table}
	}
	var columns []string
	var arguments []any
	for _, values := range []fdescrow.StoreValues{row.Key, row.Columns} {
		for name, value := range values {
			columns, arguments = append(columns, name), append(arguments, value)
		}
	}
	if row.Body != nil {
		columns, arguments = append(columns, "body"), append(arguments, *row.Body)
	}
	if row.Bytes != nil {
		columns, arguments = append(columns, "bytes"), append(arguments, *row.Bytes)
	}
	places := strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ")
	statement := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", row.Table, strings.Join(columns, ", "), places)
	_, err = connection.ExecContext(ctx, statement, arguments...)
	return err
}

// replace changes a row that must be there, but for what never changes: columns that are fixed, and bytes.
func (s *Store) replace(connection runner, row fdescrow.StoreRow) error {
	there, err := s.find(connection, row.StoreKey())
	if err != nil {
		return err
	}
	var sets []string
	var arguments []any
	for _, column := range s.tables[row.Table].Columns {
		value := row.Columns[column.Name]
		if there == nil || (column.Fixed && there.Columns[column.Name] != value) {
			return &fdescrow.StoreConflict{Cause: fdescrow.CauseAbsent, Table: row.Table}
		}
		sets, arguments = append(sets, column.Name+" = ?"), append(arguments, value)
	}
	if row.Body != nil {
		sets, arguments = append(sets, "body = ?"), append(arguments, *row.Body)
	}
	where, key := byKey(row.StoreKey())
	_, err = connection.ExecContext(ctx, fmt.Sprintf("UPDATE %s SET %s WHERE %s", row.Table, strings.Join(sets, ", "), where), append(arguments, key...)...)
	return err
}
