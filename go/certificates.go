package fdescrow

import (
	"crypto/x509"
	"encoding/pem"
	"time"

	"fdescrow/internal/native"
)

// Certificates are certificates in an order: whom keys are sealed to, or who may have sealed. Most lists have one. A list does not change.
type Certificates struct {
	owner *owner[native.Certificates]
}

// A CertificateDescription is what a certificate says.
type CertificateDescription struct {
	Fingerprint string    `json:"fingerprint"` // SHA-256 of its DER, hexadecimal: how everything here names it
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	Key         string    `json:"key"` // in words
}

// ParseCertificates reads PEM with any number of them, or DER or base64 of one.
//
// [ErrCertificateSyntax].
func ParseCertificates(pemOrDER []byte) (*Certificates, error) {
	if err := load(); err != nil {
		return nil, err
	}
	return certificatesOf(native.CertificatesParse(pemOrDER))
}

// CertificatesOf takes certificates that Go has read.
func CertificatesOf(all ...*x509.Certificate) (*Certificates, error) {
	var text []byte
	for _, one := range all {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Raw})...)
	}
	return ParseCertificates(text)
}

// A NewCertificate is an escrow certificate to be made.
type NewCertificate struct {
	Subject   string // as RFC 4514 writes it: "CN=Escrow 2026,O=Example"
	Algorithm string // "rsa-2048" is what FileVault needs; "rsa-3072", "rsa-4096", "p-256", "p-384"
	NotBefore time.Time
	NotAfter  time.Time
}

// Generate makes the certificate, and its private key as PKCS#8 in PEM.
//
// [ErrCertificateUnsuitable] for a subject or dates that cannot be; [ErrMisuse] for another algorithm; [ErrRandomnessUnavailable].
func (n NewCertificate) Generate() (*Certificates, *Secret, error) {
	if err := load(); err != nil {
		return nil, nil, err
	}
	document, err := encode(struct {
		Subject   string    `json:"subject"`
		Algorithm string    `json:"algorithm"`
		NotBefore time.Time `json:"not_before"`
		NotAfter  time.Time `json:"not_after"`
	}{n.Subject, n.Algorithm, n.NotBefore.UTC().Truncate(time.Second), n.NotAfter.UTC().Truncate(time.Second)})
	if err != nil {
		return nil, nil, err
	}
	made, key, failure, result := native.CertificatesGenerate(document)
	certificates, err := certificatesOf(made, failure, result)
	if err != nil {
		return nil, nil, err
	}
	return certificates, ownSecret(key), nil
}

func certificatesOf(handle native.Certificates, failure native.Error, result int32) (*Certificates, error) {
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	return &Certificates{own(handle, native.CertificatesFree)}, nil
}

// With is a list with those of another one behind those of this one.
func (c *Certificates) With(more *Certificates) (*Certificates, error) {
	text, err := c.PEM()
	if err != nil {
		return nil, err
	}
	behind, err := more.PEM()
	if err != nil {
		return nil, err
	}
	return ParseCertificates(append(text, behind...))
}

// Len is how many there are; 0 after Close.
func (c *Certificates) Len() int {
	if c == nil {
		return 0
	}
	count, _ := with(c.owner, func(list native.Certificates) (int, error) { return native.CertificatesCount(list), nil })
	return count
}

// DER is one of them, counted from 0; nil where there is none.
func (c *Certificates) DER(index int) []byte {
	if c == nil || index < 0 {
		return nil
	}
	der, _ := with(c.owner, func(list native.Certificates) ([]byte, error) {
		return append([]byte(nil), native.CertificatesDER(list, index)...), nil
	})
	return der
}

// PEM is all of them.
func (c *Certificates) PEM() ([]byte, error) {
	if c == nil {
		return nil, ErrClosed
	}
	return with(c.owner, func(list native.Certificates) ([]byte, error) {
		text, failure, result := native.CertificatesPEM(list)
		if err := failed(failure, result); err != nil {
			return nil, err
		}
		return native.TextOf(text), nil
	})
}

// Describe is what they say, in their order.
func (c *Certificates) Describe() ([]CertificateDescription, error) {
	if c == nil {
		return nil, ErrClosed
	}
	return with(c.owner, func(list native.Certificates) ([]CertificateDescription, error) {
		return answer[[]CertificateDescription](native.CertificatesDescribe(list))
	})
}

// Close frees the list. What was made with it goes on.
func (c *Certificates) Close() error {
	if c != nil {
		c.owner.close()
	}
	return nil
}

// use is the list for a call that may do without one.
func (c *Certificates) use() (native.Certificates, func(), error) {
	if c == nil {
		return native.Certificates{}, func() {}, nil
	}
	handle, err := c.owner.use()
	return handle, c.owner.done, err
}
