//go:build cgo && !fdescrow_purego

package native

/*
#include <fdescrow.h>

extern void goFdescrowFree(void *context);
extern int32_t goFdescrowStore(void *context, int32_t method, fdescrow_str request, fdescrow_reply *reply);
extern int32_t goFdescrowOpenStore(void *context, bool again, fdescrow_store_functions *functions);
extern void goFdescrowWait(void *context, uint32_t seconds);

#define METHOD(name, number) \
	static fdescrow_result store_##name(void *context, fdescrow_str request, const fdescrow_reply *reply) \
	{ \
		return goFdescrowStore(context, number, request, (fdescrow_reply *)reply); \
	}
METHOD(get, 0)
METHOD(list, 1)
METHOD(count, 2)
METHOD(claim, 3)
METHOD(release, 4)
METHOD(commit, 5)
METHOD(commit_batch, 6)
METHOD(committed, 7)
METHOD(events, 8)
METHOD(snapshot, 9)

static void fill_store(fdescrow_store_functions *functions, uintptr_t context, bool has_batch)
{
	functions->version = FDESCROW_ABI_VERSION;
	functions->context = (void *)context;
	functions->free = goFdescrowFree;
	functions->get = store_get;
	functions->list = store_list;
	functions->count = store_count;
	functions->claim = store_claim;
	functions->release = store_release;
	functions->commit = store_commit;
	functions->commit_batch = has_batch ? store_commit_batch : NULL;
	functions->committed = store_committed;
	functions->events = store_events;
	functions->snapshot = store_snapshot;
}

static fdescrow_result call_store_custom(uintptr_t context, bool has_batch, fdescrow_store **store_out, fdescrow_error **error_out)
{
	fdescrow_store_functions functions = {0};
	fill_store(&functions, context, has_batch);
	return fdescrow_store_custom(&functions, store_out, error_out);
}

static fdescrow_result call_store_conformance(uintptr_t context, const char *name, size_t name_length, fdescrow_text **outcomes_out, fdescrow_error **error_out)
{
	fdescrow_store_factory factory = {0};
	factory.version = FDESCROW_ABI_VERSION;
	factory.context = (void *)context;
	factory.open = goFdescrowOpenStore;
	factory.wait = goFdescrowWait;
	return fdescrow_store_conformance(&factory, (fdescrow_str){name, name_length}, outcomes_out, error_out);
}
*/
import "C"

import "unsafe"

// StoreCustom is a store whose functions are Go's.
func StoreCustom(given *StoreMethods) (storeOut Store, failureOut Error, result int32) {
	result = int32(C.call_store_custom(
		C.uintptr_t(register(given)), C.bool(given.HasBatch),
		(**C.fdescrow_store)(unsafe.Pointer(&storeOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer)),
	))
	return
}

// StoreConformance tries to break each promise, or that of one case.
func StoreConformance(factory *StoreFactory, caseName string) (outcomesOut Text, failureOut Error, result int32) {
	number := register(factory)
	defer forget(number)
	result = int32(C.call_store_conformance(
		C.uintptr_t(number), (*C.char)(unsafe.Pointer(unsafe.StringData(caseName))), C.size_t(len(caseName)),
		(**C.fdescrow_text)(unsafe.Pointer(&outcomesOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer)),
	))
	return
}

func fillStore(functions *C.fdescrow_store_functions, number uintptr, hasBatch bool) {
	C.fill_store(functions, C.uintptr_t(number), C.bool(hasBatch))
}
