package fdescrow

import (
	"context"
	"iter"
	"strconv"

	"fdescrow/internal/native"
)

// A Page is a part of a list.
type Page[T any] struct {
	Items      []T    `json:"items"`
	Unreadable int    `json:"unreadable"` // rows of it that could not be read
	Next       string `json:"next"`       // where the next one begins; empty after the last
}

// A List is a list of the store, read a page at a time. A list of a method that changes something is changed a page at a time.
type List[T any] struct {
	page func(after string, limit int) (Page[T], error)
}

// Page is the part that begins after another one's Next; empty: the first. limit is at most 1,000; 0: 100.
//
// [ErrMisuse] for a Next that was not handed out.
func (l List[T]) Page(after string, limit int) (Page[T], error) { return l.page(after, limit) }

// All is every item, read as far as the loop goes. An error ends it. Rows that cannot be read are left out, and told behind the last item
// by an error, [ErrStoreCorrupt].
func (l List[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		after, unreadable := "", 0
		for {
			page, err := l.page(after, 0)
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			unreadable += page.Unreadable
			if after = page.Next; after == "" {
				break
			}
		}
		if unreadable > 0 {
			yield(none, newError(ErrStoreCorrupt, strconv.Itoa(unreadable)+" rows of the list cannot be read"))
		}
	}
}

// part is which part of a list a request asks for.
type part struct {
	After string `json:"after,omitempty"`
	Limit int    `json:"limit,omitempty"`
}

// list is a list of the escrow; request makes the request for a part of it.
func list[T any](ctx context.Context, e *Escrow, call func(native.Escrow, string, int64) (native.Text, native.Error, int32), request func(part) any) List[T] {
	return List[T]{func(after string, limit int) (Page[T], error) {
		return ask[Page[T]](ctx, e, call, request(part{after, limit}))
	}}
}

// plain is a request for nothing but a part.
func plain(p part) any { return p }

// partBy is a part of a list that somebody changes.
type partBy struct {
	part
	By string `json:"by"`
}
