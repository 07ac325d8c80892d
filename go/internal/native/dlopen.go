//go:build (!cgo || fdescrow_purego) && !windows

package native

import "github.com/ebitengine/purego"

// systemWide: a plain name is looked for where the system keeps its libraries.
const systemWide = true

func dlopen(path string) (uintptr, error) {
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

func find(library uintptr, name string) (uintptr, error) { return purego.Dlsym(library, name) }
