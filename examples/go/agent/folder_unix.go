//go:build !windows

package main

import (
	"errors"
	"os"
	"syscall"
)

func lockFile(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// sync waits until the disk has the names in the folder.
func (f folder) sync() error {
	opened, err := os.Open(string(f))
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}
