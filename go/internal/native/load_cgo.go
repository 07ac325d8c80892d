//go:build cgo && !fdescrow_purego

package native

import "fmt"

// Way is how the library is reached.
const Way = "cgo"

// Load compares the library that is linked with what these calls are made for.
func Load() error {
	if version := ABIVersion(); version != ABI {
		return fmt.Errorf("libfdescrow has the C ABI %d, and this package was made for %d: install the version that belongs to it", version, ABI)
	}
	return nil
}
