//! How do the stored keys get a new certificate?

use std::{fmt, path::PathBuf};

use clap::Args;
use fdescrow::{
    Actor,
    escrow::{RewrapFailure, RewrapOptions, RewrapReport},
};
use serde::Serialize;

use super::{seal::recipient, store::StoreArguments};
use crate::{
    exit::{Exit, Failure},
    identities::IdentityArguments,
    output::Visible,
    world::World,
};

#[derive(Args, Debug)]
#[command(
    after_help = "The old envelopes stay until the new ones were opened once: run `check` with the new identity. \
                        What does not open is told and left as it is. Exit status 3 if anything was unavailable, else \
                        1 if one did not open."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    identities: IdentityArguments,
    /// The new certificate
    #[arg(long, value_name = "CERT")]
    to: PathBuf,
    /// Who does it, for the audit
    #[arg(long, value_name = "ACTOR")]
    by: Option<Actor>,
}

#[derive(Serialize, Default)]
struct Document {
    rewrapped: u64,
    already: u64,
    quarantined: u64,
    unavailable: u64,
    failures: Vec<RewrapFailure>,
}

pub(crate) fn run(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let identities = arguments.identities.load_certified(world)?;
    let to = recipient(&arguments.to, world.now()?, world)?;
    let certificates = [vec![to.clone()], identities.certificates].concat();
    let escrow = arguments.store.escrow(certificates, world)?;
    let mut options = RewrapOptions::default();
    if let Some(actor) = &arguments.by {
        options = options.by(actor);
    }
    if escrow.waits_for_first_check(world.now()?)? {
        world
            .output
            .note("keys wait for their first check: run `check` first, since what was never opened may be left out");
    }
    let progress = world.output.progress(escrow.rewrap_total(&to)?);
    let mut total = Document::default();
    loop {
        let report = escrow.rewrap(&identities.keyring, &to, &options, world.now()?)?;
        let next = report.next.clone();
        progress.inc(envelopes(&report));
        total.add(report);
        if next.is_none() {
            break;
        }
        options = options.after(next);
    }
    progress.finish_and_clear();
    world.output.answer(&total, &total)?;
    Ok(match &total {
        total if total.unavailable > 0 => Exit::Unavailable,
        total if !total.failures.is_empty() => Exit::No,
        _ => Exit::Yes,
    })
}

impl Document {
    fn add(&mut self, report: RewrapReport) {
        self.rewrapped += report.rewrapped;
        self.already += report.already;
        self.quarantined += report.quarantined;
        self.unavailable += report.unavailable;
        // A key fails once for each of its envelopes; it is one key that did not open.
        for failure in report.failures {
            if !self.failures.iter().any(|told| told.key == failure.key && told.code == failure.code) {
                self.failures.push(failure);
            }
        }
    }
}

/// How many of the envelopes that were counted before the work a batch is done with.
fn envelopes(report: &RewrapReport) -> u64 {
    let failed = u64::try_from(report.failures.len()).unwrap_or(u64::MAX);
    failed.saturating_add(report.rewrapped + report.already + report.quarantined + report.unavailable)
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "re-wrapped: {}", self.rewrapped)?;
        let others = [
            ("sealed to the certificate already", self.already),
            ("quarantined, not opened", self.quarantined),
            ("unavailable, nothing known", self.unavailable),
        ];
        for (what, count) in others.iter().filter(|(_, count)| *count > 0) {
            writeln!(f, "{what}: {count}")?;
        }
        self.failures.iter().try_for_each(|failure| {
            writeln!(f, "did not open: {}, key {}: {}", Visible(&failure.device), failure.key, failure.reason)
        })
    }
}
