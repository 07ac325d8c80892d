//! The program `fdescrow`: what it does is in the library beside it.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    fdescrow_cli::run(std::env::args_os().collect()).into()
}
