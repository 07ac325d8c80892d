package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"

	"github.com/smallstep/pkcs7"
)

// EnvelopedData, RFC 5652 §6.1, as much as these messages need.
type (
	contentInfo struct {
		ContentType asn1.ObjectIdentifier
		Content     asn1.RawValue
	}
	envelopedData struct {
		Version    int
		Recipients []recipientInfo `asn1:"set"`
		Content    encryptedContent
	}
	recipientInfo struct {
		Version      int
		Issuer       issuerAndSerial
		Algorithm    pkix.AlgorithmIdentifier
		EncryptedKey []byte
	}
	issuerAndSerial struct {
		Name   asn1.RawValue
		Serial *big.Int
	}
	encryptedContent struct {
		ContentType asn1.ObjectIdentifier
		Algorithm   pkix.AlgorithmIdentifier
		Encrypted   asn1.RawValue
	}
)

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidEnvelopedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidAES256CBC     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// message is one for this certificate, whose content somebody else encrypted as they liked: all it takes is the certificate, and that is
// in the profile of every Mac.
func message(t *testing.T, to *x509.Certificate, encrypt func(block cipher.Block, iv []byte) []byte) []byte {
	t.Helper()
	key, iv := make([]byte, 32), make([]byte, aes.BlockSize)
	must(rand.Read(key))
	must(rand.Read(iv))
	inner := must(asn1.Marshal(envelopedData{
		Recipients: []recipientInfo{{
			Issuer:       issuerAndSerial{asn1.RawValue{FullBytes: to.RawIssuer}, to.SerialNumber},
			Algorithm:    pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue},
			EncryptedKey: must(rsa.EncryptPKCS1v15(rand.Reader, to.PublicKey.(*rsa.PublicKey), key)),
		}},
		Content: encryptedContent{
			ContentType: oidData,
			Algorithm:   pkix.AlgorithmIdentifier{Algorithm: oidAES256CBC, Parameters: asn1.RawValue{Tag: asn1.TagOctetString, Bytes: iv}},
			Encrypted:   asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: encrypt(must(aes.NewCipher(key)), iv)},
		},
	}))
	explicit := asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: inner}
	return must(asn1.Marshal(contentInfo{oidEnvelopedData, explicit}))
}

// cbc encrypts full blocks, whatever is in them.
func cbc(plain string) func(cipher.Block, []byte) []byte {
	return func(block cipher.Block, iv []byte) []byte {
		encrypted := make([]byte, len(plain))
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(encrypted, []byte(plain))
		return encrypted
	}
}

// poison are messages that smallstep/pkcs7, of the version in go.mod, panics at.
func poison(t *testing.T, to *x509.Certificate) map[string][]byte {
	return map[string][]byte{
		"a ciphertext that is not full blocks": message(t, to, func(cipher.Block, []byte) []byte { return make([]byte, 31) }),
		"a padding longer than the content":    message(t, to, cbc("ABCD-EFGH-IJKL-\xc8")),
	}
}

// theirs is how the job judged a row before: a panic ends the whole run, and the scheduler catches it.
func theirs(der []byte, certificate *x509.Certificate, key *rsa.PrivateKey) (plain []byte, panicked any, err error) {
	defer func() { panicked = recover() }()
	parsed, err := pkcs7.Parse(der)
	if err != nil {
		return nil, nil, err
	}
	plain, err = parsed.Decrypt(certificate, key)
	return plain, nil, err
}

func TestTheMessagesPanicThePackageThatFleetUses(t *testing.T) {
	a := newAuthority(t)
	// The same message with what belongs in it is read by both, so that it is the content alone that stops one.
	good := message(t, a.certificate, cbc(macKey+"\x03\x03\x03"))
	plain, panicked, err := theirs(good, a.certificate, a.key)
	if string(plain) != macKey || panicked != nil || err != nil {
		t.Fatal(panicked, err)
	}
	for name, der := range poison(t, a.certificate) {
		_, panicked, err := theirs(der, a.certificate, a.key)
		if panicked == nil {
			t.Errorf("%s does not panic it: %v", name, err)
			continue
		}
		t.Logf("%s: %v", name, panicked)
	}
}
