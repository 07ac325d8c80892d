package fdescrow

import (
	"encoding/json"
	"time"

	"fdescrow/internal/native"
)

// A Source is where a report comes from (docs/observations.md).
type Source string

const (
	CSP          Source = "csp"          // what the BitLocker CSP answers
	DDM          Source = "ddm"          // a status report of Apple's declarative management
	Lsblk        Source = "lsblk"        // lsblk as JSON
	LUKSDump     Source = "luksdump"     // cryptsetup luksDump
	Osquery      Source = "osquery"      // osquery's tables of encryption
	RotateReply  Source = "rotate-reply" // the reply to RotateFileVaultKey
	SecurityInfo Source = "securityinfo" // the reply to SecurityInfo
	Snapshot     Source = "snapshot"     // what an agent of this library saw
	WMI          Source = "wmi"          // Win32_EncryptableVolume
)

// A Reading is what a report says of something: yes, no, unknown. Unknown is never a reason to act.
type Reading string

const (
	No      Reading = "no"
	Unknown Reading = "unknown"
	Yes     Reading = "yes"
)

// A Report is what was understood of a report.
type Report struct {
	Source      string         `json:"source"`
	Observation Observation    `json:"observation"`
	Envelopes   []ReportedKey  `json:"envelopes"`
	Reply       *CommandReply  `json:"reply"`
	CSP         *CSPReading    `json:"csp"`
	Ignored     []IgnoredParts `json:"ignored"`
}

// An Observation is how the disks of a device were, at a time.
type Observation struct {
	At        time.Time         `json:"at"`
	Platform  string            `json:"platform"` // linux, macos, windows; empty: it does not follow from what was said
	Volumes   []VolumeReading   `json:"volumes"`
	FileVault *FileVaultReading `json:"filevault"`
}

// A VolumeReading is how a volume is.
type VolumeReading struct {
	Volume     string             `json:"volume"` // empty: the boot volume
	Encrypted  Reading            `json:"encrypted"`
	Protected  Reading            `json:"protected"` // BitLocker can be suspended, with the key in clear on the disk
	Conversion string             `json:"conversion"`
	Method     string             `json:"method"`
	Protectors *ProtectorSnapshot `json:"protectors"`
}

// A ProtectorSnapshot is which protectors a volume has.
type ProtectorSnapshot struct {
	Complete   bool               `json:"complete"` // whether these are all: only then something can be missing
	Protectors []ProtectorReading `json:"protectors"`
}

// A ProtectorReading is a protector.
type ProtectorReading struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	Enabled Reading  `json:"enabled"` // empty: it is not said
	Salt    string   `json:"salt"`
	Tokens  []string `json:"tokens"`
}

// A FileVaultReading is how FileVault is.
type FileVaultReading struct {
	Enabled                  Reading `json:"enabled"`
	PersonalRecoveryKey      Reading `json:"personal_recovery_key"`
	InstitutionalRecoveryKey Reading `json:"institutional_recovery_key"` // empty: it is not said
	BypassesLeft             *int32  `json:"bypasses_left"`              // -1: as often as the user likes
	DeviceKey                string  `json:"device_key"`
}

// A ReportedKey is a sealed key in a report.
type ReportedKey struct {
	Place
	Digest string `json:"digest"`
	Bytes  int    `json:"bytes"`
	Lossy  bool   `json:"lossy"` // whether the report may have lost some of it
}

// A CommandReply is what a device answers to a command.
type CommandReply struct {
	Status  string        `json:"status"`
	Command string        `json:"command"`
	Error   *CommandError `json:"error"`
}

// A CommandError is the first error of an ErrorChain.
type CommandError struct {
	Domain string `json:"domain"`
	Code   int64  `json:"code"`
}

// A CSPReading is what the BitLocker CSP says of the device as a whole.
type CSPReading struct {
	Problems        []string        `json:"problems"`         // nil: nothing was said; empty: there are none
	Rotation        json.RawMessage `json:"rotation"`         // "done", "pending", "not_started", or {"failed": HRESULT}
	RotationRequest string          `json:"rotation_request"` // which request that is about
	RemovableDrives *bool           `json:"removable_drives"`
	Required        *bool           `json:"required"`
}

// IgnoredParts is something in a report that was not understood.
type IgnoredParts struct {
	Row  *int   `json:"row"` // counted from 1; nil: in the report as a whole
	What string `json:"what"`
	Why  string `json:"why"`
}

// ReadReport reads what a device or its management reports. volume is the LUKS UUID for a report that names none, or empty.
//
// [ErrObservationSyntax], [ErrObservationLimit]; [ErrMisuse] for another source.
func ReadReport(source Source, report []byte, volume string, at time.Time) (Report, error) {
	if err := load(); err != nil {
		return Report{}, err
	}
	return answer[Report](native.ObservationRead(string(source), report, volume, at.Unix()))
}
