//go:build !cgo || fdescrow_purego

package native

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Way is how the library is reached.
const Way = "purego"

// Variable names the library where it is not found by itself.
const Variable = "FDESCROW_LIBRARY"

// Load loads the library at the first call, and compares it with what these calls are made for.
var Load = sync.OnceValue(func() error {
	library, err := open()
	if err != nil {
		return err
	}
	for name, symbol := range symbolTable() {
		if *symbol, err = find(library, name); err != nil {
			return missing(name)
		}
	}
	for name, symbol := range map[string]*uintptr{
		"fdescrow_escrow_watch":         &escrowWatch,
		"fdescrow_keyring_add_identity": &addIdentity,
		"fdescrow_store_conformance":    &storeConformance,
		"fdescrow_store_custom":         &storeCustom,
	} {
		if *symbol, err = find(library, name); err != nil {
			return missing(name)
		}
	}
	if version := ABIVersion(); version != ABI {
		return fmt.Errorf("libfdescrow has the C ABI %d, and this package was made for %d: install the version that belongs to it", version, ABI)
	}
	return nil
})

func missing(name string) error {
	return fmt.Errorf("libfdescrow has no function %s: it is older than this package; install the version that belongs to it", name)
}

// open tries the file that the variable names, and it alone if there is one; then the program's own folder, then the system.
func open() (uintptr, error) {
	var tried []string
	var reasons []error
	for _, name := range candidates() {
		library, err := dlopen(name)
		if err == nil {
			return library, nil
		}
		tried, reasons = append(tried, name), append(reasons, err)
	}
	return 0, fmt.Errorf(
		"libfdescrow is not found (tried %s): install it, put it beside the program, set %s to its path, or build with cgo and the static library, see docs/go.md: %w",
		strings.Join(tried, ", "), Variable, errors.Join(reasons...),
	)
}

func candidates() []string {
	if named := os.Getenv(Variable); named != "" {
		return []string{named}
	}
	var all []string
	if program, err := os.Executable(); err == nil {
		for _, name := range libraryNames {
			all = append(all, filepath.Join(filepath.Dir(program), name))
		}
	}
	if systemWide {
		all = append(all, libraryNames...)
	}
	return all
}
