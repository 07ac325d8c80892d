//go:build cgo && !fdescrow_purego

package native

/*
#include <fdescrow.h>
*/
import "C"

import "unsafe"

//export goFdescrowFree
func goFdescrowFree(context unsafe.Pointer) { forget(uintptr(context)) }

//export goFdescrowRawPrivate
func goFdescrowRawPrivate(context unsafe.Pointer, input C.fdescrow_bytes, output *C.uint8_t) C.int32_t {
	shown := borrowedView(unsafe.Pointer(input.data), input.length)
	return C.int32_t(rawPrivate(uintptr(context), shown, unsafe.Slice((*byte)(output), len(shown))))
}

//export goFdescrowDecrypt
func goFdescrowDecrypt(context unsafe.Pointer, padding C.uint32_t, ciphertext C.fdescrow_bytes, output *C.uint8_t, capacity C.size_t, length *C.size_t) C.int32_t {
	shown := borrowedView(unsafe.Pointer(ciphertext.data), ciphertext.length)
	written, answer := decrypt(uintptr(context), uint32(padding), shown, unsafe.Slice((*byte)(output), int(capacity)))
	*length = C.size_t(written)
	return C.int32_t(answer)
}

//export goFdescrowAgree
func goFdescrowAgree(context unsafe.Pointer, point C.fdescrow_bytes, output *C.uint8_t, capacity C.size_t) C.int32_t {
	shown := borrowedView(unsafe.Pointer(point.data), point.length)
	return C.int32_t(agree(uintptr(context), shown, unsafe.Slice((*byte)(output), int(capacity))))
}

//export goFdescrowStore
func goFdescrowStore(context unsafe.Pointer, method C.int32_t, request C.fdescrow_str, reply *C.fdescrow_reply) C.int32_t {
	shown := borrowedView(unsafe.Pointer(request.data), request.length)
	return C.int32_t(callStore(uintptr(context), Method(method), shown, Reply{unsafe.Pointer(reply)}))
}

//export goFdescrowOpenStore
func goFdescrowOpenStore(context unsafe.Pointer, again C.bool, functions *C.fdescrow_store_functions) C.int32_t {
	number, hasBatch := openStore(uintptr(context), bool(again))
	if number == 0 {
		return C.int32_t(misuse)
	}
	fillStore(functions, number, hasBatch)
	return 0
}

//export goFdescrowWait
func goFdescrowWait(context unsafe.Pointer, seconds C.uint32_t) {
	waitStore(uintptr(context), uint32(seconds))
}

//export goFdescrowLog
func goFdescrowLog(context unsafe.Pointer, level C.uint32_t, message, fields C.fdescrow_str) {
	logged(uintptr(context), uint32(level), borrowedView(unsafe.Pointer(message.data), message.length), borrowedView(unsafe.Pointer(fields.data), fields.length))
}

//export goFdescrowProgress
func goFdescrowProgress(context unsafe.Pointer, operation C.fdescrow_str, done, left, perMinute C.uint64_t) {
	progressed(uintptr(context), borrowedView(unsafe.Pointer(operation.data), operation.length), uint64(done), uint64(left), uint64(perMinute))
}
