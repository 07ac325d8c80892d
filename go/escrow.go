package fdescrow

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"fdescrow/internal/native"
)

// An Escrow holds the recovery keys of one organization, over a store.
type Escrow struct {
	owner *owner[native.Escrow]
	clock func() time.Time
}

// An Option is about an escrow that is opened.
type Option func(*settings)

type settings struct {
	policy       *Policy
	certificates *Certificates
	macKey       *Secret
	clock        func() time.Time
	log          slog.Handler
	progress     func(Progress)
	document     struct {
		Organization  string `json:"organization"`
		KeysPerDay    uint32 `json:"keys_per_day,omitempty"`
		EntriesPerDay uint32 `json:"entries_per_day,omitempty"`
	}
}

// WithPolicies has devices judged by this policy and those of its groups. Without it the defaults hold.
func WithPolicies(policy *Policy) Option { return func(s *settings) { s.policy = policy } }

// WithCertificates: the first is primary: keys that arrive in clear are sealed to it, and profiles carry it. The others are those that
// were used before.
func WithCertificates(certificates *Certificates) Option {
	return func(s *settings) { s.certificates = certificates }
}

// WithMACKey authenticates the audit with 32 bytes that are kept where the store is not.
func WithMACKey(key *Secret) Option { return func(s *settings) { s.macKey = key } }

// WithClock takes the time from here instead of the system; nil: from the system.
func WithClock(clock func() time.Time) Option {
	return func(s *settings) {
		if clock != nil {
			s.clock = clock
		}
	}
}

// WithUploadLimits: how many keys and audit entries one device may bring in a day; 0: the library's.
func WithUploadLimits(keys, entries uint32) Option {
	return func(s *settings) { s.document.KeysPerDay, s.document.EntriesPerDay = keys, entries }
}

// Open opens the store that a URL names, "sqlite:PATH", "sqlite:PATH?mode=ro" or "memory:", which ends with the process, and the keys of
// an organization in it. In an empty place the tables are created. What is given may be closed afterwards.
//
// [ErrIDInvalid], [ErrMACKeySyntax], [ErrMisuse] for another URL, [ErrStoreUnavailable], [ErrStoreSchema] if the tables are of another
// version, [ErrStoreDurability].
func Open(url, organization string, options ...Option) (*Escrow, error) {
	if err := load(); err != nil {
		return nil, err
	}
	store, failure, result := native.StoreOpen(url)
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	// The escrow goes on with it.
	defer native.StoreFree(store)
	return settingsOf(organization, options).open(store)
}

func settingsOf(organization string, options []Option) *settings {
	given := &settings{clock: time.Now}
	given.document.Organization = organization
	for _, option := range options {
		option(given)
	}
	return given
}

func (s *settings) open(store native.Store) (*Escrow, error) {
	document, err := encode(s.document)
	if err != nil {
		return nil, err
	}
	policy, done, err := s.policy.use()
	if err != nil {
		return nil, err
	}
	defer done()
	certificates, done, err := s.certificates.use()
	if err != nil {
		return nil, err
	}
	defer done()
	macKey, done, err := s.macKey.use()
	if err != nil {
		return nil, err
	}
	defer done()
	handle, failure, result := native.EscrowOpen(store, document, policy, certificates, macKey)
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	escrow := &Escrow{own(handle, native.EscrowFree), s.clock}
	if err := s.watch(handle); err != nil {
		return nil, errors.Join(err, escrow.Close())
	}
	return escrow, nil
}

// Migrate brings the tables that a URL names up to the version of this library, and tells the statements; without apply it only tells.
//
// Errors as for [Open].
func Migrate(url string, apply bool) ([]string, error) {
	if err := load(); err != nil {
		return nil, err
	}
	return answer[[]string](native.StoreMigrate(url, apply))
}

// SetPolicies is the policy from now on; nil: the defaults. [Escrow.AssessChanged] judges all devices anew.
func (e *Escrow) SetPolicies(policy *Policy) error {
	handle, done, err := policy.use()
	if err != nil {
		return err
	}
	defer done()
	_, err = use(context.Background(), e, func(escrow native.Escrow, _ int64) (struct{}, error) {
		return struct{}{}, failed(native.EscrowSetPolicy(escrow, handle))
	})
	return err
}

// Close frees it. The store is closed when nobody uses it any more.
func (e *Escrow) Close() error {
	if e != nil {
		e.owner.close()
	}
	return nil
}

// use calls a function with the escrow and the time, if the context still goes on.
func use[T any](ctx context.Context, e *Escrow, call func(escrow native.Escrow, now int64) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if e == nil {
		return none, ErrClosed
	}
	return with(e.owner, func(escrow native.Escrow) (T, error) { return call(escrow, e.clock().Unix()) })
}

// ask asks something of the escrow that it answers with a document.
func ask[T any](ctx context.Context, e *Escrow, call func(native.Escrow, string, int64) (native.Text, native.Error, int32), request any) (T, error) {
	return use(ctx, e, func(escrow native.Escrow, now int64) (T, error) {
		document, err := encode(request)
		if err != nil {
			var none T
			return none, err
		}
		return answer[T](call(escrow, document, now))
	})
}

// tell tells the escrow something.
func (e *Escrow) tell(ctx context.Context, call func(native.Escrow, string, int64) (native.Error, int32), request any) error {
	_, err := use(ctx, e, func(escrow native.Escrow, now int64) (struct{}, error) {
		document, err := encode(request)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, failed(call(escrow, document, now))
	})
	return err
}

// untimed is a call that takes no time, as one that does.
func untimed(call func(native.Escrow, string) (native.Text, native.Error, int32)) func(native.Escrow, string, int64) (native.Text, native.Error, int32) {
	return func(escrow native.Escrow, request string, _ int64) (native.Text, native.Error, int32) {
		return call(escrow, request)
	}
}
