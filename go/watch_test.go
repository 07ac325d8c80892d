package fdescrow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"fdescrow/internal/native"
)

func TestALogIsToldWhatIsDoneAndNoSecret(t *testing.T) {
	var lines bytes.Buffer
	var steps []Progress
	handler := slog.NewJSONHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug})
	before := native.Registered()
	f := newFlow(t, "memory:", WithLog(handler), WithProgress(func(progress Progress) { steps = append(steps, progress) }))
	var secrets []string
	for number := range 3 {
		key, der := f.sealed()
		defer key.Close()
		secrets = append(secrets, shown(t, key.Use))
		must(f.escrow.Receive(f.ctx, Sealed(fmt.Sprint("mac-", number), FileVault, der).By("orbit")))
	}
	secret := must(NewSecret([]byte("correct horse battery staple")))
	defer secret.Close()
	if _, err := f.escrow.Receive(f.ctx, Plaintext("mac-1", FileVault, secret).By("orbit")); !errors.Is(err, ErrKeyFormat) {
		t.Fatal(err)
	}
	must(f.escrow.Check(f.ctx, f.keyring, CheckOptions{Devices: 1}))
	for at, step := range steps {
		// The last batch finds nothing more.
		done := min(uint64(at)+1, 3)
		if step != (Progress{"check", done, 3 - done, step.PerMinute}) || step.PerMinute == 0 {
			t.Fatal(steps)
		}
	}
	batches := len(steps)
	if batches < 3 {
		t.Fatal(steps)
	}
	revealed := must(f.escrow.Reveal(f.ctx, Reveal{Device: "mac-1", By: "ana", Reason: "a reason that is nobody's"}, f.keyring))
	defer revealed.Close()
	newer, private := newIdentity("p-256")
	defer newer.Close()
	defer private.Close()
	must(f.escrow.Rewrap(f.ctx, f.keyring, newer, RewrapOptions{By: "ana"}))
	if last := steps[len(steps)-1]; last.Operation != "rewrap" || last.Done != 3 || last.Left != 0 {
		t.Fatal(last)
	}

	told := lines.String()
	operations := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(told), "\n") {
		var record struct {
			Time, Level, Msg, Outcome, Device, Error string
			Done, Failed, Microseconds               int64
		}
		done(json.Unmarshal([]byte(line), &record))
		operations[record.Msg]++
		if (record.Error == "") != (record.Level == "INFO") || record.Time != "2026-05-04T12:00:00Z" {
			t.Error(line)
		}
	}
	if operations["receive"] != 4 || operations["check"] != batches || operations["reveal"] != 1 || operations["rewrap"] == 0 || operations["commit"] == 0 {
		t.Fatal(operations)
	}
	for _, is := range []string{`"device":"mac-1"`, `"outcome":"stored"`, `"error":"KeyFormat"`, `"level":"WARN"`, `"done":1`} {
		if !strings.Contains(told, is) {
			t.Error(is, told)
		}
	}
	for _, text := range append(secrets, "ana", "nobody") {
		for _, part := range strings.Split(text, "-") {
			if strings.Contains(told, part) {
				t.Error("a secret is in the log")
			}
		}
	}
	if strings.Contains(told, "horse") {
		t.Error("what was refused is in the log")
	}
	f.escrow.Close()
	if f.keyring.Close(); native.Registered() != before {
		t.Error("the library still holds who watches")
	}
}

// loud is a handler that panics and fails.
type loud struct{ slog.Handler }

func (loud) Enabled(context.Context, slog.Level) bool  { return true }
func (loud) Handle(context.Context, slog.Record) error { panic("the log panics") }

func TestALogThatPanicsOrTakesNothingStopsNothing(t *testing.T) {
	for _, handler := range []slog.Handler{nil, loud{}, slog.NewTextHandler(nil, &slog.HandlerOptions{Level: slog.LevelError})} {
		f := newFlow(t, "memory:", WithLog(handler), WithProgress(func(Progress) { panic("whoever waits panics") }))
		key, der := f.sealed()
		key.Close()
		must(f.escrow.Receive(f.ctx, Sealed("mac-1", FileVault, der).By("orbit")))
		if report := must(f.escrow.Check(f.ctx, f.keyring, CheckOptions{})); report.Opened != 1 {
			t.Fatal(report)
		}
	}
}

func TestWarningsAloneAreToldToWhoeverTakesThoseAlone(t *testing.T) {
	var lines bytes.Buffer
	f := newFlow(t, "memory:", WithLog(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelWarn})))
	key, der := f.sealed()
	key.Close()
	must(f.escrow.Receive(f.ctx, Sealed("mac-1", FileVault, der).By("orbit")))
	if lines.Len() != 0 {
		t.Fatal(lines.String())
	}
	if _, err := f.escrow.Receive(f.ctx, Sealed("mac-1", FileVault, []byte("no message")).By("orbit")); err == nil {
		t.Fatal("it was taken")
	}
	if told := lines.String(); !strings.Contains(told, "level=WARN msg=receive") || strings.Contains(told, "mac-1") {
		t.Fatal(told)
	}
}
