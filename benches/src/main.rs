//! What of this library is measured, and how is it run?
//!
//! A *case* is a name and something that can be done many times. `serve` times it for `cargo xtask bench-peers`, in
//! the protocol that every harness speaks; `run` only does it, for valgrind to count; `secret` does it with what is
//! read from standard input, which valgrind takes for undefined (`benches/undefined.c`).
//!
//! The protocol: a line `<case> <times>` is answered by the nanoseconds that it took, or by `error: <why>`; the line
//! `version 0` by a version. Every case checks its result each time.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program of the tests: what it prints is its answer")]

mod cases;
mod material;
mod private;
mod secret;
mod stored;
mod timing;

use std::{
    error::Error,
    io::{BufRead, Write},
    path::Path,
    time::Instant,
};

use material::{Library, Material};

type Failure = Box<dyn Error>;

/// Does it once, and checks what came of it.
type Work = Box<dyn FnMut() -> Result<(), Failure>>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["make", folder] => material::make(Path::new(folder)),
        ["fill-keys", folder, keys] => stored::fill_keys(&Material::new(folder), keys.parse()?),
        ["fill-devices", folder, devices] => stored::fill_devices(&Material::new(folder), devices.parse()?),
        ["serve", folder] => serve(&Material::new(folder)),
        ["run", folder, case, times] => {
            let mut work = cases::find(&Material::new(folder), case)?;
            (0..times.parse::<u64>()?).try_for_each(|_| work())
        }
        ["timing", folder, measurements] => timing::run(&Material::new(folder), Library::Rust, measurements.parse()?),
        #[cfg(feature = "aws-lc")]
        ["timing-aws-lc", folder, measurements] => {
            timing::run(&Material::new(folder), Library::AwsLc, measurements.parse()?)
        }
        ["secret", folder, case] => secret::run(&Material::new(folder), case),
        _ => Err("make FOLDER | fill-keys FOLDER N | fill-devices FOLDER N | serve FOLDER | run FOLDER CASE TIMES | \
                  secret FOLDER CASE | timing FOLDER TIMES | timing-aws-lc FOLDER TIMES"
            .into()),
    }
}

fn serve(material: &Material) -> Result<(), Failure> {
    let mut stored = stored::Stored::default();
    for line in std::io::stdin().lock().lines() {
        let answer = match line?.split_once(' ') {
            Some(("version", _)) => concat!("fdescrow ", env!("CARGO_PKG_VERSION")).to_owned(),
            Some((case, times)) => match timed(material, &mut stored, case, times.parse()?) {
                Ok(nanoseconds) => nanoseconds.to_string(),
                Err(error) => format!("error: {error}"),
            },
            None => "error: <case> <times>".to_owned(),
        };
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn timed(material: &Material, stored: &mut stored::Stored, case: &str, times: u64) -> Result<u128, Failure> {
    if let Some(nanoseconds) = stored.timed(material, case)? {
        return Ok(nanoseconds);
    }
    let mut work = cases::find(material, case)?;
    // once for what is only done the first time
    work()?;
    let start = Instant::now();
    for _ in 0..times {
        work()?;
    }
    Ok(start.elapsed().as_nanos())
}
