//go:build (!cgo || fdescrow_purego) && !amd64 && !arm64

package native

// Without cgo the library is called on amd64 and arm64 alone.
var _ = build_with_cgo_on_this_architecture
