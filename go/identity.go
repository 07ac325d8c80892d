package fdescrow

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"hash"
	"sync"

	"fdescrow/internal/native"
)

// ErrRefused is what a private key of yours answers, or wraps, when it was reached and did not take the input: a bad padding, say.
//
// Nothing else, but rsa.ErrDecryption of Go, makes a message one that does not open: every other error means that the key cannot be
// reached, and that nothing is known about the message.
var ErrRefused = errors.New("the private key did not take the input")

// A KeyAgreement is a private key on P-256 or P-384 that derives: *ecdh.PrivateKey, or one in a token or key service.
type KeyAgreement interface {
	PublicKey() *ecdh.PublicKey
	// ECDH is the x-coordinate of the private key times the point of the public one (SEC 1 §3.3.1).
	ECDH(remote *ecdh.PublicKey) ([]byte, error)
}

// A RawRSA is a private key that does the bare RSA operation (RFC 8017 §5.1.2). The library then takes the padding off, in constant
// time: give this rather than a crypto.Decrypter where the device can do it.
type RawRSA interface {
	Public() crypto.PublicKey
	// RawPrivate takes and gives as many octets as the modulus has.
	RawPrivate(input []byte) ([]byte, error)
}

// A Padding is what a crypto.Decrypter takes off.
type Padding uint32

const (
	PKCS1v15   Padding = Padding(native.UnpadsPKCS1v15)   // RSAES-PKCS1-v1_5, which a Mac's own envelopes need
	OAEPSHA256 Padding = Padding(native.UnpadsOAEPSHA256) // RSAES-OAEP with SHA-256, as this library seals
	OAEPSHA1   Padding = Padding(native.UnpadsOAEPSHA1)   // RSAES-OAEP with SHA-1, as older tools seal
)

var paddings = []Padding{OAEPSHA256, PKCS1v15, OAEPSHA1}

// A PrivateKey is a private key of your program, in a key service or token, or in Go.
//
// It is used from several goroutines at once, and until the last keyring with it is closed. A panic in it counts as unavailable.
type PrivateKey struct {
	// Key is a [KeyAgreement] or *ecdsa.PrivateKey, a [RawRSA], or a crypto.Decrypter with an RSA key.
	//
	// What a Decrypter gives is wiped after it was copied. With [PKCS1v15] it is told the length of the key in the message
	// (rsa.PKCS1v15DecryptOptions.SessionKeyLen), so that it can answer a bad padding with random octets, as Go's own keys do.
	Key any

	// Certificates are those made for it, of which the first tells its public key.
	Certificates *Certificates

	// Paddings are those that a Decrypter takes off. Without any each is tried when the keyring is made, with a message made for it;
	// one that fails twice between two that do not is left out.
	Paddings []Padding

	// Refused tells of an error that the key was reached and did not take the input; nil: [ErrRefused] and rsa.ErrDecryption do.
	Refused func(error) bool

	// Failed is told every error of the key; nil: nobody is.
	Failed func(error)
}

// privateKey is a PrivateKey in a keyring.
type privateKey struct {
	PrivateKey
	mutex sync.Mutex
	last  error
}

func (p *privateKey) lastFailure() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.last
}

// classify says what an error of the key means, and remembers why it could not be reached.
func (p *privateKey) classify(err error) native.Answer {
	refused := p.Refused
	if refused == nil {
		refused = func(err error) bool { return errors.Is(err, ErrRefused) || errors.Is(err, rsa.ErrDecryption) }
	}
	if err != nil && p.Failed != nil {
		p.Failed(err)
	}
	if err != nil && refused(err) {
		return native.Refused
	}
	p.mutex.Lock()
	p.last = err
	p.mutex.Unlock()
	if err != nil {
		return native.Unavailable
	}
	return native.Done
}

func (p PrivateKey) addTo(keyring native.Keyring) (*privateKey, error) {
	if p.Certificates == nil {
		return nil, newError(ErrMisuse, "a private key needs its certificates")
	}
	certificates, done, err := p.Certificates.use()
	if err != nil {
		return nil, err
	}
	defer done()
	public, err := p.publicKey()
	if err != nil {
		return nil, err
	}
	key := &privateKey{PrivateKey: p}
	operations, err := key.operations(public)
	if err != nil {
		return nil, err
	}
	if err := failed(native.KeyringAddIdentity(keyring, certificates, operations)); err != nil {
		return nil, (&Keyring{own: []*privateKey{key}}).because(err)
	}
	return key, nil
}

// publicKey is that of the first certificate, which the library believes.
func (p PrivateKey) publicKey() (crypto.PublicKey, error) {
	der := p.Certificates.DER(0)
	if der == nil {
		return nil, newError(ErrMisuse, "a private key needs its certificates")
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, newError(ErrCertificateSyntax, "Go does not read the certificate: "+err.Error())
	}
	return certificate.PublicKey, nil
}

func (p *privateKey) operations(public crypto.PublicKey) (*native.Operations, error) {
	switch key := p.Key.(type) {
	case *ecdsa.PrivateKey:
		if key == nil {
			break
		}
		agreement, err := key.ECDH()
		if err != nil {
			return nil, newError(ErrIdentityUnsupported, "the curve of the private key is not P-256 or P-384")
		}
		return p.agreement(agreement, public)
	case KeyAgreement:
		return p.agreement(key, public)
	case RawRSA:
		if !same(key.Public(), public) {
			return nil, newError(ErrIdentityMismatch, "")
		}
		return &native.Operations{RawPrivate: p.rawPrivate(key)}, nil
	case crypto.Decrypter:
		modulus, is := public.(*rsa.PublicKey)
		if !is || !same(key.Public(), public) {
			return nil, newError(ErrIdentityMismatch, "")
		}
		unpads, err := p.unpads(key, modulus)
		if err != nil {
			return nil, err
		}
		return &native.Operations{Unpads: unpads, Decrypt: p.decrypt(key)}, nil
	}
	return nil, newError(ErrIdentityUnsupported, fmt.Sprintf("a %T does none of the private operations", p.Key))
}

// same tells whether two public keys are; those of Go's own types know how to compare.
func same(one, other crypto.PublicKey) bool {
	comparable, is := one.(interface{ Equal(crypto.PublicKey) bool })
	return is && comparable.Equal(other)
}

func (p *privateKey) agreement(key KeyAgreement, public crypto.PublicKey) (*native.Operations, error) {
	certified, is := public.(*ecdsa.PublicKey)
	if !is {
		return nil, newError(ErrIdentityMismatch, "")
	}
	point, err := certified.ECDH()
	if err != nil || key.PublicKey() == nil || !key.PublicKey().Equal(point) {
		return nil, newError(ErrIdentityMismatch, "")
	}
	curve := point.Curve()
	return &native.Operations{Agree: func(point, output []byte) native.Answer {
		remote, err := curve.NewPublicKey(point)
		if err != nil {
			return native.Refused
		}
		shared, err := key.ECDH(remote)
		if answer := p.classify(err); answer != native.Done {
			return answer
		}
		defer clear(shared)
		if len(shared) != len(output) {
			return p.classify(fmt.Errorf("the key agreement gave %d octets, not %d", len(shared), len(output)))
		}
		copy(output, shared)
		return native.Done
	}}, nil
}

func (p *privateKey) rawPrivate(key RawRSA) func(input, output []byte) native.Answer {
	return func(input, output []byte) native.Answer {
		plain, err := key.RawPrivate(bytes.Clone(input))
		if answer := p.classify(err); answer != native.Done {
			return answer
		}
		defer clear(plain)
		if len(plain) != len(output) {
			return p.classify(fmt.Errorf("the bare operation gave %d octets, not %d", len(plain), len(output)))
		}
		copy(output, plain)
		return native.Done
	}
}

func (p *privateKey) decrypt(key crypto.Decrypter) func(uint32, []byte, []byte) (int, native.Answer) {
	return func(padding uint32, ciphertext, output []byte) (int, native.Answer) {
		plain, err := key.Decrypt(rand.Reader, bytes.Clone(ciphertext), Padding(padding).options(len(output)))
		if answer := p.classify(err); answer != native.Done {
			return 0, answer
		}
		defer clear(plain)
		if len(plain) != len(output) {
			// It has been decrypted to something that is no key of this message.
			return 0, native.Refused
		}
		return copy(output, plain), native.Done
	}
}

// options are those of crypto/rsa, which key services take, too.
func (p Padding) options(length int) crypto.DecrypterOpts {
	switch p {
	case OAEPSHA256:
		return &rsa.OAEPOptions{Hash: crypto.SHA256}
	case OAEPSHA1:
		return &rsa.OAEPOptions{Hash: crypto.SHA1}
	default:
		return &rsa.PKCS1v15DecryptOptions{SessionKeyLen: length}
	}
}

// unpads are the paddings that the key takes off: those that were named, or that are found by trying.
//
// An error of a key service does not tell whether it cannot take a padding off or cannot be reached. A padding is given up only if it
// failed while another one worked before and after; what is kept by mistake is unavailable when it is needed, never wrong.
func (p *privateKey) unpads(key crypto.Decrypter, public *rsa.PublicKey) (unpads uint32, err error) {
	if len(p.Paddings) > 0 {
		for _, padding := range p.Paddings {
			unpads |= uint32(padding)
		}
		return unpads, nil
	}
	var works Padding
	var causes []error
	failing := map[Padding]bool{}
	for _, padding := range paddings {
		if err := padding.try(key, public); err != nil {
			causes = append(causes, err)
			failing[padding] = true
			continue
		}
		works = padding
		unpads |= uint32(padding)
	}
	if works == 0 {
		failure := newError(ErrIdentityUnavailable, "")
		failure.cause = errors.Join(causes...)
		return 0, failure
	}
	for padding := range failing {
		before, again, after := works.try(key, public), padding.try(key, public), works.try(key, public)
		if again == nil || before != nil || after != nil {
			unpads |= uint32(padding)
		}
	}
	return unpads, nil
}

// try has the key decrypt something made for it.
func (p Padding) try(key crypto.Decrypter, public *rsa.PublicKey) error {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	ciphertext, err := p.encrypt(public, secret)
	if err != nil {
		return err
	}
	plain, err := key.Decrypt(rand.Reader, ciphertext, p.options(len(secret)))
	if err != nil {
		return err
	}
	if !bytes.Equal(plain, secret) {
		return errors.New("the private key decrypted to something else")
	}
	return nil
}

func (p Padding) encrypt(public *rsa.PublicKey, secret []byte) ([]byte, error) {
	var hash hash.Hash
	switch p {
	case OAEPSHA256:
		hash = sha256.New()
	case OAEPSHA1:
		hash = sha1.New()
	default:
		return rsa.EncryptPKCS1v15(rand.Reader, public, secret)
	}
	return rsa.EncryptOAEP(hash, rand.Reader, public, secret, nil)
}
