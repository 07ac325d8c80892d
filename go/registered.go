package fdescrow

import (
	"context"
	"time"

	"fdescrow/internal/native"
)

// A RegisteredCertificate is a certificate that keys were ever sealed to.
type RegisteredCertificate struct {
	Version     uint64           `json:"version"`
	Fingerprint string           `json:"fingerprint"`
	Subject     string           `json:"subject"`
	NotBefore   time.Time        `json:"not_before"`
	NotAfter    time.Time        `json:"not_after"`
	State       CertificateState `json:"state"`
	Since       time.Time        `json:"since"`
	By          string           `json:"by"`
	Reason      string           `json:"reason"`
}

// A CertificateState is what a certificate is used for.
type CertificateState string

const (
	CertificateCompromised CertificateState = "compromised"
	CertificateDecryptOnly CertificateState = "decrypt_only"
	CertificateRetired     CertificateState = "retired"
)

// RegisteredCertificates are the certificates that keys were ever sealed to.
func (e *Escrow) RegisteredCertificates(ctx context.Context) ([]RegisteredCertificate, error) {
	return use(ctx, e, func(escrow native.Escrow, _ int64) ([]RegisteredCertificate, error) {
		return answer[[]RegisteredCertificate](native.EscrowRegisteredCertificates(escrow))
	})
}

// LiveReferences is how many envelopes in use are sealed to a certificate, by its fingerprint.
func (e *Escrow) LiveReferences(ctx context.Context, certificate string) (uint64, error) {
	references, err := ask[references](ctx, e, native.EscrowLiveReferences, struct {
		Certificate string `json:"certificate"`
	}{certificate})
	return references.Live, err
}

type references struct {
	Live uint64 `json:"live"`
}

type certificateDecision struct {
	Certificate string `json:"certificate"`
	By          string `json:"by"`
	Reason      string `json:"reason"`
}

// RetireCertificate: no key is sealed to a certificate any more. It stays known, and one that comes late brings it back.
//
// [ErrCertificateInUse]; [ErrKeyUnknown] if no key was ever sealed to it; [ErrRecoveryReasonMissing].
func (e *Escrow) RetireCertificate(ctx context.Context, certificate, by, reason string) error {
	return e.tell(ctx, native.EscrowRetireCertificate, certificateDecision{certificate, by, reason})
}

// CompromiseCertificate: the private key of a certificate is in other hands. Mark its keys with [Escrow.ExposeKeys].
//
// Errors as for [Escrow.RetireCertificate].
func (e *Escrow) CompromiseCertificate(ctx context.Context, certificate, by, reason string) error {
	return e.tell(ctx, native.EscrowCompromiseCertificate, certificateDecision{certificate, by, reason})
}

// ExposeKeys marks the keys that were ever sealed to a certificate as exposed, as far as the list is read, and lists their ids.
func (e *Escrow) ExposeKeys(ctx context.Context, certificate, by string) List[string] {
	return list[string](ctx, e, native.EscrowExposeKeys, func(p part) any {
		return struct {
			partBy
			Certificate string `json:"certificate"`
		}{partBy{p, by}, certificate}
	})
}
