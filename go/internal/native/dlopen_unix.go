//go:build (!cgo || fdescrow_purego) && (linux || freebsd || netbsd)

package native

// libraryNames are the file's, the one with the number of the C ABI first.
var libraryNames = []string{"libfdescrow.so.1", "libfdescrow.so"}
