package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	_ "modernc.org/sqlite" // what the library links is its own
)

// Hosts are this server's own table: who is enrolled. Keys are not in it.
const hostsSchema = `
CREATE TABLE IF NOT EXISTS hosts (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	uuid TEXT NOT NULL UNIQUE,
	serial TEXT NOT NULL DEFAULT '',
	hostname TEXT NOT NULL DEFAULT '',
	platform TEXT NOT NULL DEFAULT '',
	osquery_identifier TEXT NOT NULL DEFAULT '',
	orbit_node_key BLOB UNIQUE,
	osquery_node_key BLOB UNIQUE,
	device_token BLOB UNIQUE,
	encrypted INTEGER,
	observed_at INTEGER NOT NULL DEFAULT 0,
	escrow_wanted_at INTEGER NOT NULL DEFAULT 0,
	escrow_sent_at INTEGER NOT NULL DEFAULT 0,
	client_error TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL
);`

type hosts struct{ database *sql.DB }

// A host is a device that enrolled. Its uuid is its name in the escrow.
type host struct {
	id                               int64
	uuid, serial, hostname, platform string
	osqueryIdentifier                string       // how osquery calls itself, where that is not the uuid
	encrypted                        sql.NullBool // as it said last; not valid: unknown
	observedAt                       int64        // when it told of its disks, seconds since 1970
	escrowWantedAt, escrowSentAt     int64        // 0: nobody asked for it, it was not told
	clientError                      string
}

const hostColumns = `id, uuid, serial, hostname, platform, encrypted, observed_at, escrow_wanted_at, escrow_sent_at, client_error`

func openHosts(ctx context.Context, path string) (*hosts, error) {
	database, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)")
	if err != nil {
		return nil, err
	}
	if _, err := database.ExecContext(ctx, hostsSchema); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), database.Close())
	}
	return &hosts{database}, nil
}

func (h *hosts) close() error {
	if h == nil {
		return nil
	}
	return h.database.Close()
}

func scan(row interface{ Scan(...any) error }) (host, error) {
	var one host
	err := row.Scan(&one.id, &one.uuid, &one.serial, &one.hostname, &one.platform, &one.encrypted, &one.observedAt,
		&one.escrowWantedAt, &one.escrowSentAt, &one.clientError)
	return one, err
}

// A way is how a host is found: by a column.
type way string

const (
	byID             way = "id"
	byUUID           way = "uuid"
	byOrbitNodeKey   way = "orbit_node_key"
	byOsqueryNodeKey way = "osquery_node_key"
	byDeviceToken    way = "device_token"
	byOsqueryName    way = "osquery_identifier" // not unique: the first that has it
)

var errNoHost = refuse(http.StatusNotFound, "there is no such host")

func (h *hosts) find(ctx context.Context, by way, value any) (host, error) {
	if secret, is := value.(digest); is {
		value = secret[:]
	}
	one, err := scan(h.database.QueryRowContext(ctx, `SELECT `+hostColumns+` FROM hosts WHERE `+string(by)+` = ? ORDER BY id LIMIT 1`, value))
	if errors.Is(err, sql.ErrNoRows) {
		return one, errNoHost
	}
	return one, err
}

// page are hosts behind one, in the order of their numbers.
func (h *hosts) page(ctx context.Context, after int64, limit int) ([]host, error) {
	rows, err := h.database.QueryContext(ctx, `SELECT `+hostColumns+` FROM hosts WHERE id > ? ORDER BY id LIMIT ?`, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []host{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// enroll writes down who enrolled and gives it a node key; the one that it had before ends.
func (h *hosts) enroll(ctx context.Context, said host, by way) (string, error) {
	key, err := newToken()
	if err != nil {
		return "", err
	}
	hidden := digestOf(key)
	_, err = h.database.ExecContext(ctx, `
		INSERT INTO hosts (uuid, serial, hostname, platform, osquery_identifier, created_at, `+string(by)+`) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (uuid) DO UPDATE SET `+string(by)+` = excluded.`+string(by)+`,
			serial = CASE WHEN excluded.serial = '' THEN serial ELSE excluded.serial END,
			hostname = CASE WHEN excluded.hostname = '' THEN hostname ELSE excluded.hostname END,
			platform = CASE WHEN excluded.platform = '' THEN platform ELSE excluded.platform END,
			osquery_identifier = CASE WHEN excluded.osquery_identifier = '' THEN osquery_identifier ELSE excluded.osquery_identifier END`,
		said.uuid, said.serial, said.hostname, said.platform, said.osqueryIdentifier, time.Now().Unix(), hidden[:])
	return key, err
}

// set writes one column of a host.
func (h *hosts) set(ctx context.Context, id int64, column string, value any) error {
	if secret, is := value.(digest); is {
		value = secret[:]
	}
	_, err := h.database.ExecContext(ctx, `UPDATE hosts SET `+column+` = ? WHERE id = ?`, value, id)
	return err
}

// answered: what was asked of the agent has come, or it said why not.
func (h *hosts) answered(ctx context.Context, id int64, clientError string) error {
	_, err := h.database.ExecContext(ctx,
		`UPDATE hosts SET client_error = ?, escrow_wanted_at = 0, escrow_sent_at = 0 WHERE id = ?`, clientError, id)
	return err
}
