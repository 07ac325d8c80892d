package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// library is what the header declares.
type library struct {
	abi       int
	codes     []code
	handles   []string
	functions []function
}

// code is a number of an error.
type code struct {
	name   string
	number int
	says   string
}

// function is one that can be called with plain arguments; one that takes functions is written by hand.
type function struct {
	name       string
	result     string
	parameters []parameter
}

// parameter is one argument of a function of C.
type parameter struct {
	name string
	kind kind
	// the handle's type, without the prefix, in C and in Go
	handle string
}

type kind int

const (
	borrowed  kind = iota // const T *
	exclusive             // T *
	output                // T **
	text                  // fdescrow_str
	octets                // fdescrow_bytes
	seconds               // int64_t
	flags                 // bool
	size                  // size_t
	number                // fdescrow_result, int32_t
	unsigned              // uint32_t
)

var (
	version      = regexp.MustCompile(`(?m)^#define FDESCROW_ABI_VERSION (\d+)$`)
	result       = regexp.MustCompile(`(?m)/\*\n \* (.+)\n \*/\n#define FDESCROW_RESULT_(\w+) (\d+)$`)
	opaque       = regexp.MustCompile(`(?m)^typedef struct (fdescrow_\w+) (fdescrow_\w+);$`)
	declaration  = regexp.MustCompile(`(?m)^([a-z]\w+) (fdescrow_\w+)\(([^;{]*)\);$`)
	byHand       = regexp.MustCompile(`_functions \*|_factory \*`)
	space        = regexp.MustCompile(`\s+`)
	handleOutput = regexp.MustCompile(`^(fdescrow_\w+) \*\*(\w+)$`)
	handleIn     = regexp.MustCompile(`^const (fdescrow_\w+) \*(\w+)$`)
	handleMine   = regexp.MustCompile(`^(fdescrow_\w+) \*(\w+)$`)
	plain        = regexp.MustCompile(`^(\w+) (\w+)$`)
	plainKinds   = map[string]kind{
		"fdescrow_str": text, "fdescrow_bytes": octets, "int64_t": seconds, "bool": flags, "size_t": size,
		"fdescrow_result": number, "int32_t": number, "uint32_t": unsigned,
	}
)

func parse(header string) (*library, error) {
	var parsed library
	abi := version.FindStringSubmatch(header)
	if abi == nil {
		return nil, fmt.Errorf("no FDESCROW_ABI_VERSION")
	}
	parsed.abi, _ = strconv.Atoi(abi[1])
	for _, found := range result.FindAllStringSubmatch(header, -1) {
		value, err := strconv.Atoi(found[3])
		if err != nil {
			return nil, err
		}
		if value != 0 {
			parsed.codes = append(parsed.codes, code{name: found[2], number: value, says: found[1]})
		}
	}
	if len(parsed.codes) != strings.Count(header, "#define FDESCROW_RESULT_")-1 {
		return nil, fmt.Errorf("a result number has no comment")
	}
	for _, found := range opaque.FindAllStringSubmatch(header, -1) {
		parsed.handles = append(parsed.handles, found[1])
	}
	for _, found := range declaration.FindAllStringSubmatch(header, -1) {
		if byHand.MatchString(found[3]) {
			continue
		}
		parameters, err := parameters(found[3])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", found[2], err)
		}
		parsed.functions = append(parsed.functions, function{name: found[2], result: found[1], parameters: parameters})
	}
	return &parsed, nil
}

func parameters(list string) ([]parameter, error) {
	list = strings.TrimSpace(space.ReplaceAllString(list, " "))
	if list == "void" {
		return nil, nil
	}
	var all []parameter
	for _, one := range strings.Split(list, ", ") {
		switch {
		case handleOutput.MatchString(one):
			found := handleOutput.FindStringSubmatch(one)
			all = append(all, parameter{name: strings.TrimSuffix(found[2], "_out"), kind: output, handle: found[1]})
		case handleIn.MatchString(one):
			found := handleIn.FindStringSubmatch(one)
			all = append(all, parameter{name: found[2], kind: borrowed, handle: found[1]})
		case handleMine.MatchString(one):
			found := handleMine.FindStringSubmatch(one)
			all = append(all, parameter{name: found[2], kind: exclusive, handle: found[1]})
		default:
			found := plain.FindStringSubmatch(one)
			if found == nil {
				return nil, fmt.Errorf("%q is no parameter that is understood", one)
			}
			kind, known := plainKinds[found[1]]
			if !known {
				return nil, fmt.Errorf("the type of %q is not known", one)
			}
			all = append(all, parameter{name: found[2], kind: kind})
		}
	}
	return all, nil
}

// initialisms are written as Go writes them.
var initialisms = map[string]string{
	"abi": "ABI", "der": "DER", "id": "ID", "json": "JSON", "luks": "LUKS", "mac": "MAC", "pem": "PEM", "utf8": "UTF8",
}

// exported is a name of C as an exported name of Go: fdescrow_escrow_assess_due is EscrowAssessDue.
func exported(name string) string {
	var text strings.Builder
	for _, word := range strings.Split(strings.TrimPrefix(strings.ToLower(name), "fdescrow_"), "_") {
		if initialism, is := initialisms[word]; is {
			text.WriteString(initialism)
			continue
		}
		letters := []rune(word)
		letters[0] = unicode.ToUpper(letters[0])
		text.WriteString(string(letters))
	}
	return text.String()
}

// local is a name of C as the name of a parameter in Go.
func local(name string) string {
	first, rest, more := strings.Cut(name, "_")
	if more {
		first += exported(rest)
	}
	switch first {
	case "error":
		return "failure"
	case "answer": // what the call gives has this name
		return "answered"
	}
	return first
}
