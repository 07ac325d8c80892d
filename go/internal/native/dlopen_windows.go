//go:build (!cgo || fdescrow_purego) && windows

package native

import "syscall"

var libraryNames = []string{"fdescrow.dll"}

// systemWide: a plain name would also be looked for in the folder that the program happens to be started in.
const systemWide = false

func dlopen(path string) (uintptr, error) {
	library, err := syscall.LoadLibrary(path)
	return uintptr(library), err
}

func find(library uintptr, name string) (uintptr, error) {
	return syscall.GetProcAddress(syscall.Handle(library), name)
}
