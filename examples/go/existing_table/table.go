package main

import (
	"context"
	"database/sql"
	"fmt"
)

// schema is the server's own table, as it has been for years. Nothing in it is changed.
const schema = `
CREATE TABLE IF NOT EXISTS host_disk_encryption_keys (
	host_id INTEGER PRIMARY KEY,
	base64_encrypted TEXT NOT NULL,
	base64_encrypted_salt TEXT NOT NULL DEFAULT '',
	key_slot INTEGER,
	decryptable INTEGER,
	created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
	updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
	reset_requested INTEGER NOT NULL DEFAULT 0,
	client_error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS host_disk_encryption_keys_decryptable ON host_disk_encryption_keys (decryptable);`

// batch is how many rows are in memory at a time.
const batch = 500

// A row is a key that was fetched and not checked yet.
type row struct {
	host      int64
	encrypted string // base64 of what the Mac sent
}

// unverified are the next rows behind a host that nobody has checked.
func unverified(ctx context.Context, database *sql.DB, after int64) ([]row, error) {
	found, err := database.QueryContext(ctx, `
		SELECT host_id, base64_encrypted FROM host_disk_encryption_keys
		WHERE decryptable IS NULL AND base64_encrypted <> '' AND host_id > ? ORDER BY host_id LIMIT ?`, after, batch)
	if err != nil {
		return nil, fmt.Errorf("list the keys to check: %w", err)
	}
	defer found.Close()
	var rows []row
	for found.Next() {
		var one row
		if err := found.Scan(&one.host, &one.encrypted); err != nil {
			return nil, fmt.Errorf("list the keys to check: %w", err)
		}
		rows = append(rows, one)
	}
	return rows, found.Err()
}

// record writes what became of a row, if it is still the one that was judged: a key that came meanwhile is judged next time. It tells
// whether it was.
func record(ctx context.Context, database *sql.DB, judged row, decryptable bool) (bool, error) {
	done, err := database.ExecContext(ctx, `
		UPDATE host_disk_encryption_keys SET decryptable = ?, updated_at = CURRENT_TIMESTAMP
		WHERE host_id = ? AND base64_encrypted = ?`, decryptable, judged.host, judged.encrypted)
	if err != nil {
		return false, fmt.Errorf("record the verdict about host %d: %w", judged.host, err)
	}
	changed, err := done.RowsAffected()
	return changed > 0, err
}
