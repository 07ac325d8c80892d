package main

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fdescrow"
)

// answering is a server that enrolls everybody and gives one answer.
func answering(t *testing.T, status int, answer string, header ...string) (*client, *httptest.Server) {
	t.Helper()
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/enroll") {
			_, _ = w.Write([]byte(`{"orbit_node_key":"node"}`))
			return
		}
		for index := 0; index < len(header); index += 2 {
			w.Header().Set(header[index], header[index+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(web.Close)
	folder := folder(t.TempDir())
	roots, secret := folder.path("roots"), folder.path("secret")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	if err := errors.Join(os.WriteFile(roots, text, 0o600), os.WriteFile(secret, []byte("secret"), 0o600)); err != nil {
		t.Fatal(err)
	}
	c, err := newClient(web.URL, roots, secret, identity{HardwareUUID: "DEVICE-1"}, folder)
	if err != nil {
		t.Fatal(err)
	}
	return c, web
}

func TestASealedKeyGoesToNobodyElse(t *testing.T) {
	order := `{"fdescrow":{"organization":"example.com","device":"DEVICE-1","goal":{"id":"adopt","aim":"adopt"}}}`
	for name, one := range map[string]struct {
		status int
		answer string
		header []string
		is     bool
	}{
		"as it should be":               {200, order, []string{"X-Fleet-Capabilities", "other," + receipts}, true},
		"a server without receipts":     {200, order, nil, false},
		"a server of Fleet's":           {200, `{"notifications":{}}`, []string{"X-Fleet-Capabilities", "escrow_buddy"}, false},
		"the order of another device":   {200, strings.Replace(order, "DEVICE-1", "DEVICE-2", 1), []string{"X-Fleet-Capabilities", receipts}, false},
		"an answer that is no document": {200, "<html>", []string{"X-Fleet-Capabilities", receipts}, false},
		"elsewhere":                     {307, order, []string{"X-Fleet-Capabilities", receipts, "Location", "/elsewhere"}, false},
		"an error":                      {500, order, []string{"X-Fleet-Capabilities", receipts}, false},
		"a node key that is not known":  {401, order, []string{"X-Fleet-Capabilities", receipts}, false},
	} {
		c, _ := answering(t, one.status, one.answer, one.header...)
		told, err := c.config(context.Background(), "")
		if (err == nil) != one.is || (told != nil) != one.is {
			t.Error(name, told, err)
		}
	}
	c, _ := answering(t, http.StatusNoContent, "")
	if _, err := c.upload(context.Background(), fdescrow.SpooledKey{Place: fdescrow.Place{Kind: fdescrow.BitLocker}}); err == nil {
		t.Error("204 is no receipt")
	}
}

func TestKeysAreSentInClearToNobodyButTheLoopback(t *testing.T) {
	folder := folder(t.TempDir())
	for _, address := range []string{"http://keys.example.com", "http://localhost.example.com", "ftp://127.0.0.1", "keys.example.com", "", "http://[", "http://10.0.0.1"} {
		if _, err := newClient(address, "", "", identity{}, folder); err == nil {
			t.Error(address, "is taken")
		}
	}
	for _, address := range []string{"https://keys.example.com/", "http://127.0.0.1:8080", "http://[::1]:8080"} {
		if _, err := newClient(address, "", "", identity{}, folder); err != nil {
			t.Error(address, err)
		}
	}
	c, web := answering(t, 200, "{}")
	other, err := newClient(web.URL, "", c.secret, c.who, folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.config(context.Background(), ""); err == nil {
		t.Error("a server that nobody vouches for is believed")
	}
}

func TestGoalsAreUnderstood(t *testing.T) {
	for text, expected := range map[string]string{
		`{"id":"a","aim":"escrow"}`:                           `{"id":"a","aim":"escrow"}`,
		`{"id":"r","aim":{"rotate":{"replace":["1","{2}"]}}}`: `{"id":"r","aim":{"rotate":{"replace":["1","{2}"]}}}`,
		`{"id":"r","aim":{"rotate":{"replace":[]}}}`:          `{"id":"r","aim":{"rotate":{"replace":[]}}}`,
		`{"id":"r","aim":{"rotate":{}}}`:                      "",
		`{"id":"r","aim":{"burn":{"replace":["1"]}}}`:         "",
		`{"id":"r","aim":7}`:                                  "",
	} {
		var sent goal
		if err := json.Unmarshal([]byte(text), &sent); err != nil {
			t.Fatal(err)
		}
		parsed, err := sent.parsed()
		if expected == "" {
			if err == nil {
				t.Error(text, parsed)
			}
			continue
		}
		if written, failure := json.Marshal(parsed); err != nil || failure != nil || string(written) != expected {
			t.Error(text, string(written), err)
		}
	}
}

func TestAFolderHasOneAgentAndWhatItWasGiven(t *testing.T) {
	folder := folder(filepath.Join(t.TempDir(), "agent"))
	lock, err := folder.lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := folder.lock(); err == nil {
		t.Error("two agents in one folder")
	}
	if text, err := folder.read("state.json"); text != nil || err != nil {
		t.Error(text, err)
	}
	for _, text := range []string{"one", "another", ""} {
		if err := folder.replace("state.json", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := folder.read("state.json"); string(got) != text || err != nil {
			t.Error(string(got), err)
		}
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if lock, err = folder.lock(); err != nil {
		t.Fatal(err)
	}
	_ = lock.Close()
}

// quietMac is a Mac on which nothing happens.
type quietMac struct{ ran int }

func (m *quietMac) sight(context.Context) (fdescrow.FileVaultSight, error) {
	return fdescrow.FileVaultSight{
		Enabled: fdescrow.Yes, EscrowProfile: fdescrow.Yes,
		EscrowBuddy: fdescrow.EscrowBuddy{Installed: fdescrow.Yes, InAuthorizationDatabase: fdescrow.Yes, GenerateNewKey: fdescrow.No},
	}, nil
}

func (m *quietMac) run(context.Context, *fdescrow.Command) error {
	m.ran++
	return nil
}

func TestNothingIsRunOnAMacBeforeItIsWrittenDown(t *testing.T) {
	ctx, mac := context.Background(), &quietMac{}
	opened, err := openFileVault(mac, &order{Device: "DEVICE-1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	planner := opened.planner()
	defer planner.Close()
	spool, err := fdescrow.ReadSpool(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer spool.Close()
	if err := errors.Join(opened.look(ctx), planner.Pursue(fdescrow.Goal{ID: "a", Aim: fdescrow.AimEscrow})); err != nil {
		t.Fatal(err)
	}
	next, err := planner.Next(spool)
	if err != nil || next.Step != fdescrow.StepCall {
		t.Fatal(next, err)
	}
	full := errors.New("the disk is full")
	if err := opened.do(ctx, next.Step, func() error { return full }); !errors.Is(err, full) || mac.ran != 0 {
		t.Fatal(err, mac.ran)
	}
}
