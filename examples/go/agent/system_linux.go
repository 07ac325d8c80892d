package main

import (
	"context"
	"os"
	"strings"

	"fdescrow"
)

// linux is this system: the volume is a device with LUKS on it.
type linux struct{ volume string }

func thisSystem(volume string) platform { return linux{volume} }

func (l linux) identify(context.Context) (identity, error) {
	uuid, err := os.ReadFile("/sys/class/dmi/id/product_uuid")
	serial, _ := os.ReadFile("/sys/class/dmi/id/product_serial")
	name, _ := os.Hostname()
	return identity{strings.TrimSpace(string(uuid)), strings.TrimSpace(string(serial)), name, "linux"}, err
}

func (l linux) open(told *order, state []byte, pinned *fdescrow.Certificates) (device, error) {
	return openLUKS(l.volume, told, state, pinned)
}
