package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

func writeCodes(buffer *bytes.Buffer, parsed *library) {
	buffer.WriteString("package fdescrow\n\n// What can go wrong, by number. docs/errors.md says what to do about each.\nconst (\n")
	for _, code := range parsed.codes {
		fmt.Fprintf(buffer, "\t// %s\n\tErr%s Code = %d\n", code.says, exported(code.name), code.number)
	}
	buffer.WriteString(")\n\n// names are those of docs/errors.md.\nvar names = map[Code]string{\n")
	for _, code := range parsed.codes {
		fmt.Fprintf(buffer, "\tErr%s: %q,\n", exported(code.name), errorName(code.name))
	}
	buffer.WriteString("}\n\n// sentences say what happened.\nvar sentences = map[Code]string{\n")
	for _, code := range parsed.codes {
		fmt.Fprintf(buffer, "\tErr%s: %q,\n", exported(code.name), code.says)
	}
	buffer.WriteString("}\n")
}

// errorName is the name in docs/errors.md, as Rust writes it.
func errorName(shouting string) string {
	var text strings.Builder
	for _, word := range strings.Split(shouting, "_") {
		text.WriteString(word[:1] + strings.ToLower(word[1:]))
	}
	return text.String()
}

func writeHandles(buffer *bytes.Buffer, parsed *library) {
	buffer.WriteString("package native\n\nimport \"unsafe\"\n\n")
	fmt.Fprintf(buffer, "// ABI is the number of the C ABI that these calls are made for.\nconst ABI = %d\n\n", parsed.abi)
	buffer.WriteString("// What the library hands out. The pointers are C's; the zero value is NULL.\ntype (\n")
	for _, handle := range parsed.handles {
		fmt.Fprintf(buffer, "\t// %s is a %s *.\n\t%s struct{ pointer unsafe.Pointer }\n", exported(handle), handle, exported(handle))
	}
	buffer.WriteString(")\n")
}

// signature is the Go function's: what goes in, and what comes out.
func (f *function) signature() string {
	var in, out []string
	for _, parameter := range f.parameters {
		switch parameter.kind {
		case borrowed, exclusive:
			in = append(in, local(parameter.name)+" "+exported(parameter.handle))
		case output:
			out = append(out, local(parameter.name)+"Out "+exported(parameter.handle))
		case text:
			in = append(in, local(parameter.name)+" string")
		case octets:
			in = append(in, local(parameter.name)+" []byte")
		case seconds:
			in = append(in, local(parameter.name)+" int64")
		case flags:
			in = append(in, local(parameter.name)+" bool")
		case size:
			in = append(in, local(parameter.name)+" int")
		case number:
			in = append(in, local(parameter.name)+" int32")
		case unsigned:
			in = append(in, local(parameter.name)+" uint32")
		}
	}
	switch f.result {
	case "fdescrow_result":
		out = append(out, "result int32")
	case "fdescrow_str", "fdescrow_bytes":
		out = append(out, "view []byte")
	case "size_t":
		out = append(out, "count int")
	case "uint32_t":
		out = append(out, "number uint32")
	case "int64_t":
		out = append(out, "seconds int64")
	case "bool":
		out = append(out, "is bool")
	}
	return fmt.Sprintf("func %s(%s) (%s)", exported(f.name), strings.Join(in, ", "), strings.Join(out, ", "))
}

// writeCgo writes calls that C checks: a static function for each, which makes a view of a pointer and a length, so that the
// pointers of Go cross as arguments and are pinned by cgo for the time of the call.
func writeCgo(buffer *bytes.Buffer, parsed *library) {
	buffer.WriteString("//go:build cgo && !fdescrow_purego\n\npackage native\n\n/*\n#include <fdescrow.h>\n")
	for _, function := range parsed.functions {
		if function.hasViews() {
			function.writeWrapper(buffer)
		}
	}
	buffer.WriteString("*/\nimport \"C\"\n\nimport \"unsafe\"\n\n")
	buffer.WriteString("func borrowedView(data unsafe.Pointer, length C.size_t) []byte {\n\treturn unsafe.Slice((*byte)(data), int(length))\n}\n")
	for _, function := range parsed.functions {
		fmt.Fprintf(buffer, "\n%s {\n", function.signature())
		name := function.name
		if function.hasViews() {
			name = "call_" + strings.TrimPrefix(name, "fdescrow_")
		}
		call := fmt.Sprintf("C.%s(%s)", name, strings.Join(function.cgoArguments(), ", "))
		switch function.result {
		case "void":
			fmt.Fprintf(buffer, "\t%s\n", call)
		case "fdescrow_result":
			fmt.Fprintf(buffer, "\tresult = int32(%s)\n\treturn\n", call)
		case "size_t":
			fmt.Fprintf(buffer, "\treturn int(%s)\n", call)
		case "uint32_t":
			fmt.Fprintf(buffer, "\treturn uint32(%s)\n", call)
		case "int64_t":
			fmt.Fprintf(buffer, "\treturn int64(%s)\n", call)
		case "bool":
			fmt.Fprintf(buffer, "\treturn bool(%s)\n", call)
		default:
			fmt.Fprintf(buffer, "\tshown := %s\n\treturn borrowedView(unsafe.Pointer(shown.data), shown.length)\n", call)
		}
		buffer.WriteString("}\n")
	}
}

func (f *function) hasViews() bool {
	for _, parameter := range f.parameters {
		if parameter.kind == text || parameter.kind == octets {
			return true
		}
	}
	return false
}

func (f *function) writeWrapper(buffer *bytes.Buffer) {
	var declared, given []string
	for _, parameter := range f.parameters {
		name := parameter.name
		switch parameter.kind {
		case borrowed:
			declared = append(declared, "const "+parameter.handle+" *"+name)
		case exclusive:
			declared = append(declared, parameter.handle+" *"+name)
		case output:
			name += "_out"
			declared = append(declared, parameter.handle+" **"+name)
		case text:
			declared = append(declared, "const char *"+name, "size_t "+name+"_length")
			name = fmt.Sprintf("(fdescrow_str){%s, %s_length}", name, name)
		case octets:
			declared = append(declared, "const uint8_t *"+name, "size_t "+name+"_length")
			name = fmt.Sprintf("(fdescrow_bytes){%s, %s_length}", name, name)
		case seconds:
			declared = append(declared, "int64_t "+name)
		case flags:
			declared = append(declared, "bool "+name)
		case size:
			declared = append(declared, "size_t "+name)
		case number:
			declared = append(declared, "int32_t "+name)
		case unsigned:
			declared = append(declared, "uint32_t "+name)
		}
		given = append(given, name)
	}
	fmt.Fprintf(buffer, "static %s call_%s(%s) {\n\treturn %s(%s);\n}\n", f.result, strings.TrimPrefix(f.name, "fdescrow_"),
		strings.Join(declared, ", "), f.name, strings.Join(given, ", "))
}

func (f *function) cgoArguments() []string {
	var all []string
	for _, parameter := range f.parameters {
		name := local(parameter.name)
		switch parameter.kind {
		case borrowed, exclusive:
			all = append(all, fmt.Sprintf("(*C.%s)(%s.pointer)", parameter.handle, name))
		case output:
			all = append(all, fmt.Sprintf("(**C.%s)(unsafe.Pointer(&%sOut.pointer))", parameter.handle, name))
		case text:
			all = append(all, fmt.Sprintf("(*C.char)(unsafe.Pointer(unsafe.StringData(%s)))", name), fmt.Sprintf("C.size_t(len(%s))", name))
		case octets:
			all = append(all, fmt.Sprintf("(*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(%s)))", name), fmt.Sprintf("C.size_t(len(%s))", name))
		case seconds:
			all = append(all, fmt.Sprintf("C.int64_t(%s)", name))
		case flags:
			all = append(all, fmt.Sprintf("C.bool(%s)", name))
		case size:
			all = append(all, fmt.Sprintf("C.size_t(%s)", name))
		case number:
			all = append(all, fmt.Sprintf("C.fdescrow_result(%s)", name))
		case unsigned:
			all = append(all, fmt.Sprintf("C.uint32_t(%s)", name))
		}
	}
	return all
}

// writeRegisters writes calls for the ABIs that pass a view as its two words, in registers or both on the stack, and return it in
// two registers: System V on amd64 (§3.2.3) and AAPCS64 (§6.8.2), which macOS and Windows on arm64 follow in this.
func writeRegisters(buffer *bytes.Buffer, parsed *library) {
	buffer.WriteString("//go:build (!cgo || fdescrow_purego) && ((amd64 && !windows) || arm64)\n\npackage native\n\n")
	writePurego(buffer, parsed, false)
}

// writePointers writes calls for Windows on amd64, which passes and returns what is larger than eight bytes by a pointer to it.
func writePointers(buffer *bytes.Buffer, parsed *library) {
	buffer.WriteString("//go:build (!cgo || fdescrow_purego) && amd64 && windows\n\npackage native\n\n")
	writePurego(buffer, parsed, true)
}

func writePurego(buffer *bytes.Buffer, parsed *library, byPointer bool) {
	buffer.WriteString("import (\n")
	if !byPointer {
		buffer.WriteString("\t\"runtime\"\n")
	}
	buffer.WriteString("\t\"unsafe\"\n\n\t\"github.com/ebitengine/purego\"\n)\n\n")
	buffer.WriteString("// symbols are where the functions are, after Load.\nvar symbols struct {\n")
	for _, function := range parsed.functions {
		fmt.Fprintf(buffer, "\t%s uintptr\n", exported(function.name))
	}
	buffer.WriteString("}\n\nfunc symbolTable() map[string]*uintptr {\n\treturn map[string]*uintptr{\n")
	for _, function := range parsed.functions {
		fmt.Fprintf(buffer, "\t\t%q: &symbols.%s,\n", function.name, exported(function.name))
	}
	buffer.WriteString("\t}\n}\n")
	for _, function := range parsed.functions {
		function.writePurego(buffer, byPointer)
	}
}

func (f *function) writePurego(buffer *bytes.Buffer, byPointer bool) {
	fmt.Fprintf(buffer, "\n%s {\n", f.signature())
	var words [][]string // of each argument
	shows := f.result == "fdescrow_str" || f.result == "fdescrow_bytes"
	if shows && byPointer {
		buffer.WriteString("\tvar shown passedView\n")
		words = append(words, []string{"uintptr(unsafe.Pointer(&shown))"})
	}
	for _, parameter := range f.parameters {
		name := local(parameter.name)
		switch parameter.kind {
		case borrowed, exclusive:
			words = append(words, []string{fmt.Sprintf("uintptr(%s.pointer)", name)})
		case output:
			words = append(words, []string{fmt.Sprintf("uintptr(unsafe.Pointer(&%sOut.pointer))", name)})
		case text, octets:
			data := fmt.Sprintf("unsafe.Pointer(unsafe.StringData(%s))", name)
			if parameter.kind == octets {
				data = fmt.Sprintf("unsafe.Pointer(unsafe.SliceData(%s))", name)
			}
			if byPointer {
				fmt.Fprintf(buffer, "\t%sView := passedView{%s, uintptr(len(%s))}\n", name, data, name)
				words = append(words, []string{fmt.Sprintf("uintptr(unsafe.Pointer(&%sView))", name)})
				break
			}
			words = append(words, []string{fmt.Sprintf("uintptr(%s)", data), fmt.Sprintf("uintptr(len(%s))", name)})
		case flags:
			words = append(words, []string{fmt.Sprintf("word(%s)", name)})
		default:
			words = append(words, []string{fmt.Sprintf("uintptr(%s)", name)})
		}
	}
	call := func(arguments []string) string {
		return fmt.Sprintf("purego.SyscallN(%s)", strings.Join(append([]string{"symbols." + exported(f.name)}, arguments...), ", "))
	}
	plain := passed(words, 0, false)
	amd64, arm64 := passed(words, 6, true), passed(words, 8, false)
	if !byPointer && (!slices.Equal(amd64, plain) || !slices.Equal(arm64, plain)) {
		if f.result != "fdescrow_result" {
			panic(f.name + ": a view crosses the end of the registers, and the result is not a number")
		}
		buffer.WriteString("\tvar answer uintptr\n\tif runtime.GOARCH == \"amd64\" {\n")
		fmt.Fprintf(buffer, "\t\tanswer, _, _ = %s\n\t} else {\n", call(amd64))
		fmt.Fprintf(buffer, "\t\tanswer, _, _ = %s\n\t}\n\tresult = int32(answer)\n\treturn\n}\n", call(arm64))
		return
	}
	switch {
	case f.result == "void":
		fmt.Fprintf(buffer, "\t%s\n", call(plain))
	case f.result == "fdescrow_result":
		fmt.Fprintf(buffer, "\tanswer, _, _ := %s\n\tresult = int32(answer)\n\treturn\n", call(plain))
	case f.result == "size_t":
		fmt.Fprintf(buffer, "\tanswer, _, _ := %s\n\treturn int(answer)\n", call(plain))
	case f.result == "uint32_t":
		fmt.Fprintf(buffer, "\tanswer, _, _ := %s\n\treturn uint32(answer)\n", call(plain))
	case f.result == "int64_t":
		fmt.Fprintf(buffer, "\tanswer, _, _ := %s\n\treturn int64(answer)\n", call(plain))
	case f.result == "bool":
		// One octet of the register is the answer; what the others hold is not said (System V §3.2.3, AAPCS64 §6.4).
		fmt.Fprintf(buffer, "\tanswer, _, _ := %s\n\treturn answer&0xFF != 0\n", call(plain))
	case byPointer:
		fmt.Fprintf(buffer, "\t%s\n\treturn unsafe.Slice((*byte)(shown.data), int(shown.length))\n", call(plain))
	default:
		fmt.Fprintf(buffer, "\tdata, length, _ := %s\n\treturn borrowedView(data, length)\n", call(plain))
	}
	buffer.WriteString("}\n")
}

// passed is the order of words in which purego, which fills the registers first and then the stack, puts each argument where C looks
// for it. A view that does not fit into the registers that are left goes to the stack whole. What follows it then still takes a
// register where refills says so (System V §3.2.3); elsewhere none takes one any more (AAPCS64 §6.8.2, C.12). registers 0: as declared.
func passed(arguments [][]string, registers int, refills bool) []string {
	var inRegisters, onStack []string
	free := registers
	for _, words := range arguments {
		if len(words) <= free {
			inRegisters = append(inRegisters, words...)
			free -= len(words)
			continue
		}
		onStack = append(onStack, words...)
		if !refills {
			for ; free > 0; free-- {
				inRegisters = append(inRegisters, "0") // not looked at
			}
		}
	}
	if len(onStack) > 0 {
		for ; free > 0; free-- {
			inRegisters = append(inRegisters, "0")
		}
	}
	return append(inRegisters, onStack...)
}
