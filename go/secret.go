package fdescrow

import (
	"fmt"
	"io"
	"log/slog"

	"fdescrow/internal/native"
)

const redacted = "[redacted]"

// A Secret is a recovery key, a password or a private key, in memory of the library that Close wipes.
//
// It prints as [redacted] with every verb, in JSON and in logs. Use alone shows it. A copy of a Secret is the same secret.
type Secret struct {
	owner *owner[native.Secret]
}

// NewSecret copies these bytes, which stay yours to wipe.
func NewSecret(secret []byte) (*Secret, error) {
	if err := load(); err != nil {
		return nil, err
	}
	handle, failure, result := native.SecretNew(secret)
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	return ownSecret(handle), nil
}

func ownSecret(handle native.Secret) *Secret {
	return &Secret{own(handle, native.SecretFree)}
}

// Use shows the secret to a function. The bytes are the library's: they must not be changed, and not be kept after the function
// returned. What you copy of them is yours to wipe; a string cannot be wiped.
func (s *Secret) Use(show func(secret []byte)) error {
	if s == nil {
		return ErrClosed
	}
	handle, err := s.owner.use()
	if err != nil {
		return err
	}
	defer s.owner.done()
	show(native.SecretExpose(handle))
	return nil
}

// Close wipes the secret.
func (s *Secret) Close() error {
	if s != nil {
		s.owner.close()
	}
	return nil
}

// handle is the secret for a call that may do without one.
func (s *Secret) use() (native.Secret, func(), error) {
	if s == nil {
		return native.Secret{}, func() {}, nil
	}
	handle, err := s.owner.use()
	return handle, s.owner.done, err
}

// String is [redacted].
func (s Secret) String() string { return redacted }

// GoString is [redacted].
func (s Secret) GoString() string { return redacted }

// Format writes [redacted], whatever the verb.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// MarshalText is [redacted], in JSON, too: a document with a secret in it can be logged, and never brings the secret back.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue is [redacted].
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

var _ slog.LogValuer = Secret{}
