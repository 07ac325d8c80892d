package fdescrow

import (
	"bytes"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"github.com/smallstep/pkcs7"
)

// peer is a certificate and key that both libraries have.
type peer struct {
	certificates *Certificates
	keyring      *Keyring
	certificate  *x509.Certificate
	key          *rsa.PrivateKey
}

func newPeer(t testing.TB) *peer {
	certificates, private := goIdentity(t, "rsa-2048")
	keyring := must(NewKeyring(PrivateKey{Key: private, Certificates: certificates}))
	t.Cleanup(func() { keyring.Close() })
	certificate := must(x509.ParseCertificate(certificates.DER(0)))
	return &peer{certificates, keyring, certificate, private.(*rsa.PrivateKey)}
}

const macKey = "ABCD-EFGH-IJKL-MNOP-QRST-UVWX"

func TestWhatThePackageOfFleetSealsOpens(t *testing.T) {
	p := newPeer(t)
	defer func(content int, key asn1.ObjectIdentifier, hash crypto.Hash) {
		pkcs7.ContentEncryptionAlgorithm, pkcs7.KeyEncryptionAlgorithm, pkcs7.KeyEncryptionHash = content, key, hash
	}(pkcs7.ContentEncryptionAlgorithm, pkcs7.KeyEncryptionAlgorithm, pkcs7.KeyEncryptionHash)
	// With another hash its messages name MGF1 with SHA-1, the default of RFC 4055 §4.1, and use MGF1 with that hash.
	pkcs7.KeyEncryptionHash = crypto.SHA1
	for name, content := range map[string]int{
		"DES-CBC": pkcs7.EncryptionAlgorithmDESCBC, "AES-128-CBC": pkcs7.EncryptionAlgorithmAES128CBC,
		"AES-256-CBC": pkcs7.EncryptionAlgorithmAES256CBC, "AES-128-GCM": pkcs7.EncryptionAlgorithmAES128GCM,
		"AES-256-GCM": pkcs7.EncryptionAlgorithmAES256GCM,
	} {
		for transport, key := range map[string]asn1.ObjectIdentifier{
			"PKCS#1 v1.5": pkcs7.OIDEncryptionAlgorithmRSA, "OAEP": pkcs7.OIDEncryptionAlgorithmRSAESOAEP,
		} {
			t.Run(name+", "+transport, func(t *testing.T) {
				pkcs7.ContentEncryptionAlgorithm, pkcs7.KeyEncryptionAlgorithm = content, key
				der := must(pkcs7.Encrypt([]byte(macKey), []*x509.Certificate{p.certificate}))
				envelope := must(ParseEnvelope(der))
				defer envelope.Close()
				inspection := must(envelope.Inspect(p.certificates))
				if len(inspection.Recipients) != 1 || len(inspection.Recipients[0].Certificates) != 1 {
					t.Error(inspection)
				}
				opened, err := envelope.Open(p.keyring, Opening{Kind: FileVault, Suite: SuiteLegacy})
				if err != nil {
					t.Fatal(err, inspection)
				}
				defer opened.Close()
				if text := shown(t, opened.Use); text != macKey || !opened.About.Bare {
					t.Fatal("another key")
				}
			})
		}
	}
}

func TestThePackageOfFleetOpensWhatIsSealedForIt(t *testing.T) {
	p := newPeer(t)
	key := must(GenerateKey(FileVault))
	defer key.Close()
	for _, bare := range []bool{true, false} {
		envelope := must(Seal(key, p.certificates, Sealing{Bare: bare, Format: EnvelopedPKCS1v15}))
		content := must(must(pkcs7.Parse(envelope.DER())).Decrypt(p.certificate, p.key))
		if !bytes.Contains(content, []byte(shown(t, key.Use))) || bare != bytes.Equal(content, []byte(shown(t, key.Use))) {
			t.Error(bare, "it opened something else")
		}
		envelope.Close()
	}
}

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
		Encrypted   asn1.RawValue `asn1:"optional"`
	}
)

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidEnvelopedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidAES256CBC     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// message is one whose content was encrypted as nobody should.
func (p *peer) message(encrypt func(cipher.Block, []byte) []byte) []byte {
	key, iv := make([]byte, 32), make([]byte, 16)
	_, _ = rand.Read(key)
	_, _ = rand.Read(iv)
	ciphertext := encrypt(must(aes.NewCipher(key)), iv)
	inner := must(asn1.Marshal(envelopedData{
		Recipients: []recipientInfo{{
			Issuer:       issuerAndSerial{asn1.RawValue{FullBytes: p.certificate.RawIssuer}, p.certificate.SerialNumber},
			Algorithm:    pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue},
			EncryptedKey: must(rsa.EncryptPKCS1v15(rand.Reader, &p.key.PublicKey, key)),
		}},
		Content: encryptedContent{
			ContentType: oidData,
			Algorithm:   pkix.AlgorithmIdentifier{Algorithm: oidAES256CBC, Parameters: asn1.RawValue{Tag: asn1.TagOctetString, Bytes: iv}},
			Encrypted:   asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, Bytes: ciphertext},
		},
	}))
	explicit := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}
	return must(asn1.Marshal(contentInfo{oidEnvelopedData, explicit}))
}

// cbc encrypts blocks that are full, whatever is in them.
func cbc(block cipher.Block, iv []byte, plain string) []byte {
	encrypted := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(encrypted, []byte(plain))
	return encrypted
}

// poison are the messages that stop smallstep/pkcs7: any Mac can make one, for the certificate is in its profile.
func (p *peer) poison() map[string][]byte {
	return map[string][]byte{
		"ciphertext that is not full blocks": p.message(func(cipher.Block, []byte) []byte { return make([]byte, 31) }),
		"padding longer than the content": p.message(func(block cipher.Block, iv []byte) []byte {
			return cbc(block, iv, "ABCD-EFGH-IJKL-\xc8")
		}),
	}
}

func panics(call func()) (panicked any) {
	defer func() { panicked = recover() }()
	call()
	return nil
}

func TestWhatPanicsThePackageOfFleetIsHarmless(t *testing.T) {
	p := newPeer(t)
	// The messages are made as they should be but for this one thing.
	good := p.message(func(block cipher.Block, iv []byte) []byte { return cbc(block, iv, macKey+"\x03\x03\x03") })
	if content := must(must(pkcs7.Parse(good)).Decrypt(p.certificate, p.key)); string(content) != macKey {
		t.Fatal(content)
	}
	ctx := context.Background()
	escrow := must(Open("memory:", "example.com", WithCertificates(p.certificates)))
	defer escrow.Close()
	rows, stored := []Row{{Envelope: good, Kind: FileVault}}, uint64(0)
	for name, poison := range p.poison() {
		if panicked := panics(func() { _, _ = must(pkcs7.Parse(poison)).Decrypt(p.certificate, p.key) }); panicked == nil {
			t.Error(name, "does not panic it any more")
		} else {
			t.Log(name, "→", panicked)
		}
		envelope, err := ParseEnvelope(poison)
		if err == nil {
			_, err = envelope.Open(p.keyring, Opening{Kind: FileVault})
			envelope.Close()
		}
		if !errors.Is(err, ErrEnvelopeSyntax) && !errors.Is(err, ErrEnvelopeOpen) {
			t.Error(name, err)
		}
		rows = append(rows, Row{Envelope: poison, Kind: FileVault})
		if _, err := escrow.Receive(ctx, Sealed(name, FileVault, poison).By("orbit")); err == nil {
			stored++
		} else {
			t.Log(name, "is not stored:", err)
		}
	}
	deep := bytes.Repeat([]byte{0x30, 0x80}, 20_000)
	rows = append(rows, Row{Envelope: deep, Kind: FileVault}, Row{Envelope: good, Kind: FileVault})
	must(escrow.Receive(ctx, Sealed("good", FileVault, good).By("orbit")))

	verdicts := must(Judge(ctx, p.keyring, rows, SuiteFileVault))
	for index, verdict := range verdicts {
		expected := DoesNotOpen
		if index == 0 || index == len(verdicts)-1 {
			expected = Opens
		}
		if verdict.Verdict != expected {
			t.Error(index, fmt.Sprintf("%+v", verdict))
		}
	}
	report := must(escrow.Check(ctx, p.keyring, CheckOptions{}))
	if report.Opened != 1 || report.NotOpened["did_not_open"]+report.NotOpened["wrong_content"] != stored {
		t.Error(report)
	}
}
