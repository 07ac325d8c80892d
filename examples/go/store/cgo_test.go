//go:build cgo

package store

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"fdescrow"
	"fdescrow/storetest"
)

const inC = "_busy_timeout=60000&_journal_mode=WAL&_synchronous=FULL"

func TestItKeepsEveryPromiseOnSQLiteInC(t *testing.T) { storetest.Run(t, fixture(t, "sqlite3", inC)) }

// Two SQLites in one program: the library's own, and the one that a driver of Go brings. Each does its work, and reads what the other
// wrote.
func TestTheLibrarysSQLiteAndThatOfADriverAreInOneProgram(t *testing.T) {
	ctx := context.Background()
	certificates, private, err := fdescrow.NewCertificate{
		Subject: "CN=Escrow", Algorithm: "p-256", NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}.Generate()
	check(t, err)
	keyring, err := fdescrow.NewKeyring(fdescrow.PrivateKeyFile{Secret: private, Certificates: certificates})
	check(t, err)
	path := filepath.Join(t.TempDir(), "keys.db")
	ours, err := fdescrow.Open("sqlite:"+path, "example.com", fdescrow.WithCertificates(certificates))
	check(t, err)
	defer ours.Close()
	database, err := sql.Open("sqlite3", "file:"+filepath.Join(t.TempDir(), "own.db")+"?"+inC)
	check(t, err)
	defer database.Close()
	own, err := New(database, nil)
	check(t, err)
	theirs, err := fdescrow.OpenStore(own, "example.com", fdescrow.WithCertificates(certificates))
	check(t, err)
	defer theirs.Close()
	for device := range 20 {
		for _, escrow := range []*fdescrow.Escrow{ours, theirs} {
			key, err := fdescrow.GenerateKey(fdescrow.FileVault)
			check(t, err)
			envelope, err := fdescrow.Seal(key, certificates, fdescrow.Sealing{Bare: true})
			check(t, err)
			_, err = escrow.Receive(ctx, fdescrow.Sealed(string(rune('A'+device)), fdescrow.FileVault, envelope.DER()).By("agent"))
			check(t, err)
		}
	}
	for _, escrow := range []*fdescrow.Escrow{ours, theirs} {
		report, err := escrow.Check(ctx, keyring, fdescrow.CheckOptions{Workers: 2})
		check(t, err)
		if report.Opened != 20 {
			t.Fatal(report)
		}
	}
	// The driver reads the library's file, and its version is its own.
	other, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	check(t, err)
	defer other.Close()
	var devices int
	var version string
	check(t, other.QueryRow("SELECT count(*), sqlite_version() FROM fdescrow_devices").Scan(&devices, &version))
	if devices != 20 {
		t.Fatal(devices)
	}
	if version == "" {
		t.Fatal("the driver has no SQLite")
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
