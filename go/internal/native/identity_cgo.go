//go:build cgo && !fdescrow_purego

package native

/*
#include <fdescrow.h>

extern void goFdescrowFree(void *context);
extern int32_t goFdescrowRawPrivate(void *context, fdescrow_bytes input, uint8_t *output);
extern int32_t goFdescrowDecrypt(void *context, uint32_t padding, fdescrow_bytes ciphertext, uint8_t *output, size_t capacity, size_t *length);
extern int32_t goFdescrowAgree(void *context, fdescrow_bytes point, uint8_t *output, size_t capacity);

static fdescrow_result call_keyring_add_identity(fdescrow_keyring *keyring, const fdescrow_certificates *certificates,
                                                 uint32_t unpads, uintptr_t context, int raw, int decrypt, int agree,
                                                 fdescrow_error **error_out)
{
	fdescrow_identity_functions functions = {0};
	functions.version = FDESCROW_ABI_VERSION;
	functions.unpads = unpads;
	functions.context = (void *)context;
	functions.free = goFdescrowFree;
	functions.raw_private = raw ? goFdescrowRawPrivate : NULL;
	functions.decrypt = decrypt ? goFdescrowDecrypt : NULL;
	functions.agree = agree ? goFdescrowAgree : NULL;
	return fdescrow_keyring_add_identity(keyring, certificates, &functions, error_out);
}
*/
import "C"

import "unsafe"

// KeyringAddIdentity adds a key whose private operations are Go's.
func KeyringAddIdentity(keyring Keyring, certificates Certificates, given *Operations) (failureOut Error, result int32) {
	result = int32(C.call_keyring_add_identity(
		(*C.fdescrow_keyring)(keyring.pointer), (*C.fdescrow_certificates)(certificates.pointer),
		C.uint32_t(given.Unpads), C.uintptr_t(register(given)),
		there(given.RawPrivate != nil), there(given.Decrypt != nil), there(given.Agree != nil),
		(**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer)),
	))
	return
}

func there(is bool) C.int {
	if is {
		return 1
	}
	return 0
}
