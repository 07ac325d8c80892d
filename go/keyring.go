package fdescrow

import (
	"errors"

	"fdescrow/internal/native"
)

// A Keyring holds identities: private keys with their certificates. Close wipes it. A keyring does not change.
type Keyring struct {
	owner *owner[native.Keyring]
	own   []*privateKey
}

// A KeySource brings identities into a keyring: [PrivateKeyFile] and [PrivateKey].
type KeySource interface {
	addTo(native.Keyring) (*privateKey, error)
}

// NewKeyring makes a keyring of these; one without a key opens nothing.
//
// Errors are those of the sources. The keys that were reached before one fails are given up.
func NewKeyring(sources ...KeySource) (*Keyring, error) {
	if err := load(); err != nil {
		return nil, err
	}
	handle, failure, result := native.KeyringNew()
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	keyring := &Keyring{owner: own(handle, native.KeyringFree)}
	for _, source := range sources {
		key, err := source.addTo(handle)
		if err != nil {
			keyring.owner.close()
			return nil, err
		}
		if key != nil {
			keyring.own = append(keyring.own, key)
		}
	}
	return keyring, nil
}

// Len is how many keys it has; 0 after Close.
func (k *Keyring) Len() int {
	if k == nil {
		return 0
	}
	count, _ := with(k.owner, func(keys native.Keyring) (int, error) { return native.KeyringCount(keys), nil })
	return count
}

// Close wipes it.
func (k *Keyring) Close() error {
	if k != nil {
		k.owner.close()
	}
	return nil
}

// because adds to an error what a key of the program answered last, where the library could not reach it.
func (k *Keyring) because(err error) error {
	var failure *Error
	if !errors.As(err, &failure) || failure.Code != ErrIdentityUnavailable {
		return err
	}
	var causes []error
	for _, key := range k.own {
		if cause := key.lastFailure(); cause != nil {
			causes = append(causes, cause)
		}
	}
	failure.cause = errors.Join(causes...)
	return err
}

// A PrivateKeyFile is a file with private keys: PEM, DER, PKCS#1, SEC 1, PKCS#8 (encrypted or not), PKCS#12.
//
// A message names the certificate that it is sealed to, so that a key without one opens only what is opened as [Opening.Unmatched].
// [ErrIdentitySyntax], [ErrIdentityPassword], [ErrIdentityMismatch], [ErrIdentityUnsupported].
type PrivateKeyFile struct {
	File         []byte        // its content; yours to wipe
	Secret       *Secret       // its content, where it is in a Secret: instead of File
	Password     *Secret       // of an encrypted file; nil: none
	Certificates *Certificates // those of the keys, beside those in the file; nil: none
}

func (f PrivateKeyFile) addTo(keyring native.Keyring) (*privateKey, error) {
	password, done, err := f.Password.use()
	if err != nil {
		return nil, err
	}
	defer done()
	certificates, done, err := f.Certificates.use()
	if err != nil {
		return nil, err
	}
	defer done()
	add := func(file []byte) error {
		return failed(native.KeyringAddPrivateKeys(keyring, file, password, certificates))
	}
	if f.Secret == nil {
		return nil, add(f.File)
	}
	return nil, errors.Join(f.Secret.Use(func(file []byte) { err = add(file) }), err)
}
