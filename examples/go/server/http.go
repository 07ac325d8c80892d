package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// A failure is an error that is answered as Fleet answers one. Its reason is for the client; err, if there is one, for the log.
type failure struct {
	status int
	reason string
	err    error
}

func (f *failure) Error() string { return f.reason }
func (f *failure) Unwrap() error { return f.err }

func refuse(status int, reason string) error { return &failure{status: status, reason: reason} }

// Fleet's form of an error.
type errorDocument struct {
	Message string        `json:"message"`
	Errors  []errorDetail `json:"errors"`
}

type errorDetail struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

func answerError(w http.ResponseWriter, err error) {
	said := &failure{http.StatusInternalServerError, "internal error", err}
	_ = errors.As(err, &said)
	if recorder, is := w.(*recorder); is {
		recorder.err = err
	}
	answer(w, said.status, errorDocument{http.StatusText(said.status), []errorDetail{{"base", said.reason}}})
}

func answer(w http.ResponseWriter, status int, document any) {
	text, err := json.Marshal(document)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"message":"internal error","errors":[]}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// body reads a request whole, up to a size, and wipes it afterwards: there may be a key in it.
func body(limit int64, handle func(w http.ResponseWriter, r *http.Request, body []byte) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
		defer clear(text)
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			err = refuse(http.StatusRequestEntityTooLarge, "the request is too large")
		case err != nil:
			err = &failure{http.StatusBadRequest, "the request could not be read", err}
		default:
			err = handle(w, r, text)
		}
		if err != nil {
			answerError(w, err)
		}
	})
}

// read reads a document. What encoding/json says of one that it cannot read may quote it, and is told to nobody.
func read[T any](text []byte) (T, error) {
	var document T
	if json.Unmarshal(text, &document) != nil {
		return document, refuse(http.StatusBadRequest, "the request is no JSON document of this form")
	}
	return document, nil
}

// recorder remembers what was answered, for the log.
type recorder struct {
	http.ResponseWriter
	status int
	err    error
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// logged writes a line about each request: neither its body nor its path, in which tokens are, but the pattern that it fits.
func (s *server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		w.Header().Set("X-Fleet-Capabilities", capabilities)
		w.Header().Set("Cache-Control", "no-store")
		answered := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answered, r)
		attributes := []any{"endpoint", r.Pattern, "status", answered.status, "took", time.Since(began)}
		if answered.err == nil {
			s.log.Debug("request", attributes...)
			return
		}
		attributes = append(attributes, "error", answered.err)
		if cause := errors.Unwrap(answered.err); cause != nil {
			attributes = append(attributes, "cause", cause)
		}
		if answered.status >= http.StatusInternalServerError {
			s.log.Error("request", attributes...)
		} else {
			s.log.Warn("request", attributes...)
		}
	})
}
