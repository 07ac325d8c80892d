// Our own side through the Go package: what a call costs, and the same work as in Rust. Built twice: with cgo, and without it.
//
// The protocol of all harnesses (benches/src/main.rs): one argument, the folder of the material; a line "<case> <times>" is answered by
// the nanoseconds that it took, or by "error: <why>".
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"fdescrow"
	"fdescrow/internal/native"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var name string
		var times int
		if _, err := fmt.Sscanf(lines.Text(), "%s %d", &name, &times); err != nil {
			fmt.Println("error: <case> <times>")
			continue
		}
		if name == "version" {
			fmt.Println(version())
			continue
		}
		took, err := timed(name, times)
		if err != nil {
			fmt.Printf("error: %s: %v\n", name, err)
			continue
		}
		fmt.Println(took.Nanoseconds())
	}
}

func version() string {
	if err := native.Load(); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s, fdescrow %s by %s", runtime.Version(), native.Version(), native.Way)
}

func timed(name string, times int) (time.Duration, error) {
	material, err := read()
	if err != nil {
		return 0, err
	}
	work := map[string]func() error{"open": material.open, "inspect": material.inspect, "crossing": material.cross}[name]
	if work == nil {
		return 0, errors.New("there is no such case")
	}
	if err := work(); err != nil {
		return 0, err
	}
	start := time.Now()
	for done := 0; done < times; done++ {
		if err := work(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// material is what a case works on.
type material struct {
	message, plaintext []byte
	certificates       *fdescrow.Certificates
	keyring            *fdescrow.Keyring
	key                native.Key
}

func read() (read material, err error) {
	file := func(name string) (contents []byte) {
		if err == nil {
			contents, err = os.ReadFile(filepath.Join(os.Args[1], name))
		}
		return contents
	}
	read.message, read.plaintext = file("filevault.der"), file("key.txt")
	certificates, private := file("rsa.pem"), file("rsa.key.pem")
	if err != nil {
		return read, err
	}
	if read.certificates, err = fdescrow.ParseCertificates(certificates); err != nil {
		return read, err
	}
	if read.keyring, err = fdescrow.NewKeyring(fdescrow.PrivateKeyFile{File: private, Certificates: read.certificates}); err != nil {
		return read, err
	}
	key, _, result := native.KeyGenerate("luks")
	if result != 0 {
		return read, fdescrow.Code(result)
	}
	read.key = key
	return read, nil
}

func (m material) open() error {
	envelope, err := fdescrow.ParseEnvelope(m.message)
	if err != nil {
		return err
	}
	defer envelope.Close()
	opened, err := envelope.Open(m.keyring, fdescrow.Opening{Kind: fdescrow.FileVault})
	if err != nil {
		return err
	}
	defer opened.Close()
	held := false
	if err := opened.Use(func(secret []byte) { held = bytes.Equal(secret, m.plaintext) }); err != nil {
		return err
	}
	if !held {
		return errors.New("the result is wrong")
	}
	return nil
}

func (m material) inspect() error {
	envelope, err := fdescrow.ParseEnvelope(m.message)
	if err != nil {
		return err
	}
	defer envelope.Close()
	_, err = envelope.Inspect(m.certificates)
	return err
}

func (m material) cross() error {
	if len(native.KeyKind(m.key)) == 0 {
		return errors.New("the key has no kind")
	}
	return nil
}
