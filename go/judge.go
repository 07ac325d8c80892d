package fdescrow

import (
	"context"
	"encoding/base64"

	"fdescrow/internal/native"
)

// A Row is a row of a table that is not the library's.
type Row struct {
	Envelope []byte // the message, as it is stored
	Kind     Kind
	Owner    Owner // where the message was sealed by this library
}

// A Verdict is what became of a row.
type Verdict struct {
	Verdict VerdictWord `json:"verdict"`

	// Of one that opens.
	Identity      int  `json:"identity"` // which of the keyring, from 0
	Authenticated bool `json:"authenticated"`
	Bound         bool `json:"bound"`

	// Of one that does not open.
	Code       string      `json:"code"` // the name of an error
	Reason     string      `json:"reason"`
	Inspection *Inspection `json:"inspection"`
}

// A VerdictWord is how a row was judged.
type VerdictWord string

const (
	Opens       VerdictWord = "opens"
	DoesNotOpen VerdictWord = "does_not_open"
	Unavailable VerdictWord = "unavailable" // a private key could not be reached: nothing is known about the row
)

// Judge tells of each row, in their order, whether it opens with this keyring and holds a key of its kind. A bad row stops no other.
func Judge(ctx context.Context, keyring *Keyring, rows []Row, suite Suite) ([]Verdict, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if keyring == nil {
		return nil, ErrClosed
	}
	type row struct {
		Envelope string        `json:"envelope"`
		Kind     Kind          `json:"kind"`
		Owner    ownerDocument `json:"owner"`
	}
	all := make([]row, len(rows))
	for index, given := range rows {
		all[index] = row{base64.StdEncoding.EncodeToString(given.Envelope), given.Kind, given.Owner.document()}
	}
	document, err := encode(struct {
		Rows  []row `json:"rows"`
		Suite Suite `json:"suite"`
	}{all, suite})
	if err != nil {
		return nil, err
	}
	return with(keyring.owner, func(keys native.Keyring) ([]Verdict, error) {
		return answer[[]Verdict](native.Judge(keys, document))
	})
}
