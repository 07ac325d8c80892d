package fdescrow

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"fdescrow/internal/native"
)

// A Kind is what a recovery key is for.
type Kind string

const (
	BitLocker Kind = "bitlocker" // the recovery password of a Windows PC
	FileVault Kind = "filevault" // the personal recovery key of a Mac
	LUKS      Kind = "luks"      // a passphrase of a LUKS volume
	Snapd     Kind = "snapd"     // the recovery key of Ubuntu's full disk encryption
	Systemd   Kind = "systemd"   // a recovery key of systemd-cryptenroll
)

// A Place is what a key opens: kind, volume and protector.
type Place struct {
	Kind      Kind   `json:"kind"`
	Volume    string `json:"volume,omitempty"`    // which volume; empty: the boot volume
	Protector string `json:"protector,omitempty"` // which of its protectors, where that is known
}

// A Key is a recovery key that is well-formed, in memory of the library that Close wipes. It prints as [redacted].
type Key struct {
	owner *owner[native.Key]
}

func ownKey(handle native.Key) *Key { return &Key{own(handle, native.KeyFree)} }

// ParseTyped reads what a person types. Spaces, missing dashes, lower case and look-alikes are understood.
//
// [ErrKeyFormat] names the group that is wrong and never repeats it; [ErrMisuse] for another kind.
func ParseTyped(kind Kind, text *Secret) (*Key, error) {
	return parseKey(kind, text, native.KeyParseTyped)
}

// ParseExact reads the exact form, as an envelope holds it. Errors as for [ParseTyped].
func ParseExact(kind Kind, text *Secret) (*Key, error) {
	return parseKey(kind, text, native.KeyParseExact)
}

func parseKey(kind Kind, text *Secret, parse func(string, native.Secret) (native.Key, native.Error, int32)) (*Key, error) {
	if text == nil {
		return nil, ErrClosed
	}
	return with(text.owner, func(secret native.Secret) (*Key, error) { return keyOf(parse(string(kind), secret)) })
}

// GenerateKey makes a new key from the randomness of the operating system.
//
// [ErrRandomnessUnavailable]; [ErrMisuse] for another kind.
func GenerateKey(kind Kind) (*Key, error) {
	if err := load(); err != nil {
		return nil, err
	}
	return keyOf(native.KeyGenerate(string(kind)))
}

func keyOf(key native.Key, failure native.Error, result int32) (*Key, error) {
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	return ownKey(key), nil
}

// Kind is what it is for; empty after Close.
func (k *Key) Kind() Kind {
	if k == nil {
		return ""
	}
	kind, _ := with(k.owner, func(key native.Key) (Kind, error) { return Kind(native.KeyKind(key)), nil })
	return kind
}

// Secret is its text in canonical form, as the system that it unlocks prints it.
func (k *Key) Secret() (*Secret, error) {
	if k == nil {
		return nil, ErrClosed
	}
	return with(k.owner, func(key native.Key) (*Secret, error) {
		secret, failure, result := native.KeySecret(key)
		if err := failed(failure, result); err != nil {
			return nil, err
		}
		return ownSecret(secret), nil
	})
}

// Use shows its text to a function, as [Secret.Use] does.
func (k *Key) Use(show func(secret []byte)) error {
	secret, err := k.Secret()
	if err != nil {
		return err
	}
	defer secret.Close()
	return secret.Use(show)
}

// A SheetFormat is how a key is shown as a page.
type SheetFormat bool

const (
	SheetText SheetFormat = false // text, to read out
	SheetHTML SheetFormat = true  // HTML with a QR code, to print
)

// Sheet is the key as a page: in groups, with a spelling alphabet and what to do. It is as secret as the key.
func (k *Key) Sheet(place Place, format SheetFormat, at time.Time) (*Secret, error) {
	document, err := encode(place)
	if err != nil {
		return nil, err
	}
	if k == nil {
		return nil, ErrClosed
	}
	return with(k.owner, func(key native.Key) (*Secret, error) {
		sheet, failure, result := native.KeySheet(key, document, bool(format), at.Unix())
		if err := failed(failure, result); err != nil {
			return nil, err
		}
		return ownSecret(sheet), nil
	})
}

// Close wipes the key.
func (k *Key) Close() error {
	if k != nil {
		k.owner.close()
	}
	return nil
}

// String is [redacted].
func (k Key) String() string { return redacted }

// GoString is [redacted].
func (k Key) GoString() string { return redacted }

// Format writes [redacted], whatever the verb.
func (k Key) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// MarshalText is [redacted], in JSON, too: a document with a secret in it can be logged, and never brings the secret back.
func (k Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue is [redacted].
func (k Key) LogValue() slog.Value { return slog.StringValue(redacted) }

var _ slog.LogValuer = Key{}
