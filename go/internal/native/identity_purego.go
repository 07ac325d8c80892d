//go:build !cgo || fdescrow_purego

package native

import (
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// addIdentity is where fdescrow_keyring_add_identity is.
var addIdentity uintptr

// identityFunctions is fdescrow_identity_functions.
type identityFunctions struct {
	version    uint32
	unpads     uint32
	context    uintptr
	free       uintptr
	rawPrivate uintptr
	decrypt    uintptr
	agree      uintptr
}

// entries are what C calls; made once, for what purego makes is never given back.
var entries = sync.OnceValue(func() identityFunctions {
	return identityFunctions{
		version:    ABI,
		free:       freeEntry(),
		rawPrivate: purego.NewCallback(rawPrivateEntry),
		decrypt:    purego.NewCallback(decryptEntry),
		agree:      purego.NewCallback(agreeEntry),
	}
})

var freeEntry = sync.OnceValue(func() uintptr {
	return purego.NewCallback(func(context uintptr) uintptr { forget(context); return 0 })
})

// KeyringAddIdentity adds a key whose private operations are Go's.
func KeyringAddIdentity(keyring Keyring, certificates Certificates, given *Operations) (failureOut Error, result int32) {
	functions := entries()
	functions.unpads, functions.context = given.Unpads, register(given)
	if given.RawPrivate == nil {
		functions.rawPrivate = 0
	}
	if given.Decrypt == nil {
		functions.decrypt = 0
	}
	if given.Agree == nil {
		functions.agree = 0
	}
	answer, _, _ := purego.SyscallN(addIdentity, uintptr(keyring.pointer), uintptr(certificates.pointer), uintptr(unsafe.Pointer(&functions)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	return failureOut, int32(answer)
}

func storeLength(at uintptr, length int) { *(*uintptr)(address(at)) = uintptr(length) }
