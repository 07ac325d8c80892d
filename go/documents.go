package fdescrow

import (
	"bytes"
	"encoding/json"
	"fmt"

	"fdescrow/internal/native"
)

// answer reads the document that a call answered with.
func answer[T any](text native.Text, failure native.Error, result int32) (T, error) {
	var read T
	if err := failed(failure, result); err != nil {
		return read, err
	}
	return decode[T](native.TextOf(text))
}

func decode[T any](document []byte) (T, error) {
	var read T
	if onDocument != nil {
		onDocument(document, &read)
	}
	if err := json.Unmarshal(document, &read); err != nil {
		return read, fmt.Errorf("fdescrow: the library answered with a document of another form: %w", err)
	}
	return read, nil
}

// onDocument sees each document and the type that it is read into; for tests.
var onDocument func(document []byte, into any)

// encode writes a request. Text that is not UTF-8 is an error, where encoding/json would put another name in its place.
func encode(request any) (string, error) {
	document, err := json.Marshal(request)
	if err != nil {
		return "", fmt.Errorf("fdescrow: %w", err)
	}
	if hasReplacement(document) {
		return "", newError(ErrNotUTF8, "")
	}
	return string(document), nil
}

// hasReplacement tells whether encoding/json replaced something: it writes \ufffd for what is not UTF-8, and the letter U+FFFD as itself.
func hasReplacement(document []byte) bool {
	for {
		at := bytes.Index(document, []byte(`\ufffd`))
		if at < 0 {
			return false
		}
		before := len(document[:at]) - len(bytes.TrimRight(document[:at], `\`))
		if before%2 == 0 {
			return true
		}
		document = document[at+len(`\ufffd`):]
	}
}
