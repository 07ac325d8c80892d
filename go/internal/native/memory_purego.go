//go:build !cgo || fdescrow_purego

package native

import "unsafe"

// address is a pointer that C gave, as a pointer: it points to no memory of Go's.
func address(word uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&word)) }

func borrowedView(data, length uintptr) []byte {
	return unsafe.Slice((*byte)(address(data)), int(length))
}

// word is a bool as an argument.
func word(is bool) uintptr {
	if is {
		return 1
	}
	return 0
}
