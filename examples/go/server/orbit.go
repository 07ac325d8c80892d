package main

import (
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"
)

// capabilities are the words of X-Fleet-Capabilities that hold for this server. capabilityReceipts is no word of Fleet's: keys may come
// sealed, and a client that has the same word is answered with receipts.
const (
	capabilities       = "orbit_endpoints,token_rotation,escrow_buddy,linux_disk_encryption_escrow,luks_recovery_key_escrow," + capabilityReceipts
	capabilityReceipts = "fdescrow_receipts"
	capabilityBuddy    = "escrow_buddy"
)

func has(r *http.Request, capability string) bool {
	for _, word := range strings.Split(r.Header.Get("X-Fleet-Capabilities"), ",") {
		if strings.TrimSpace(word) == capability {
			return true
		}
	}
	return false
}

func (s *server) ping(http.ResponseWriter, *http.Request) {}

type orbitEnrollment struct {
	EnrollSecret      string `json:"enroll_secret"`
	HardwareUUID      string `json:"hardware_uuid"`
	HardwareSerial    string `json:"hardware_serial"`
	Hostname          string `json:"hostname"`
	Platform          string `json:"platform"`
	OsqueryIdentifier string `json:"osquery_identifier"`
}

func (s *server) orbitEnroll(w http.ResponseWriter, r *http.Request, body []byte) error {
	said, err := read[orbitEnrollment](body)
	if err != nil {
		return err
	}
	if !s.enroll.is(said.EnrollSecret) {
		return refuse(http.StatusUnauthorized, "another enroll_secret is needed")
	}
	if !isName(said.HardwareUUID) {
		return refuse(http.StatusBadRequest, "hardware_uuid is missing or is no name")
	}
	one := host{uuid: said.HardwareUUID, serial: said.HardwareSerial, hostname: said.Hostname, platform: said.Platform, osqueryIdentifier: said.OsqueryIdentifier}
	key, err := s.hosts.enroll(r.Context(), one, byOrbitNodeKey)
	if err != nil {
		return err
	}
	if err := s.nameDevice(r.Context(), one); err != nil {
		return err
	}
	s.log.Info("enrolled", "device", one.uuid, "platform", one.platform)
	answer(w, http.StatusOK, struct {
		OrbitNodeKey string `json:"orbit_node_key"`
	}{key})
	return nil
}

// isName tells whether it can be the name of a device, in one line of a log too.
func isName(text string) bool {
	return text != "" && len(text) <= 255 && utf8.ValidString(text) && !strings.ContainsFunc(text, func(letter rune) bool { return letter < ' ' || letter == 0x7f })
}

// An orbitEndpoint answers a host that is enrolled.
type orbitEndpoint func(w http.ResponseWriter, r *http.Request, one host, body []byte) error

// orbit lets those in who have a node key. 401 makes an agent enroll anew.
func (s *server) orbit(next orbitEndpoint) func(http.ResponseWriter, *http.Request, []byte) error {
	return func(w http.ResponseWriter, r *http.Request, body []byte) error {
		said, err := read[struct {
			OrbitNodeKey string `json:"orbit_node_key"`
		}](body)
		if err != nil {
			return err
		}
		one, err := s.hosts.find(r.Context(), byOrbitNodeKey, digestOf(said.OrbitNodeKey))
		if errors.Is(err, errNoHost) {
			return refuse(http.StatusUnauthorized, "no host has this orbit_node_key")
		}
		if err != nil {
			return err
		}
		return next(w, r, one, body)
	}
}

// orbitDeviceToken takes the token by which the page of the device itself is reached.
func (s *server) orbitDeviceToken(w http.ResponseWriter, r *http.Request, one host, body []byte) error {
	said, err := read[struct {
		Token string `json:"device_auth_token"`
	}](body)
	if err != nil {
		return err
	}
	if len(said.Token) < 16 {
		return refuse(http.StatusBadRequest, "device_auth_token is too short")
	}
	if err := s.hosts.set(r.Context(), one.id, "device_token", digestOf(said.Token)); err != nil {
		return err
	}
	answer(w, http.StatusOK, struct{}{})
	return nil
}

// orbitProtection takes what became of the attempt to turn protection on again. It never touches a key.
func (s *server) orbitProtection(w http.ResponseWriter, r *http.Request, one host, body []byte) error {
	said, err := read[struct {
		Outcome string `json:"outcome"`
		Reason  string `json:"reason"`
	}](body)
	if err != nil {
		return err
	}
	reason := clientText(said.Reason)
	switch said.Outcome {
	case "restored":
		err = s.agentReported(r.Context(), one, "")
	case "deferred", "failed":
		if reason == "" {
			return refuse(http.StatusBadRequest, "a reason is needed")
		}
		err = s.agentReported(r.Context(), one, reason)
	default:
		return refuse(http.StatusBadRequest, "outcome must be restored, deferred or failed")
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
