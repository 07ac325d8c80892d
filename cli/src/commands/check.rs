//! Do the stored keys open?

use std::{fmt, path::PathBuf};

use clap::Args;
use fdescrow::{
    Actor,
    escrow::{CheckOptions, CheckReport},
};

use super::{seal::recipient, store::StoreArguments};
use crate::{
    exit::{Exit, Failure},
    identities::IdentityArguments,
    world::World,
};

#[derive(Args, Debug)]
#[command(
    after_help = "Checks batch after batch until no key is due. Exit status 3 if anything was unavailable, else \
                        1 if one did not open; `undecryptable` tells which and why."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    identities: IdentityArguments,
    /// How many threads open keys
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,
    /// Seals keys that open anew to this certificate, where they are not yet; what came is kept
    #[arg(long, value_name = "CERT")]
    reseal: Option<PathBuf>,
    /// Who checks, for the audit
    #[arg(long, value_name = "ACTOR")]
    by: Option<Actor>,
}

/// How often what was changed meanwhile is asked for again.
const STALE_ROUNDS: u32 = 3;

pub(crate) fn run(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let identities = arguments.identities.load_certified(world)?;
    let mut certificates = identities.certificates;
    // The more at once, the less often the threads wait for each other.
    let mut options = CheckOptions::default().workers(arguments.workers.into()).devices(512);
    if let Some(file) = &arguments.reseal {
        let certificate = recipient(file, world.now()?, world)?;
        options = options.reseal_to(&certificate);
        certificates.push(certificate);
    }
    let escrow = arguments.store.escrow(certificates, world)?;
    if let Some(actor) = &arguments.by {
        options = options.by(actor);
    }
    // Devices are what is due; how many keys of theirs are is not counted anywhere.
    let devices = escrow.check_total(world.now()?)?;
    let progress = world.output.progress(devices);
    let mut total = CheckReport::default();
    let mut again = 0;
    loop {
        let report = escrow.check(&identities.keyring, &options, world.now()?)?;
        let stale = report.stale;
        total.add(&report);
        // What another program changed meanwhile is due still, and is asked for again; what stays so is told.
        if !report.more && report.unavailable == 0 && stale > 0 && again < STALE_ROUNDS {
            again += 1;
            total.stale -= stale;
            continue;
        }
        if !progress.is_hidden() {
            progress.set_position(devices.saturating_sub(escrow.check_total(world.now()?)?));
        }
        // What is unavailable stays due: to go on would be to ask the same again.
        if !report.more || report.unavailable > 0 {
            break;
        }
    }
    progress.finish_and_clear();
    world.output.answer(&total, Words(&total))?;
    Ok(match &total {
        total if total.unavailable > 0 || total.stale > 0 => Exit::Unavailable,
        total if total.failed() > 0 || total.unreadable > 0 => Exit::No,
        _ => Exit::Yes,
    })
}

struct Words<'a>(&'a CheckReport);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        writeln!(f, "opened: {}", report.opened)?;
        writeln!(f, "did not open: {}", report.failed())?;
        report.not_opened.iter().try_for_each(|(reason, count)| writeln!(f, "  {reason}: {count}"))?;
        let others = [
            ("sealed anew", report.resealed),
            ("unavailable, nothing known", report.unavailable),
            ("changed meanwhile, left for the next check", report.stale),
            ("unreadable records", report.unreadable),
        ];
        others.iter().filter(|(_, count)| *count > 0).try_for_each(|(what, count)| writeln!(f, "{what}: {count}"))
    }
}
