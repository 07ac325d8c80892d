//! Every fuzz target for a short while, from the seeds on: enough to see that a target still builds
//! and that nothing shallow broke. Long runs are a person's to start.

use std::fs;

use crate::place::Place;
use crate::steps::{Failure, Outcome, output, run};

/// Seconds that each target runs.
const SECONDS: u32 = 20;

/// Bytes that an input may have: somewhat more than the 64 KiB that the library takes, so that its
/// limit is met too.
const LONGEST: u32 = 68_000;

pub(crate) fn smoke(place: &Place) -> Result<Outcome, Failure> {
    if !place.root.join("fuzz/Cargo.toml").is_file() {
        return Ok(Outcome::Skipped("there is no fuzz/ yet".into()));
    }
    let listed = output(&mut place.cargo(&["fuzz", "list"]))?;
    let targets: Vec<&str> = listed.lines().map(str::trim).filter(|name| !name.is_empty()).collect();
    if targets.is_empty() {
        return Err(Failure("fuzz/ has no target".into()));
    }
    let vectors = place.shared()?.map(|shared| shared.join("vectors"));
    let build = place.target.join("fuzz");
    for target in &targets {
        // what is found goes below the target folder; seeds are only read
        let corpus = place.target.join("fuzz-corpus").join(target);
        fs::create_dir_all(&corpus).map_err(|error| Failure::io(corpus.display(), &error))?;
        let seeds = place.root.join("fuzz/seeds").join(target);
        // the sanitizers and the coverage of libFuzzer are flags that stable Rust hides
        let mut fuzz = place.cargo(&["fuzz", "run", "--target-dir"]);
        fuzz.env("RUSTC_BOOTSTRAP", "1")
            .arg(&build)
            .arg(target)
            .arg(&corpus)
            .args(seeds.is_dir().then_some(seeds))
            .args(&vectors)
            .args(["--", "-verbosity=0", "-print_final_stats=1"])
            .arg(format!("-max_total_time={SECONDS}"))
            .arg(format!("-max_len={LONGEST}"))
            .args(["-timeout=5", "-rss_limit_mb=2048"]);
        run(&mut fuzz)?;
    }
    Ok(Outcome::PassedWith(format!("{} targets, {SECONDS} s each", targets.len())))
}
