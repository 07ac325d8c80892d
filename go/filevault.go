package fdescrow

import (
	"time"

	"fdescrow/internal/native"
)

// A Channel is how a new personal recovery key is made.
type Channel string

const (
	ChannelChangeRecovery Channel = "change_recovery" // at once, with the present key or a user's password
	ChannelEscrowBuddy    Channel = "escrow_buddy"    // at the next log-in, without asking anybody
	ChannelMDM            Channel = "mdm"             // by the MDM command RotateFileVaultKey
)

// FileVaultRules are how the planner of a Mac goes about it. Zero values are the library's defaults.
type FileVaultRules struct {
	Channel       Channel `json:"channel,omitempty"`         // escrow_buddy
	Level         Level   `json:"level,omitempty"`           // what verified means: envelope_opens
	LoginWithin   uint32  `json:"login_within,omitempty"`    // seconds that a log-in is waited for: 3 days
	ReplyWithin   uint32  `json:"reply_within,omitempty"`    // seconds that a reply or a new envelope is waited for: a day
	NotNow        uint32  `json:"not_now,omitempty"`         // seconds that a Mac that answered NotNow is left alone: an hour
	Attempts      uint32  `json:"attempts,omitempty"`        // how often Escrow Buddy is told for one goal: 3
	AskAgainAfter uint32  `json:"ask_again_after,omitempty"` // seconds before the server is asked again: 15 minutes
}

// FileVaultOptions are what the planner of a Mac is opened with.
type FileVaultOptions struct {
	State  []byte // what [Planner.State] gave in the run before; empty in the first one
	Device string // as the server knows it
	Rules  FileVaultRules
	Clock  func() time.Time // nil: the system
}

// A FileVaultPlanner plans for the recovery key of a Mac, in an agent on it or beside its MDM server: docs/agents-macos.md.
type FileVaultPlanner struct{ Planner }

// OpenFileVault opens a planner for a Mac.
//
// [ErrIDInvalid], [ErrRequestSyntax]; [ErrMisuse] if the state is of another device.
func OpenFileVault(options FileVaultOptions) (*FileVaultPlanner, error) {
	if err := load(); err != nil {
		return nil, err
	}
	rules, err := encode(options.Rules)
	if err != nil {
		return nil, err
	}
	handle, failure, result := native.FilevaultOpen(string(options.State), options.Device, rules)
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	planner := &FileVaultPlanner{}
	planner.init(handle, options.Clock)
	return planner, nil
}

// EscrowBuddy is what is known of Escrow Buddy on a Mac; empty: unknown.
type EscrowBuddy struct {
	Installed               Reading `json:"installed,omitempty"`
	InAuthorizationDatabase Reading `json:"in_authorization_database,omitempty"`
	GenerateNewKey          Reading `json:"generate_new_key,omitempty"`
}

// A FileVaultSight is what is known of a Mac now; empty: unknown.
type FileVaultSight struct {
	Enabled       Reading     `json:"enabled,omitempty"`        // FileVault is on
	EscrowProfile Reading     `json:"escrow_profile,omitempty"` // a profile with FDERecoveryKeyEscrow is installed
	EscrowBuddy   EscrowBuddy `json:"escrow_buddy"`
	LastLogin     time.Time   `json:"-"`
	Authorized    bool        `json:"authorized"`  // something that may change the key is at hand
	KeyAtHand     bool        `json:"key_at_hand"` // the present key, to be tried, is at hand
	// Envelope is the newest sealed key that came from the Mac: /var/db/FileVaultPRK.dat, FDE_PersonalRecoveryKeyCMS, or the reply to
	// RotateFileVaultKey; nil: none.
	Envelope []byte `json:"-"`
}

// Look tells the planner what is known of the Mac now. One look is good for one step.
//
// [ErrEnvelopeSyntax] and its like if the envelope is none.
func (p *FileVaultPlanner) Look(sight FileVaultSight) error {
	seen := struct {
		FileVaultSight
		LastLogin *time.Time `json:"last_login,omitempty"`
	}{FileVaultSight: sight}
	if !sight.LastLogin.IsZero() {
		login := sight.LastLogin.UTC().Truncate(time.Second)
		seen.LastLogin = &login
	}
	document, err := encode(seen)
	if err != nil {
		return err
	}
	return p.tell(func(planner native.Planner, now int64) (native.Error, int32) {
		return native.FilevaultLook(planner, document, sight.Envelope, now)
	})
}

// Begin says that the step begins. Write the state down before it is run: what must not be repeated is not, even if nobody learns how it
// ended. StepAsk and StepEscrow need not begin.
//
// [ErrMisuse] without a step.
func (p *FileVaultPlanner) Begin() error { return p.tell(native.FilevaultBegin) }

// Command is the command of a step that was begun. Close it when it has run.
//
// user is whose password the secret is; empty for a recovery key. secret is needed for StepChangeRecovery and StepValidateRecovery alone.
// [ErrNullPointer] if the secret is missing; [ErrMisuse] if the step is no command, or was not begun.
func (p *FileVaultPlanner) Command(user string, secret *Secret) (*Command, error) {
	handle, done, err := secret.use()
	if err != nil {
		return nil, err
	}
	defer done()
	return plan(&p.Planner, func(planner native.Planner, _ int64) (*Command, error) {
		arguments, input, failure, result := native.FilevaultCommand(planner, user, handle)
		command, err := commandOf(arguments, failure, result)
		if err == nil {
			command.Input = ownSecret(input)
		}
		return command, err
	})
}

// Attested tells whether fdesetup validaterecovery said that the key is the present one.
//
// [ErrMisuse] if the step is not StepValidateRecovery, begun.
func (p *FileVaultPlanner) Attested(isPresent bool) error {
	return p.tell(func(planner native.Planner, now int64) (native.Error, int32) {
		return native.FilevaultAttested(planner, isPresent, now)
	})
}

// A FileVaultReply is what a Mac replied to RotateFileVaultKey.
type FileVaultReply string

const (
	ReplyAcknowledged FileVaultReply = "acknowledged"
	ReplyError        FileVaultReply = "error"
	ReplyNotNow       FileVaultReply = "not_now"
)

// Reply tells what the Mac replied to RotateFileVaultKey, however late.
func (p *FileVaultPlanner) Reply(reply FileVaultReply) error {
	return p.tell(func(planner native.Planner, now int64) (native.Error, int32) {
		return native.FilevaultReply(planner, string(reply), now)
	})
}
