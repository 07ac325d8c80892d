//go:build cgo && !fdescrow_purego && !fdescrow_flags

package native

// #cgo pkg-config: --static fdescrow
import "C"
