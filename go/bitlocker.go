package fdescrow

import (
	"encoding/json"
	"time"

	"fdescrow/internal/native"
)

// BitLockerRules are how the planner of a Windows computer goes about it. Zero values are the library's defaults.
type BitLockerRules struct {
	Level            Level  `json:"level,omitempty"`             // what verified means: envelope_opens
	BeforeEncryption string `json:"before_encryption,omitempty"` // how far in escrow the password is before encryption begins: stored; or spooled, verified
	EncryptionMethod string `json:"encryption_method,omitempty"` // xts_aes256, or as docs/agents.md lists them
	EncryptionType   string `json:"encryption_type,omitempty"`   // used_space_only, or full
	Boot             string `json:"boot,omitempty"`              // what a volume without a boot protector gets: tpm, or tpm_and_pin
	Servers          bool   `json:"servers,omitempty"`           // whether Windows Server is dealt with
	AskAgainAfter    uint32 `json:"ask_again_after,omitempty"`   // seconds before the server is asked again: 15 minutes
	NewPasswords     uint32 `json:"new_passwords,omitempty"`     // how many recovery passwords may be made for one goal: 3
}

// BitLockerOptions are what the planner of a Windows volume is opened with.
type BitLockerOptions struct {
	// State is what [Planner.State] gave in the run before; empty in the first one: then every recovery password is read and sealed again.
	State        []byte
	Organization string // as the server knows it
	Device       string // as the server knows it
	Volume       string // empty: the boot volume
	Rules        BitLockerRules
	// To are the pinned certificates, all of which can open what is sealed.
	To    *Certificates
	Clock func() time.Time // nil: the system
}

// A BitLockerPlanner plans for a volume of a Windows computer: docs/agents.md.
type BitLockerPlanner struct{ Planner }

// OpenBitLocker opens a planner for a volume of a Windows computer.
//
// [ErrIDInvalid], [ErrRequestSyntax]; [ErrMisuse] if the state is of another organization, device or volume.
func OpenBitLocker(options BitLockerOptions) (*BitLockerPlanner, error) {
	to, done, err := needed(options.To)
	if err != nil {
		return nil, err
	}
	defer done()
	rules, err := encode(options.Rules)
	if err != nil {
		return nil, err
	}
	handle, failure, result := native.BitlockerOpen(string(options.State), options.Organization, options.Device, options.Volume, rules, to)
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	planner := &BitLockerPlanner{}
	planner.init(handle, options.Clock)
	return planner, nil
}

// A Computer is what is known of a Windows computer; empty: unknown.
type Computer struct {
	Server       Reading            `json:"server,omitempty"`        // Win32_OperatingSystem.ProductType is not 1
	TPM          Reading            `json:"tpm,omitempty"`           // Win32_Tpm.IsReady
	SystemVolume Reading            `json:"system_volume,omitempty"` // Win32_EncryptableVolume.VolumeType is 0
	Registry     *BitLockerRegistry `json:"registry,omitempty"`      // nil if it could not be read
}

// BitLockerRegistry is what is below HKLM\SOFTWARE\Policies\Microsoft\FVE; nil: it is not there.
type BitLockerRegistry struct {
	OSEncryptionType          *uint32 `json:"os_encryption_type,omitempty"`
	EncryptionMethodWithXTSOS *uint32 `json:"encryption_method_with_xts_os,omitempty"`
}

// Look begins to look at the volume: then call what [BitLockerPlanner.Call] says and give the answers to [BitLockerPlanner.Answer], until
// there is nothing more to call. One look is good for one step.
func (p *BitLockerPlanner) Look(computer Computer) error {
	document, err := encode(computer)
	if err != nil {
		return err
	}
	return p.tell(func(planner native.Planner, now int64) (native.Error, int32) {
		return native.BitlockerLook(planner, document, now)
	})
}

// A BitLockerCall is a method of Win32_EncryptableVolume.
type BitLockerCall struct {
	Method  string           `json:"method"`
	Inputs  []BitLockerInput `json:"inputs"`
	Outputs []string         `json:"outputs"` // the names of what comes out
	Changes bool             `json:"changes"` // whether it changes the volume
}

// A BitLockerInput is an argument of a method.
type BitLockerInput struct {
	Name  string `json:"name"`
	Type  string `json:"type"`  // uint32, string, null: Windows chooses, pin: the user is asked for it
	Value any    `json:"value"` // a float64, a string, or nil
}

// Call is the method to call now: while the volume is looked at the next one of those that look; then that of StepCall, or, for
// StepEscrow, the one that reads the recovery password. nil if there is nothing to call: go on with [Planner.Next].
func (p *BitLockerPlanner) Call() (*BitLockerCall, error) {
	return plan(&p.Planner, func(planner native.Planner, _ int64) (*BitLockerCall, error) {
		document, err := textOf(native.BitlockerCall(planner))
		if err != nil || len(document) == 0 {
			return nil, err
		}
		call, err := decode[BitLockerCall](document)
		return &call, err
	})
}

// A BitLockerAnswer is what a method that looks returned.
type BitLockerAnswer struct{ document any }

// AnswerNumber is a number: a status, a method, a type.
func AnswerNumber(number uint32) BitLockerAnswer {
	return BitLockerAnswer{map[string]uint32{"number": number}}
}

// AnswerText is a text: a name.
func AnswerText(text string) BitLockerAnswer { return BitLockerAnswer{map[string]string{"text": text}} }

// AnswerTexts are texts: the ids of protectors.
func AnswerTexts(texts ...string) BitLockerAnswer {
	return BitLockerAnswer{map[string][]string{"texts": append([]string{}, texts...)}}
}

// AnswerError is the number of a method that did not return 0. What it would have told is missing: nothing follows from it.
func AnswerError(code uint32) BitLockerAnswer {
	return BitLockerAnswer{map[string]uint32{"error": code}}
}

// MarshalJSON writes it as the library reads it.
func (a BitLockerAnswer) MarshalJSON() ([]byte, error) { return json.Marshal(a.document) }

// Answer takes what a method that looks returned.
//
// [ErrMisuse] if nothing is looked at; [ErrRequestSyntax] for the zero value.
func (p *BitLockerPlanner) Answer(returned BitLockerAnswer) error {
	document, err := encode(returned)
	if err != nil {
		return err
	}
	return p.tell(func(planner native.Planner, _ int64) (native.Error, int32) {
		return native.BitlockerAnswer(planner, document)
	})
}

// Returned tells what the method of the step returned: as [Planner.Done] and [Planner.Failed], with the number that Windows gave and,
// where it made one, the protector (empty: none).
//
// [ErrIDInvalid]; [ErrMisuse] without a step, or if StepEscrow read the password: seal it.
func (p *BitLockerPlanner) Returned(code uint32, protector string) error {
	return p.tell(func(planner native.Planner, now int64) (native.Error, int32) {
		return native.BitlockerReturned(planner, code, protector, now)
	})
}
