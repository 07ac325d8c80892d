//go:build (!cgo || fdescrow_purego) && darwin

package native

// libraryNames are the file's, the one with the number of the C ABI first.
var libraryNames = []string{"libfdescrow.1.dylib", "libfdescrow.dylib"}
