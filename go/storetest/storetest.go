// Package storetest tries to break each promise of a store, in the tests of that store.
package storetest

import (
	"testing"

	"fdescrow"
)

// Run runs the conformance suite: a test for each promise.
func Run(t *testing.T, fixture fdescrow.StoreFixture) {
	t.Helper()
	outcomes, err := fdescrow.StoreConformance(fixture, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, outcome := range outcomes {
		t.Run(outcome.Case, func(t *testing.T) {
			if !outcome.Passed {
				t.Errorf("%s\n%s", outcome.Promise, outcome.Problem)
			}
		})
	}
}
