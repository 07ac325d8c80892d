package main

import (
	"os"
	"syscall"
	"unsafe"
)

var lockFileEx = syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")

// LOCKFILE_EXCLUSIVE_LOCK and LOCKFILE_FAIL_IMMEDIATELY of LockFileEx.
const exclusively, atOnce = 2, 1

func lockFile(file *os.File) error {
	var at syscall.Overlapped
	done, _, err := lockFileEx.Call(file.Fd(), exclusively|atOnce, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	if done == 0 {
		return err
	}
	return nil
}

// sync: NTFS keeps names in its journal.
func (f folder) sync() error { return nil }
