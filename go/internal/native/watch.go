package native

// The levels of fdescrow_watch_functions.
const (
	LogWarn  uint32 = 2
	LogInfo  uint32 = 3
	LogDebug uint32 = 4
)

// A Watcher is told what an escrow does. Its functions let no panic out; what they are given is the library's and must not be kept.
type Watcher struct {
	Level    uint32
	Log      func(level uint32, message, fields []byte)
	Progress func(operation []byte, done, left, perMinute uint64)
}

func logged(number uintptr, level uint32, message, fields []byte) {
	if given := registered[Watcher](number); given != nil && given.Log != nil {
		given.Log(level, message, fields)
	}
}

func progressed(number uintptr, operation []byte, done, left, perMinute uint64) {
	if given := registered[Watcher](number); given != nil && given.Progress != nil {
		given.Progress(operation, done, left, perMinute)
	}
}
