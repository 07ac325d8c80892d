//go:build (!cgo || fdescrow_purego) && amd64 && windows

package native

import (
	"unsafe"

	"github.com/ebitengine/purego"
)

// passedView is a view as Windows passes it: by a pointer to it.
type passedView struct {
	data   unsafe.Pointer
	length uintptr
}

func at(pointer uintptr) []byte {
	view := (*passedView)(address(pointer))
	return unsafe.Slice((*byte)(view.data), int(view.length))
}

func rawPrivateEntry(context, input, output uintptr) uintptr {
	shown := at(input)
	return uintptr(rawPrivate(context, shown, borrowedView(output, uintptr(len(shown)))))
}

func decryptEntry(context, padding, ciphertext, output, capacity, lengthOut uintptr) uintptr {
	written, answer := decrypt(context, uint32(padding), at(ciphertext), borrowedView(output, capacity))
	storeLength(lengthOut, written)
	return uintptr(answer)
}

func agreeEntry(context, point, output, capacity uintptr) uintptr {
	return uintptr(agree(context, at(point), borrowedView(output, capacity)))
}

func storeEntry(method Method) func(context, request, reply uintptr) uintptr {
	return func(context, request, reply uintptr) uintptr {
		return uintptr(callStore(context, method, at(request), Reply{address(reply)}))
	}
}

func runConformance(factory *storeFactory, caseName string) (outcomesOut Text, failureOut Error, result int32) {
	nameView := passedView{unsafe.Pointer(unsafe.StringData(caseName)), uintptr(len(caseName))}
	answer, _, _ := purego.SyscallN(storeConformance, uintptr(unsafe.Pointer(factory)), uintptr(unsafe.Pointer(&nameView)), uintptr(unsafe.Pointer(&outcomesOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	return outcomesOut, failureOut, int32(answer)
}

func logEntry(context, level, message, fields uintptr) uintptr {
	logged(context, uint32(level), at(message), at(fields))
	return 0
}

func progressEntry(context, operation, done, left, perMinute uintptr) uintptr {
	progressed(context, at(operation), uint64(done), uint64(left), uint64(perMinute))
	return 0
}
