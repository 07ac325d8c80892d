// Server speaks the endpoints and JSON by which Fleet's agents (orbit, osquery) escrow disk encryption keys, over an fdescrow.Escrow.
//
// docs/from-fleet.md says which, and what is otherwise than there.
//
//	server -folder /var/lib/server -organization example.com -policy policy.toml -certificates escrow.pem -private-key escrow.key \
//	    -enroll-secret secret -users users.json -listen 127.0.0.1:8080
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"fdescrow"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, log, os.Args[1:]); err != nil {
		log.Error("server", "error", err)
		os.Exit(1)
	}
}

// A configuration is the command line.
type configuration struct {
	folder, organization, policy, certificates, private, enrollSecret, users string

	listen, tlsCertificate, tlsKey string
	checkEvery                     time.Duration
}

func start(ctx context.Context, log *slog.Logger, arguments []string) error {
	var c configuration
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.StringVar(&c.folder, "folder", "", "where hosts and keys are kept")
	flags.StringVar(&c.organization, "organization", "", "whose keys they are")
	flags.StringVar(&c.policy, "policy", "", "file with the policy: docs/policy.md")
	flags.StringVar(&c.certificates, "certificates", "", "file with certificates, the one that keys are sealed to first: PEM")
	flags.StringVar(&c.private, "private-key", "", "file with their private keys: PEM")
	flags.StringVar(&c.enrollSecret, "enroll-secret", "", "file with the secret by which devices enroll")
	flags.StringVar(&c.users, "users", "", "file with who may read keys: users.json")
	flags.StringVar(&c.listen, "listen", "127.0.0.1:8080", "address; without TLS on the loopback only")
	flags.StringVar(&c.tlsCertificate, "tls-certificate", "", "file with the certificate of the server")
	flags.StringVar(&c.tlsKey, "tls-key", "", "file with its private key")
	flags.DurationVar(&c.checkEvery, "check-every", time.Hour, "how often keys are checked; new ones are checked at once")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	s, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer s.close()
	return c.serve(ctx, s)
}

// serve answers until the context ends, and then lets the requests that are there end.
func (c *configuration) serve(ctx context.Context, s *server) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return err
	}
	if address, is := listener.Addr().(*net.TCPAddr); c.tlsCertificate == "" && !(is && address.IP.IsLoopback()) {
		return errors.Join(errors.New("keys are not sent in clear: beyond the loopback, -tls-certificate is needed"), listener.Close())
	}
	web := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	checking := make(chan struct{})
	checkContext, stopChecking := context.WithCancel(ctx)
	go func() {
		defer close(checking)
		s.checkKeys(checkContext, c.checkEvery)
	}()
	ended := make(chan error, 1)
	go func() {
		if c.tlsCertificate != "" {
			ended <- web.ServeTLS(listener, c.tlsCertificate, c.tlsKey)
			return
		}
		ended <- web.Serve(listener)
	}()
	s.log.Info("listening", "address", listener.Addr().String())
	select {
	case err = <-ended:
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		err = web.Shutdown(grace)
	}
	stopChecking()
	<-checking
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// open reads what the server is given.
func (c *configuration) open(ctx context.Context, log *slog.Logger) (s *server, err error) {
	s = &server{log: log, organization: c.organization, kick: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.enroll, err = readEnrollSecret(c.enrollSecret); err != nil {
		return s, err
	}
	if s.users, err = readUsers(c.users); err != nil {
		return s, err
	}
	text, err := os.ReadFile(c.policy)
	if err != nil {
		return s, err
	}
	if s.policy, err = fdescrow.ParsePolicy(text); err != nil {
		return s, fmt.Errorf("%s: %w", c.policy, err)
	}
	if s.agentsEncrypt, err = agentsEncrypt(s.policy); err != nil {
		return s, err
	}
	if text, err = os.ReadFile(c.certificates); err != nil {
		return s, err
	}
	if s.certificates, err = fdescrow.ParseCertificates(text); err != nil {
		return s, fmt.Errorf("%s: %w", c.certificates, err)
	}
	private, err := os.ReadFile(c.private)
	if err != nil {
		return s, err
	}
	defer clear(private)
	if s.keyring, err = fdescrow.NewKeyring(fdescrow.PrivateKeyFile{File: private, Certificates: s.certificates}); err != nil {
		return s, fmt.Errorf("%s: %w", c.private, err)
	}
	if s.hosts, err = openHosts(ctx, filepath.Join(c.folder, "hosts.db")); err != nil {
		return s, err
	}
	// A file of its own: two copies of SQLite in one process, here Go's and the library's, must not share one.
	s.escrow, err = fdescrow.Open("sqlite:"+filepath.Join(c.folder, "keys.db"), c.organization,
		fdescrow.WithPolicies(s.policy), fdescrow.WithCertificates(s.certificates))
	return s, err
}
