package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fdescrow"
)

const (
	enrollSecret = "enroll-secret-of-the-test"
	token        = "token-of-ana"
	policyText   = `
[organization]
id = "example.com"
name = "Example Ltd"
identifier = "com.example"
[filevault.escrow]
location = "Example Ltd"
[bitlocker.enforcement]
[luks]
authorize = ["key_file"]
`
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// buffer is a log that several goroutines write.
type buffer struct {
	mutex sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(text []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.Write(text)
}

func (b *buffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.String()
}

// bench is a server, spoken to as Fleet's agents and users do.
type bench struct {
	*testing.T
	*server
	url string
	log buffer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	folder := t.TempDir()
	write := func(name string, contents []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, contents, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certificates, private, err := fdescrow.NewCertificate{
		Subject: "CN=Escrow", Algorithm: "rsa-2048", NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}.Generate()
	if err != nil {
		t.Fatal(err)
	}
	defer certificates.Close()
	defer private.Close()
	hidden := sha256.Sum256([]byte(token))
	c := configuration{
		folder: folder, organization: "example.com", policy: write("policy.toml", []byte(policyText)),
		certificates: write("escrow.pem", must(certificates.PEM())), enrollSecret: write("secret", []byte(enrollSecret+"\n")),
		users: write("users.json", []byte(`[{"name":"ana","token_sha256":"`+hex.EncodeToString(hidden[:])+`"}]`)),
	}
	if err := private.Use(func(pem []byte) { c.private = write("escrow.key", pem) }); err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t}
	b.server = must(c.open(context.Background(), slog.New(slog.NewJSONHandler(&b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	web := httptest.NewServer(b.handler())
	b.url = web.URL
	t.Cleanup(func() { web.Close(); b.close() })
	return b
}

// says sends a document and checks the status; it is the answer.
func (b *bench) says(method, path, document string, status int, header ...string) map[string]any {
	b.Helper()
	request := must(http.NewRequest(method, b.url+path, strings.NewReader(document)))
	for index := 0; index < len(header); index += 2 {
		request.Header.Set(header[index], header[index+1])
	}
	response := must(http.DefaultClient.Do(request))
	defer response.Body.Close()
	text := must(io.ReadAll(response.Body))
	if response.StatusCode != status {
		b.Fatalf("%s %s: %d, not %d: %s", method, path, response.StatusCode, status, text)
	}
	var answer map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			b.Fatalf("%s: %s", err, text)
		}
	}
	return answer
}

func (b *bench) ana(path string, status int) map[string]any {
	b.Helper()
	return b.says("GET", "/api/v1/fleet/"+path, "", status, "Authorization", "Bearer "+token)
}

// enrolls is the node key of an orbit.
func (b *bench) enrolls(uuid, platform string) string {
	b.Helper()
	answer := b.says("POST", "/api/fleet/orbit/enroll", fmt.Sprintf(`{"enroll_secret":%q,"hardware_uuid":%q,"hardware_serial":"S-%s",`+
		`"hostname":"host-%s","platform":%q,"osquery_identifier":"","computer_name":"","hardware_model":""}`, enrollSecret, uuid, uuid, uuid, platform), 200)
	return answer["orbit_node_key"].(string)
}

func (b *bench) notifications(nodeKey, capabilities string) map[string]any {
	b.Helper()
	answer := b.says("POST", "/api/fleet/orbit/config", fmt.Sprintf(`{"orbit_node_key":%q}`, nodeKey), 200, "X-Fleet-Capabilities", capabilities)
	if _, is := answer["fdescrow"]; is {
		b.Error("Fleet's agents are told what is not theirs")
	}
	return answer["notifications"].(map[string]any)
}

func (b *bench) check() {
	b.Helper()
	must(b.escrow.Check(context.Background(), b.keyring, fdescrow.CheckOptions{}))
}

// reads is the key that ana is shown of a host.
func (b *bench) reads(host int) string {
	b.Helper()
	answer := b.ana(fmt.Sprintf("hosts/%d/encryption_key?reason=locked+out&ticket=T-1", host), 200)
	if answer["host_id"].(float64) != float64(host) {
		b.Error(answer["host_id"])
	}
	key := answer["encryption_key"].(map[string]any)
	if at, err := time.Parse(time.RFC3339, key["updated_at"].(string)); err != nil || time.Since(at) > time.Minute {
		b.Error(at, err)
	}
	return key["key"].(string)
}

const windowsKey = "000011-000022-000033-000044-000055-000066-000077-000088"

func TestAnOrbitOnWindows(t *testing.T) {
	b := newBench(t)
	node := b.enrolls("PC-1", "windows")
	// Whether the disk is encrypted is unknown: nothing is asked.
	if told := b.notifications(node, ""); len(told) != 0 {
		t.Error(told)
	}
	b.ana("hosts/1/encryption_key", 404)
	b.osquery("PC-1", `{"fleet_detail_query_disk_encryption_windows":[{"drive_letter":"C:","conversion_status":"0","protection_status":"0","encryption_method":""}]}`)
	if told := b.notifications(node, ""); told["enforce_bitlocker_encryption"] != true {
		t.Error(told)
	}
	b.says("POST", "/api/fleet/orbit/disk_encryption_key", fmt.Sprintf(`{"orbit_node_key":%q,"client_error":"error code returned during encryption: 5"}`, node), 204)
	host := b.ana("hosts/1", 200)["host"].(map[string]any)
	if status := settings(host)["detail"]; status != "error code returned during encryption: 5" {
		t.Error(host)
	}
	// Base64 of the bytes, as Go writes []byte.
	document := string(must(json.Marshal(map[string]any{"orbit_node_key": node, "encryption_key": []byte(windowsKey), "client_error": ""})))
	b.says("POST", "/api/fleet/orbit/disk_encryption_key", document, 204)
	b.says("POST", "/api/fleet/orbit/disk_encryption_key", document, 204) // the answer was lost
	if keys := must(b.escrow.History(context.Background(), "PC-1")); len(keys) != 1 {
		t.Error(len(keys), "keys")
	}
	b.check()
	b.osquery("PC-1", `{"fleet_detail_query_disk_encryption_windows":[{"drive_letter":"C:","conversion_status":"1","protection_status":"1","encryption_method":"XTS_AES_256"}]}`)
	if told := b.notifications(node, ""); len(told) != 0 {
		t.Error("the key is there:", told)
	}
	host = b.ana("hosts/1", 200)["host"].(map[string]any)
	if settings(host)["status"] != "verified" || settings(host)["detail"] != "" || host["disk_encryption_enabled"] != true ||
		host["mdm"].(map[string]any)["encryption_key_available"] != true {
		t.Error(host)
	}
	if got := b.reads(1); got != windowsKey {
		t.Error("another key is shown")
	}
	counts := b.ana("disk_encryption", 200)
	if counts["verified"].(map[string]any)["windows"] != 1.0 || counts["failed"].(map[string]any)["linux"] != 0.0 {
		t.Error(counts)
	}
	// What an agent could not do takes no key away.
	b.says("POST", "/api/fleet/orbit/disk_encryption_key", fmt.Sprintf(`{"orbit_node_key":%q,"client_error":"it failed"}`, node), 204)
	if got := b.reads(1); got != windowsKey {
		t.Error("an error took the key away")
	}
	b.says("POST", "/api/fleet/orbit/disk_encryption_protection", fmt.Sprintf(`{"orbit_node_key":%q,"outcome":"failed"}`, node), 400)
	b.says("POST", "/api/fleet/orbit/disk_encryption_protection", fmt.Sprintf(`{"orbit_node_key":%q,"outcome":"deferred","reason":"on battery"}`, node), 204)
	b.says("POST", "/api/fleet/orbit/disk_encryption_protection", fmt.Sprintf(`{"orbit_node_key":%q,"outcome":"restored"}`, node), 204)
	b.nothingLeaked(windowsKey, node)
}

func settings(host map[string]any) map[string]any {
	return host["mdm"].(map[string]any)["os_settings"].(map[string]any)["disk_encryption"].(map[string]any)
}

// osquery enrolls and answers the queries that it is asked.
func (b *bench) osquery(uuid, rows string) {
	b.Helper()
	enrolled := b.says("POST", "/api/v1/osquery/enroll", fmt.Sprintf(`{"enroll_secret":%q,"host_identifier":%q,"platform_type":"9"}`, enrollSecret, uuid), 200)
	node := fmt.Sprintf(`"node_key":%q`, enrolled["node_key"])
	b.says("POST", "/api/osquery/config", "{"+node+"}", 200)
	b.says("POST", "/api/osquery/distributed/read", "{"+node+"}", 200)
	b.says("POST", "/api/osquery/log", "{"+node+`,"log_type":"status","data":[]}`, 200)
	var names map[string]any
	if err := json.Unmarshal([]byte(rows), &names); err != nil {
		b.Fatal(err)
	}
	statuses := map[string]int{}
	for name := range names {
		statuses[name] = 0
	}
	b.says("POST", "/api/osquery/distributed/write", fmt.Sprintf(`{%s,"queries":%s,"statuses":%s}`, node, rows, must(json.Marshal(statuses))), 200)
}

func TestAnOsqueryOnAMac(t *testing.T) {
	b := newBench(t)
	node := b.enrolls("MAC-1", "darwin")
	enrolled := b.says("POST", "/api/osquery/enroll", fmt.Sprintf(`{"enroll_secret":%q,"host_identifier":"MAC-1"}`, enrollSecret), 200)
	asked := b.says("POST", "/api/osquery/distributed/read", fmt.Sprintf(`{"node_key":%q}`, enrolled["node_key"]), 200)
	const query = "fleet_detail_query_mdm_disk_encryption_key_file_darwin"
	if asked["queries"].(map[string]any)[query] == nil || asked["discovery"].(map[string]any)[query] == nil {
		t.Error(asked)
	}
	sealed := func(to *fdescrow.Certificates, flip ...byte) (string, string) {
		key := must(fdescrow.GenerateKey(fdescrow.FileVault))
		defer key.Close()
		envelope := must(fdescrow.Seal(key, to, fdescrow.Sealing{Bare: true, Format: fdescrow.EnvelopedPKCS1v15}))
		defer envelope.Close()
		var text string
		if err := key.Use(func(secret []byte) { text = string(secret) }); err != nil {
			t.Fatal(err)
		}
		der := envelope.DER()
		for _, bits := range flip {
			der[len(der)-1] ^= bits
		}
		rows := map[string][]map[string]any{query: {{"encrypted": "1", "filevault_key": der}}}
		return text, string(must(json.Marshal(rows)))
	}
	stranger, private, err := fdescrow.NewCertificate{
		Subject: "CN=Another", Algorithm: "rsa-2048", NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}.Generate()
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	defer private.Close()
	// Sealed to somebody else, whose private key may yet be found: no new key is asked for.
	_, rows := sealed(stranger)
	b.osquery("MAC-1", rows)
	b.check()
	b.ana("hosts/1/encryption_key", 404)
	if told := b.notifications(node, "escrow_buddy"); len(told) != 0 {
		t.Error(told)
	}
	// Sealed to this server, and broken on the way.
	_, rows = sealed(b.certificates, 1)
	b.osquery("MAC-1", rows)
	b.check()
	if told := b.notifications(node, "escrow_buddy"); told["rotate_disk_encryption_key"] != true {
		t.Error(told)
	}
	if told := b.notifications(node, ""); len(told) != 0 {
		t.Error("an agent without Escrow Buddy is asked:", told)
	}
	text, rows := sealed(b.certificates)
	b.osquery("MAC-1", rows)
	b.osquery("MAC-1", rows) // as each hour
	b.check()
	if told := b.notifications(node, "escrow_buddy"); len(told) != 0 {
		t.Error(told)
	}
	if got := b.reads(1); got != text {
		t.Error("another key is shown")
	}
	// A report that is not understood does not stop osquery, and a key in clear is not stored.
	b.osquery("MAC-1", `{"`+query+`":[{"encrypted":"1","filevault_key":"`+text+`"}]}`)
	b.nothingLeaked(text, node)
}

func TestAnOrbitOnLinux(t *testing.T) {
	b := newBench(t)
	node := b.enrolls("LINUX-1", "ubuntu")
	const device = "device-token-of-the-test"
	b.says("POST", "/api/fleet/orbit/device_token", fmt.Sprintf(`{"orbit_node_key":%q,"device_auth_token":%q}`, node, device), 200)
	b.says("POST", "/api/v1/fleet/device/nobody/mdm/linux/trigger_escrow", "", 401)
	if told := b.notifications(node, ""); len(told) != 0 {
		t.Error(told)
	}
	b.says("POST", "/api/v1/fleet/device/"+device+"/mdm/linux/trigger_escrow", "", 204)
	b.says("POST", "/api/latest/fleet/device/"+device+"/mdm/linux/trigger_escrow", "", 204)
	if told := b.notifications(node, ""); told["run_disk_encryption_escrow"] != true {
		t.Error(told)
	}
	if told := b.notifications(node, ""); len(told) != 0 {
		t.Error("a dialog is open, and another one is asked for:", told)
	}
	// The agent died, and a while passed.
	if err := b.hosts.set(context.Background(), 1, "escrow_sent_at", time.Now().Add(-askAgain).Unix()); err != nil {
		t.Fatal(err)
	}
	if told := b.notifications(node, ""); told["run_disk_encryption_escrow"] != true {
		t.Error("it is never asked again:", told)
	}
	post := func(document string, status int) map[string]any {
		t.Helper()
		return b.says("POST", "/api/fleet/orbit/luks_data", fmt.Sprintf(`{"orbit_node_key":%q,%s}`, node, document), status)
	}
	// The passphrase that orbit makes is of no kind that the library knows: it is refused, and orbit takes its slot away.
	const orbits = "aB3dE6gH-1jKlMn0p-QrStUvWx-Yz012345"
	post(`"passphrase":"`+orbits+`","salt":"c2FsdA==","key_slot":1`, 422)
	post(`"passphrase":"`+orbits+`","salt":"c2FsdA=="`, 400)
	post(`"passphrase":"","salt":"","key_slot":null,"client_error":"it was cancelled"`, 204)
	// The one that this library makes, and snapd's.
	luks := must(fdescrow.GenerateKey(fdescrow.LUKS))
	defer luks.Close()
	var text string
	if err := luks.Use(func(secret []byte) { text = string(secret) }); err != nil {
		t.Fatal(err)
	}
	post(`"passphrase":"`+text+`","salt":"c2FsdA==","key_slot":1`, 204)
	b.check()
	if got := b.reads(1); got != text {
		t.Error("another key is shown")
	}
	b.enrolls("UBUNTU-26", "ubuntu")
	node = b.enrolls("UBUNTU-26", "ubuntu")
	const snapd = "55055-39320-64491-48436-47667-15525-36879-32875"
	post(`"passphrase":"`+snapd+`","salt":"c2FsdA==","key_slot":1,"key_type":"recovery_key"`, 400)
	post(`"passphrase":"`+snapd+`","key_type":"recovery_key"`, 204)
	b.check()
	if got := b.reads(2); got != snapd {
		t.Error("another key is shown")
	}
	b.nothingLeaked(text, snapd, orbits, node, device)
}

func TestStrangersAreTurnedAway(t *testing.T) {
	b := newBench(t)
	b.says("POST", "/api/fleet/orbit/enroll", `{"enroll_secret":"wrong","hardware_uuid":"PC-1"}`, 401)
	b.says("POST", "/api/fleet/orbit/enroll", fmt.Sprintf(`{"enroll_secret":%q,"hardware_uuid":"PC\n1"}`, enrollSecret), 400)
	b.says("POST", "/api/osquery/enroll", `{"enroll_secret":"wrong","host_identifier":"PC-1"}`, 401)
	for _, path := range []string{"config", "disk_encryption_key", "luks_data", "device_token", "disk_encryption_protection"} {
		b.says("POST", "/api/fleet/orbit/"+path, `{}`, 401)
		b.says("POST", "/api/fleet/orbit/"+path, `{"orbit_node_key":"nobody"}`, 401)
		b.says("POST", "/api/fleet/orbit/"+path, `[`, 400)
		b.says("POST", "/api/fleet/orbit/"+path, `{"orbit_node_key":"`+strings.Repeat("x", maxBody)+`"}`, 413)
	}
	for _, path := range []string{"config", "log", "distributed/read", "distributed/write"} {
		if answer := b.says("POST", "/api/osquery/"+path, `{"node_key":"nobody"}`, 401); answer["node_invalid"] != true {
			t.Error(path, answer)
		}
	}
	node := b.enrolls("PC-1", "windows")
	for _, path := range []string{"hosts", "hosts/1", "hosts/1/encryption_key", "disk_encryption", "hosts/1/filevault_profile"} {
		b.says("GET", "/api/v1/fleet/"+path, "", 401)
		b.says("GET", "/api/v1/fleet/"+path, "", 401, "Authorization", "Bearer "+node)
	}
	b.ana("hosts/7/encryption_key", 404)
	b.ana("hosts/x/encryption_key", 404)
	if list := b.ana("hosts", 200)["hosts"].([]any); len(list) != 1 {
		t.Error(list)
	}
	response := must(http.Head(b.url + "/api/fleet/orbit/ping"))
	if response.StatusCode != 200 || !strings.Contains(response.Header.Get("X-Fleet-Capabilities"), "escrow_buddy") {
		t.Error(response.Status, response.Header)
	}
	// Whose node key was replaced enrolls anew.
	b.enrolls("PC-1", "windows")
	b.says("POST", "/api/fleet/orbit/config", fmt.Sprintf(`{"orbit_node_key":%q}`, node), 401)
	b.nothingLeaked(node)
}

func TestOsqueryUnderAnotherNameIsTheSameHost(t *testing.T) {
	b := newBench(t)
	b.says("POST", "/api/fleet/orbit/enroll", fmt.Sprintf(`{"enroll_secret":%q,"hardware_uuid":"PC-1","platform":"windows","osquery_identifier":"instance-1"}`, enrollSecret), 200)
	b.osquery("instance-1", `{"fleet_detail_query_disk_encryption_windows":[{"drive_letter":"C:","conversion_status":"1","protection_status":"1"}]}`)
	b.osquery("PC-1", `{}`)
	list := b.ana("hosts", 200)["hosts"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["disk_encryption_enabled"] != true {
		t.Error(list)
	}
}

func TestNothingThatIsSentStopsTheServer(t *testing.T) {
	b := newBench(t)
	node := b.enrolls("PC-1", "ubuntu")
	for _, path := range []string{"disk_encryption_key", "luks_data", "disk_encryption_protection", "device_token", "config"} {
		for _, members := range []string{
			`"encryption_key":1`, `"encryption_key":"!"`, `"encryption_key":""`, `"encryption_key":"MIIC"`, `"encryption_key":"MIAA"`,
			`"passphrase":"\u0041\u0042","salt":"a","key_slot":1`, `"passphrase":{},"salt":[]`, `"passphrase":"MIIC","salt":"a","key_slot":1`,
			`"passphrase":"x","salt":"a","key_slot":-1`, `"passphrase":"x","salt":"a","key_slot":1e9`, `"passphrase":null,"salt":null,"key_slot":null`,
			`"passphrase":"MIAA","key_type":"filevault"`, `"passphrase":"MIAA","key_type":"luks"`, `"key_type":"other"`,
			`"encryption_key":"MIIC","volume":"` + strings.Repeat("v", 5000) + `"`, `"encryption_key":"MIAA","protector":"\u0000"`,
			`"outcome":"broken"`, `"device_auth_token":7`, `"fdescrow_done":["x"]`, `"fdescrow_done":"nothing"`,
		} {
			request := must(http.NewRequest("POST", b.url+"/api/fleet/orbit/"+path, strings.NewReader(fmt.Sprintf(`{"orbit_node_key":%q,%s}`, node, members))))
			request.Header.Set("X-Fleet-Capabilities", capabilities)
			response := must(http.DefaultClient.Do(request))
			_ = response.Body.Close()
			expected := response.StatusCode >= 400 && response.StatusCode < 500
			if path == "config" {
				expected = response.StatusCode == 200 || response.StatusCode == 400
			}
			if !expected {
				t.Errorf("%s, %.80s: %d", path, members, response.StatusCode)
			}
		}
	}
	enrolled := b.says("POST", "/api/osquery/enroll", fmt.Sprintf(`{"enroll_secret":%q,"host_identifier":"PC-1"}`, enrollSecret), 200)
	for _, members := range []string{``, `,"queries":7`, `,"queries":{"q":[{"encrypted":[]}]},"statuses":{}`, `,"queries":{"q":null},"statuses":null`} {
		document := fmt.Sprintf(`{"node_key":%q%s}`, enrolled["node_key"], members)
		response := must(http.Post(b.url+"/api/osquery/distributed/write", "application/json", strings.NewReader(document)))
		if _ = response.Body.Close(); response.StatusCode >= 500 {
			t.Errorf("%s: %d", members, response.StatusCode)
		}
	}
	b.nothingLeaked(node)
}

func TestTheProfileOfAMac(t *testing.T) {
	b := newBench(t)
	b.enrolls("MAC-1", "darwin")
	request := must(http.NewRequest("GET", b.url+"/api/v1/fleet/hosts/1/filevault_profile", nil))
	request.Header.Set("Authorization", "Bearer "+token)
	response := must(http.DefaultClient.Do(request))
	defer response.Body.Close()
	profile := must(io.ReadAll(response.Body))
	if findings, err := fdescrow.LintProfile(profile, b.certificates, time.Now()); err != nil || response.StatusCode != 200 {
		t.Error(response.Status, findings, err)
	}
}

func TestKeysAreNotTakenInClearBeyondTheLoopback(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := (&configuration{listen: "0.0.0.0:0", checkEvery: time.Hour}).serve(ctx, b.server)
	if err == nil || !strings.Contains(err.Error(), "-tls-certificate") {
		t.Error(err)
	}
}

// nothingLeaked checks that secrets stand neither in the log nor in a file of the server, and that the audit verifies.
func (b *bench) nothingLeaked(secrets ...string) {
	b.Helper()
	files := map[string]string{"the log": b.log.String()}
	for _, name := range []string{"hosts.db", "hosts.db-wal", "keys.db", "keys.db-wal"} {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(b.databasePath()), name))
		if err == nil {
			files[name] = string(text)
		}
	}
	if len(files) < 3 {
		b.Error("the files were not read")
	}
	for name, text := range files {
		for _, secret := range append(secrets, token, enrollSecret) {
			if strings.Contains(text, secret) {
				b.Errorf("a secret stands in %s", name)
			}
		}
	}
	if report, err := b.escrow.VerifyAudit(context.Background(), nil, nil); err != nil || !report.Intact || report.Entries == 0 {
		b.Error(report, err)
	}
}

func (b *bench) databasePath() string {
	var number int
	var name, path string
	if err := b.hosts.database.QueryRow(`PRAGMA database_list`).Scan(&number, &name, &path); err != nil {
		b.Fatal(err)
	}
	return path
}
