//! Does a secret turn up where it is printed, stored or told?
//!
//! One key of every kind, private keys, the MAC key and a password are canaries, and so is all that is drawn at random
//! and could be a content-encryption key. They go through every public call, where it succeeds and where something
//! fails; everything that comes back is printed in every way, every error with its causes, and looked through, as are
//! the files of the database and the messages of panics. The whole runs in a process of its own whose output is looked
//! through too.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

#[path = "secrets/calls.rs"]
mod calls;
#[path = "secrets/canaries.rs"]
mod canaries;
#[path = "secrets/faults.rs"]
mod faults;
#[path = "secrets/spans.rs"]
mod spans;
#[path = "secrets/types.rs"]
mod types;
#[path = "secrets/watch.rs"]
mod watch;
#[path = "secrets/world.rs"]
mod world;

use std::{env, process::Command, sync::Arc};

use fdescrow_tests::scratch;
use watch::{Recorder, Watch};
use world::World;

const CHILD: &str = "FDESCROW_SECRETS_CHILD";

#[test]
fn no_secret_turns_up_in_anything_that_is_printed_stored_or_told_counted() {
    if env::var_os(CHILD).is_some() {
        return every_call();
    }
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "no_secret_turns_up_in_anything_that_is_printed_stored_or_told_counted", "--nocapture"]);
    let output = child.env(CHILD, "1").env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").output().unwrap();
    let (out, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{out}\n{}", told.lines().rev().take(60).collect::<Vec<_>>().join("\n"));
    let mut watch = Watch::new(Arc::new(Recorder::default()));
    for (kind, text) in canaries::KEYS {
        watch.secret_text(kind.as_str(), text);
        canaries::fragments(*kind).iter().for_each(|fragment| watch.secret_text(kind.as_str(), fragment));
    }
    watch.text("standard output", &out);
    watch.text("standard error", &told);
    assert!(told.contains("the device panics"), "what panics say was not seen");
    assert!(watch.hits.is_empty(), "{:#?}", watch.hits);
    let counts: Vec<&str> = out.lines().filter(|line| line.starts_with("looked for")).collect();
    assert_eq!(counts.len(), 1);
    println!("{}, and in {} bytes of output: 0 found", counts[0], out.len() + told.len());
}

fn every_call() {
    let folder = scratch("secrets");
    let caught = faults::caught();
    let mut world = World::new();
    calls::keys(&mut world);
    calls::private_keys(&mut world);
    calls::envelopes(&mut world);
    calls::escrow(&mut world, &folder.join("life.db"));
    let (calls, draws) = faults::every_call(&mut world);
    faults::identities(&mut world);
    let panicked = faults::panics(&mut world);
    faults::uploads(&mut world, &folder.join("refused.db"));
    faults::rows(&mut world, &folder.join("refused.db"));
    let panics = faults::look(&mut world.watch, &caught);
    let watch = &world.watch;
    assert!(watch.hits.is_empty(), "{:#?}", watch.hits);
    assert!(panicked > 10 && calls > 50 && draws > 10, "{panicked} {calls} {draws}");
    println!(
        "looked for {} secrets in {} printed values, {} errors, {panics} panics and {} bytes, with every one of {calls} \
         calls of the store and {draws} draws failing once",
        watch.secrets, watch.values, watch.errors, watch.bytes
    );
}
