package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"fdescrow"
)

// observeEvery is how often a host is asked about its disks.
const observeEvery = time.Hour

// Queries by platform. Their names and columns are those by which the library knows what they are about: docs/observations.md.
var queries = map[string]map[string]string{
	"darwin": {
		"fleet_detail_query_mdm_disk_encryption_key_file_darwin": `SELECT
			(SELECT count(*) > 0 FROM disk_encryption WHERE filevault_status = 'on' AND user_uuid <> '') AS encrypted,
			(SELECT base64_encrypted FROM filevault_prk) AS filevault_key`,
	},
	"windows": {
		"fleet_detail_query_disk_encryption_windows": `SELECT drive_letter, conversion_status, protection_status, encryption_method
			FROM bitlocker_info WHERE drive_letter = 'C:'`,
	},
	"linux": {
		"fleet_detail_query_disk_encryption_linux": `SELECT disk_encryption.encrypted, mounts.path
			FROM disk_encryption JOIN mounts ON mounts.device_alias = disk_encryption.name WHERE mounts.path = '/'`,
	},
}

// discovery asks before whether the table of a query is there.
var discovery = map[string]string{
	"fleet_detail_query_mdm_disk_encryption_key_file_darwin": `SELECT 1 FROM osquery_registry WHERE registry = 'table' AND name = 'filevault_prk' AND active`,
}

func (s *server) osqueryEnroll(w http.ResponseWriter, r *http.Request, body []byte) error {
	said, err := read[struct {
		EnrollSecret   string `json:"enroll_secret"`
		HostIdentifier string `json:"host_identifier"`
	}](body)
	if err != nil {
		return err
	}
	if !s.enroll.is(said.EnrollSecret) || !isName(said.HostIdentifier) {
		answer(w, http.StatusUnauthorized, map[string]bool{"node_invalid": true})
		return nil
	}
	// Under orbit it is a host that is there already.
	one, err := s.hosts.find(r.Context(), byOsqueryName, said.HostIdentifier)
	if errors.Is(err, errNoHost) {
		one, err = host{uuid: said.HostIdentifier}, nil
	}
	if err != nil {
		return err
	}
	key, err := s.hosts.enroll(r.Context(), host{uuid: one.uuid}, byOsqueryNodeKey)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, struct {
		NodeKey string `json:"node_key"`
	}{key})
	return nil
}

// osqueryHost is the host that has this node key. osquery enrolls anew where the answer says node_invalid.
func (s *server) osqueryHost(w http.ResponseWriter, r *http.Request, body []byte) (one host, known bool, err error) {
	said, err := read[struct {
		NodeKey string `json:"node_key"`
	}](body)
	if err != nil {
		return one, false, err
	}
	one, err = s.hosts.find(r.Context(), byOsqueryNodeKey, digestOf(said.NodeKey))
	if errors.Is(err, errNoHost) {
		answer(w, http.StatusUnauthorized, map[string]bool{"node_invalid": true})
		return one, false, nil
	}
	return one, err == nil, err
}

func (s *server) osqueryConfig(w http.ResponseWriter, r *http.Request, body []byte) error {
	if _, known, err := s.osqueryHost(w, r, body); !known {
		return err
	}
	answer(w, http.StatusOK, map[string]any{"options": map[string]any{
		"disable_distributed": false, "distributed_plugin": "tls", "distributed_interval": 60,
		"distributed_tls_read_endpoint": "/api/osquery/distributed/read", "distributed_tls_write_endpoint": "/api/osquery/distributed/write",
	}})
	return nil
}

// osqueryLog takes logs, of which nothing is wanted.
func (s *server) osqueryLog(w http.ResponseWriter, r *http.Request, body []byte) error {
	if _, known, err := s.osqueryHost(w, r, body); !known {
		return err
	}
	answer(w, http.StatusOK, struct{}{})
	return nil
}

func (s *server) osqueryRead(w http.ResponseWriter, r *http.Request, body []byte) error {
	one, known, err := s.osqueryHost(w, r, body)
	if !known {
		return err
	}
	asked := map[string]map[string]string{"queries": {}, "discovery": {}}
	if time.Now().Unix()-one.observedAt >= int64(observeEvery/time.Second) {
		platform := one.platform
		if _, is := queries[platform]; !is && platform != "" {
			platform = "linux" // osquery names the distribution
		}
		for name, query := range queries[platform] {
			asked["queries"][name] = query
			if table, is := discovery[name]; is {
				asked["discovery"][name] = table
			}
		}
	}
	answer(w, http.StatusOK, asked)
	return nil
}

func (s *server) osqueryWrite(w http.ResponseWriter, r *http.Request, body []byte) error {
	one, known, err := s.osqueryHost(w, r, body)
	if !known {
		return err
	}
	said, err := read[struct {
		Queries  json.RawMessage `json:"queries"`
		Statuses json.RawMessage `json:"statuses"`
	}](body)
	if err != nil {
		return err
	}
	report, err := json.Marshal(map[string]json.RawMessage{"queries": said.Queries, "statuses": said.Statuses})
	if err != nil {
		return refuse(http.StatusBadRequest, "queries or statuses are missing")
	}
	observed, err := s.escrow.Observe(r.Context(), fdescrow.Observing{Device: one.uuid, By: "osquery", Source: fdescrow.Osquery}, report)
	switch {
	case errors.Is(err, fdescrow.ErrObservationSyntax), errors.Is(err, fdescrow.ErrObservationLimit):
		// One answer that is not understood must not keep osquery from its others: it would send it again for ever.
		s.log.Warn("a report was not understood", "device", one.uuid, "error", err)
	case err != nil:
		return &failure{http.StatusServiceUnavailable, "the report was not stored: send it again", err}
	default:
		if err := s.observed(r, one, report, observed); err != nil {
			return err
		}
	}
	answer(w, http.StatusOK, struct{}{})
	return nil
}

// observed writes down what notifications need, and has keys that came checked.
func (s *server) observed(r *http.Request, one host, report []byte, observed fdescrow.Observed) error {
	for _, taken := range observed.Receipts {
		if err := taken.Err(); err != nil {
			s.log.Warn("a sealed key was not stored", "device", one.uuid, "error", err)
			continue
		}
		s.log.Info("key seen", "device", one.uuid, "key", taken.Key, "status", taken.Status, "sightings", taken.Sightings)
		if taken.Status == fdescrow.Stored {
			s.keyCame()
		}
	}
	understood, err := fdescrow.ReadReport(fdescrow.Osquery, report, "", time.Now())
	if err != nil {
		return err
	}
	for _, volume := range understood.Observation.Volumes {
		if volume.Volume == "" && volume.Encrypted != fdescrow.Unknown {
			if err := s.hosts.set(r.Context(), one.id, "encrypted", volume.Encrypted == fdescrow.Yes); err != nil {
				return err
			}
		}
	}
	return s.hosts.set(r.Context(), one.id, "observed_at", time.Now().Unix())
}
