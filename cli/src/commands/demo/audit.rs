//! Is everything that was done in the audit, as it was written?

use std::ops::ControlFlow;

use fdescrow::audit::{Checkpoint, CheckpointLimits};

use super::stage::{Stage, verified};
use crate::exit::Failure;

/// Verifies the chains of all devices, and against a checkpoint.
pub(super) fn verify(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let escrow = stage.escrow()?;
    let mut file = Vec::new();
    let written = escrow.checkpoint(None, stage.world.now()?, &mut |line| {
        file.extend_from_slice(line.as_bytes());
        ControlFlow::Continue(())
    })?;
    let checkpoint = Checkpoint::parse(&file, &CheckpointLimits::default())?;
    let report = escrow.verify_audit(&[], Some(&checkpoint))?;
    verified(report.is_intact() && report.chains == written.chains, "every chain is intact")?;
    stage.tell(format!(
        "The audit of all this: {} entries in {} chains, each verified, also against a checkpoint, which is to be kept \
         where the database's writers are not.",
        report.entries, report.chains
    ))
}
