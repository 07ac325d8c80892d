package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fdescrow"
)

const macKey = "ABCD-EFGH-IJKL-MNOP-QRST-UVWX"

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// authority is a certificate with its key, for both libraries.
type authority struct {
	certificates *fdescrow.Certificates
	certificate  *x509.Certificate
	key          *rsa.PrivateKey
	pem          []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	certificates, private, err := fdescrow.NewCertificate{
		Subject: "CN=Fleet,OU=SCEP CA,O=scep-ca", Algorithm: "rsa-2048", NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}.Generate()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { private.Close(); certificates.Close() })
	a := &authority{certificates: certificates, certificate: must(x509.ParseCertificate(certificates.DER(0)))}
	if err := private.Use(func(text []byte) { a.pem = bytes.Clone(text) }); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(a.pem)
	a.key = must(x509.ParsePKCS8PrivateKey(block.Bytes)).(*rsa.PrivateKey)
	return a
}

// sealed is what a Mac sends.
func (a *authority) sealed() []byte {
	key := must(fdescrow.GenerateKey(fdescrow.FileVault))
	defer key.Close()
	envelope := must(fdescrow.Seal(key, a.certificates, fdescrow.Sealing{Bare: true, Format: fdescrow.EnvelopedPKCS1v15}))
	defer envelope.Close()
	return envelope.DER()
}

func newTable(t *testing.T) (*sql.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.db")
	database := must(open(context.Background(), path))
	t.Cleanup(func() { database.Close() })
	return database, path
}

func put(t *testing.T, database *sql.DB, host int, message []byte) {
	t.Helper()
	must(database.Exec(`INSERT INTO host_disk_encryption_keys (host_id, base64_encrypted) VALUES (?, ?)`,
		host, base64.StdEncoding.EncodeToString(message)))
}

// stand is the column decryptable: -1 while nobody has judged the row.
func stand(t *testing.T, database *sql.DB, host int) int {
	t.Helper()
	var decryptable sql.NullInt64
	if err := database.QueryRow(`SELECT decryptable FROM host_disk_encryption_keys WHERE host_id = ?`, host).Scan(&decryptable); err != nil {
		t.Fatal(err)
	}
	if !decryptable.Valid {
		return -1
	}
	return int(decryptable.Int64)
}

func TestAPoisonRowStopsNoOther(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	database, _ := newTable(t)
	expected := map[int]int{}
	host := 0
	add := func(message []byte, decryptable int) {
		host++
		put(t, database, host, message)
		expected[host] = decryptable
	}
	add(a.sealed(), 1)
	for _, der := range poison(t, a.certificate) {
		add(der, 0)
		add(a.sealed(), 1)
	}
	add([]byte(macKey), 0) // in clear: no message
	add(stranger.sealed(), 0)
	add(bytes.Repeat([]byte{0x30, 0x80}, 20_000), 0)
	add(message(t, a.certificate, cbc("not the key of a Mac, but padded"+strings.Repeat("\x10", 16))), 0)
	for range batch {
		add(a.sealed(), 1)
	}
	must(database.Exec(`INSERT INTO host_disk_encryption_keys (host_id, base64_encrypted) VALUES (10000, 'not base64!'), (10001, '')`))
	expected[10_000], expected[10_001] = 0, -1

	var logged bytes.Buffer
	keyring := must(fdescrow.NewKeyring(fdescrow.PrivateKey{Key: a.key, Certificates: a.certificates}))
	defer keyring.Close()
	hourly := &job{database, keyring, slog.New(slog.NewJSONHandler(&logged, nil))}
	total, err := hourly.run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	opens, does := 0, 0
	for host, decryptable := range expected {
		if got := stand(t, database, host); got != decryptable {
			t.Errorf("host %d: decryptable is %d, not %d", host, got, decryptable)
		}
		switch decryptable {
		case 1:
			opens++
		case 0:
			does++
		}
	}
	if total.decryptable != opens || total.undecryptable != does || total.unknown+total.replaced != 0 {
		t.Error(total)
	}
	if got := bytes.Count(logged.Bytes(), []byte("\n")); got != does {
		t.Error(got, "lines say why a key does not decrypt")
	}
	if strings.Contains(logged.String(), macKey) {
		t.Error("a key stands in the log")
	}
	if again, err := hourly.run(context.Background()); err != nil || again != (result{}) {
		t.Error("judged twice", again, err)
	}
}

func TestAKeyThatCameMeanwhileIsJudgedNextTime(t *testing.T) {
	a := newAuthority(t)
	database, _ := newTable(t)
	put(t, database, 1, []byte("the old one"))
	ctx := context.Background()
	judged := must(unverified(ctx, database, 0))[0]
	must(database.Exec(`UPDATE host_disk_encryption_keys SET base64_encrypted = ? WHERE host_id = 1`, base64.StdEncoding.EncodeToString(a.sealed())))
	if current, err := record(ctx, database, judged, false); current || err != nil {
		t.Fatal(current, err)
	}
	if got := stand(t, database, 1); got != -1 {
		t.Fatal("the verdict about the old key stands beside the new one:", got)
	}
}

// service is a key service that can be out of reach.
type service struct {
	*rsa.PrivateKey
	away bool
}

func (s *service) Decrypt(random io.Reader, ciphertext []byte, options crypto.DecrypterOpts) ([]byte, error) {
	if s.away {
		return nil, errors.New("the key service is out of reach")
	}
	return s.PrivateKey.Decrypt(random, ciphertext, options)
}

func TestAPrivateKeyOutOfReachSaysNothingAboutARow(t *testing.T) {
	a := newAuthority(t)
	database, _ := newTable(t)
	put(t, database, 1, a.sealed())
	key := &service{PrivateKey: a.key}
	keyring := must(fdescrow.NewKeyring(fdescrow.PrivateKey{Key: key, Certificates: a.certificates}))
	defer keyring.Close()
	hourly := &job{database, keyring, slog.New(slog.NewTextHandler(io.Discard, nil))}
	key.away = true
	if total, err := hourly.run(context.Background()); err != nil || total != (result{unknown: 1}) || stand(t, database, 1) != -1 {
		t.Fatal(total, err, stand(t, database, 1))
	}
	key.away = false
	if total, err := hourly.run(context.Background()); err != nil || total != (result{decryptable: 1}) {
		t.Fatal(total, err)
	}
}

func TestTheProgramRuns(t *testing.T) {
	a := newAuthority(t)
	database, path := newTable(t)
	put(t, database, 1, a.sealed())
	folder := t.TempDir()
	certificates, private := filepath.Join(folder, "ca.pem"), filepath.Join(folder, "ca.key")
	if err := errors.Join(os.WriteFile(certificates, must(a.certificates.PEM()), 0o600), os.WriteFile(private, a.pem, 0o600)); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"-database", path, "-certificates", certificates, "-private-key", private}
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, nil))
	if err := start(context.Background(), log, append(arguments, "-once")); err != nil {
		t.Fatal(err)
	}
	if got := stand(t, database, 1); got != 1 {
		t.Fatal(got, logged.String())
	}
	// It goes on until it is told to end.
	put(t, database, 2, a.sealed())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- start(ctx, log, append(arguments, "-every", "10ms")) }()
	for stand(t, database, 2) != 1 {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
