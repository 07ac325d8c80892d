// Package native calls libfdescrow: with cgo, or without it by loading the shared library while the program runs.
//
// The functions of both ways have the same names and signatures and are written by internal/generate from the header of C: a handle
// per type, texts and bytes borrowed for the call, outputs and a result number returned. What cannot be written so, loading and the
// functions that C calls, is in a file for each way. Nothing here frees by itself or keeps anything alive: package fdescrow does.
//
// Without cgo the calls go through purego, on amd64 and arm64. The program is built so where cgo is off or with -tags fdescrow_purego.
package native

// IsNull tells that there is no error to ask.
func (e Error) IsNull() bool { return e.pointer == nil }

// TextOf copies a text that the library handed out, and frees it.
func TextOf(text Text) []byte {
	copied := append([]byte(nil), TextValue(text)...)
	TextFree(text)
	return copied
}

// BufferOf copies bytes that the library handed out, and frees them.
func BufferOf(buffer Buffer) []byte {
	copied := append([]byte(nil), BufferValue(buffer)...)
	BufferFree(buffer)
	return copied
}
