//go:build cgo && !fdescrow_purego

package native

/*
#include <fdescrow.h>

extern void goFdescrowFree(void *context);
extern void goFdescrowLog(void *context, uint32_t level, fdescrow_str message, fdescrow_str fields);
extern void goFdescrowProgress(void *context, fdescrow_str operation, uint64_t done, uint64_t left, uint64_t per_minute);

static fdescrow_result call_escrow_watch(const fdescrow_escrow *escrow, uintptr_t context, uint32_t level, bool log, bool progress,
                                         fdescrow_error **error_out)
{
	fdescrow_watch_functions functions = {0};
	functions.version = FDESCROW_ABI_VERSION;
	functions.level = level;
	functions.context = (void *)context;
	functions.free = goFdescrowFree;
	functions.log = log ? goFdescrowLog : NULL;
	functions.progress = progress ? goFdescrowProgress : NULL;
	return fdescrow_escrow_watch(escrow, &functions, error_out);
}
*/
import "C"

import "unsafe"

// EscrowWatch has the escrow tell what it does.
func EscrowWatch(escrow Escrow, given *Watcher) (failureOut Error, result int32) {
	result = int32(C.call_escrow_watch(
		(*C.fdescrow_escrow)(escrow.pointer), C.uintptr_t(register(given)), C.uint32_t(given.Level), C.bool(given.Log != nil),
		C.bool(given.Progress != nil), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer)),
	))
	return
}
