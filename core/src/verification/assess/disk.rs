//! Is the disk as the policy demands?
//!
//! Judged only where the policy demands encryption of the device's platform, and only by what was really said: of
//! a disk that nothing was said of, nothing is held, unless the policy demands that it reports. What an agent could not
//! do counts where a key is demanded too.

use super::{Found, after, until};
use crate::{
    ids::Platform,
    policy::Policy,
    time::Timestamp,
    verification::{
        observation::{Conversion, ProtectorKind},
        posture::{Delivery, Operation, VolumePosture},
        state::State,
        table::Situation,
    },
};

/// The situation of the disk and its configuration; none if there is nothing to object to. `works`: every place has
/// a key that is known to work.
pub(super) fn situation(state: &State, policy: &Policy, works: bool, now: Timestamp) -> Option<Found> {
    let posture = state.posture();
    let configuration = posture.configuration();
    if configuration.is_some_and(|known| known.delivery == Delivery::Failed) {
        return Some(Situation::ConfigurationFailed.into());
    }
    if !posture.platform().is_some_and(|platform| policy.demands_encryption(platform)) {
        // It is the key, then, that the agent could not bring.
        let failed = policy.escrow().required && !works && posture.failure().is_some();
        return failed.then(|| Situation::AgentFailed.into());
    }
    if configuration.is_some_and(|known| !known.is_installed()) {
        return Some(Situation::ConfigurationPending.into());
    }
    let encrypted = posture.is_encrypted();
    let in_order = works && encrypted.is_none_or(|seen| seen.value);
    // What an agent could not do is no news where it is done: it takes nothing away from a key that works.
    if posture.failure().is_some() && !in_order {
        return Some(Situation::AgentFailed.into());
    }
    let rules = policy.posture();
    let reported = posture.observed().is_some_and(|at| now <= after(at, rules.report_within));
    if rules.report_within > 0 && !reported {
        return Some(Situation::NotReported.into());
    }
    let boot = posture.boot_volume();
    if let Some(converting) = boot.and_then(conversion) {
        return Some(converting.into());
    }
    if encrypted.is_some_and(|seen| !seen.value) {
        let began = configuration.filter(|known| known.operation == Operation::Install).map(|known| known.at);
        let deadline = after(began.unwrap_or(state.installed()), rules.encrypt_within);
        let overdue = Situation::NotEncryptedOverdue.into();
        return Some(if now < deadline { until(Situation::NotEncrypted, deadline) } else { overdue });
    }
    let boot = boot?;
    if boot.protected.as_ref().is_some_and(|seen| !seen.value) {
        return Some(Situation::ProtectionSuspended.into());
    }
    let windows = posture.platform() == Some(Platform::Windows);
    (windows && policy.demands_startup_pin() && has_pin(boot) == Some(false)).then(|| Situation::PinMissing.into())
}

/// What the volume is being turned into, if it is.
fn conversion(volume: &VolumePosture) -> Option<Situation> {
    match volume.conversion.as_ref()?.value {
        Conversion::EncryptionInProgress => Some(Situation::Encrypting),
        Conversion::DecryptionInProgress => Some(Situation::Decrypting),
        Conversion::EncryptionPaused | Conversion::DecryptionPaused => Some(Situation::ConversionPaused),
        _ => None,
    }
}

/// Whether a boot protector asks for a PIN, by the last complete list.
fn has_pin(volume: &VolumePosture) -> Option<bool> {
    let snapshot = &volume.protectors.as_ref()?.value;
    let asks = |kind: ProtectorKind| matches!(kind, ProtectorKind::TpmAndPin | ProtectorKind::TpmAndPinAndStartupKey);
    Some(snapshot.protectors.iter().any(|protector| asks(protector.kind)))
}
