package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"fdescrow"
)

// text is a secret of a document, in memory that can be wiped. A key has no letter that JSON would write otherwise.
type text []byte

// UnmarshalJSON copies what stands between the quotation marks.
func (t *text) UnmarshalJSON(document []byte) error {
	if bytes.Equal(document, []byte("null")) {
		return nil
	}
	inside, begins := bytes.CutPrefix(document, []byte{'"'})
	inside, ends := bytes.CutSuffix(inside, []byte{'"'})
	if !begins || !ends || bytes.ContainsRune(inside, '\\') {
		return errors.New("no string without escapes")
	}
	*t = bytes.Clone(inside)
	return nil
}

// An uploadedKey is what agents send. The first four are Fleet's; the others an agent with receipts sends, and Fleet's do not.
type uploadedKey struct {
	EncryptionKey []byte `json:"encryption_key"` // disk_encryption_key: base64 of the key, or of a message in which it is sealed
	Passphrase    text   `json:"passphrase"`     // luks_data: the key, or base64 of such a message
	Salt          text   `json:"salt"`
	KeySlot       *uint  `json:"key_slot"`
	KeyType       string `json:"key_type"`
	ClientError   string `json:"client_error"`

	Volume    string `json:"volume"`
	Protector string `json:"protector"`
	Request   string `json:"request"`
}

func (u *uploadedKey) wipe() {
	clear(u.EncryptionKey)
	clear(u.Passphrase)
	clear(u.Salt)
}

// orbitDiskEncryptionKey takes the key of a Windows PC, or, sealed, of a Mac.
func (s *server) orbitDiskEncryptionKey(w http.ResponseWriter, r *http.Request, one host, body []byte) error {
	said, err := read[uploadedKey](body)
	if err != nil {
		return err
	}
	defer said.wipe()
	if said.ClientError != "" && len(said.EncryptionKey) == 0 {
		return s.clientError(w, r, one, said.ClientError)
	}
	kind := fdescrow.BitLocker
	if one.platform == "darwin" {
		kind = fdescrow.FileVault
	}
	return s.takeKey(w, r, one, kind, said.EncryptionKey, &said)
}

// orbitLUKSData takes a key of a Linux device.
func (s *server) orbitLUKSData(w http.ResponseWriter, r *http.Request, one host, body []byte) error {
	said, err := read[uploadedKey](body)
	if err != nil {
		return err
	}
	defer said.wipe()
	if said.ClientError != "" {
		return s.clientError(w, r, one, said.ClientError)
	}
	if message, err := base64.StdEncoding.AppendDecode(nil, said.Passphrase); err == nil && isSealed(message) {
		switch kind := fdescrow.Kind(said.KeyType); kind {
		case fdescrow.LUKS, fdescrow.Systemd, fdescrow.Snapd:
			return s.takeKey(w, r, one, kind, message, &said)
		}
		return refuse(http.StatusBadRequest, "key_type of a sealed key is luks, systemd or snapd")
	}
	switch said.KeyType {
	case "recovery_key":
		if len(said.Passphrase) == 0 || len(said.Salt) > 0 || said.KeySlot != nil {
			return refuse(http.StatusBadRequest, "a recovery key has a passphrase, and neither salt nor key_slot")
		}
		return s.takeKey(w, r, one, fdescrow.Snapd, said.Passphrase, &said)
	case "", "passphrase":
		if len(said.Passphrase) == 0 || len(said.Salt) == 0 || said.KeySlot == nil {
			return refuse(http.StatusBadRequest, "a passphrase comes with salt and key_slot")
		}
		return s.takeKey(w, r, one, fdescrow.LUKS, said.Passphrase, &said)
	}
	return refuse(http.StatusBadRequest, "key_type is not known")
}

// isSealed tells a message from a key in clear: a key is text, and no text has the length of a message at its second place.
func isSealed(key []byte) bool { return len(key) > 1 && key[0] == 0x30 && key[1] >= 0x80 }

// takeKey stores a key, sealed by the device or now, and answers as the agent understands it.
func (s *server) takeKey(w http.ResponseWriter, r *http.Request, one host, kind fdescrow.Kind, key []byte, said *uploadedKey) error {
	if len(key) == 0 {
		return refuse(http.StatusBadRequest, "encryption_key must be provided")
	}
	upload, request := fdescrow.Sealed(one.uuid, kind, key), said.Request
	if !isSealed(key) {
		// A key in clear that is sent again, because the answer was lost, is stored once: by the name of the request and the key itself.
		request = cmp.Or(request, "orbit")
		secret, err := fdescrow.NewSecret(key)
		if err != nil {
			return err
		}
		defer secret.Close()
		upload = fdescrow.Plaintext(one.uuid, kind, secret)
	}
	receipt, err := s.escrow.Receive(r.Context(), upload.By("orbit").Volume(said.Volume).Protector(said.Protector).Request(request))
	switch {
	case errors.Is(err, fdescrow.ErrKeyFormat):
		return &failure{http.StatusUnprocessableEntity, "this is no recovery key that can be kept here", err}
	case errors.Is(err, fdescrow.ErrUploadNotSealed), errors.Is(err, fdescrow.ErrIDInvalid), errors.Is(err, fdescrow.ErrRequestSyntax),
		errors.Is(err, fdescrow.ErrMisuse): // the last three: a place or a request of a name that cannot be
		return &failure{http.StatusBadRequest, "this is no key, and none that is sealed", err}
	case errors.Is(err, fdescrow.ErrStoreLimit):
		return &failure{http.StatusTooManyRequests, "too many keys in a day", err}
	case err != nil:
		return &failure{http.StatusServiceUnavailable, "the key was not stored: send it again", err}
	}
	if err := errors.Join(s.hosts.answered(r.Context(), one.id, ""), s.agentReported(r.Context(), one, "")); err != nil {
		s.log.Warn("the key is stored, what was said before stays", "device", one.uuid, "error", err)
	}
	s.log.Info("key stored", "device", one.uuid, "kind", receipt.Kind, "key", receipt.Key, "status", receipt.Status)
	if receipt.Status == fdescrow.Stored {
		s.keyCame()
	}
	if has(r, capabilityReceipts) {
		answer(w, http.StatusOK, receipt)
	} else {
		w.WriteHeader(http.StatusNoContent)
	}
	return nil
}

// clientError takes what an agent could not do. It stands beside the keys that are there, and takes none away.
func (s *server) clientError(w http.ResponseWriter, r *http.Request, one host, said string) error {
	if err := errors.Join(s.hosts.answered(r.Context(), one.id, clientText(said)), s.agentReported(r.Context(), one, said)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// clientText is what an agent said, as long as it is kept.
func clientText(said string) string {
	letters := []rune(strings.ToValidUTF8(strings.TrimSpace(said), "?"))
	return string(letters[:min(len(letters), 255)])
}

// agentReported tells the escrow in a word; empty: all is well. What the agent said in its own words is in the table of hosts.
func (s *server) agentReported(ctx context.Context, one host, failure string) error {
	if failure != "" {
		failure = "client_error"
	}
	return s.escrow.AgentReported(ctx, one.uuid, "orbit", failure)
}

// nameDevice makes a device known, by the names by which people look for it. They are what it claims.
func (s *server) nameDevice(ctx context.Context, one host) error {
	if _, err := s.escrow.Device(ctx, one.uuid); errors.Is(err, fdescrow.ErrDeviceUnknown) {
		if err := s.agentReported(ctx, one, ""); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	var names []fdescrow.Name
	for kind, value := range map[string]string{"serial": one.serial, "hostname": one.hostname} {
		if isName(value) {
			names = append(names, fdescrow.Name{Kind: kind, Value: value, Source: "orbit", Trust: "claimed"})
		}
	}
	return s.escrow.NameDevice(ctx, one.uuid, "orbit", names...)
}
