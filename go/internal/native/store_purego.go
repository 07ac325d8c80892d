//go:build !cgo || fdescrow_purego

package native

import (
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Where the functions are that take functions.
var storeCustom, storeConformance uintptr

// storeFunctions is fdescrow_store_functions.
type storeFunctions struct {
	version uint32
	context uintptr
	free    uintptr
	methods [methods]uintptr
}

// storeFactory is fdescrow_store_factory.
type storeFactory struct {
	version uint32
	context uintptr
	open    uintptr
	wait    uintptr
}

// storeEntries are what C calls; made once, for what purego makes is never given back.
var storeEntries = sync.OnceValue(func() storeFunctions {
	functions := storeFunctions{version: ABI, free: freeEntry()}
	for method := range functions.methods {
		functions.methods[method] = purego.NewCallback(storeEntry(Method(method)))
	}
	return functions
})

var factoryEntries = sync.OnceValue(func() storeFactory {
	return storeFactory{
		version: ABI,
		open: purego.NewCallback(func(context, again, functions uintptr) uintptr {
			// One octet of the register is the answer (System V §3.2.3, AAPCS64 §6.4).
			number, hasBatch := openStore(context, again&0xFF != 0)
			if number == 0 {
				return uintptr(misuse)
			}
			*(*storeFunctions)(address(functions)) = filled(number, hasBatch)
			return 0
		}),
		wait: purego.NewCallback(func(context, seconds uintptr) uintptr {
			waitStore(context, uint32(seconds))
			return 0
		}),
	}
})

func filled(number uintptr, hasBatch bool) storeFunctions {
	functions := storeEntries()
	functions.context = number
	if !hasBatch {
		functions.methods[MethodCommitBatch] = 0
	}
	return functions
}

// StoreCustom is a store whose functions are Go's.
func StoreCustom(given *StoreMethods) (storeOut Store, failureOut Error, result int32) {
	functions := filled(register(given), given.HasBatch)
	answer, _, _ := purego.SyscallN(storeCustom, uintptr(unsafe.Pointer(&functions)), uintptr(unsafe.Pointer(&storeOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	return storeOut, failureOut, int32(answer)
}

// StoreConformance tries to break each promise, or that of one case.
func StoreConformance(factory *StoreFactory, caseName string) (outcomesOut Text, failureOut Error, result int32) {
	functions := factoryEntries()
	functions.context = register(factory)
	defer forget(functions.context)
	return runConformance(&functions, caseName)
}
