package fdescrow

import (
	"encoding/json"
	"time"

	"fdescrow/internal/native"
)

// ParseProfile tells what a configuration profile asks for, signed or not, as JSON. Signatures are taken off and not verified.
//
// [ErrProfileSyntax], [ErrProfileLimit].
func ParseProfile(profile []byte) (json.RawMessage, error) {
	if err := load(); err != nil {
		return nil, err
	}
	return answer[json.RawMessage](native.ProfileParse(profile))
}

// A Finding is something that is wrong with a configuration profile.
type Finding struct {
	Severity          Severity `json:"severity"`
	Code              string   `json:"code"`
	Profile           int      `json:"profile"`
	ProfileIdentifier string   `json:"profile_identifier"`
	Payload           string   `json:"payload"` // the identifier of the payload, if it is about one
	Message           string   `json:"message"`
	Source            string   `json:"source"` // the page that says so
}

// LintProfile tells what is wrong with a configuration profile.
//
// known: certificates whose private keys the organization has, so that an escrow to another one is told; nil: nothing is said about it.
// [ErrProfileSyntax], [ErrProfileLimit].
func LintProfile(profile []byte, known *Certificates, at time.Time) ([]Finding, error) {
	if err := load(); err != nil {
		return nil, err
	}
	list, done, err := known.use()
	if err != nil {
		return nil, err
	}
	defer done()
	return answer[[]Finding](native.ProfileLint(profile, list, at.Unix()))
}
