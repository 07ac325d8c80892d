package fdescrow

import (
	"encoding/json"
	"time"

	"fdescrow/internal/native"
)

// A Policy is the policy of an organization with its groups, as docs/policy.md describes it.
type Policy struct {
	owner *owner[native.Policy]
}

// ParsePolicy reads JSON, which begins with {, or TOML.
//
// [ErrPolicySyntax]; [ErrPolicyInvalid], whose message names each field that breaks a rule, the rule and its source.
func ParsePolicy(tomlOrJSON []byte) (*Policy, error) {
	if err := load(); err != nil {
		return nil, err
	}
	handle, failure, result := native.PolicyParse(string(tomlOrJSON))
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	return &Policy{own(handle, native.PolicyFree)}, nil
}

// PolicySchema is the JSON Schema of policies.
func PolicySchema() (json.RawMessage, error) {
	if err := load(); err != nil {
		return nil, err
	}
	return answer[json.RawMessage](native.PolicySchema())
}

// A GroupAdvice is what is to be said about the policy of a group.
type GroupAdvice struct {
	Group  string   `json:"group"` // empty: the organization's own
	Digest string   `json:"digest"`
	Advice []Advice `json:"advice"`
}

// Advice is something that a policy does less well than it seems to.
type Advice struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`
	Field    string   `json:"field"`
	Message  string   `json:"message"`
	Source   string   `json:"source"` // the page that says so
}

// A Severity is how bad a finding is.
type Severity string

const (
	Info          Severity = "info"
	Warning       Severity = "warning"
	SeverityError Severity = "error"
)

// Check tells what is to be said about each group.
func (p *Policy) Check() ([]GroupAdvice, error) {
	if p == nil {
		return nil, ErrClosed
	}
	return with(p.owner, func(policy native.Policy) ([]GroupAdvice, error) {
		return answer[[]GroupAdvice](native.PolicyCheck(policy))
	})
}

// An Explained is a value of a policy and who decided it.
type Explained struct {
	Path   string          `json:"path"`
	Value  json.RawMessage `json:"value"`  // null: nothing is asked or said
	Origin string          `json:"origin"` // default, organization, group
}

// Explain tells every value that holds for a group; empty: the organization.
func (p *Policy) Explain(group string) ([]Explained, error) {
	if p == nil {
		return nil, ErrClosed
	}
	return with(p.owner, func(policy native.Policy) ([]Explained, error) {
		return answer[[]Explained](native.PolicyExplain(policy, group))
	})
}

// FileVaultProfile is the FileVault profile of a group (empty: the organization), a configuration profile of Apple, not signed.
//
// certificates: the first is the escrow certificate; nil exactly where the policy does not escrow. The same input gives the same bytes.
// [ErrPolicyInvalid] if the certificate does not fit; [ErrMisuse] if the policy says nothing of FileVault or of the organization,
// and if a certificate is missing or not used.
func (p *Policy) FileVaultProfile(group string, certificates *Certificates, at time.Time) ([]byte, error) {
	list, done, err := certificates.use()
	if err != nil {
		return nil, err
	}
	defer done()
	if p == nil {
		return nil, ErrClosed
	}
	return with(p.owner, func(policy native.Policy) ([]byte, error) {
		return bufferOf(native.ProfileFilevault(policy, group, list, at.Unix()))
	})
}

// BitLockerProfile is what a group says to BitLocker: one SyncML Atomic command over nodes of the BitLocker CSP.
//
// [ErrMisuse] if the policy has no section [bitlocker], or says nothing to Windows itself.
func (p *Policy) BitLockerProfile(group string) ([]byte, error) {
	if p == nil {
		return nil, ErrClosed
	}
	return with(p.owner, func(policy native.Policy) ([]byte, error) {
		return bufferOf(native.ProfileBitlocker(policy, group))
	})
}

// LUKSPlan is the plan of a group for agents on Linux: JSON, as docs/schemas/luks-plan.json describes it.
//
// certificates: all those that new keys are sealed to.
// [ErrMisuse] if the policy has no section [luks] or [organization], and without a certificate.
func (p *Policy) LUKSPlan(group string, certificates *Certificates) (json.RawMessage, error) {
	if p == nil || certificates == nil {
		return nil, ErrClosed
	}
	return with(p.owner, func(policy native.Policy) (json.RawMessage, error) {
		return with(certificates.owner, func(list native.Certificates) (json.RawMessage, error) {
			return answer[json.RawMessage](native.ProfileLUKS(policy, group, list))
		})
	})
}

// Assess judges the state of a device by the policy of a group: pure, without a store. state is a State as it is stored (docs/schemas).
//
// [ErrRequestSyntax].
func (p *Policy) Assess(state json.RawMessage, group string, at time.Time) (Assessment, error) {
	if p == nil {
		return Assessment{}, ErrClosed
	}
	return with(p.owner, func(policy native.Policy) (Assessment, error) {
		return answer[Assessment](native.Assess(string(state), policy, group, at.Unix()))
	})
}

// Close frees it. What was made with it goes on with it.
func (p *Policy) Close() error {
	if p != nil {
		p.owner.close()
	}
	return nil
}

func (p *Policy) use() (native.Policy, func(), error) {
	if p == nil {
		return native.Policy{}, func() {}, nil
	}
	handle, err := p.owner.use()
	return handle, p.owner.done, err
}

func bufferOf(buffer native.Buffer, failure native.Error, result int32) ([]byte, error) {
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	return native.BufferOf(buffer), nil
}
