package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"fdescrow"
)

// A server answers agents and people.
type server struct {
	log          *slog.Logger
	organization string
	enroll       digest
	users        map[digest]user
	policy       *fdescrow.Policy
	certificates *fdescrow.Certificates
	keyring      *fdescrow.Keyring
	hosts        *hosts
	escrow       *fdescrow.Escrow
	kick         chan struct{} // a key came: check now

	agentsEncrypt bool
}

func (s *server) close() {
	// Nothing is lost by an error here: what was acknowledged is stored.
	_ = errors.Join(s.escrow.Close(), s.keyring.Close(), s.certificates.Close(), s.policy.Close(), s.hosts.close())
}

// How large a request may be: a key is small, what osquery writes is not.
const (
	maxBody        = 256 << 10
	maxOsqueryBody = 4 << 20
)

// handler are the endpoints, by Fleet's names.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("HEAD /api/fleet/orbit/ping", s.ping)
	mux.Handle("POST /api/fleet/orbit/enroll", body(maxBody, s.orbitEnroll))
	for path, answer := range map[string]orbitEndpoint{
		"config":                     s.orbitConfig,
		"device_token":               s.orbitDeviceToken,
		"disk_encryption_key":        s.orbitDiskEncryptionKey,
		"luks_data":                  s.orbitLUKSData,
		"disk_encryption_protection": s.orbitProtection,
	} {
		mux.Handle("POST /api/fleet/orbit/"+path, body(maxBody, s.orbit(answer)))
	}
	for _, prefix := range []string{"/api/osquery/", "/api/v1/osquery/"} {
		mux.Handle("POST "+prefix+"enroll", body(maxBody, s.osqueryEnroll))
		mux.Handle("POST "+prefix+"config", body(maxBody, s.osqueryConfig))
		mux.Handle("POST "+prefix+"log", body(maxOsqueryBody, s.osqueryLog))
		mux.Handle("POST "+prefix+"distributed/read", body(maxBody, s.osqueryRead))
		mux.Handle("POST "+prefix+"distributed/write", body(maxOsqueryBody, s.osqueryWrite))
	}
	for _, version := range []string{"v1", "latest"} {
		prefix := "/api/" + version + "/fleet/"
		mux.HandleFunc("POST "+prefix+"device/{token}/mdm/linux/trigger_escrow", s.triggerEscrow)
		mux.HandleFunc("GET "+prefix+"hosts", s.people(s.listHosts))
		mux.HandleFunc("GET "+prefix+"hosts/{id}", s.people(s.showHost))
		mux.HandleFunc("GET "+prefix+"hosts/{id}/encryption_key", s.people(s.encryptionKey))
		mux.HandleFunc("GET "+prefix+"hosts/{id}/filevault_profile", s.people(s.fileVaultProfile))
		mux.HandleFunc("GET "+prefix+"disk_encryption", s.people(s.summary))
	}
	return s.logged(mux)
}

// checkKeys opens new keys when they come, and all that are due from time to time.
func (s *server) checkKeys(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		report, err := s.escrow.Check(ctx, s.keyring, fdescrow.CheckOptions{By: "server"})
		if err == nil {
			_, err = s.escrow.AssessDue(ctx, "server")
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.Error("keys were not all checked", "error", err)
		case report.Opened+report.Unavailable > 0 || len(report.NotOpened) > 0:
			s.log.Info("keys checked", "opened", report.Opened, "not_opened", report.NotOpened, "unavailable", report.Unavailable)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-s.kick:
		}
	}
}

// keyCame has the key checked soon.
func (s *server) keyCame() {
	select {
	case s.kick <- struct{}{}:
	default: // it is going to be
	}
}
