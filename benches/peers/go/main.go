// Go's side of what is measured: crypto/rsa, and smallstep/pkcs7 at the version that Fleet pins.
//
// The protocol of all harnesses (benches/src/main.rs): one argument, the folder of the material; a line
// "<case> <times>" is answered by the nanoseconds that it took, or by "error: <why>".
package main

import (
	"bufio"
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/smallstep/pkcs7"
)

var folder string

func main() {
	folder = os.Args[1]
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
	text := runtime.Version()
	if info, known := debug.ReadBuildInfo(); known {
		for _, module := range info.Deps {
			text += ", " + module.Path + " " + module.Version
		}
	}
	return text
}

func timed(name string, times int) (time.Duration, error) {
	work, err := find(name)
	if err != nil {
		return 0, err
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

func find(name string) (func() error, error) {
	switch name {
	case "open":
		return open()
	case "private":
		return private()
	case "parse":
		message, err := read("filevault.der")
		return func() error {
			_, err := pkcs7.Parse(message)
			return err
		}, err
	}
	return nil, errors.New("there is no such case")
}

func open() (func() error, error) {
	message, err := read("filevault.der")
	if err != nil {
		return nil, err
	}
	expected, err := read("key.txt")
	if err != nil {
		return nil, err
	}
	key, certificate, err := credentials()
	return func() error {
		envelope, err := pkcs7.Parse(message)
		if err != nil {
			return err
		}
		plaintext, err := envelope.Decrypt(certificate, key)
		return hold(plaintext, expected, err)
	}, err
}

func private() (func() error, error) {
	wrapped, err := read("wrapped-pkcs1")
	if err != nil {
		return nil, err
	}
	expected, err := read("content-key-pkcs1")
	if err != nil {
		return nil, err
	}
	key, _, err := credentials()
	return func() error {
		contentKey, err := rsa.DecryptPKCS1v15(nil, key, wrapped)
		return hold(contentKey, expected, err)
	}, err
}

func hold(result, expected []byte, err error) error {
	if err == nil && !bytes.Equal(result, expected) {
		return errors.New("the result is wrong")
	}
	return err
}

func credentials() (*rsa.PrivateKey, *x509.Certificate, error) {
	text, err := read("rsa.key.pem")
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(text)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, nil, err
	}
	text, err = read("rsa.pem")
	if err != nil {
		return nil, nil, err
	}
	block, _ = pem.Decode(text)
	certificate, err := x509.ParseCertificate(block.Bytes)
	return parsed.(*rsa.PrivateKey), certificate, err
}

func read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(folder, name))
}
