package fdescrow

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"fdescrow/internal/native"
)

// goIdentity is a certificate, and its private key as Go reads it.
func goIdentity(t testing.TB, algorithm string) (*Certificates, any) {
	t.Helper()
	certificates, private := newIdentity(algorithm)
	t.Cleanup(func() { certificates.Close(); private.Close() })
	var key any
	if err := private.Use(func(text []byte) {
		block, _ := pem.Decode(text)
		key = must(x509.ParsePKCS8PrivateKey(block.Bytes))
	}); err != nil {
		t.Fatal(err)
	}
	return certificates, key
}

// service is a key service: it decrypts some paddings, and can be cut off.
type service struct {
	key      *rsa.PrivateKey
	takes    Padding
	down     atomic.Bool
	panics   atomic.Bool
	calls    atomic.Int64
	lengths  atomic.Int64 // of session keys, or-ed
	replaces func(plain []byte) []byte
}

var errUnreachable = errors.New("connection refused")

func (s *service) Public() crypto.PublicKey { return &s.key.PublicKey }

func (s *service) Decrypt(random io.Reader, ciphertext []byte, options crypto.DecrypterOpts) ([]byte, error) {
	s.calls.Add(1)
	if s.panics.Load() {
		panic("in the middle of a call from the library")
	}
	if s.down.Load() {
		return nil, fmt.Errorf("calling the service: %w", errUnreachable)
	}
	padding := PKCS1v15
	switch options := options.(type) {
	case *rsa.OAEPOptions:
		padding = OAEPSHA256
		if options.Hash == crypto.SHA1 {
			padding = OAEPSHA1
		}
	case *rsa.PKCS1v15DecryptOptions:
		s.lengths.Or(int64(options.SessionKeyLen))
	}
	if s.takes&padding == 0 {
		return nil, errors.New("this key does not decrypt so")
	}
	plain, err := s.key.Decrypt(random, ciphertext, options)
	if s.replaces != nil {
		plain = s.replaces(plain)
	}
	return plain, err
}

// rawRSA is a key that does the bare operation. It is not in constant time, and only for tests.
type rawRSA struct {
	key  *rsa.PrivateKey
	down atomic.Bool
	odd  atomic.Bool
}

func (r *rawRSA) Public() crypto.PublicKey { return &r.key.PublicKey }

func (r *rawRSA) RawPrivate(input []byte) ([]byte, error) {
	if r.down.Load() {
		return nil, errUnreachable
	}
	if r.odd.Load() {
		return []byte("short"), nil
	}
	power := new(big.Int).Exp(new(big.Int).SetBytes(input), r.key.D, r.key.N)
	return power.FillBytes(make([]byte, len(input))), nil
}

// agreement is a key in a token.
type agreement struct {
	*ecdh.PrivateKey
	down atomic.Bool
}

func (a *agreement) ECDH(remote *ecdh.PublicKey) ([]byte, error) {
	if a.down.Load() {
		return nil, errUnreachable
	}
	return a.PrivateKey.ECDH(remote)
}

// opensWith seals in each format that the certificate takes, and opens with the keyring.
func opensWith(t *testing.T, certificates *Certificates, keyring *Keyring, formats ...Format) {
	t.Helper()
	for _, format := range formats {
		key := must(GenerateKey(FileVault))
		envelope := must(Seal(key, certificates, Sealing{Format: format}))
		opened, err := envelope.Open(keyring, Opening{Kind: FileVault, Suite: SuiteLegacy})
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		if shown(t, opened.Use) != shown(t, key.Use) {
			t.Errorf("%s: another key", format)
		}
		opened.Close()
		key.Close()
		envelope.Close()
	}
}

func TestKeysOfGoOpen(t *testing.T) {
	certificates, rsaKey := goIdentity(t, "rsa-2048")
	formats := []Format{Auth, Enveloped, EnvelopedPKCS1v15}
	for name, key := range map[string]any{"crypto.Decrypter": rsaKey, "bare": &rawRSA{key: rsaKey.(*rsa.PrivateKey)}} {
		keyring, err := NewKeyring(PrivateKey{Key: key, Certificates: certificates})
		if err != nil || keyring.Len() != 1 {
			t.Fatal(name, err)
		}
		opensWith(t, certificates, keyring, formats...)
		keyring.Close()
	}
	for _, algorithm := range []string{"p-256", "p-384"} {
		certificates, key := goIdentity(t, algorithm)
		curve := must(key.(*ecdsa.PrivateKey).ECDH())
		for name, key := range map[string]any{"ecdsa": key, "ecdh": curve, "token": &agreement{PrivateKey: curve}} {
			keyring, err := NewKeyring(PrivateKey{Key: key, Certificates: certificates})
			if err != nil {
				t.Fatal(algorithm, name, err)
			}
			opensWith(t, certificates, keyring, Auth)
			keyring.Close()
		}
	}
}

func TestADecrypterIsTriedForWhatItCanDo(t *testing.T) {
	certificates, key := goIdentity(t, "rsa-2048")
	for takes, formats := range map[Padding][]Format{
		PKCS1v15:              {EnvelopedPKCS1v15},
		OAEPSHA256:            {Auth, Enveloped},
		PKCS1v15 | OAEPSHA256: {Auth, Enveloped, EnvelopedPKCS1v15},
	} {
		keyring, err := NewKeyring(PrivateKey{Key: &service{key: key.(*rsa.PrivateKey), takes: takes}, Certificates: certificates})
		if err != nil {
			t.Fatal(takes, err)
		}
		opensWith(t, certificates, keyring, formats...)
		if takes == OAEPSHA256 {
			key, envelope := sealedTo(certificates, EnvelopedPKCS1v15)
			if _, err := envelope.Open(keyring, Opening{Kind: FileVault}); err == nil || errors.Is(err, ErrEnvelopeOpen) {
				t.Error("a padding that the key does not take off is no message that does not open:", err)
			}
			key.Close()
		}
		keyring.Close()
	}
	_, err := NewKeyring(PrivateKey{Key: &service{key: key.(*rsa.PrivateKey)}, Certificates: certificates})
	if !errors.Is(err, ErrIdentityUnavailable) {
		t.Error(err)
	}
	// A transport that fails once must not cost a padding.
	flaky := &flakyService{service: &service{key: key.(*rsa.PrivateKey), takes: PKCS1v15 | OAEPSHA256 | OAEPSHA1}, failing: 2}
	keyring := must(NewKeyring(PrivateKey{Key: flaky, Certificates: certificates}))
	defer keyring.Close()
	opensWith(t, certificates, keyring, Auth, EnvelopedPKCS1v15)
}

func sealedTo(certificates *Certificates, format Format) (*Key, *Envelope) {
	key := must(GenerateKey(FileVault))
	return key, must(Seal(key, certificates, Sealing{Bare: true, Format: format}))
}

// flakyService fails at one call, counted from 1.
type flakyService struct {
	*service
	failing int64
}

func (f *flakyService) Decrypt(random io.Reader, ciphertext []byte, options crypto.DecrypterOpts) ([]byte, error) {
	if f.calls.Load()+1 == f.failing {
		f.calls.Add(1)
		return nil, errUnreachable
	}
	return f.service.Decrypt(random, ciphertext, options)
}

func TestADecrypterIsToldTheLengthOfTheKey(t *testing.T) {
	certificates, key := goIdentity(t, "rsa-2048")
	service := &service{key: key.(*rsa.PrivateKey), takes: PKCS1v15}
	keyring := must(NewKeyring(PrivateKey{Key: service, Certificates: certificates, Paddings: []Padding{PKCS1v15}}))
	defer keyring.Close()
	service.lengths.Store(0)
	opensWith(t, certificates, keyring, EnvelopedPKCS1v15)
	if length := service.lengths.Load(); length != 32 {
		t.Fatal("AES-256 has keys of 32 octets:", length)
	}
}

func TestAKeyThatCannotBeReachedSaysNothingAboutAMessage(t *testing.T) {
	rsaCertificates, rsaKey := goIdentity(t, "rsa-2048")
	ecCertificates, ecKey := goIdentity(t, "p-256")
	decrypter := &service{key: rsaKey.(*rsa.PrivateKey), takes: PKCS1v15 | OAEPSHA256}
	bare := &rawRSA{key: rsaKey.(*rsa.PrivateKey)}
	token := &agreement{PrivateKey: must(ecKey.(*ecdsa.PrivateKey).ECDH())}
	for name, one := range map[string]struct {
		key          any
		certificates *Certificates
		down         *atomic.Bool
	}{
		"decrypter": {decrypter, rsaCertificates, &decrypter.down}, "panic": {decrypter, rsaCertificates, &decrypter.panics},
		"bare": {bare, rsaCertificates, &bare.down}, "bare, odd": {bare, rsaCertificates, &bare.odd}, "agreement": {token, ecCertificates, &token.down},
	} {
		t.Run(name, func(t *testing.T) {
			var told atomic.Int64
			keyring := must(NewKeyring(PrivateKey{Key: one.key, Certificates: one.certificates, Failed: func(error) { told.Add(1) }}))
			defer keyring.Close()
			key, envelope := sealedTo(one.certificates, Auth)
			defer key.Close()
			escrow := must(Open("memory:", "example.com"))
			defer escrow.Close()
			ctx := context.Background()
			must(escrow.Receive(ctx, Sealed("A", FileVault, envelope.DER()).By("a")))

			one.down.Store(true)
			told.Store(0)
			_, err := envelope.Open(keyring, Opening{Kind: FileVault})
			if !errors.Is(err, ErrIdentityUnavailable) || errors.Is(err, ErrEnvelopeOpen) {
				t.Fatal(err)
			}
			// Of a panic nothing is kept.
			if name != "panic" && told.Load() == 0 {
				t.Error("nobody was told")
			}
			if name != "panic" && name != "bare, odd" && !errors.Is(err, errUnreachable) {
				t.Error("the cause is lost:", err)
			}
			verdicts := must(Judge(ctx, keyring, []Row{{Envelope: envelope.DER(), Kind: FileVault}}, SuiteModern))
			if verdicts[0].Verdict != Unavailable {
				t.Error(verdicts)
			}
			report := must(escrow.Check(ctx, keyring, CheckOptions{}))
			if report.Unavailable == 0 || len(report.NotOpened) != 0 {
				t.Error(report)
			}
			if _, err := escrow.Reveal(ctx, Reveal{Device: "A", By: "a", Reason: "lost"}, keyring); !errors.Is(err, ErrIdentityUnavailable) {
				t.Error(err)
			}
			if _, err := NewKeyring(PrivateKey{Key: one.key, Certificates: one.certificates, Paddings: []Padding{OAEPSHA256}}); !errors.Is(err, ErrIdentityUnavailable) {
				t.Error(err)
			}
			one.down.Store(false)
			opened, err := envelope.Open(keyring, Opening{Kind: FileVault})
			if err != nil || shown(t, opened.Use) != shown(t, key.Use) {
				t.Fatal(err)
			}
			opened.Close()
		})
	}
}

func TestABadPaddingIsAMessageThatDoesNotOpen(t *testing.T) {
	certificates, private := goIdentity(t, "rsa-2048")
	key := private.(*rsa.PrivateKey)
	refusing := errors.New("INVALID_ARGUMENT: decryption failed")
	for name, identity := range map[string]PrivateKey{
		"go":      {Key: key},
		"wrapped": {Key: &rewording{service{key: key, takes: OAEPSHA256 | PKCS1v15}, ErrRefused}},
		"told":    {Key: &rewording{service{key: key, takes: OAEPSHA256 | PKCS1v15}, refusing}, Refused: func(err error) bool { return errors.Is(err, refusing) }},
	} {
		identity.Certificates = certificates
		keyring := must(NewKeyring(identity))
		for _, format := range []Format{Auth, EnvelopedPKCS1v15} {
			sealed, envelope := sealedTo(certificates, format)
			sealed.Close()
			broken := brokenKey(t, envelope, key)
			if _, err := broken.Open(keyring, Opening{Kind: FileVault}); !errors.Is(err, ErrEnvelopeOpen) {
				t.Errorf("%s, %s: %v", name, format, err)
			}
		}
		keyring.Close()
	}
}

// rewording is a service that has words of its own for a bad padding.
type rewording struct {
	service
	word error
}

func (r *rewording) Decrypt(random io.Reader, ciphertext []byte, options crypto.DecrypterOpts) ([]byte, error) {
	plain, err := r.service.Decrypt(random, ciphertext, options)
	if errors.Is(err, rsa.ErrDecryption) {
		return nil, fmt.Errorf("decrypting: %w", r.word)
	}
	return plain, err
}

// brokenKey is the message with another number where its encrypted key was.
func brokenKey(t *testing.T, envelope *Envelope, key *rsa.PrivateKey) *Envelope {
	t.Helper()
	der := envelope.DER()
	// An OCTET STRING of as many octets as the modulus.
	header := []byte{0x04, 0x82, byte(key.Size() >> 8), byte(key.Size())}
	at := bytes.Index(der, header)
	if at < 0 || key.Size() != 256 {
		t.Fatal("where is the encrypted key?")
	}
	_, _ = rand.Read(der[at+5 : at+4+key.Size()])
	return must(ParseEnvelope(der))
}

func TestAKeyThatIsAnothersIsRefused(t *testing.T) {
	certificates, key := goIdentity(t, "rsa-2048")
	_, other := goIdentity(t, "rsa-2048")
	ecCertificates, ecKey := goIdentity(t, "p-256")
	_, otherEC := goIdentity(t, "p-384")
	for name, one := range map[string]PrivateKey{
		"rsa": {Key: other, Certificates: certificates}, "raw": {Key: &rawRSA{key: other.(*rsa.PrivateKey)}, Certificates: certificates},
		"curve": {Key: otherEC, Certificates: ecCertificates}, "ec for rsa": {Key: ecKey, Certificates: certificates},
		"rsa for ec": {Key: key, Certificates: ecCertificates},
	} {
		if _, err := NewKeyring(one); !errors.Is(err, ErrIdentityMismatch) {
			t.Error(name, err)
		}
	}
	for name, one := range map[string]any{"nothing": nil, "a text": "key", "nil": (*ecdsa.PrivateKey)(nil)} {
		if _, err := NewKeyring(PrivateKey{Key: one, Certificates: certificates}); !errors.Is(err, ErrIdentityUnsupported) {
			t.Error(name, err)
		}
	}
	wrong := &service{key: key.(*rsa.PrivateKey), takes: OAEPSHA256, replaces: func(plain []byte) []byte { return make([]byte, len(plain)) }}
	if _, err := NewKeyring(PrivateKey{Key: wrong, Certificates: certificates}); !errors.Is(err, ErrIdentityUnavailable) {
		t.Error(err)
	}
	if _, err := NewKeyring(PrivateKey{Key: wrong, Certificates: certificates, Paddings: []Padding{OAEPSHA256}}); !errors.Is(err, ErrIdentityUnavailable) {
		t.Error(err)
	}
}

// The library calls back from threads of its own, while the collector runs after every allocation.
func TestCallbacksFromThreadsOfTheLibraryUnderTheCollector(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	certificates, private := goIdentity(t, "rsa-2048")
	collecting := &service{key: private.(*rsa.PrivateKey), takes: OAEPSHA256 | PKCS1v15}
	collecting.replaces = func(plain []byte) []byte { runtime.GC(); return plain }
	keyring := must(NewKeyring(PrivateKey{Key: collecting, Certificates: certificates}))
	escrow := must(Open("memory:", "example.com"))
	defer escrow.Close()
	const devices = 24
	for number := range devices {
		key, envelope := sealedTo(certificates, Auth)
		key.Close()
		must(escrow.Receive(context.Background(), Sealed(fmt.Sprint("device ", number), FileVault, envelope.DER()).By("a")))
		envelope.Close()
	}
	report := must(escrow.Check(context.Background(), keyring, CheckOptions{Workers: 4, Devices: 8}))
	if report.Opened != devices {
		t.Fatal(report)
	}
	keyring.Close()
}

func TestWhatTheLibraryHoldsOfAKeyIsGivenBack(t *testing.T) {
	certificates, private := goIdentity(t, "rsa-2048")
	before := native.Registered()
	for range 5 {
		keyring := must(NewKeyring(PrivateKey{Key: private, Certificates: certificates}))
		if native.Registered() <= before {
			t.Fatal("nothing is held")
		}
		keyring.Close()
		if _, err := NewKeyring(PrivateKey{Key: private, Certificates: certificates}, PrivateKeyFile{File: []byte("?")}); err == nil {
			t.Fatal("a bad file was taken")
		}
	}
	deadline := time.Now().Add(20 * time.Second)
	for native.Registered() > before {
		if time.Now().After(deadline) {
			t.Fatal(native.Registered(), before)
		}
		runtime.GC()
	}
}

func TestFilesWithPrivateKeys(t *testing.T) {
	certificates, private := newIdentity("rsa-2048")
	defer certificates.Close()
	defer private.Close()
	var copied []byte
	if err := private.Use(func(text []byte) { copied = bytes.Clone(text) }); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(copied)
	withCertificate := append(bytes.Clone(copied), must(certificates.PEM())...)
	for name, source := range map[string]PrivateKeyFile{
		"pem": {File: copied, Certificates: certificates}, "der": {File: block.Bytes, Certificates: certificates},
		"both": {File: withCertificate}, "secret": {Secret: private, Certificates: certificates},
	} {
		keyring, err := NewKeyring(source)
		if err != nil || keyring.Len() != 1 {
			t.Fatal(name, err)
		}
		opensWith(t, certificates, keyring, Auth)
		keyring.Close()
	}
	if _, err := NewKeyring(PrivateKeyFile{File: []byte("no key")}); !errors.Is(err, ErrIdentitySyntax) {
		t.Error(err)
	}
	stranger, _ := newIdentity("rsa-2048")
	defer stranger.Close()
	keyring, err := NewKeyring(PrivateKeyFile{File: copied, Certificates: stranger})
	if err == nil {
		t.Log(keyring.Len())
	} else if !errors.Is(err, ErrIdentityMismatch) {
		t.Error(err)
	}
}
