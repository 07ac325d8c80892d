package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// A digest is what is kept of a secret that somebody shows: who reads it in a table or in memory cannot show the secret.
type digest [sha256.Size]byte

func digestOf(secret string) digest { return sha256.Sum256([]byte(secret)) }

func (d digest) is(secret string) bool {
	other := digestOf(secret)
	return subtle.ConstantTimeCompare(d[:], other[:]) == 1
}

// newToken is a name that nobody guesses.
func newToken() (string, error) {
	random := make([]byte, 24)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(random), nil
}

func readEnrollSecret(path string) (digest, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return digest{}, err
	}
	defer clear(text)
	secret := bytes.TrimSpace(text)
	if len(secret) < 16 {
		return digest{}, fmt.Errorf("%s: shorter than 16 characters", path)
	}
	return sha256.Sum256(secret), nil
}

// A user is somebody who may read keys. Who they are is for a real server to know: from its single sign-on.
type user struct {
	Name   string `json:"name"`
	Token  string `json:"token_sha256"` // hexadecimal; the token itself is in no file
	Issuer string `json:"issuer"`       // with Subject, who it is by what never changes
	Person string `json:"subject"`
}

func readUsers(path string) (map[digest]user, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []user
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	users := map[digest]user{}
	for _, one := range list {
		token, err := hex.DecodeString(one.Token)
		if err != nil || len(token) != sha256.Size || one.Name == "" {
			return nil, fmt.Errorf("%s: a user needs a name and the SHA-256 of a token", path)
		}
		users[digest(token)] = one
	}
	return users, nil
}

// people lets those in who have a token.
func (s *server) people(handle func(w http.ResponseWriter, r *http.Request, who user) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		who, known := s.users[digestOf(token)]
		err := refuse(http.StatusUnauthorized, "a token is needed: Authorization: Bearer …")
		if bearer && known {
			err = handle(w, r, who)
		}
		if err != nil {
			answerError(w, err)
		}
	}
}
