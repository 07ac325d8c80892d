package fdescrow

import (
	"time"

	"fdescrow/internal/native"
)

// LUKSOptions are what a planner of a LUKS volume is opened with.
type LUKSOptions struct {
	// State is what [Planner.State] gave in the run before; empty in the first one. A state that was lost makes the planner make another
	// slot, never remove one.
	State []byte
	// Plan is what [Policy.LUKSPlan] gave.
	Plan []byte
	// Device is the name under which the keys are sent.
	Device string
	// Volume is the LUKS UUID: [LUKSVolume].
	Volume string
	// Pinned are the certificates that keys may be sealed to: those of the plan must be among them.
	Pinned *Certificates
	// Clock is where the time comes from; nil: the system.
	Clock func() time.Time
}

// A LUKSPlanner plans for the key slots of a LUKS volume: docs/agents-linux.md.
type LUKSPlanner struct{ Planner }

// OpenLUKS opens a planner for a LUKS volume.
//
// [ErrProfileSyntax], [ErrProfileLimit] for the plan; [ErrCertificateUnsuitable] if one of its certificates is not pinned; [ErrIDInvalid];
// [ErrRequestSyntax] for the state; [ErrMisuse] if the state is of another organization, device or volume.
func OpenLUKS(options LUKSOptions) (*LUKSPlanner, error) {
	pinned, done, err := needed(options.Pinned)
	if err != nil {
		return nil, err
	}
	defer done()
	handle, failure, result := native.LUKSOpen(string(options.State), string(options.Plan), options.Device, options.Volume, pinned)
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	planner := &LUKSPlanner{}
	planner.init(handle, options.Clock)
	return planner, nil
}

// needed are certificates that a planner cannot do without.
func needed(certificates *Certificates) (native.Certificates, func(), error) {
	if certificates == nil {
		return native.Certificates{}, func() {}, ErrClosed
	}
	return certificates.use()
}

// LUKSVolume is the UUID of a volume, of the first 4096 bytes of it or of its detached header.
//
// [ErrObservationSyntax] if this is no LUKS volume, or its UUID cannot be read.
func LUKSVolume(header []byte) (string, error) {
	if err := load(); err != nil {
		return "", err
	}
	volume, err := textOf(native.LUKSVolume(header))
	return string(volume), err
}

// LUKSMetadataCommand is the command whose [Command.Output] is the metadata of a LUKS2 volume. It fails on LUKS1, which has none.
func LUKSMetadataCommand(volume string) (*Command, error) {
	if err := load(); err != nil {
		return nil, err
	}
	return commandOf(native.LUKSMetadataCommand(volume))
}

// An Authorization is what lets a slot be added.
type Authorization string

const (
	AuthorizationClevis      Authorization = "clevis"       // a clevis token
	AuthorizationKeyFile     Authorization = "key_file"     // a key file on the device
	AuthorizationPrompt      Authorization = "prompt"       // somebody can be asked for a passphrase
	AuthorizationReleasedKey Authorization = "released_key" // the key that is in escrow, released to the device for this
	AuthorizationTPM2        Authorization = "tpm2"         // a systemd-tpm2 token
)

// A LUKSSight is a volume as it is now.
type LUKSSight struct {
	Header   []byte          // the first 4096 bytes of the volume or of its detached header
	Metadata []byte          // what [LUKSMetadataCommand] printed; nil where it failed
	AtHand   []Authorization // what is at hand to authorize a new slot
}

// Look shows the volume to the planner. One look is good for one step.
//
// [ErrObservationSyntax] if this is no LUKS volume.
func (p *LUKSPlanner) Look(sight LUKSSight) error {
	atHand, err := encode(append([]Authorization{}, sight.AtHand...))
	if err != nil {
		return err
	}
	return p.tell(func(planner native.Planner, now int64) (native.Error, int32) {
		return native.LUKSLook(planner, sight.Header, sight.Metadata, atHand, now)
	})
}

// Generate makes a key for StepGenerate, which stays in the library's memory until it is sealed. Write the state down before anything
// else: by it the slot is known again after a crash.
//
// [ErrMisuse] if the step is another; [ErrRandomnessUnavailable].
func (p *LUKSPlanner) Generate() error { return p.tell(native.LUKSGenerate) }

// Authorization is what authorizes the step; empty where it needs nothing. For prompt, clevis and released_key its command is given a
// passphrase.
func (p *LUKSPlanner) Authorization() Authorization {
	word, _ := plan(&p.Planner, func(planner native.Planner, _ int64) (Authorization, error) {
		return Authorization(native.LUKSAuthorization(planner)), nil
	})
	return word
}

// AuthorizationCommand is the command whose [Command.Secret] is the passphrase that authorizes the step, where a program has it
// (clevis); nil where none has.
//
// [ErrMisuse] if the step is no call.
func (p *LUKSPlanner) AuthorizationCommand(volume string) (*Command, error) {
	return plan(&p.Planner, func(planner native.Planner, _ int64) (*Command, error) {
		command, err := commandOf(native.LUKSAuthorizationCommand(planner, volume))
		if err != nil || len(command.Args) == 0 {
			return nil, err
		}
		return command, nil
	})
}

// LUKSPlaces are where the files of a volume are, as cryptsetup takes them.
type LUKSPlaces struct {
	Volume       string
	HeaderBackup string
	KeyFile      string  // empty: none
	Passphrase   *Secret // opens the volume, where [LUKSPlanner.Authorization] names one of those; nil otherwise
}

// Command is the command of StepCall and StepBackUpHeader. Close it when it has run.
//
// [ErrMisuse] if the step is no call, its passphrase is missing or has a line feed in it, or the key was not made in this run.
func (p *LUKSPlanner) Command(places LUKSPlaces) (*Command, error) {
	passphrase, done, err := places.Passphrase.use()
	if err != nil {
		return nil, err
	}
	defer done()
	return plan(&p.Planner, func(planner native.Planner, _ int64) (*Command, error) {
		arguments, input, failure, result := native.LUKSCommand(planner, places.Volume, places.HeaderBackup, places.KeyFile, passphrase)
		command, err := commandOf(arguments, failure, result)
		if err == nil {
			command.Input = ownSecret(input)
		}
		return command, err
	})
}
