//go:build cgo && !fdescrow_purego && fdescrow_flags

package native

// With -tags fdescrow_flags the header and the library are where CGO_CFLAGS and CGO_LDFLAGS say.

import "C"
