//go:build (!cgo || fdescrow_purego) && ((amd64 && !windows) || arm64)

package native

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
