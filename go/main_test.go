package fdescrow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"
)

// TestMain holds every document that any test receives against its type: a member that the library gives and Go lacks stops the tests.
func TestMain(m *testing.M) {
	onDocument = strictly
	os.Exit(m.Run())
}

func strictly(document []byte, into any) {
	target := reflect.New(reflect.TypeOf(into).Elem()).Interface()
	if err := strict(document, target); err != nil {
		panic(fmt.Sprintf("%T lacks something: %v in %s", into, err, document))
	}
	// Entries read themselves, and so are not looked into by the decoder.
	var entries []Entry
	switch read := target.(type) {
	case *Events:
		entries = read.Entries
	case *[]Entry:
		entries = *read
	}
	type plain Entry
	for _, entry := range entries {
		if err := strict(entry.Raw, new(plain)); err != nil {
			panic(fmt.Sprintf("Entry lacks something: %v in %s", err, entry.Raw))
		}
	}
}

func strict(document []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// noon is when the stories begin.
var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// clock is a time that a test moves.
type clock struct{ now time.Time }

func (c *clock) time() time.Time           { return c.now }
func (c *clock) pass(passed time.Duration) { c.now = c.now.Add(passed) }

// must is a value that a test cannot go on without.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// newIdentity is a certificate and its private key in PEM.
func newIdentity(algorithm string) (*Certificates, *Secret) {
	return must2(NewCertificate{
		Subject: "CN=Escrow 2026,O=Example", Algorithm: algorithm, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(9, 0, 0),
	}.Generate())
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}

// shown is a copy of a secret, for a test to compare.
func shown(t testing.TB, use func(func([]byte)) error) string {
	t.Helper()
	var text string
	if err := use(func(secret []byte) { text = string(secret) }); err != nil {
		t.Fatal(err)
	}
	return text
}

// done is something that a test cannot go on without.
func done(err error) {
	if err != nil {
		panic(err)
	}
}
