//go:build !cgo || fdescrow_purego

package native

import (
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// escrowWatch is where fdescrow_escrow_watch is.
var escrowWatch uintptr

// watchFunctions is fdescrow_watch_functions.
type watchFunctions struct {
	version  uint32
	level    uint32
	context  uintptr
	free     uintptr
	log      uintptr
	progress uintptr
}

var watchEntries = sync.OnceValue(func() watchFunctions {
	return watchFunctions{
		version: ABI, free: freeEntry(), log: purego.NewCallback(logEntry), progress: purego.NewCallback(progressEntry),
	}
})

// EscrowWatch has the escrow tell what it does.
func EscrowWatch(escrow Escrow, given *Watcher) (failureOut Error, result int32) {
	functions := watchEntries()
	functions.level, functions.context = given.Level, register(given)
	if given.Log == nil {
		functions.log = 0
	}
	if given.Progress == nil {
		functions.progress = 0
	}
	answer, _, _ := purego.SyscallN(escrowWatch, uintptr(escrow.pointer), uintptr(unsafe.Pointer(&functions)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	return failureOut, int32(answer)
}
