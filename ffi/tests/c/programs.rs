//! How are programs in C compiled and run, and which calls may be wrong?

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

/// How a program finds the library.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Library {
    Shared,
    Static,
}

pub(crate) struct Program {
    path: PathBuf,
}

/// An empty folder of this call.
pub(crate) fn scratch(name: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}-{number}", std::process::id()));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    folder
}

pub(crate) fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c").join(name)
}

/// Where cargo put the library of this build: beside the tests.
pub(crate) fn built() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_owned()
}

impl Program {
    pub(crate) fn compile(name: &str, library: Library) -> Self {
        Self::compile_with(name, library, &[])
    }

    /// The same, with further libraries.
    pub(crate) fn compile_with(name: &str, library: Library, with: &[&str]) -> Self {
        Self::link(&["gcc", "-std=c99"], &[source(name)], name, library, with)
    }

    pub(crate) fn compile_files(sources: &[PathBuf], name: &str, library: Library) -> Self {
        Self::link(&["gcc", "-std=c99"], sources, name, library, &[])
    }

    pub(crate) fn compile_as_cxx(name: &str) -> Self {
        let compiler = ["g++", "-std=c++17", "-x", "c++"];
        Self::link(&compiler, &[source(name)], &format!("{name}-cxx"), Library::Shared, &[])
    }

    pub(crate) fn compile_sanitized(name: &str) -> Self {
        let compiler = ["gcc", "-std=c99", "-fsanitize=address", "-fno-omit-frame-pointer", "-pthread"];
        Self::link(&compiler, &[source(name)], &format!("{name}-sanitized"), Library::Static, &[])
    }

    pub(crate) fn compile_text(name: &str, text: &str, library: Library) -> Self {
        let file = scratch(&format!("{name}-source")).join(format!("{name}.c"));
        fs::write(&file, text).unwrap();
        Self::compile_files(&[file], name, library)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn link(compiler: &[&str], sources: &[PathBuf], name: &str, library: Library, with: &[&str]) -> Self {
        let path = scratch(&format!("{name}-program")).join("program");
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(compiler[0]);
        command.args(&compiler[1..]).args(WARNINGS).arg("-g");
        command.arg("-I").arg(here.join("../include")).arg("-I").arg(here.join("tests/c"));
        command.args(sources).arg("-o").arg(&path);
        // After `-x c++`, what follows is no source.
        if compiler.contains(&"-x") {
            command.args(["-x", "none"]);
        }
        let built = built();
        match library {
            Library::Shared => {
                command.arg("-L").arg(&built).arg("-lfdescrow_ffi");
                // Before LD_LIBRARY_PATH, in which cargo names folders that may hold a library of another build.
                command.arg(format!("-Wl,--disable-new-dtags,-rpath,{}", built.display()));
            }
            Library::Static => {
                command.arg(built.join("libfdescrow_ffi.a")).args(["-lpthread", "-ldl", "-lm"]);
            }
        }
        command.args(with);
        let output = command.output().expect("the compiler runs");
        assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
        Self { path }
    }

    /// What it prints; it must succeed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        self.run_under(&[], arguments)
    }

    /// The same, started by another program.
    pub(crate) fn run_under(&self, tool: &[&str], arguments: &[&str]) -> String {
        let mut command = match tool {
            [] => Command::new(self.path()),
            [tool, options @ ..] => {
                let mut command = Command::new(tool);
                command.args(options).arg(self.path());
                command
            }
        };
        let output = command.args(arguments).output().expect("the program runs");
        let printed = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{command:?}: {}\n{}{}",
            output.status,
            printed(&output.stdout),
            printed(&output.stderr)
        );
        printed(&output.stdout)
    }
}

/// A program that calls every function wrongly.
pub(crate) struct Misuse {
    pub(crate) text: String,
    pub(crate) calls: usize,
}

/// One parameter of a function of the header.
enum Parameter {
    Handle(String),
    Output(String),
    Value(String),
}

/// Calls every function of the header with NULL for everything, with each output NULL, and with a handle of another kind for each
/// handle. All must come back, and whoever can tell must tell.
pub(crate) fn misuse() -> Misuse {
    let header = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../include/fdescrow.h")).unwrap();
    let mut body = String::new();
    let mut calls = 0;
    for (name, parameters) in functions(&header) {
        let handles: Vec<usize> =
            (0..parameters.len()).filter(|index| matches!(parameters[*index], Parameter::Handle(_))).collect();
        let fails =
            parameters.iter().any(|parameter| matches!(parameter, Parameter::Output(kind) if kind == "fdescrow_error"));
        // All NULL, then each handle of a wrong kind, then each with outputs that are there.
        let mut wrong: Vec<(Option<usize>, bool)> = vec![(None, false), (None, true)];
        wrong.extend(handles.iter().flat_map(|index| [(Some(*index), false), (Some(*index), true)]));
        for (wrong, outputs) in wrong {
            let arguments: Vec<String> = parameters
                .iter()
                .enumerate()
                .map(|(index, parameter)| match parameter {
                    Parameter::Handle(kind) if wrong == Some(index) => {
                        let other = if kind == "fdescrow_text" { "secret" } else { "text" };
                        format!("({kind} *)(void *){other}")
                    }
                    Parameter::Handle(_) => "NULL".to_owned(),
                    Parameter::Output(kind) if outputs => format!("({kind} **)(void *)&outputs[{index}]"),
                    Parameter::Output(_) => "NULL".to_owned(),
                    Parameter::Value(kind) => match kind.as_str() {
                        // A struct of the caller's has no tag.
                        "pointer" => "NULL".to_owned(),
                        "fdescrow_str" => "fdescrow_str_of(NULL)".to_owned(),
                        "fdescrow_bytes" => "fdescrow_bytes_of(NULL, 0)".to_owned(),
                        _ => "0".to_owned(),
                    },
                })
                .collect();
            let call = format!("{name}({})", arguments.join(", "));
            calls += 1;
            // Without something that it needs, whatever can fail does.
            let (open, close) = if fails && !handles.is_empty() { ("CHECK(", " != 0)") } else { ("(void)(", ")") };
            writeln!(body, "    fill();\n    {open}{call}{close};").unwrap();
            for (index, parameter) in parameters.iter().enumerate() {
                if let Parameter::Output(kind) = parameter
                    && outputs
                {
                    writeln!(body, "    {kind}_free(({kind} *)outputs[{index}]);").unwrap();
                }
            }
        }
    }
    let text = format!(
        "#include \"check.h\"\n\nstatic void *outputs[16];\n\
         /* What stands in an output before a call is nothing to the library. */\n\
         static void fill(void) {{ int i; for (i = 0; i < 16; i++) outputs[i] = (void *)(size_t)1; }}\n\n\
         int main(void)\n{{\n    fdescrow_text *text = NULL;\n    fdescrow_secret *secret = NULL;\n    \
         DONE(fdescrow_policy_schema(&text, &error));\n    \
         DONE(fdescrow_secret_new(fdescrow_bytes_of(\"secret\", 6), &secret, &error));\n{body}    \
         CHECK(fdescrow_text_value(text).length > 100);\n    CHECK(fdescrow_secret_expose(secret).length == 6);\n    \
         fdescrow_text_free(text);\n    fdescrow_secret_free(secret);\n    puts(\"{calls} calls\");\n    return 0;\n}}\n"
    );
    Misuse { text, calls }
}

/// The functions that a header declares: the name and parameters of each.
fn functions(header: &str) -> Vec<(String, Vec<Parameter>)> {
    let mut found = Vec::new();
    let code: String =
        header.lines().filter(|line| !line.trim_start().starts_with(['*', '/'])).collect::<Vec<_>>().join(" ");
    for declaration in code.split(';') {
        let Some((before, rest)) = declaration.split_once('(') else { continue };
        let Some(start) = before.rfind("fdescrow_") else { continue };
        let (Some(name), Some(parameters)) = (before.get(start..), rest.strip_suffix(')')) else { continue };
        if rest.starts_with('*') || before.contains('{') || before.contains("typedef") || before.contains("inline") {
            continue;
        }
        let parameters = parameters.split(',').map(str::trim).filter(|parameter| *parameter != "void");
        let parameters = parameters.map(|parameter| match parameter.rsplit_once(['*', ' ']) {
            Some((kind, _)) if kind.ends_with('*') => Parameter::Output(kind.trim_end_matches('*').trim().to_owned()),
            Some((kind, _)) if parameter.contains('*') => {
                let kind = kind.trim().trim_start_matches("const ").to_owned();
                let is_handle = header.contains(&format!("{kind}_free("));
                if is_handle { Parameter::Handle(kind) } else { Parameter::Value("pointer".to_owned()) }
            }
            Some((kind, _)) => Parameter::Value(kind.trim().to_owned()),
            None => panic!("{parameter}"),
        });
        found.push((name.to_owned(), parameters.collect()));
    }
    found
}
