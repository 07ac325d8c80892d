package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"fdescrow"
)

// hostDocument is a host as Fleet shows it, as far as disk encryption goes.
type hostDocument struct {
	ID                    int64  `json:"id"`
	UUID                  string `json:"uuid"`
	HardwareSerial        string `json:"hardware_serial"`
	Hostname              string `json:"hostname"`
	Platform              string `json:"platform"`
	DiskEncryptionEnabled *bool  `json:"disk_encryption_enabled"` // null: unknown
	MDM                   struct {
		EncryptionKeyAvailable bool `json:"encryption_key_available"`
		OSSettings             struct {
			DiskEncryption diskEncryption `json:"disk_encryption"`
		} `json:"os_settings"`
	} `json:"mdm"`
}

type diskEncryption struct {
	Status fdescrow.Status `json:"status"`
	Detail string          `json:"detail"`

	// Not Fleet's: all that is to be said, and what to do about it.
	Reasons []fdescrow.Reason `json:"reasons"`
	Actions []fdescrow.Action `json:"actions"`
}

func (s *server) describe(r *http.Request, one host) (hostDocument, error) {
	shown := hostDocument{ID: one.id, UUID: one.uuid, HardwareSerial: one.serial, Hostname: one.hostname, Platform: one.platform}
	if one.encrypted.Valid {
		shown.DiskEncryptionEnabled = &one.encrypted.Bool
	}
	assessed, err := s.escrow.Assess(r.Context(), one.uuid)
	if errors.Is(err, fdescrow.ErrDeviceUnknown) { // osquery enrolled it, and nothing came yet
		return shown, nil
	}
	if err != nil {
		return shown, err
	}
	shown.MDM.OSSettings.DiskEncryption = diskEncryption{assessed.Status, one.clientError, assessed.Reasons, assessed.Actions}
	keys, err := s.escrow.History(r.Context(), one.uuid)
	for _, key := range keys {
		// A key that once opened is there to be handed out, whatever was said since.
		shown.MDM.EncryptionKeyAvailable = shown.MDM.EncryptionKeyAvailable || !key.LastSuccess.IsZero()
	}
	return shown, err
}

func (s *server) listHosts(w http.ResponseWriter, r *http.Request, _ user) error {
	after, _ := strconv.ParseInt(r.FormValue("after"), 10, 64)
	page, err := s.hosts.page(r.Context(), after, 100)
	if err != nil {
		return err
	}
	list := make([]hostDocument, len(page))
	for index, one := range page {
		if list[index], err = s.describe(r, one); err != nil {
			return err
		}
	}
	answer(w, http.StatusOK, map[string]any{"hosts": list})
	return nil
}

func (s *server) hostOf(r *http.Request) (host, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return host{}, errNoHost
	}
	return s.hosts.find(r.Context(), byID, id)
}

func (s *server) showHost(w http.ResponseWriter, r *http.Request, _ user) error {
	one, err := s.hostOf(r)
	if err != nil {
		return err
	}
	shown, err := s.describe(r, one)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, map[string]any{"host": shown})
	return nil
}

// encryptionKey hands out a key. Beside Fleet's own form, the query may have a reason, a ticket, the id of an approved recovery, and which
// volume or protector is meant.
func (s *server) encryptionKey(w http.ResponseWriter, r *http.Request, who user) error {
	one, err := s.hostOf(r)
	if err != nil {
		return err
	}
	wish := fdescrow.Reveal{
		Device: one.uuid, By: who.Name, Reason: cmp.Or(r.FormValue("reason"), "asked for without a reason"), Ticket: r.FormValue("ticket"),
		Volume: r.FormValue("volume"), Protector: r.FormValue("protector"), Recovery: r.FormValue("recovery"),
	}
	if wish.Volume == "" && wish.Protector == "" {
		if only, err := s.onlyPlace(r.Context(), one); err != nil {
			return revealFailure(err)
		} else if only.Kind != "" {
			wish.Kind, wish.Volume, wish.Protector = only.Kind, only.Volume, only.Protector
		}
	}
	if who.Issuer != "" {
		wish.Person = &fdescrow.Person{Issuer: who.Issuer, Subject: who.Person}
	}
	key, err := s.escrow.Reveal(r.Context(), wish, s.keyring)
	if err != nil {
		return revealFailure(err)
	}
	defer key.Close()
	s.log.Info("key handed out", "device", one.uuid, "key", key.About.Key, "by", who.Name, "recovery", key.About.Recovery)
	return key.Use(func(secret []byte) {
		// Written by hand: a string of encoding/json cannot be wiped. No key has a letter that JSON would write otherwise.
		document := append([]byte(`{"host_id":`+strconv.FormatInt(one.id, 10)+`,"encryption_key":{"key":"`), secret...)
		defer func() { clear(document) }()
		document = append(document, `","updated_at":"`+s.receivedAt(r, one, key.About.Key)+`"}}`...)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(document)
	})
}

// onlyPlace is the place whose newest key is in use, if there is one such place: keys of protectors that were replaced are handed out to
// whoever names them.
func (s *server) onlyPlace(ctx context.Context, one host) (only fdescrow.Place, err error) {
	keys, err := s.escrow.History(ctx, one.uuid)
	inUse := map[fdescrow.Place]bool{}
	for _, key := range keys { // the oldest first
		if key.Retired.IsZero() {
			inUse[key.Place] = true
		} else {
			delete(inUse, key.Place)
		}
	}
	if len(inUse) == 1 {
		for place := range inUse {
			only = place
		}
	}
	return only, err // where there are several, the escrow says which
}

// receivedAt is when a key came, which checking it does not change.
func (s *server) receivedAt(r *http.Request, one host, id string) string {
	keys, err := s.escrow.History(r.Context(), one.uuid)
	if err == nil {
		for _, key := range keys {
			if key.ID == id {
				return key.Received.Format(time.RFC3339)
			}
		}
	}
	return time.Time{}.Format(time.RFC3339)
}

func revealFailure(err error) error {
	for _, one := range []struct {
		is     error
		status int
		reason string
	}{
		{fdescrow.ErrDeviceUnknown, http.StatusNotFound, "the host has no key here"},
		{fdescrow.ErrRecoveryNoKey, http.StatusNotFound, "the host has no key here"},
		{fdescrow.ErrRecoveryNotOpened, http.StatusNotFound, "the key of the host does not decrypt"},
		{fdescrow.ErrRecoveryAmbiguous, http.StatusConflict, "the host has several volumes or protectors: name one"},
		{fdescrow.ErrRecoveryRefused, http.StatusForbidden, "the key is not handed out"},
		{fdescrow.ErrRecoveryRejected, http.StatusForbidden, "the policy asks for an approved recovery"},
		{fdescrow.ErrRecoveryUnknown, http.StatusNotFound, "there is no such recovery"},
		{fdescrow.ErrRecoveryQuota, http.StatusTooManyRequests, "as many keys were shown as the policy allows in a day"},
		{fdescrow.ErrIdentityUnavailable, http.StatusServiceUnavailable, "the private key is out of reach: try again"},
		{fdescrow.ErrStoreUnknown, http.StatusServiceUnavailable, "the audit was not written for sure: try again"},
	} {
		if errors.Is(err, one.is) {
			return &failure{one.status, one.reason, err}
		}
	}
	return err
}

// fileVaultProfile is what an MDM server delivers to a Mac.
func (s *server) fileVaultProfile(w http.ResponseWriter, r *http.Request, _ user) error {
	one, err := s.hostOf(r)
	if err != nil {
		return err
	}
	profile, err := s.escrow.Profile(r.Context(), one.uuid)
	if errors.Is(err, fdescrow.ErrMisuse) {
		return &failure{http.StatusNotFound, "the policy says nothing of FileVault", err}
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-apple-aspen-config")
	_, err = w.Write(profile)
	return err
}

// summary counts hosts by status and platform, from their judgements now.
func (s *server) summary(w http.ResponseWriter, r *http.Request, _ user) error {
	counts := map[fdescrow.Status]map[string]uint64{}
	for _, status := range []fdescrow.Status{
		fdescrow.StatusVerified, fdescrow.StatusVerifying, fdescrow.StatusActionRequired, fdescrow.StatusEnforcing, fdescrow.StatusFailed,
		fdescrow.StatusRemovingEnforcement,
	} {
		counts[status] = map[string]uint64{"macos": 0, "windows": 0, "linux": 0}
	}
	for after := int64(0); ; {
		page, err := s.hosts.page(r.Context(), after, 500)
		if err != nil {
			return err
		}
		for _, one := range page {
			after = one.id
			assessed, err := s.escrow.Assess(r.Context(), one.uuid)
			if errors.Is(err, fdescrow.ErrDeviceUnknown) {
				continue
			}
			if err != nil {
				return err
			}
			if platforms, counted := counts[assessed.Status]; counted {
				platforms[platformName(one.platform)]++
			}
		}
		if len(page) == 0 {
			break
		}
	}
	answer(w, http.StatusOK, counts)
	return nil
}

func platformName(platform string) string {
	switch platform {
	case "darwin":
		return "macos"
	case "windows":
		return "windows"
	default:
		return "linux"
	}
}
