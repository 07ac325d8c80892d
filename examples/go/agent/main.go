// Agent keeps the recovery key of the disk that it runs on in escrow, over the endpoints of Fleet's agents, by the planners of fdescrow.
//
// What to do is decided by a planner; here are its hands. It may be killed anywhere and started again.
//
//	agent -server https://keys.example.com -enroll-secret secret -certificates escrow.pem -folder /var/lib/agent -volume /dev/nvme0n1p3
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"fdescrow"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, log, os.Args[1:], thisSystem); err != nil {
		log.Error("agent", "error", err)
		os.Exit(1)
	}
}

// A configuration is the command line.
type configuration struct {
	server, roots, enrollSecret, certificates, folder, volume, uuid string

	every time.Duration
	once  bool
}

// start runs an agent on a system: this one, or one that a test plays.
func start(ctx context.Context, log *slog.Logger, arguments []string, system func(volume string) platform) error {
	var c configuration
	flags := flag.NewFlagSet("agent", flag.ContinueOnError)
	flags.StringVar(&c.server, "server", "", "URL of the server: https, but on the loopback")
	flags.StringVar(&c.roots, "roots", "", "file with the certificates of who may vouch for the server: PEM; empty: those of the system")
	flags.StringVar(&c.enrollSecret, "enroll-secret", "", "file with the secret by which devices enroll")
	flags.StringVar(&c.certificates, "certificates", "", "file with the certificates that keys may be sealed to: PEM")
	flags.StringVar(&c.folder, "folder", "", "where the agent keeps what it must not forget")
	flags.StringVar(&c.volume, "volume", "", "which volume: a device on Linux, a letter on Windows")
	flags.StringVar(&c.uuid, "uuid", "", "name of this device; empty: what the hardware says")
	flags.DurationVar(&c.every, "every", 5*time.Minute, "how often the server is asked what to do")
	flags.BoolVar(&c.once, "once", false, "do what there is to do now and end")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	a, err := c.open(ctx, log, system(c.volume))
	if err != nil {
		return err
	}
	defer a.close()
	for {
		wake, err := a.round(ctx)
		switch {
		case c.once:
			return err
		case ctx.Err() != nil:
			return nil
		case err != nil:
			log.Error("it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(min(c.every, wake)):
		}
	}
}

func (c *configuration) open(ctx context.Context, log *slog.Logger, system platform) (*agent, error) {
	pem, err := os.ReadFile(c.certificates)
	if err != nil {
		return nil, err
	}
	pinned, err := fdescrow.ParseCertificates(pem)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.certificates, err)
	}
	a := &agent{log: log, system: system, pinned: pinned, folder: folder(c.folder)}
	if err := a.open(ctx, c); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func (a *agent) open(ctx context.Context, c *configuration) error {
	var err error
	if a.lock, err = a.folder.lock(); err != nil {
		return err
	}
	if a.spool, err = fdescrow.OpenSpool(a.folder.path("spool")); err != nil {
		return err
	}
	if damaged := a.spool.Damaged(); damaged > 0 {
		a.log.Error("lines of the spool are damaged; each may have been a key", "lines", damaged)
	}
	who, err := a.system.identify(ctx)
	if err != nil && c.uuid == "" {
		return fmt.Errorf("who this device is: %w", err)
	}
	if c.uuid != "" {
		who.HardwareUUID = c.uuid
	}
	a.client, err = newClient(c.server, c.roots, c.enrollSecret, who, a.folder)
	return err
}
