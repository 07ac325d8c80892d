//! What can be typed?
//!
//! The top of the tree of commands; each family's own options stand beside its code. A word that looks like a
//! recovery key is not repeated when something typed is refused.

use std::ffi::OsString;

use clap::{
    Parser,
    builder::{PossibleValuesParser, TypedValueParser},
    error::ErrorKind,
};
use fdescrow::{
    Kind, RecoveryKey, Secret,
    envelope::{Suite, private_key::KeyAlgorithm},
};

use crate::{
    commands::Command,
    exit::{Exit, Failure},
    output::Output,
};

const KEY_TYPED: &str = "an argument looks like a recovery key: a key is read from standard input, never an argument";

/// Says also what does the arithmetic of private keys; both open the same messages.
const LONG_VERSION: &str = if cfg!(feature = "aws-lc") {
    concat!(env!("CARGO_PKG_VERSION"), "\nprivate keys: AWS-LC")
} else {
    concat!(env!("CARGO_PKG_VERSION"), "\nprivate keys: pure Rust")
};

/// Escrow of full-disk-encryption recovery keys: FileVault, BitLocker, LUKS
#[derive(Debug, Parser)]
#[command(
    name = "fdescrow",
    version,
    long_version = LONG_VERSION,
    propagate_version = true,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "Exit status: 0 yes; 1 no (did not open, no identity fits, quarantined); 2 bad usage or input; \
                  3 the store cannot be opened or an identity cannot be reached. Over many keys: 3 if anything was \
                  unavailable, else 1 if one did not open."
)]
pub(crate) struct Arguments {
    /// Answers as JSON, errors too
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Reads a kind of recovery key.
pub(crate) fn kind() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.iter().map(|kind| kind.as_str())).try_map(|word| word.parse::<Kind>())
}

/// Reads a suite.
pub(crate) fn suite() -> impl TypedValueParser<Value = Suite> {
    PossibleValuesParser::new(Suite::ALL.iter().map(|suite| suite.as_str())).try_map(|word| word.parse::<Suite>())
}

/// Reads an algorithm of a private key.
pub(crate) fn key_algorithm() -> impl TypedValueParser<Value = KeyAlgorithm> {
    PossibleValuesParser::new(KeyAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str()))
        .try_map(|word| word.parse::<KeyAlgorithm>())
}

/// Refuses a call that was typed well, where a word of an argument is a recovery key in its exact form: it would be
/// stored in clear as a name or a reason. Looser forms are names of devices, too.
pub(crate) fn refuse_keys(arguments: impl Iterator<Item = OsString>) -> Result<(), Failure> {
    let is_key = |word: &str| {
        let text = Secret::<str>::copy_from(word);
        Kind::ALL.iter().any(|kind| RecoveryKey::parse_exact(*kind, &text).is_ok())
    };
    let apart = |character: char| !character.is_ascii_alphanumeric() && character != '-';
    for argument in arguments {
        if argument.to_string_lossy().split(apart).any(is_key) {
            return Err(Failure::usage(KEY_TYPED));
        }
    }
    Ok(())
}

/// Help and version are answers; everything else is bad usage.
pub(crate) fn refuse(error: &clap::Error, arguments: &[OsString]) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return Exit::Yes;
    }
    let json = arguments.iter().any(|argument| argument == "--json");
    let quotes_key = arguments.iter().skip(1).any(|argument| looks_like_key(&argument.to_string_lossy()));
    if quotes_key {
        Output::new(json).finish(Some(&Failure::usage(KEY_TYPED)));
    } else if json {
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Output::new(json).finish(Some(&Failure::usage(message)));
    } else {
        let _ = error.print();
    }
    Exit::Usage
}

fn looks_like_key(argument: &str) -> bool {
    // Of `--option=value`, the value.
    let value = argument.rsplit_once('=').map_or(argument, |(_, value)| value);
    let text = Secret::<str>::copy_from(value);
    Kind::ALL.iter().any(|kind| RecoveryKey::parse_typed(*kind, &text).is_ok())
}
