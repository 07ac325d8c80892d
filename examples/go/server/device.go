package main

import (
	"errors"
	"net/http"
	"time"
)

// triggerEscrow is the button "Create key" on the page of a Linux device: its agent is told with its next configuration.
func (s *server) triggerEscrow(w http.ResponseWriter, r *http.Request) {
	if err := s.trigger(w, r); err != nil {
		answerError(w, err)
	}
}

func (s *server) trigger(w http.ResponseWriter, r *http.Request) error {
	one, err := s.hosts.find(r.Context(), byDeviceToken, digestOf(r.PathValue("token")))
	if errors.Is(err, errNoHost) {
		return refuse(http.StatusUnauthorized, "no device has this token")
	}
	if err != nil {
		return err
	}
	switch {
	case platformName(one.platform) != "linux":
		return refuse(http.StatusBadRequest, "keys are made on request on Linux alone")
	case one.encrypted.Valid && !one.encrypted.Bool:
		return refuse(http.StatusBadRequest, "the disk is not encrypted")
	}
	if one.escrowWantedAt == 0 {
		if err := s.hosts.set(r.Context(), one.id, "escrow_wanted_at", time.Now().Unix()); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
