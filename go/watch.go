package fdescrow

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"

	"fdescrow/internal/native"
)

// Progress is how far a run of batches is.
type Progress struct {
	Operation string // check, in devices; rewrap, in envelopes
	Done      uint64 // since the first batch
	Left      uint64
	PerMinute uint64
}

// WithLog has an escrow tell what it does, and how it ended: a line for each operation and commit, at the end of the call that it belongs
// to. What failed is a warning; whose device it was is told where the handler takes debug. No secret is ever among it.
//
// The handler is asked once, when the escrow is opened, which levels it takes.
func WithLog(handler slog.Handler) Option {
	return func(s *settings) { s.log = handler }
}

// WithProgress tells how far Check and Rewrap are, after each batch, on the goroutine of the call.
func WithProgress(tell func(Progress)) Option {
	return func(s *settings) { s.progress = tell }
}

// watch has an escrow that was just opened tell what was asked for.
func (s *settings) watch(escrow native.Escrow) error {
	watcher := &native.Watcher{}
	if s.log != nil {
		if level := levelOf(s.log); level != 0 {
			watcher.Level, watcher.Log = level, s.logged
		}
	}
	if tell := s.progress; tell != nil {
		watcher.Progress = func(operation []byte, done, left, perMinute uint64) {
			// A panic would unwind through the library.
			defer func() { _ = recover() }()
			tell(Progress{string(operation), done, left, perMinute})
		}
	}
	if watcher.Log == nil && watcher.Progress == nil {
		return nil
	}
	return failed(native.EscrowWatch(escrow, watcher))
}

// levelOf is the finest level that a handler takes; 0: none of them.
func levelOf(handler slog.Handler) uint32 {
	for _, level := range []uint32{native.LogDebug, native.LogInfo, native.LogWarn} {
		if handler.Enabled(context.Background(), levels[level]) {
			return level
		}
	}
	return 0
}

var levels = map[uint32]slog.Level{native.LogWarn: slog.LevelWarn, native.LogInfo: slog.LevelInfo, native.LogDebug: slog.LevelDebug}

func (s *settings) logged(level uint32, message, fields []byte) {
	defer func() { _ = recover() }()
	record := slog.NewRecord(s.clock(), levels[level], string(message), 0)
	var values map[string]json.RawMessage
	if json.Unmarshal(fields, &values) == nil {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if read, err := value(values[name]); err == nil {
				record.AddAttrs(slog.Any(name, read))
			}
		}
	}
	// A log that cannot be written is no reason to fail.
	_ = s.log.Handle(context.Background(), record)
}
