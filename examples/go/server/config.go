package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"fdescrow"
)

// An orbitConfig is what an agent is told, as far as disk encryption goes.
type orbitConfig struct {
	Notifications notifications `json:"notifications"`
	Escrow        *order        `json:"fdescrow,omitempty"` // no member of Fleet's: for agents with receipts
}

// Notifications are Fleet's words: what an agent is to do now.
type notifications struct {
	RotateDiskEncryptionKey    bool `json:"rotate_disk_encryption_key,omitempty"`
	EnforceBitLockerEncryption bool `json:"enforce_bitlocker_encryption,omitempty"`
	RunDiskEncryptionEscrow    bool `json:"run_disk_encryption_escrow,omitempty"`
}

// An order is what an agent with a planner is told: whose keys they are, what holds, and what to pursue.
type order struct {
	Organization string          `json:"organization"`
	Device       string          `json:"device"`
	Plan         json.RawMessage `json:"plan,omitempty"` // of Linux: docs/schemas/luks-plan.json
	Goal         goal            `json:"goal"`
}

// A goal is one of a planner: docs/agents.md.
type goal struct {
	ID  string `json:"id"`
	Aim any    `json:"aim"` // "escrow", "adopt", "protect", "rotate" or a rotation
}

// A rotation of protectors that are added before the old ones go.
type rotation struct {
	Rotate struct {
		Replace []string `json:"replace"`
	} `json:"rotate"`
}

// askAgain is when an agent is asked once more that was asked and did not answer: it may have been killed, or its user went away.
const askAgain = 15 * time.Minute

func (s *server) orbitConfig(w http.ResponseWriter, r *http.Request, one host, body []byte) error {
	said, err := read[struct {
		Done string `json:"fdescrow_done"` // the id of a goal that was reached
	}](body)
	if err != nil {
		return err
	}
	ctx := r.Context()
	assessment, err := s.escrow.Assess(ctx, one.uuid)
	if errors.Is(err, fdescrow.ErrDeviceUnknown) {
		err = s.nameDevice(ctx, one)
	}
	if err != nil {
		return err
	}
	var rotations []fdescrow.Rotation
	if canRotate(one, r) {
		if rotations, err = s.goOn(ctx, one, said.Done); err != nil {
			return err
		}
	}
	var told orbitConfig
	wanted := one.escrowWantedAt > 0 && time.Now().Unix() >= one.escrowSentAt+int64(askAgain/time.Second)
	told.Notifications = notify(one, assessment, len(rotations) > 0, wanted, has(r, capabilityBuddy))
	if has(r, capabilityReceipts) {
		if told.Escrow, err = s.order(ctx, one, rotations); err != nil {
			return err
		}
	}
	// Told is not done: who was told and does not answer is told again.
	if told.Notifications.RunDiskEncryptionEscrow {
		if err := s.hosts.set(ctx, one.id, "escrow_sent_at", time.Now().Unix()); err != nil {
			return err
		}
	}
	answer(w, http.StatusOK, told)
	return nil
}

// notify says what follows from the assessment, in Fleet's words. What is not known makes an agent do nothing.
func notify(one host, assessed fdescrow.Assessment, rotating, wanted, buddy bool) notifications {
	var told notifications
	newKey := rotating || slices.Contains(assessed.Actions, "request_new_key")
	switch one.platform {
	case "darwin":
		told.RotateDiskEncryptionKey = buddy && newKey
	case "windows":
		// An agent of Fleet's encrypts a disk that is in clear, and replaces the key of one that is not.
		noKey := slices.Contains(assessed.Reasons, "no_key")
		told.EnforceBitLockerEncryption = one.encrypted.Valid && (!one.encrypted.Bool || noKey || newKey)
	default:
		told.RunDiskEncryptionEscrow = wanted
	}
	return told
}

// canRotate tells whether the agent makes a new key when it is told: on Linux, one of Fleet's asks its user, who has to want it.
func canRotate(one host, r *http.Request) bool {
	switch one.platform {
	case "darwin":
		return has(r, capabilityBuddy)
	case "windows":
		return true
	default:
		return has(r, capabilityReceipts)
	}
}

// goOn takes in that a goal was reached, and answers with the rotations that the agent is to work at: they count as sent and delivered, for
// this is the answer to the agent itself.
func (s *server) goOn(ctx context.Context, one host, done string) ([]fdescrow.Rotation, error) {
	all, err := s.escrow.Rotations(ctx, one.uuid)
	if err != nil {
		return nil, err
	}
	var open []fdescrow.Rotation
	for _, rotation := range all {
		report := fdescrow.RotationAnswer{Device: one.uuid, Rotation: rotation.ID, By: "orbit"}
		switch {
		case rotation.Phase == "old_retired" || rotation.Phase == "cancelled":
			continue
		case rotation.ID == done && rotation.Phase == "verified":
			report.Event = fdescrow.RotationOldRemoved
			if _, err := s.escrow.RotationReported(ctx, report); err != nil {
				return nil, err
			}
			continue
		case rotation.Next != nil && rotation.Next.Step == "send_request":
			report.Attempt = rotation.Next.Attempt
			for _, report.Event = range []fdescrow.RotationEvent{fdescrow.RotationSent, fdescrow.RotationDelivered} {
				if _, err := s.escrow.RotationReported(ctx, report); err != nil {
					return nil, err
				}
			}
		}
		open = append(open, rotation)
	}
	return open, nil
}

// agentsEncrypt tells whether the policy has agents turn BitLocker on.
func agentsEncrypt(policy *fdescrow.Policy) (bool, error) {
	values, err := policy.Explain("")
	return slices.ContainsFunc(values, func(one fdescrow.Explained) bool {
		return one.Path == "bitlocker.enforcement.by" && string(one.Value) == `"agent"`
	}), err
}

// order is what a planner is given.
func (s *server) order(ctx context.Context, one host, rotations []fdescrow.Rotation) (*order, error) {
	told := &order{Organization: s.organization, Device: one.uuid}
	switch one.platform {
	case "darwin":
		told.Goal = goal{"escrow", "escrow"}
	case "windows":
		told.Goal = goal{"adopt", "adopt"}
		if s.agentsEncrypt {
			told.Goal = goal{"protect", "protect"}
		}
	default:
		told.Goal = goal{"escrow", "escrow"}
		var err error
		if told.Plan, err = s.policy.LUKSPlan("", s.certificates); err != nil {
			return nil, err
		}
	}
	if len(rotations) == 0 {
		return told, nil
	}
	told.Goal = goal{rotations[0].ID, "rotate"}
	if one.platform == "darwin" {
		return told, nil
	}
	var aim rotation
	replaced, err := s.replaced(ctx, one, rotations[0])
	if err != nil {
		return nil, err
	}
	aim.Rotate.Replace = replaced
	told.Goal.Aim = aim
	return told, nil
}

// replaced are the protectors that go when the new one is verified: that of the key which is replaced, and those of earlier keys of the
// volume. What came since is never named.
func (s *server) replaced(ctx context.Context, one host, rotation fdescrow.Rotation) ([]string, error) {
	keys, err := s.escrow.History(ctx, one.uuid)
	if err != nil {
		return nil, err
	}
	var newest uint64
	for _, key := range keys {
		if key.ID == rotation.Old {
			newest = key.Number
		}
	}
	names := []string{}
	for _, key := range keys {
		same := key.Kind == rotation.Place.Kind && key.Volume == rotation.Place.Volume
		if same && key.Number <= newest && key.Retired.IsZero() && key.Protector != "" && !slices.Contains(names, key.Protector) {
			names = append(names, key.Protector)
		}
	}
	return names, nil
}
