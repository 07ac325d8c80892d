//! Do secrets leave copies behind in memory?
//!
//! Each case runs in a process of its own, with an allocator that gives nothing back to the system: keys are used in
//! every way and dropped, then everything that the process can write to is searched, heap, stacks and all. Controls
//! show that a copy would be found: in what was freed, in a dead stack frame, in what is still held.

#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

#[path = "memory/cases.rs"]
mod cases;
#[path = "memory/scan.rs"]
mod scan;

use std::{collections::BTreeMap, env, path::Path, process::Command, sync::mpsc, thread};

use cases::{CASES, Probe};
use fdescrow_tests::scratch;

const CHILD: &str = "FDESCROW_MEMORY_CASE";
const FOLDER: &str = "FDESCROW_MEMORY_FOLDER";

/// Copies that a dependency leaves and that cannot be reached from here.
struct Limit {
    case: &'static str,
    secret: &'static str,
    why: &'static str,
}

/// `SECURITY.md` says the same in words.
const LIMITS: &[Limit] = &[
    Limit { case: "an RSA key", secret: "RSA private key", why: RSA_CRATE },
    Limit { case: "an RSA key in AWS-LC", secret: "RSA private key", why: RSA_CRATE },
    Limit { case: "an escrow", secret: "RSA private key", why: RSA_CRATE },
];

const RSA_CRATE: &str = "the crate rsa 0.10.0 frees copies of the primes, and when a key is written of the CRT numbers, \
                         unwiped on the heap: PrivateKey::from_components_inner, validate and precompute clone and resize \
                         BoxedUint, which does not wipe itself";

#[test]
fn no_secret_is_left_in_memory_counted() {
    if let (Ok(case), Ok(folder)) = (env::var(CHILD), env::var(FOLDER)) {
        return run(&case, Path::new(&folder));
    }
    let folder = scratch("memory");
    cases::prepare(folder.path());
    let (mut looks, mut secrets, mut controls, mut beyond) = (0, 0, 0, BTreeMap::new());
    for case in CASES {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "no_secret_is_left_in_memory_counted", "--nocapture"]);
        child.env(CHILD, case.name).env(FOLDER, folder.path());
        // nothing that is freed is unmapped, everything comes from one heap
        for (name, value) in [
            ("MALLOC_TRIM_THRESHOLD_", "1073741824"),
            ("MALLOC_MMAP_THRESHOLD_", "1073741824"),
            ("MALLOC_ARENA_MAX", "1"),
        ] {
            child.env(name, value);
        }
        let output = child.env_remove("MALLOC_PERTURB_").output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}: {out}{}", case.name, String::from_utf8_lossy(&output.stderr));
        for look in out.lines().filter_map(|line| line.strip_prefix("LOOK\t")) {
            let words: Vec<&str> = look.split('\t').collect();
            let [step, searched, copies @ ..] = words.as_slice() else { panic!("not understood: {look}") };
            looks += 1;
            secrets += searched.parse::<usize>().unwrap();
            if step.starts_with("control") {
                controls += copies.len();
                assert!(!copies.is_empty(), "{step}: no copy was found, so that finding none proves nothing");
                continue;
            }
            for copy in copies {
                let (secret, region) = copy.split_once('@').unwrap();
                let limit = LIMITS.iter().find(|limit| limit.case == case.name && limit.secret == secret);
                let limit = limit.unwrap_or_else(|| panic!("{}, {step}: {secret} is left in {region}", case.name));
                *beyond.entry((limit.case, limit.secret)).or_insert(0) += 1;
            }
        }
    }
    assert!(looks > 100, "{looks} looks");
    println!("{looks} looks for {secrets} secrets: {controls} copies where the controls left them, 0 of ours");
    for Limit { case, secret, why } in LIMITS {
        let copies = beyond.get(&(*case, *secret)).copied().unwrap_or(0);
        println!("{case}: {copies} copies of {secret} that cannot be reached: {why}");
    }
    assert!(!beyond.is_empty(), "the limits are not needed any more: take them out, here and in SECURITY.md");
}

fn run(name: &str, folder: &Path) {
    let case = CASES.iter().find(|case| case.name == name).unwrap();
    let (ask, asked) = mpsc::channel();
    let (reply, answer) = mpsc::channel();
    let (run, folder) = (case.run, folder.to_path_buf());
    // in a thread that is there while memory is searched, so that its dead frames are, too
    let worker = thread::spawn(move || run(&folder, &Probe { ask, answer }));
    for (step, secrets) in asked {
        let copies = secrets.search().into_iter().map(|copy| format!("\t{}@{}", copy.name, copy.region));
        println!("\nLOOK\t{step}\t{}{}", secrets.len(), copies.collect::<String>());
        reply.send(secrets).unwrap();
    }
    worker.join().unwrap();
}
