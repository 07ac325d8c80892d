package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"fdescrow"
)

// A job is the hourly one: which of the keys that came since then decrypt?
type job struct {
	database *sql.DB
	keyring  *fdescrow.Keyring
	log      *slog.Logger
}

// A result is what came of one run.
type result struct {
	decryptable   int
	undecryptable int
	unknown       int // a private key could not be reached: they are left as they are
	replaced      int // another key came while this one was judged
}

// run judges every row that nobody has judged. A row that is broken, or was made to break this, costs itself only.
func (j *job) run(ctx context.Context) (result, error) {
	var total result
	for after := int64(0); ; {
		rows, err := unverified(ctx, j.database, after)
		if err != nil || len(rows) == 0 {
			return total, err
		}
		if err := j.judge(ctx, rows, &total); err != nil {
			return total, err
		}
		after = rows[len(rows)-1].host
	}
}

func (j *job) judge(ctx context.Context, rows []row, total *result) error {
	messages := make([]fdescrow.Row, len(rows))
	for index, one := range rows {
		messages[index] = fdescrow.Row{Envelope: []byte(one.encrypted), Kind: fdescrow.FileVault}
	}
	// This was: base64, pkcs7.Parse, Decrypt, row by row.
	verdicts, err := fdescrow.Judge(ctx, j.keyring, messages, fdescrow.SuiteFileVault)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	for index, verdict := range verdicts {
		if verdict.Verdict == fdescrow.Unavailable {
			total.unknown++
			continue
		}
		opens := verdict.Verdict == fdescrow.Opens
		current, err := record(ctx, j.database, rows[index], opens)
		switch {
		case err != nil:
			return err
		case !current:
			total.replaced++
		case opens:
			total.decryptable++
		default:
			total.undecryptable++
			j.tell(rows[index], verdict)
		}
	}
	return nil
}

// tell says why a key does not decrypt, which the table has no column for.
func (j *job) tell(one row, verdict fdescrow.Verdict) {
	attributes := []any{"host", one.host, "reason", verdict.Reason, "code", verdict.Code}
	if inspection := verdict.Inspection; inspection != nil {
		for _, recipient := range inspection.Recipients {
			attributes = append(attributes, "sealed_to", recipient.Issuer, "serial", recipient.SerialNumber)
		}
	}
	j.log.Warn("a key does not decrypt", attributes...)
}

// every runs the job at once and then again and again, until the context ends.
func (j *job) every(ctx context.Context, interval, timeout time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		j.once(ctx, timeout)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// once is a run with a line about it. What failed is done by the next one.
func (j *job) once(ctx context.Context, timeout time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	began := time.Now()
	total, err := j.run(ctx)
	attributes := []any{"decryptable", total.decryptable, "undecryptable", total.undecryptable, "unknown", total.unknown,
		"replaced", total.replaced, "took", time.Since(began)}
	if err != nil {
		j.log.Error("the keys were not all checked", append(attributes, "error", err)...)
		return false
	}
	j.log.Info("keys checked", attributes...)
	return true
}
