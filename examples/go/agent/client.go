package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"fdescrow"
)

// capabilities are what this agent says that it can; receipts is no word of Fleet's.
const (
	capabilities = "escrow_buddy,linux_disk_encryption_escrow," + receipts
	receipts     = "fdescrow_receipts"
)

// maxAnswer is more than any answer has.
const maxAnswer = 1 << 20

// A client speaks to the server.
type client struct {
	url    string
	http   *http.Client
	secret string // a path: it is read when it is needed
	who    identity
	folder folder
	key    string // the node key
}

// An identity is who the device is, as it enrolls.
type identity struct {
	HardwareUUID   string `json:"hardware_uuid"`
	HardwareSerial string `json:"hardware_serial"`
	Hostname       string `json:"hostname"`
	Platform       string `json:"platform"`
}

func newClient(address, roots, secret string, who identity, folder folder) (*client, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the URL of the server cannot be read")
	}
	loopback := net.ParseIP(parsed.Hostname())
	if parsed.Scheme != "https" && !(parsed.Scheme == "http" && loopback != nil && loopback.IsLoopback()) {
		return nil, errors.New("the server is reached by https")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = 30 * time.Second
	if roots != "" {
		pem, err := os.ReadFile(roots)
		if err != nil {
			return nil, err
		}
		trusted := x509.NewCertPool()
		if !trusted.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: there is no certificate in it", roots)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}
	}
	key, err := folder.read("node_key")
	if err != nil {
		return nil, err
	}
	// What carries a key is not sent to wherever an answer points.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{
		strings.TrimSuffix(address, "/"), &http.Client{Transport: transport, Timeout: time.Minute, CheckRedirect: stay}, secret, who, folder, string(key),
	}, nil
}

var errNotEnrolled = errors.New("the server does not know this node key")

// post sends a document and reads the answer into another one; nothing where the answer is empty.
func (c *client) post(ctx context.Context, path string, document, into any) (*http.Response, error) {
	text, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Fleet-Capabilities", capabilities)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode == http.StatusUnauthorized:
		return nil, errNotEnrolled
	case response.StatusCode == http.StatusNoContent:
		return response, nil
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: the server answered %d", path, response.StatusCode)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return nil, fmt.Errorf("%s: the answer is not understood", path)
	}
	return response, nil
}

// authenticated sends a document with the node key. Where the server does not know it, the device enrolls anew, once.
func (c *client) authenticated(ctx context.Context, path string, document map[string]any, into any) (*http.Response, error) {
	for tried := false; ; tried = true {
		if c.key == "" {
			if err := c.enroll(ctx); err != nil {
				return nil, err
			}
		}
		document["orbit_node_key"] = c.key
		response, err := c.post(ctx, path, document, into)
		if errors.Is(err, errNotEnrolled) && !tried {
			c.key = ""
			continue
		}
		return response, err
	}
}

func (c *client) enroll(ctx context.Context) error {
	secret, err := os.ReadFile(c.secret)
	if err != nil {
		return err
	}
	var enrolled struct {
		OrbitNodeKey string `json:"orbit_node_key"`
	}
	_, err = c.post(ctx, "/api/fleet/orbit/enroll", struct {
		EnrollSecret string `json:"enroll_secret"`
		identity
	}{strings.TrimSpace(string(secret)), c.who}, &enrolled)
	if err != nil {
		return fmt.Errorf("enroll: %w", err)
	}
	if enrolled.OrbitNodeKey == "" {
		return errors.New("enroll: the server gave no node key")
	}
	c.key = enrolled.OrbitNodeKey
	return c.folder.replace("node_key", []byte(c.key))
}

// An orbitConfig is what the server says.
type orbitConfig struct {
	Escrow *order `json:"fdescrow"`
}

// An order is what an agent with a planner is told.
type order struct {
	Organization string          `json:"organization"`
	Device       string          `json:"device"`
	Plan         json.RawMessage `json:"plan,omitempty"`
	Goal         goal            `json:"goal"`
}

// A goal is one of a planner, as it is sent.
type goal struct {
	ID  string          `json:"id"`
	Aim json.RawMessage `json:"aim"`
}

// parsed is the goal as the planner takes it.
func (g goal) parsed() (fdescrow.Goal, error) {
	var word fdescrow.Aim
	if json.Unmarshal(g.Aim, &word) == nil {
		return fdescrow.Goal{ID: g.ID, Aim: word}, nil
	}
	var rotation struct {
		Rotate struct {
			Replace []string `json:"replace"`
		} `json:"rotate"`
	}
	if err := json.Unmarshal(g.Aim, &rotation); err != nil || rotation.Rotate.Replace == nil {
		return fdescrow.Goal{}, errors.New("the goal is not understood")
	}
	return fdescrow.Goal{ID: g.ID, Aim: fdescrow.AimRotate, Replace: rotation.Rotate.Replace}, nil
}

// config asks what to do, and tells which goal was reached.
func (c *client) config(ctx context.Context, done string) (*order, error) {
	document := map[string]any{}
	if done != "" {
		document["fdescrow_done"] = done
	}
	var told orbitConfig
	response, err := c.authenticated(ctx, "/api/fleet/orbit/config", document, &told)
	if err != nil {
		return nil, err
	}
	if told.Escrow == nil || !strings.Contains(response.Header.Get("X-Fleet-Capabilities"), receipts) {
		return nil, errors.New("the server takes no sealed keys and gives no receipts")
	}
	if told.Escrow.Device != c.who.HardwareUUID {
		return nil, errors.New("the server takes this device for another one")
	}
	return told.Escrow, nil
}

// upload sends a sealed key where Fleet's agents send one in clear, and is the receipt.
func (c *client) upload(ctx context.Context, key fdescrow.SpooledKey) (fdescrow.Receipt, error) {
	document := map[string]any{"volume": key.Volume, "protector": key.Protector, "request": key.Request}
	path := "/api/fleet/orbit/disk_encryption_key"
	switch key.Kind {
	case fdescrow.LUKS, fdescrow.Systemd, fdescrow.Snapd:
		path = "/api/fleet/orbit/luks_data"
		document["passphrase"] = base64.StdEncoding.EncodeToString(key.Envelope)
		document["key_type"] = string(key.Kind)
		if slot, err := strconv.ParseUint(key.Protector, 10, 8); err == nil {
			document["key_slot"] = slot
		}
	default:
		document["encryption_key"] = key.Envelope
	}
	var receipt fdescrow.Receipt
	response, err := c.authenticated(ctx, path, document, &receipt)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New("the server gave no receipt")
	}
	return receipt, err
}
