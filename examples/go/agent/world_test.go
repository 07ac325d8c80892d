//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fdescrow"
)

const (
	enrollSecret = "enroll-secret-of-the-test"
	token        = "token-of-ana"
)

// A world is a server as a process, a device, and a wire between them on which things go wrong.
type world struct {
	*testing.T
	system       string
	folder       string
	certificates *fdescrow.Certificates
	server       *process
	url          string // of the server
	wire         *httptest.Server
	uploads      atomic.Int32 // that reached the wire
	trouble      atomic.Int32
	logs         log
	more         []string // of the environment of the agent
}

// What happens to uploads on the wire.
const (
	wireIsWell  = iota
	wireIsMute  // they arrive nowhere, and no answer comes
	wireIsHalf  // they arrive, and the answer is lost
	wireIsTaken // all requests are refused
)

// A log is what all processes write.
type log struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *log) Write(text []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(text)
}

func (l *log) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

var serverProgram = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "server")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "server")
	output, err := exec.Command("go", "build", "-o", path, "../server").CombinedOutput()
	if err != nil {
		return "", errors.New(string(output))
	}
	return path, nil
})

func newWorld(t *testing.T, system, policy string) *world {
	t.Helper()
	w := &world{T: t, system: system, folder: t.TempDir()}
	certificates, private, err := fdescrow.NewCertificate{
		Subject: "CN=Escrow", Algorithm: "rsa-2048", NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}.Generate()
	if err != nil {
		t.Fatal(err)
	}
	w.certificates = certificates
	w.write("escrow.pem", must(certificates.PEM()))
	must(0, private.Use(func(pem []byte) { w.write("escrow.key", pem) }))
	must(0, private.Close())
	w.write("secret", []byte(enrollSecret))
	w.write("policy.toml", []byte(policy))
	hidden := sha256.Sum256([]byte(token))
	w.write("users.json", []byte(`[{"name":"ana","token_sha256":"`+hex.EncodeToString(hidden[:])+`"}]`))
	must(0, os.Mkdir(w.path("server"), 0o700))
	w.startServer()
	w.wire = httptest.NewServer(http.HandlerFunc(w.carry))
	t.Cleanup(func() {
		w.wire.CloseClientConnections()
		w.wire.Close()
		w.server.end()
		if t.Failed() {
			t.Log(w.logs.String())
		}
	})
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.folder, name) }

func (w *world) write(name string, contents []byte) {
	w.Helper()
	must(0, os.WriteFile(w.path(name), contents, 0o600))
}

// A process is one that was started.
type process struct {
	*exec.Cmd
	ended chan error
}

func (w *world) start(command *exec.Cmd) *process {
	w.Helper()
	command.Stderr = &w.logs
	must(0, command.Start())
	started := &process{command, make(chan error, 1)}
	go func() { started.ended <- command.Wait() }()
	return started
}

// end lets it end by itself.
func (p *process) end() {
	_ = p.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.ended:
		p.ended <- err
	case <-time.After(30 * time.Second):
		_ = p.Process.Kill()
	}
}

var listening = regexp.MustCompile(`"msg":"listening","address":"([^"]+)"`)

func (w *world) startServer() {
	w.Helper()
	before := len(w.logs.String())
	w.server = w.start(exec.Command(must(serverProgram()), "-folder", w.path("server"), "-organization", "example.com", "-policy", w.path("policy.toml"),
		"-certificates", w.path("escrow.pem"), "-private-key", w.path("escrow.key"), "-enroll-secret", w.path("secret"),
		"-users", w.path("users.json"), "-listen", "127.0.0.1:0"))
	w.until("the server listens", func() bool {
		found := listening.FindStringSubmatch(w.logs.String()[before:])
		if found != nil {
			w.url = "http://" + found[1]
		}
		return found != nil
	})
}

// until waits for something that is about to happen.
func (w *world) until(what string, happened func() bool) {
	w.Helper()
	for deadline := time.Now().Add(30 * time.Second); !happened(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatal("waited in vain until " + what)
		}
	}
}

// carry is the wire.
func (w *world) carry(to http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	trouble := w.trouble.Load()
	upload := strings.HasSuffix(r.URL.Path, "/disk_encryption_key") || strings.HasSuffix(r.URL.Path, "/luks_data")
	if upload {
		w.uploads.Add(1)
	}
	if trouble == wireIsTaken {
		to.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if upload && trouble == wireIsMute {
		<-r.Context().Done()
		return
	}
	request := must(http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, w.url+r.URL.Path, bytes.NewReader(body)))
	request.Header = r.Header.Clone()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		to.WriteHeader(http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	if upload && trouble == wireIsHalf {
		connection, _, err := to.(http.Hijacker).Hijack()
		if err == nil {
			_ = connection.Close()
		}
		return
	}
	for name, values := range response.Header {
		to.Header()[name] = values
	}
	to.WriteHeader(response.StatusCode)
	_, _ = io.Copy(to, response.Body)
}

// agent starts the agent as a process of its own.
func (w *world) agent(arguments ...string) *process {
	w.Helper()
	arguments = append([]string{"-server", w.wire.URL, "-enroll-secret", w.path("secret"), "-certificates", w.path("escrow.pem"),
		"-folder", w.path("agent"), "-volume", w.path("disk"), "-uuid", "DEVICE-1"}, arguments...)
	command := exec.Command(os.Args[0], arguments...)
	command.Env = append(append(os.Environ(), "AGENT_SYSTEM="+w.system, "AGENT_COMPUTER="+w.path("computer.json")), w.more...)
	return w.start(command)
}

// runs has the agent do what there is to do now.
func (w *world) runs(environment ...string) {
	w.Helper()
	w.more = environment
	running := w.agent("-once")
	w.more = nil
	if err := <-running.ended; err != nil {
		w.Fatal("the agent: ", err)
	}
}

// dies has the agent run, until it is killed.
func (w *world) dies(environment ...string) {
	w.Helper()
	w.more = environment
	running := w.agent("-once")
	w.more = nil
	w.wasKilled(<-running.ended)
}

func (w *world) wasKilled(err error) {
	w.Helper()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		w.Fatal("the agent was not killed: ", err)
	}
}

// diesWhileItSends kills the agent when it has sent something and no answer came.
func (w *world) diesWhileItSends() {
	w.Helper()
	w.trouble.Store(wireIsMute)
	defer w.trouble.Store(wireIsWell)
	before := w.uploads.Load()
	running := w.agent("-once")
	w.until("it sends", func() bool { return w.uploads.Load() > before })
	must(0, running.Process.Kill())
	w.wasKilled(<-running.ended)
}

// says asks the server as ana does.
func (w *world) says(path string) (int, map[string]any) {
	w.Helper()
	request := must(http.NewRequest("GET", w.url+"/api/v1/fleet/"+path, nil))
	request.Header.Set("Authorization", "Bearer "+token)
	response := must(http.DefaultClient.Do(request))
	defer response.Body.Close()
	var answer map[string]any
	must(0, json.NewDecoder(response.Body).Decode(&answer))
	return response.StatusCode, answer
}

// available waits until the server has checked so many keys.
func (w *world) available() {
	w.Helper()
	w.until("the server has checked the key", func() bool {
		status, answer := w.says("hosts/1")
		return status == 200 && answer["host"].(map[string]any)["mdm"].(map[string]any)["encryption_key_available"] == true
	})
}

func (w *world) status() string {
	w.Helper()
	_, answer := w.says("hosts/1")
	settings := answer["host"].(map[string]any)["mdm"].(map[string]any)["os_settings"].(map[string]any)
	return settings["disk_encryption"].(map[string]any)["status"].(string)
}

// reveals is the key that ana is shown.
func (w *world) reveals() string {
	w.Helper()
	status, answer := w.says("hosts/1/encryption_key?reason=locked+out")
	if status != 200 {
		w.Fatal(status, answer)
	}
	return answer["encryption_key"].(map[string]any)["key"].(string)
}

// spooled is how many keys wait to be acknowledged.
func (w *world) spooled() int {
	w.Helper()
	spool := must(fdescrow.OpenSpool(filepath.Join(w.path("agent"), "spool")))
	defer spool.Close()
	if spool.Damaged() > 0 {
		w.Error("lines of the spool are damaged")
	}
	return spool.Len()
}

// situation is what the agent said last.
func (w *world) situation() string {
	w.Helper()
	found := regexp.MustCompile(`"situation":"([a-z_]+)"`).FindAllStringSubmatch(w.logs.String(), -1)
	if found == nil {
		return ""
	}
	return found[len(found)-1][1]
}

// ends stops the server as an administrator does, and looks at what is left: the audit verifies, and no secret stands where none belongs.
func (w *world) ends(secrets ...string) {
	w.Helper()
	w.server.end()
	if err := <-w.server.ended; err != nil {
		w.Fatal("the server: ", err)
	}
	w.server.ended <- nil
	escrow := must(fdescrow.Open("sqlite:"+filepath.Join(w.path("server"), "keys.db")+"?mode=ro", "example.com"))
	defer escrow.Close()
	report := must(escrow.VerifyAudit(context.Background(), nil, nil))
	if !report.Intact || report.Entries < 5 {
		w.Errorf("%+v", report)
	}
	nodeKey := must(os.ReadFile(filepath.Join(w.path("agent"), "node_key")))
	secrets = append(secrets, enrollSecret, token, string(nodeKey))
	places := map[string]string{"a log": w.logs.String()}
	for _, folder := range []string{"server", "agent"} {
		for _, entry := range must(os.ReadDir(w.path(folder))) {
			if entry.Name() != "node_key" {
				places[entry.Name()] = string(must(os.ReadFile(filepath.Join(w.path(folder), entry.Name()))))
			}
		}
	}
	for place, text := range places {
		for index, secret := range secrets {
			if secret == "" || strings.Contains(text, secret) {
				w.Errorf("secret %d stands in %s", index, place)
			}
		}
	}
}
