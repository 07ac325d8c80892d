// Existing_table is the first step of docs/adopt.md: a server keeps its own table of keys and its own hourly job, and has the keys judged
// by fdescrow. Nothing of the library's is stored.
//
//	existing_table -database keys.db -certificates ca.pem -private-key ca.key
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"fdescrow"

	_ "modernc.org/sqlite" // any driver will do
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, log, os.Args[1:]); err != nil {
		log.Error("existing_table", "error", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, log *slog.Logger, arguments []string) error {
	flags := flag.NewFlagSet("existing_table", flag.ContinueOnError)
	path := flags.String("database", "", "the SQLite file with the table")
	certificates := flags.String("certificates", "", "file with the certificates that keys are sealed to, the old ones too: PEM")
	private := flags.String("private-key", "", "file with their private keys: PEM")
	interval := flags.Duration("every", time.Hour, "how often keys are checked")
	timeout := flags.Duration("timeout", 10*time.Minute, "how long one run may take")
	once := flags.Bool("once", false, "check once and end")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	database, err := open(ctx, *path)
	if err != nil {
		return err
	}
	defer database.Close()
	keyring, err := readKeyring(*certificates, *private)
	if err != nil {
		return err
	}
	defer keyring.Close()
	hourly := &job{database, keyring, log}
	if *once {
		if !hourly.once(ctx, *timeout) {
			return errors.New("the keys were not all checked")
		}
		return nil
	}
	hourly.every(ctx, *interval, *timeout)
	return nil
}

func open(ctx context.Context, path string) (*sql.DB, error) {
	database, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)")
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if _, err := database.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), database.Close())
	}
	return database, nil
}

func readKeyring(certificates, private string) (*fdescrow.Keyring, error) {
	text, err := os.ReadFile(certificates)
	if err != nil {
		return nil, err
	}
	known, err := fdescrow.ParseCertificates(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certificates, err)
	}
	defer known.Close()
	file, err := os.ReadFile(private)
	if err != nil {
		return nil, err
	}
	defer clear(file)
	keyring, err := fdescrow.NewKeyring(fdescrow.PrivateKeyFile{File: file, Certificates: known})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", private, err)
	}
	return keyring, nil
}
