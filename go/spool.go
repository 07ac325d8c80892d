package fdescrow

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"fdescrow/internal/native"
)

// A Spool holds sealed keys that the server has not acknowledged, and the names under which they are sent.
//
// What changes it changes it in memory: what was put is safe after [Spool.Sync], not before.
type Spool struct {
	owner   *owner[native.Spool]
	mutex   sync.Mutex // one call at a time
	path    string
	pending []byte // what its file lacks
	whole   bool   // the file is to be written anew: what was appended last may be torn
}

// A SpooledKey is a sealed key on its way to the server, in JSON as agents in other languages send it.
type SpooledKey struct {
	Device string `json:"device"`
	Place
	Request  string `json:"request"`
	Envelope []byte `json:"envelope"` // CMS as DER
}

// Upload is the key as a server receives it; [Upload.By] says who answers for it.
func (k SpooledKey) Upload() Upload {
	return Sealed(k.Device, k.Kind, k.Envelope).Volume(k.Volume).Protector(k.Protector).Request(k.Request)
}

// OpenSpool reads the spool in a file. There need not be one yet: the first [Spool.Sync] makes it, for its owner alone. One process at a
// time may have it.
//
// [ErrSpoolSyntax] if it is something else or of another version; [ErrSpoolFull] over 64 MiB; errors of the file.
func OpenSpool(path string) (*Spool, error) {
	file, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	spool, err := ReadSpool(file)
	if err != nil {
		return nil, err
	}
	spool.path = path
	return spool, nil
}

// ReadSpool reads a spool that is kept elsewhere than in a file; nothing where there is none yet. [Spool.Pending] is what to keep.
//
// Errors as for [OpenSpool].
func ReadSpool(file []byte) (*Spool, error) {
	if err := load(); err != nil {
		return nil, err
	}
	handle, failure, result := native.SpoolRead(file)
	if err := failed(failure, result); err != nil {
		return nil, err
	}
	return &Spool{owner: own(handle, native.SpoolFree)}, nil
}

// hold calls a function with the spool.
func hold[T any](s *Spool, call func(native.Spool) (T, error)) (T, error) {
	if s == nil {
		var none T
		return none, ErrClosed
	}
	return with(s.owner, func(held native.Spool) (T, error) {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		return call(held)
	})
}

// append takes what a change adds to the file; only while the spool is held.
func (s *Spool) append(buffer native.Buffer, failure native.Error, result int32) error {
	if err := failed(failure, result); err != nil {
		return err
	}
	s.pending = append(s.pending, native.BufferOf(buffer)...)
	return nil
}

// change has a planner change the spool.
func (s *Spool) change(p *Planner, call func(native.Planner, native.Spool, int64) (native.Buffer, native.Error, int32)) error {
	_, err := planWith(p, s, func(planner native.Planner, held native.Spool, now int64) (struct{}, error) {
		return struct{}{}, s.append(call(planner, held, now))
	})
	return err
}

// Len is how many keys the server has not acknowledged.
func (s *Spool) Len() int {
	count, _ := hold(s, func(held native.Spool) (int, error) { return native.SpoolCount(held), nil })
	return count
}

// Damaged is how many lines of the file were torn or altered; each may have been a key.
func (s *Spool) Damaged() int {
	count, _ := hold(s, func(held native.Spool) (int, error) { return native.SpoolDamaged(held), nil })
	return count
}

// Upload is what is sent of one key, counted from 0, the oldest first.
//
// [ErrMisuse] if there is no such key.
func (s *Spool) Upload(index int) (SpooledKey, error) {
	return hold(s, func(held native.Spool) (SpooledKey, error) {
		if index < 0 {
			return SpooledKey{}, newError(ErrMisuse, "a spool counts from 0")
		}
		return answer[SpooledKey](native.SpoolUpload(held, index))
	})
}

// Put puts an envelope into it that no planner made, under the names that it was sealed with. One that is there is not put again.
//
// [ErrSpoolFull]: nothing was put.
func (s *Spool) Put(envelope *Envelope, device string, place Place, request string, at time.Time) error {
	if envelope == nil {
		return ErrClosed
	}
	document, err := encode(struct {
		Device string `json:"device"`
		Place
		Request string `json:"request"`
	}{device, place, request})
	if err != nil {
		return err
	}
	_, err = hold(s, func(held native.Spool) (struct{}, error) {
		return with(envelope.owner, func(sealed native.Envelope) (struct{}, error) {
			return struct{}{}, s.append(native.SpoolPut(held, sealed, document, at.Unix()))
		})
	})
	return err
}

// Acknowledge lets the key go that a receipt names, if it says enough: for an agent without a planner, which has [Planner.Receipt].
//
// level is how far the key must be shown to work; empty: that the server has it is enough.
// [ErrEventRejected] if no key has the names of the receipt: nothing changed.
func (s *Spool) Acknowledge(receipt Receipt, level Level) error {
	document, err := encode(receipt)
	if err != nil {
		return err
	}
	_, err = hold(s, func(held native.Spool) (struct{}, error) {
		return struct{}{}, s.append(native.SpoolAcknowledge(held, document, string(level)))
	})
	return err
}

// Sync brings the file to what the spool holds, on the disk. It is appended to; where more of it is done with than not, or what was
// appended before may be torn, it is written anew beside the old one and moved over it.
//
// After an error nothing is lost in memory, and Sync may be tried again.
func (s *Spool) Sync() error {
	_, err := hold(s, func(held native.Spool) (struct{}, error) {
		if s.path == "" {
			return struct{}{}, newError(ErrMisuse, "the spool has no file: keep what Pending gives")
		}
		if s.whole || (len(s.pending) > 0 && native.SpoolIsWasteful(held)) {
			whole, err := bufferOf(native.SpoolCompact(held))
			if err == nil {
				err = replace(s.path, whole)
			}
			if err != nil {
				return struct{}{}, err
			}
		} else if len(s.pending) > 0 {
			if err := appendTo(s.path, s.pending); err != nil {
				s.whole = true
				return struct{}{}, err
			}
		}
		s.pending, s.whole = nil, false
		return struct{}{}, nil
	})
	return err
}

// Pending is what is to be appended to a spool of [ReadSpool] since the last time. What it holds is safe when that is on the disk.
func (s *Spool) Pending() []byte {
	pending, _ := hold(s, func(native.Spool) ([]byte, error) {
		taken := s.pending
		s.pending = nil
		return taken, nil
	})
	return pending
}

// Compact is the whole spool anew, with what was not acknowledged and nothing else; for a spool of [ReadSpool].
func (s *Spool) Compact() ([]byte, error) {
	return hold(s, func(held native.Spool) ([]byte, error) { return bufferOf(native.SpoolCompact(held)) })
}

// Close frees it. What was not synced is not in the file.
func (s *Spool) Close() error {
	if s != nil {
		s.owner.close()
	}
	return nil
}

// replace writes a file beside another one and moves it over it.
func replace(path string, contents []byte) error {
	beside := path + ".new"
	if err := write(beside, os.O_TRUNC, contents); err != nil {
		return err
	}
	if err := os.Rename(beside, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func appendTo(path string, contents []byte) error {
	if err := write(path, os.O_APPEND, contents); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// write writes a file and waits until the disk has it.
func write(path string, flag int, contents []byte) error {
	file, err := os.OpenFile(path, flag|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(contents)
	return errors.Join(err, file.Sync(), file.Close())
}
