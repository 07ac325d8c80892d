module fdescrow

go 1.23

require (
	github.com/ebitengine/purego v0.10.2
	github.com/smallstep/pkcs7 v0.0.0-20240723090913-5e2c6a136dfa
)
