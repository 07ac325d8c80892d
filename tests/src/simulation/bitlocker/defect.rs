//! Agents that are wrong, one way each: whether the simulation is strong enough to notice.

use super::promises;
use fdescrow::{
    agent::bitlocker::{Aim, Call, EncryptionType, Next, Observation, Protector, Situation, Step},
    policy::Level,
    verification::{Conversion, ProtectionStatus, ProtectorKind, Reading, Receipt, ReceiptStatus},
};

/// What an agent does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Defect {
    /// It takes a receipt that says *stored* for one that says *verified*.
    AcceptsStored,
    /// It adds the TPM where there is a TPM with a PIN.
    AddsTpmBesidePin,
    /// It encrypts before the receipt is there.
    EncryptsBeforeReceipt,
    /// It takes any receipt for the one that it waits for.
    IgnoresWhatReceiptsName,
    /// It removes what it did not make, to begin afresh.
    RemovesOthers,
    /// It removes the old recovery password before the receipt is there.
    RemovesBeforeReceipt,
    /// It removes the old recovery password while protection is suspended.
    RemovesWhileSuspended,
    /// It says that an envelope is in the spool before it is.
    ReportsBeforeSpooling,
    /// It takes a paused decryption for a paused encryption.
    ResumesDecryption,
    /// It turns protection on before a recovery password is in escrow.
    RestoresBeforeEscrow,
    /// It takes Windows Server for a client.
    TouchesServers,
    /// It takes what could not be read for off, decrypted, and empty.
    UnknownIsOff,
}

impl Defect {
    /// Every defect.
    pub const ALL: &'static [Self] = &[
        Self::AcceptsStored,
        Self::AddsTpmBesidePin,
        Self::EncryptsBeforeReceipt,
        Self::IgnoresWhatReceiptsName,
        Self::RemovesOthers,
        Self::RemovesBeforeReceipt,
        Self::RemovesWhileSuspended,
        Self::ReportsBeforeSpooling,
        Self::ResumesDecryption,
        Self::RestoresBeforeEscrow,
        Self::TouchesServers,
        Self::UnknownIsOff,
    ];

    /// The promise that it breaks, as [`Broken`](super::Broken) names it. It may break others on the way.
    pub fn breaks(self) -> &'static str {
        match self {
            Self::EncryptsBeforeReceipt | Self::RestoresBeforeEscrow => promises::ESCROW_FIRST,
            // The planner asks about the envelope, learns that it is not there, and begins again, for ever.
            Self::ReportsBeforeSpooling => promises::COMES_TRUE,
            Self::AcceptsStored
            | Self::IgnoresWhatReceiptsName
            | Self::RemovesBeforeReceipt
            | Self::RemovesWhileSuspended => promises::PROVEN,
            Self::AddsTpmBesidePin => promises::BOOT,
            Self::RemovesOthers => promises::FOREIGN,
            Self::ResumesDecryption => promises::NEVER_DECRYPTED,
            Self::TouchesServers => promises::SERVER,
            Self::UnknownIsOff => promises::READ,
        }
    }

    /// What the planner is shown instead of what was seen.
    pub(super) fn shown(self, seen: &mut Observation) {
        match self {
            Self::RemovesWhileSuspended if seen.conversion == Some(Conversion::FullyEncrypted) => {
                seen.protection = Some(ProtectionStatus::On);
            }
            Self::ResumesDecryption if seen.conversion == Some(Conversion::DecryptionPaused) => {
                seen.conversion = Some(Conversion::EncryptionPaused);
            }
            Self::TouchesServers => seen.machine.server = Reading::No,
            Self::UnknownIsOff => {
                seen.conversion = seen.conversion.or(Some(Conversion::FullyDecrypted));
                seen.protection = seen.protection.or(Some(ProtectionStatus::Off));
                if seen.protectors.is_none() {
                    seen.protectors = Some(Vec::new());
                }
            }
            _ => {}
        }
    }

    /// What is done instead of what the planner says.
    pub(super) fn done(self, next: &Next, seen: &Observation, aim: &Aim) -> Option<Step> {
        let protectors = seen.protectors.as_deref().unwrap_or_default();
        let first = |fits: &dyn Fn(&Protector) -> bool| {
            let protector = protectors.iter().find(|protector| fits(protector))?;
            Some(Step::Call(Call::DeleteKeyProtector { protector: protector.id.clone() }))
        };
        let has = |kind: ProtectorKind| protectors.iter().any(|protector| protector.kind == Some(kind));
        match self {
            Self::AddsTpmBesidePin if has(ProtectorKind::TpmAndPin) && !has(ProtectorKind::Tpm) => {
                Some(Step::Call(Call::ProtectKeyWithTPM))
            }
            Self::EncryptsBeforeReceipt
                if next.situation == Situation::ReceiptAwaited
                    && seen.conversion == Some(Conversion::FullyDecrypted) =>
            {
                let encryption_method = fdescrow::verification::EncryptionMethod::XtsAes256;
                Some(Step::Call(Call::Encrypt { encryption_method, encryption_type: EncryptionType::UsedSpaceOnly }))
            }
            Self::RemovesOthers if next.situation == Situation::NoNewPassword => match aim {
                Aim::Rotate { replace } => first(&|protector| !promises::names(replace, &protector.id)),
                _ => None,
            },
            Self::RemovesBeforeReceipt if next.situation == Situation::NotVerified => match aim {
                Aim::Rotate { replace } => first(&|protector| promises::names(replace, &protector.id)),
                _ => None,
            },
            Self::RestoresBeforeEscrow
                if seen.protection == Some(ProtectionStatus::Off)
                    && seen.conversion == Some(Conversion::FullyEncrypted) =>
            {
                Some(Step::Call(Call::EnableKeyProtectors))
            }
            _ => None,
        }
    }

    /// What the planner is told instead of the receipt that came for a step.
    pub(super) fn told(self, receipt: &mut Receipt, step: &Step) {
        match self {
            Self::AcceptsStored if receipt.status == ReceiptStatus::Stored => {
                receipt.status = ReceiptStatus::Verified;
                receipt.level = Some(Level::VolumeKeyUnwrapped);
            }
            Self::IgnoresWhatReceiptsName => {
                if let Step::Ask { protector, request, envelope, .. } = step {
                    receipt.place.protector = Some(protector.clone());
                    receipt.request = Some(request.to_string());
                    receipt.envelope = *envelope;
                }
            }
            _ => {}
        }
    }
}
