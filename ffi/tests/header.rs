//! Is the header that is committed the one of the code?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::{env, fmt::Write as _, fs, path::Path};

use fdescrow::error::ErrorCode;

/// The numbers of all errors, as C writes them.
fn results() -> String {
    let mut text = String::from("\n/*\n * Success.\n */\n#define FDESCROW_RESULT_OK 0\n");
    for code in ErrorCode::ALL {
        let name = shouting(code.name());
        write!(text, "\n/*\n * {}\n */\n#define FDESCROW_RESULT_{name} {}\n", code.summary(), code.number()).unwrap();
    }
    text
}

/// `StoreConflict` as `STORE_CONFLICT`.
fn shouting(name: &str) -> String {
    let mut shouting = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()) {
            shouting.push('_');
        }
        shouting.push(letter.to_ascii_uppercase());
        before = letter;
    }
    shouting
}

fn header() -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut config = cbindgen::Config::from_file(here.join("cbindgen.toml")).unwrap();
    config.after_includes = Some(results());
    let built = cbindgen::Builder::new().with_crate(here).with_config(config).generate().unwrap();
    let mut bytes = Vec::new();
    built.write(&mut bytes);
    without_aliases(&String::from_utf8(bytes).unwrap())
}

/// Outputs have names in Rust; C reads `T **`.
fn without_aliases(header: &str) -> String {
    let mut text = String::new();
    let mut blank = false;
    for line in header.lines().filter(|line| !(line.starts_with("typedef fdescrow_") && line.contains(" **"))) {
        // Where the aliases stood, two blank lines are left.
        if line.is_empty() && blank {
            continue;
        }
        blank = line.is_empty();
        let line = line.replace("Errors error_out", "fdescrow_error **error_out");
        text += &match line.split_once("Output_") {
            Some((before, output)) => format!("{before}{}", output.replacen(' ', " **", 1)),
            None => line,
        };
        text.push('\n');
    }
    text
}

#[test]
fn the_header_is_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include/fdescrow.h");
    let header = header();
    if env::var_os("BLESS").is_some() {
        fs::write(path, header).unwrap();
        return;
    }
    assert!(
        fs::read_to_string(path).unwrap() == header,
        "include/fdescrow.h is not what the code says: cargo xtask bless"
    );
}
