// Peer seals and opens CMS envelopes with the Go libraries that MDM servers use, so that tests can
// hold ours against them. It speaks the vocabulary that all peers share (tests/src/peers.rs).
//
// Two libraries of one family: smallstep/pkcs7 at the version that Fleet pins, and its ancestor
// mozilla/pkcs7, which older servers used and whose rows are still in their databases.
//
// Exit: 0 done, 1 it failed, 2 it cannot do this at all.
package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/smallstep/pkcs7"
	mozilla "go.mozilla.org/pkcs7"
)

var errUnsupported = errors.New("unsupported")

type certificateList []*x509.Certificate

func (list *certificateList) String() string { return fmt.Sprint(len(*list)) }

func (list *certificateList) Set(path string) error {
	block, err := readPem(path)
	if err != nil {
		return err
	}
	certificate, err := x509.ParseCertificate(block)
	if err != nil {
		return err
	}
	*list = append(*list, certificate)
	return nil
}

type job struct {
	library      string
	format       string
	keyTransport string
	content      string
	ber, ski     bool
	key          string
	certificates certificateList
	in, out      string
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		if errors.Is(err, errUnsupported) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) < 2 {
		return fmt.Errorf("%w: say smallstep or mozilla, then seal or open", errUnsupported)
	}
	j := job{library: arguments[0]}
	flags := flag.NewFlagSet(arguments[1], flag.ContinueOnError)
	flags.StringVar(&j.format, "format", "enveloped", "")
	flags.StringVar(&j.keyTransport, "key-transport", "rsa-pkcs1", "")
	flags.StringVar(&j.content, "content", "des", "")
	flags.BoolVar(&j.ber, "ber", false, "")
	flags.BoolVar(&j.ski, "ski", false, "")
	flags.StringVar(&j.key, "key", "", "")
	flags.Var(&j.certificates, "certificate", "may be repeated when sealing")
	flags.StringVar(&j.in, "in", "", "")
	flags.StringVar(&j.out, "out", "", "")
	if err := flags.Parse(arguments[2:]); err != nil {
		return fmt.Errorf("%w: %v", errUnsupported, err)
	}
	input, err := os.ReadFile(j.in)
	if err != nil {
		return err
	}
	var output []byte
	switch arguments[1] {
	case "seal":
		output, err = j.seal(input)
	case "open":
		output, err = j.open(input)
	default:
		return fmt.Errorf("%w: command %s", errUnsupported, arguments[1])
	}
	if err != nil {
		return err
	}
	return os.WriteFile(j.out, output, 0o600)
}

func (j *job) seal(plaintext []byte) ([]byte, error) {
	if j.ber || j.ski || j.format != "enveloped" {
		return nil, fmt.Errorf("%w: writes DER EnvelopedData to issuer and serial only", errUnsupported)
	}
	if j.library == "mozilla" {
		return j.sealWithMozilla(plaintext)
	}
	algorithm, known := map[string]int{
		"des":        pkcs7.EncryptionAlgorithmDESCBC,
		"aes128-cbc": pkcs7.EncryptionAlgorithmAES128CBC,
		"aes256-cbc": pkcs7.EncryptionAlgorithmAES256CBC,
		"aes128-gcm": pkcs7.EncryptionAlgorithmAES128GCM,
		"aes256-gcm": pkcs7.EncryptionAlgorithmAES256GCM,
	}[j.content]
	if !known {
		return nil, fmt.Errorf("%w: content %s", errUnsupported, j.content)
	}
	pkcs7.ContentEncryptionAlgorithm = algorithm
	if j.keyTransport != "rsa-pkcs1" {
		hash, known := map[string]crypto.Hash{
			"rsa-oaep-sha1":   crypto.SHA1,
			"rsa-oaep-sha256": crypto.SHA256,
			"rsa-oaep-sha384": crypto.SHA384,
			"rsa-oaep-sha512": crypto.SHA512,
		}[j.keyTransport]
		if !known {
			return nil, fmt.Errorf("%w: key transport %s", errUnsupported, j.keyTransport)
		}
		pkcs7.KeyEncryptionAlgorithm = pkcs7.OIDEncryptionAlgorithmRSAESOAEP
		pkcs7.KeyEncryptionHash = hash
	}
	return pkcs7.Encrypt(plaintext, j.certificates)
}

func (j *job) sealWithMozilla(plaintext []byte) ([]byte, error) {
	algorithm, known := map[string]int{
		"des":        mozilla.EncryptionAlgorithmDESCBC,
		"aes128-cbc": mozilla.EncryptionAlgorithmAES128CBC,
		"aes256-cbc": mozilla.EncryptionAlgorithmAES256CBC,
		"aes128-gcm": mozilla.EncryptionAlgorithmAES128GCM,
		"aes256-gcm": mozilla.EncryptionAlgorithmAES256GCM,
	}[j.content]
	if !known || j.keyTransport != "rsa-pkcs1" {
		return nil, fmt.Errorf("%w: %s with %s", errUnsupported, j.keyTransport, j.content)
	}
	mozilla.ContentEncryptionAlgorithm = algorithm
	return mozilla.Encrypt(plaintext, j.certificates)
}

func (j *job) open(message []byte) ([]byte, error) {
	if len(j.certificates) != 1 {
		return nil, fmt.Errorf("%w: open needs one certificate", errUnsupported)
	}
	block, err := readPem(j.key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block)
	if err != nil {
		return nil, err
	}
	key, isRsa := parsed.(*rsa.PrivateKey)
	if !isRsa {
		return nil, fmt.Errorf("%w: only RSA keys", errUnsupported)
	}
	if j.library == "mozilla" {
		envelope, err := mozilla.Parse(message)
		if err != nil {
			return nil, err
		}
		return envelope.Decrypt(j.certificates[0], key)
	}
	envelope, err := pkcs7.Parse(message)
	if err != nil {
		return nil, err
	}
	return envelope.Decrypt(j.certificates[0], key)
}

func readPem(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM block", path)
	}
	return block.Bytes, nil
}
