module fdescrow.example/benches/peers

go 1.18

require github.com/smallstep/pkcs7 v0.0.0-20240723090913-5e2c6a136dfa
