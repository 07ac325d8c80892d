// Command generate writes what follows from include/fdescrow.h: the result numbers, and a Go function for each function of C, once
// for cgo and once for each way in which a view crosses without it.
//
// It is run by `go generate ./...` in go/; with -check it writes nothing and fails where a file is not what it would write.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	header := flag.String("header", "../include/fdescrow.h", "the header")
	root := flag.String("root", ".", "the folder of the Go module")
	check := flag.Bool("check", false, "compare, do not write")
	flag.Parse()
	text, err := os.ReadFile(*header)
	if err != nil {
		log.Fatal(err)
	}
	parsed, err := parse(string(text))
	if err != nil {
		log.Fatalf("%s: %v", *header, err)
	}
	for path, write := range map[string]func(*bytes.Buffer, *library){
		"codes.go":                           writeCodes,
		"internal/native/handles.go":         writeHandles,
		"internal/native/calls_cgo.go":       writeCgo,
		"internal/native/calls_registers.go": writeRegisters,
		"internal/native/calls_pointers.go":  writePointers,
	} {
		if err := place(filepath.Join(*root, path), parsed, write, *check); err != nil {
			log.Fatal(err)
		}
	}
}

// place writes one file, or compares it.
func place(path string, parsed *library, write func(*bytes.Buffer, *library), check bool) error {
	var buffer bytes.Buffer
	buffer.WriteString("// Code generated from include/fdescrow.h by internal/generate; DO NOT EDIT.\n\n")
	write(&buffer, parsed)
	formatted, err := format.Source(buffer.Bytes())
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", path, err, buffer.Bytes())
	}
	if !check {
		return os.WriteFile(path, formatted, 0o644)
	}
	there, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(there, formatted) {
		return fmt.Errorf("%s is not what follows from the header: run `go generate ./...` in go/", path)
	}
	return nil
}
