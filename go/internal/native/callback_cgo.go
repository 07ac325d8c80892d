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
