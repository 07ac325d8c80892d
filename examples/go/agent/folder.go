package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// A folder has what must not be forgotten, for nobody else to read.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// read is a file; nothing where there is none yet.
func (f folder) read(name string) ([]byte, error) {
	text, err := os.ReadFile(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// replace writes a file whole, beside the old one, and moves it over it. It is on the disk when this returns.
func (f folder) replace(name string, contents []byte) error {
	beside := f.path(name + ".new")
	file, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(contents)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(beside, f.path(name)); err != nil {
		return err
	}
	return f.sync()
}

// lock keeps other agents out of the folder, until this process ends or closes the file.
func (f folder) lock() (*os.File, error) {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(f.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(file); err != nil {
		return nil, errors.Join(errors.New("another agent works in "+string(f)), err, file.Close())
	}
	return file, nil
}
