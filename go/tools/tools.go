//go:build tools

// Package tools names the programs that check the Go package. They are a module of their own, so that whoever uses the package does not
// have them in its module graph.
package tools

import _ "honnef.co/go/tools/cmd/staticcheck"
