package fdescrow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"fdescrow/internal/native"
)

// A StoreBound is a value that a column is compared with; empty where there is none.
type StoreBound struct {
	Value any // int64 or string
}

// IsSet tells whether there is a bound.
func (b StoreBound) IsSet() bool { return b.Value != nil }

// UnmarshalJSON reads it as the library writes it.
func (b *StoreBound) UnmarshalJSON(document []byte) (err error) {
	b.Value, err = value(document)
	return err
}

// MarshalJSON writes it as the library does.
func (b StoreBound) MarshalJSON() ([]byte, error) { return json.Marshal(b.Value) }

// A StoreCursor is the place of a row in an index: int64 or string for each column.
type StoreCursor []any

// UnmarshalJSON reads it as the library writes it.
func (c *StoreCursor) UnmarshalJSON(document []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(document, &parts); err != nil || parts == nil {
		return err
	}
	*c = make(StoreCursor, len(parts))
	for at, part := range parts {
		read, err := value(part)
		if err != nil {
			return err
		}
		(*c)[at] = read
	}
	return nil
}

// UnmarshalJSON reads them as the library writes them.
func (v *StoreValues) UnmarshalJSON(document []byte) error {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(document, &parts); err != nil {
		return err
	}
	*v = make(StoreValues, len(parts))
	for name, part := range parts {
		read, err := value(part)
		if err != nil {
			return err
		}
		(*v)[name] = read
	}
	return nil
}

// value is an int64, a string or nil: encoding/json would make a number a float64, which does not hold every int64.
func value(document []byte) (any, error) {
	if bytes.HasPrefix(document, []byte(`"`)) {
		var text string
		err := json.Unmarshal(document, &text)
		return text, err
	}
	var number *int64
	if err := json.Unmarshal(document, &number); err != nil || number == nil {
		return nil, err
	}
	return *number, nil
}

// methodsOf is a store as the library calls it.
func methodsOf(store Store) *native.StoreMethods {
	_, hasBatch := store.(StoreBatch)
	return &native.StoreMethods{HasBatch: hasBatch, Call: func(method native.Method, request []byte, reply native.Reply) (result int32) {
		defer func() {
			// What panicked in the middle of a change may have stored it.
			if recover() != nil {
				result = int32(ErrStoreUnavailable)
				if method == native.MethodCommit {
					result = int32(ErrStoreUnknown)
				}
			}
		}()
		answer, err := called(store, method, request, reply)
		result = resultOf(err)
		if answer == nil {
			return result
		}
		document, err := encode(answer)
		if err != nil {
			// Text that is not UTF-8 was never stored.
			return int32(ErrStoreCorrupt)
		}
		failure, number := native.ReplyAppend(reply, document)
		if err := failed(failure, number); err != nil {
			return resultOf(err)
		}
		return result
	}}
}

// results are those that a store may answer.
var results = []Code{ErrStoreConflict, ErrStoreUnknown, ErrStoreCorrupt, ErrStoreSchema, ErrStoreDurability, ErrMisuse}

func resultOf(err error) int32 {
	if err == nil {
		return 0
	}
	for _, code := range results {
		if errors.Is(err, code) {
			return int32(code)
		}
	}
	return int32(ErrStoreUnavailable)
}

// committed is what became of a change.
type committed struct {
	Result   int32      `json:"result"`
	Revision int64      `json:"revision"`
	Current  int64      `json:"current"`
	Cause    StoreCause `json:"cause,omitempty"`
	Table    string     `json:"table,omitempty"`
}

func committedAs(revision int64, err error) committed {
	became := committed{Result: resultOf(err), Revision: revision}
	var conflict *StoreConflict
	if errors.As(err, &conflict) {
		became.Current, became.Cause, became.Table = conflict.Current, conflict.Cause, conflict.Table
	}
	return became
}

// called calls a method; nothing is answered where nothing is to be.
func called(store Store, method native.Method, request []byte, reply native.Reply) (any, error) {
	switch method {
	case native.MethodGet:
		return asked(request, func(key StoreKey) (any, error) {
			row, err := store.Get(key)
			return map[string]*StoreRow{"row": row}, err
		})
	case native.MethodList:
		return asked(request, func(query StoreQuery) (any, error) {
			rows, more, err := store.List(query)
			return map[string]any{"rows": listed(rows), "more": more}, err
		})
	case native.MethodCount:
		return asked(request, func(query StoreQuery) (any, error) {
			count, err := store.Count(query)
			return map[string]int64{"count": count}, err
		})
	case native.MethodClaim:
		return asked(request, func(claim StoreClaim) (any, error) {
			rows, err := store.Claim(claim)
			return map[string]any{"rows": listed(rows)}, err
		})
	case native.MethodRelease:
		return asked(request, func(released struct {
			Work StoreWork  `json:"work"`
			By   string     `json:"by"`
			Keys []StoreKey `json:"keys"`
		}) (any, error) {
			return nil, store.Release(released.Work, released.By, released.Keys)
		})
	case native.MethodCommit:
		return asked(request, func(change StoreChange) (any, error) {
			revision, err := store.Commit(&change)
			return committedAs(revision, err), err
		})
	case native.MethodCommitBatch:
		return asked(request, func(batch struct {
			Changes []StoreChange `json:"changes"`
		}) (any, error) {
			together, is := store.(StoreBatch)
			if !is {
				return nil, ErrMisuse
			}
			revisions, failures, err := together.CommitBatch(batch.Changes)
			if err != nil {
				return nil, err
			}
			if len(revisions) != len(batch.Changes) || len(failures) != len(batch.Changes) {
				return nil, ErrMisuse
			}
			became := make([]committed, len(revisions))
			for at := range became {
				became[at] = committedAs(revisions[at], failures[at])
			}
			return map[string]any{"results": became}, nil
		})
	case native.MethodCommitted:
		return asked(request, func(about struct {
			Organization string `json:"organization"`
			Change       string `json:"change"`
		}) (any, error) {
			revision, err := store.Committed(about.Organization, about.Change)
			if revision == 0 {
				return map[string]any{"revision": nil}, err
			}
			return map[string]int64{"revision": revision}, err
		})
	case native.MethodEvents:
		return asked(request, func(about struct {
			Organization string `json:"organization"`
			After        string `json:"after"`
			Limit        int    `json:"limit"`
		}) (any, error) {
			events, err := store.Events(about.Organization, about.After, about.Limit)
			events.Events = listed(events.Events)
			return events, err
		})
	case native.MethodSnapshot:
		return asked(request, func(about struct {
			Organization string   `json:"organization"`
			Tables       []string `json:"tables"`
		}) (any, error) {
			var unwritten error
			err := store.Snapshot(about.Organization, about.Tables, func(row StoreRow) bool {
				document, err := encode(row)
				if err != nil {
					unwritten = fmt.Errorf("%w: %w", ErrStoreCorrupt, err)
					return false
				}
				return native.ReplyRow(reply, document)
			})
			return nil, errors.Join(unwritten, err)
		})
	}
	return nil, ErrMisuse
}

// listed is a list in JSON where nil would be null.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// asked reads a request and calls a function with it; of an error nothing is answered, but what a conflict is.
func asked[T any](request []byte, call func(T) (any, error)) (any, error) {
	read, err := decode[T](request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMisuse, err)
	}
	answer, err := call(read)
	if _, isChange := answer.(committed); err != nil && !isChange {
		return nil, err
	}
	return answer, err
}
