module fdescrow/benches

go 1.23

require fdescrow v0.0.0

require github.com/ebitengine/purego v0.10.2 // indirect

replace fdescrow => ../../../go
