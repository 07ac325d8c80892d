//! The rules of the architecture, each a function from a text to what is wrong with it.
//!
//! Below them every rule is shown a violation, and something close to one that it must let pass.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::source::{Path, Source};

/// What is wrong, with its line, for the person who has to mend it.
pub(crate) type Violation = String;

/// The modules of core in their rows, bottom to top, as ARCHITECTURE.md has them.
const ROWS: [&[&str]; 6] = [
    &["error", "time", "secret", "random", "ids", "canonical"],
    &["key", "policy"],
    &["envelope", "profile", "volume"],
    &["audit", "verification", "rotation", "recovery", "agent"],
    &["store"],
    &["escrow"],
];

/// Paths of the standard library that lead out of the process.
const WORLD: [&[&str]; 9] = [
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["std", "os"],
    &["std", "process"],
    &["std", "io", "stdin"],
    &["std", "io", "stdout"],
    &["std", "io", "stderr"],
    &["std", "thread", "sleep"],
];

/// Names of clocks and of sources of randomness, wherever they come from.
const WORLDLY: [&str; 10] =
    ["Instant", "OsRng", "SysRng", "SystemTime", "ThreadRng", "getrandom", "new_v4", "now_local", "now_utc", "now_v7"];

/// Crates that compile C, or find it, at build time.
const C_BUILDERS: [&str; 7] = ["autotools", "bindgen", "cc", "cmake", "nasm-rs", "pkg-config", "vcpkg"];

/// Crates named `…-sys` that are declarations in Rust alone, of what every system of its kind has.
const RUST_ALONE: [&str; 2] = ["linux-raw-sys", "windows-sys"];

/// What betrays the machine on which a file was written; split, or this file would betray one too.
const TRACES: [&str; 10] = [
    concat!("/wor", "k/"),
    concat!("/roo", "t/"),
    concat!("bash_", "jobs"),
    concat!("deb.", "debian"),
    concat!("pypi", ".org"),
    concat!("python", "hosted"),
    concat!("static.", "crates"),
    concat!("index.", "crates"),
    concat!("registry.", "npmjs"),
    concat!("proxy.", "golang"),
];

/// Macros that core exports: the language puts them at the root, wherever they are defined.
const MACROS: &[&str] = &["store_conformance", "store_conformance_cases"];

/// Lines of a file of core.
const LONGEST: usize = 600;

/// Where a module stands: its row, and its place in the row.
fn rank(module: &str) -> Option<(usize, usize)> {
    ROWS.iter().enumerate().find_map(|(row, modules)| {
        let place = modules.iter().position(|name| *name == module)?;
        Some((row, place))
    })
}

/// The imports of a file of core that reach down, right, or past the modules. The crate's root,
/// which gathers what it exports, is free.
pub(crate) fn imports_against_the_rows(module: &[String], source: &Source) -> Vec<Violation> {
    let Some(own) = module.first() else {
        return Vec::new();
    };
    let Some(here) = rank(own) else {
        return vec![format!("the module `{own}` stands in no row")];
    };
    let reach = source.paths().into_iter().filter_map(|path| {
        let name = from_the_root(module.len(), &path)?;
        let wrong = match rank(name) {
            _ if name == own || MACROS.contains(&name) => return None,
            None => "is no module of a row: import from where it is defined",
            Some(there) if there < here => return None,
            Some(_) => "stands below, or to the right",
        };
        Some(format!("line {}: `{}`: `{name}` {wrong}", path.line, path.segments.join("::")))
    });
    reach.collect()
}

/// The first name behind the crate's root, in a path that leads there.
fn from_the_root(depth: usize, path: &Path) -> Option<&str> {
    let mut segments = path.segments.iter().map(String::as_str).peekable();
    segments.next_if_eq(&"self");
    if segments.next_if_eq(&"crate").is_some() {
        return segments.next();
    }
    let mut up = 0;
    while segments.next_if_eq(&"super").is_some() {
        up += 1;
    }
    (up >= depth + path.depth).then(|| segments.next()).flatten()
}

/// The places where a file of core asks the machine for something.
pub(crate) fn reaches_for_the_world(source: &Source) -> Vec<Violation> {
    let paths = source.paths().into_iter().filter(|path| {
        let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
        WORLD.iter().any(|world| segments.starts_with(world)) || segments.iter().any(|name| WORLDLY.contains(name))
    });
    paths.map(|path| format!("line {}: `{}`", path.line, path.segments.join("::"))).collect()
}

/// The lines that hold the keyword `unsafe`.
pub(crate) fn unsafe_code(source: &Source) -> Vec<Violation> {
    let paths = source.paths().into_iter().filter(|path| path.segments.iter().any(|name| name == "unsafe"));
    paths.map(|path| format!("line {}: `unsafe`", path.line)).collect()
}

/// Whether the root of a crate has unsafe code at this level: `forbid`, `deny`.
pub(crate) fn begins_with(source: &Source, level: &str) -> bool {
    source.has(&["#", "!", "[", level, "(", "unsafe_code", ")", "]"])
}

/// How often the rule on unsafe code is set aside.
pub(crate) fn exceptions_for_unsafe_code(source: &Source) -> usize {
    ["allow", "expect"].iter().map(|level| source.count(&[level, "(", "unsafe_code"])).sum()
}

/// A package that something depends on.
#[derive(Debug)]
pub(crate) struct Package {
    name: String,
    links: Option<String>,
}

impl Package {
    /// Why this package brings C with it, if it does.
    pub(crate) fn c_code(&self) -> Option<Violation> {
        let Self { name, links } = self;
        if let Some(links) = links {
            return Some(format!("{name} links {links}"));
        }
        let builds = C_BUILDERS.contains(&name.as_str());
        let binds = name.ends_with("-sys") && !RUST_ALONE.contains(&name.as_str());
        (builds || binds).then(|| format!("{name} builds or binds C"))
    }
}

/// Everything that a package of the workspace is built from, itself included; what only its tests
/// need is left out.
pub(crate) fn resolved(metadata: &Value, root: &str) -> Vec<Package> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();
    let members: BTreeSet<String> = list(&metadata["workspace_members"]).iter().map(text).collect();
    let root = members.into_iter().find(|id| packages[id]["name"] == root);
    let mut waiting: Vec<String> = root.into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        let built = list(&nodes[&id]["deps"])
            .into_iter()
            .filter(|dependency| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev"));
        let built: Vec<String> = built.map(|dependency| text(&dependency["pkg"])).collect();
        if seen.insert(id) {
            waiting.extend(built);
        }
    }
    let package = |id: &String| Package {
        name: text(&packages[id]["name"]),
        links: packages[id]["links"].as_str().map(Into::into),
    };
    seen.iter().map(package).collect()
}

/// The lines that name a folder of one machine, or the host of a registry.
pub(crate) fn traces_of_a_machine(text: &str) -> Vec<Violation> {
    let lines = text.lines().enumerate().filter_map(|(index, line)| {
        let trace = TRACES.iter().find(|trace| line.contains(**trace))?;
        Some(format!("line {}: `{trace}`", index + 1))
    });
    lines.collect()
}

/// That a file has more lines than a file of core may have.
pub(crate) fn too_long(text: &str) -> Option<Violation> {
    let lines = text.lines().count();
    (lines > LONGEST).then(|| format!("{lines} lines, {LONGEST} at most: where is the seam by meaning?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn imports(module: &str, text: &str) -> Vec<Violation> {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        imports_against_the_rows(&module, &Source::parse(text))
    }

    #[test]
    fn an_import_that_reaches_down_or_right_is_found() {
        for (module, text) in [
            ("key", "use crate::envelope::Suite;"),
            ("key", "use crate::{error::Error, store};"),
            ("key", "use super::policy::Policy;"),
            ("key::luks", "use super::super::policy::Policy;"),
            ("key::luks", "use super::{super::policy, parse};"),
            ("key::luks", "fn a() { self::super::super::escrow::b() }"),
            ("key", "mod inner { use super::super::store; }"),
            ("error", "fn a() -> crate::ids::KeyId {}"),
            ("key", "macro_rules! m { () => { $crate::store::open() } }"),
            ("key", "#[cfg(feature = \"conformance\")] use crate::store;"),
        ] {
            let found = imports(module, text);
            assert_eq!(found.len(), 1, "{module}: {text}: {found:?}");
            assert!(found[0].contains("stands below"), "{found:?}");
        }
    }

    #[test]
    fn an_import_past_the_modules_is_found() {
        for text in ["use crate::Secret;", "use crate::*;", "use super::*;"] {
            assert!(imports("key", text)[0].contains("is no module"), "{text}");
        }
        assert!(imports("helpers", "")[0].contains("stands in no row"));
    }

    #[test]
    fn an_import_from_above_from_the_left_or_from_within_passes() {
        for (module, text) in [
            ("key", "use crate::{error::Error, secret::Secret}; pub(crate) fn a() {}"),
            ("policy", "use crate::key::Kind;"),
            ("key::luks", "use super::Kind; use crate::key::parse; pub(super) fn a() {}"),
            ("key", "mod inner { use super::parse; }"),
            ("key", "#[cfg(test)] mod tests { use super::*; use crate::store; }"),
            ("key", "// crate::store\nconst A: &str = \"crate::store\";"),
            ("escrow", "use std::sync::Arc; use crate::store::Row;"),
        ] {
            assert_eq!(imports(module, text), Vec::<Violation>::new(), "{module}: {text}");
        }
    }

    #[test]
    fn a_clock_a_file_and_randomness_are_found() {
        for text in [
            "use std::fs;",
            "use std::{io::Read, fs::File};",
            "let a = ::std::env::var(\"A\");",
            "use std::time::{Duration, SystemTime};",
            "let a = time::OffsetDateTime::now_utc();",
            "let a = Instant::now();",
            "use rand_core::OsRng;",
            "getrandom::fill(&mut a);",
            "std::thread::sleep(a);",
        ] {
            assert_eq!(reaches_for_the_world(&Source::parse(text)).len(), 1, "{text}");
        }
    }

    #[test]
    fn what_only_sounds_like_the_world_passes() {
        let text = "use std::{io::Read, time::Duration}; use crate::time::Timestamp; std::thread::scope(a); \
            let env = env!(\"CARGO_PKG_VERSION\"); /// Instant\n #[cfg(test)] use std::fs;";
        assert_eq!(reaches_for_the_world(&Source::parse(text)), Vec::<Violation>::new());
    }

    #[test]
    fn the_keyword_unsafe_is_found_and_its_name_passes() {
        assert_eq!(unsafe_code(&Source::parse("fn a() {\n unsafe { b() } }")), ["line 2: `unsafe`"]);
        assert!(unsafe_code(&Source::parse("#![forbid(unsafe_code)] // unsafe")).is_empty());
        assert!(begins_with(&Source::parse("//! a\n#![forbid(unsafe_code)]"), "forbid"));
        let denied = Source::parse("// #![forbid(unsafe_code)]\n#![deny(unsafe_code)]");
        assert!(!begins_with(&denied, "forbid") && begins_with(&denied, "deny"));
        let excepted = Source::parse("#[expect(unsafe_code, reason = \"a\")] mod a; #[allow(unsafe_code)] mod b;");
        assert_eq!((exceptions_for_unsafe_code(&excepted), exceptions_for_unsafe_code(&denied)), (2, 0));
    }

    #[test]
    fn a_package_that_brings_c_is_found_however_deep() {
        let dependency = |id: &str, kind: Value| json!({"pkg": id, "dep_kinds": [{"kind": kind}]});
        let metadata = json!({
            "workspace_members": ["a"],
            "packages": [
                {"id": "a", "name": "fdescrow", "links": null},
                {"id": "b", "name": "pure", "links": null},
                {"id": "c", "name": "sqlite", "links": "sqlite3"},
                {"id": "d", "name": "cc", "links": null},
                {"id": "e", "name": "openssl-sys", "links": null},
            ],
            "resolve": {"nodes": [
                {"id": "a", "deps": [dependency("b", Value::Null), dependency("e", json!("dev"))]},
                {"id": "b", "deps": [dependency("c", Value::Null), dependency("d", json!("build"))]},
                {"id": "c", "deps": []},
                {"id": "d", "deps": []},
                {"id": "e", "deps": []},
            ]},
        });
        let found: Vec<Violation> = resolved(&metadata, "fdescrow").iter().filter_map(Package::c_code).collect();
        assert_eq!(found, ["sqlite links sqlite3", "cc builds or binds C"]);
        let named = |name: &str| Package { name: name.into(), links: None }.c_code();
        assert!(named("openssl-sys").is_some());
        assert!(named("windows-sys").is_none());
    }

    #[test]
    fn a_path_of_a_machine_and_the_host_of_a_registry_are_found() {
        for trace in TRACES {
            assert_eq!(traces_of_a_machine(&format!("a\nsee {trace}b")), [format!("line 2: `{trace}`")]);
        }
        assert!(traces_of_a_machine("a/framework/b, the root, docs.rs").is_empty());
    }

    #[test]
    fn a_file_over_the_limit_is_found() {
        assert_eq!(too_long(&"a\n".repeat(LONGEST)), None);
        assert!(too_long(&"a\n".repeat(LONGEST + 1)).is_some());
    }
}
