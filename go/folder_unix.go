//go:build !windows

package fdescrow

import (
	"errors"
	"os"
)

// syncFolder waits until the disk has the names in a folder.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
