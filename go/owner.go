package fdescrow

import (
	"runtime"
	"sync"
)

// An owner holds a handle of the library and frees it once: when it is closed and no call uses it any more, or when it is collected.
//
// Calls are counted, not locked out: what a callback does while a call goes on can wait for nobody.
type owner[H any] struct {
	mutex  sync.Mutex
	handle H
	uses   int
	closed bool
	free   func(H)
}

func own[H any](handle H, free func(H)) *owner[H] {
	o := &owner[H]{handle: handle, free: free}
	// Not before done was called for every use: done needs the owner, so that it is alive until then.
	runtime.SetFinalizer(o, (*owner[H]).close)
	return o
}

// use is the handle, good until done is called.
func (o *owner[H]) use() (H, error) {
	var none H
	if o == nil {
		return none, ErrClosed
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.closed {
		return none, ErrClosed
	}
	o.uses++
	return o.handle, nil
}

func (o *owner[H]) done() {
	o.mutex.Lock()
	o.uses--
	last := o.closed && o.uses == 0
	o.mutex.Unlock()
	if last {
		o.free(o.handle)
	}
}

func (o *owner[H]) close() {
	if o == nil {
		return
	}
	o.mutex.Lock()
	first := !o.closed
	o.closed = true
	unused := o.uses == 0
	o.mutex.Unlock()
	if !first {
		return
	}
	runtime.SetFinalizer(o, nil)
	if unused {
		o.free(o.handle)
	}
}

// with calls a function with the handle.
func with[H, T any](o *owner[H], call func(H) (T, error)) (T, error) {
	handle, err := o.use()
	if err != nil {
		var none T
		return none, err
	}
	defer o.done()
	return call(handle)
}
