//go:build (!cgo || fdescrow_purego) && ((amd64 && !windows) || arm64)

package native

import (
	"unsafe"

	"github.com/ebitengine/purego"
)

// A view comes in as its two words.

func rawPrivateEntry(context, data, length, output uintptr) uintptr {
	return uintptr(rawPrivate(context, borrowedView(data, length), borrowedView(output, length)))
}

func decryptEntry(context, padding, data, length, output, capacity, lengthOut uintptr) uintptr {
	written, answer := decrypt(context, uint32(padding), borrowedView(data, length), borrowedView(output, capacity))
	storeLength(lengthOut, written)
	return uintptr(answer)
}

func agreeEntry(context, data, length, output, capacity uintptr) uintptr {
	return uintptr(agree(context, borrowedView(data, length), borrowedView(output, capacity)))
}

func storeEntry(method Method) func(context, data, length, reply uintptr) uintptr {
	return func(context, data, length, reply uintptr) uintptr {
		return uintptr(callStore(context, method, borrowedView(data, length), Reply{address(reply)}))
	}
}

func runConformance(factory *storeFactory, caseName string) (outcomesOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(storeConformance, uintptr(unsafe.Pointer(factory)), uintptr(unsafe.Pointer(unsafe.StringData(caseName))), uintptr(len(caseName)), uintptr(unsafe.Pointer(&outcomesOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	return outcomesOut, failureOut, int32(answer)
}

func logEntry(context, level, message, messageLength, fields, fieldsLength uintptr) uintptr {
	logged(context, uint32(level), borrowedView(message, messageLength), borrowedView(fields, fieldsLength))
	return 0
}

func progressEntry(context, operation, operationLength, done, left, perMinute uintptr) uintptr {
	progressed(context, borrowedView(operation, operationLength), uint64(done), uint64(left), uint64(perMinute))
	return 0
}
