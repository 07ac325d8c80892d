//! What do the planner's state and an observation say together?
//!
//! The questions that the rows of [`Situation`](super::Situation) ask, each answered from what was read and nothing
//! else: a reading that is missing answers none of them with yes.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    failures::Failures,
    observation::{BootProtector, Name, Observation, Protector},
    password::Escrowed,
    planner::Pursuit,
    rules::{Aim, Before, Boot, Rules},
    step::Step,
};
use crate::{
    ids::ProtectorId,
    verification::{Conversion, EncryptionMethod, ProtectionStatus, ProtectorKind, Reading},
};

/// The state of a planner that pursues a goal, beside an observation.
pub(super) struct View<'a> {
    pub(super) rules: &'a Rules,
    pub(super) pursuit: &'a Pursuit,
    pub(super) passwords: &'a BTreeMap<ProtectorId, Escrowed>,
    pub(super) failures: &'a Failures,
    pub(super) seen: &'a Observation,
}

impl<'a> View<'a> {
    /// The protectors of the volume; none if they could not be read.
    pub(super) fn protectors(&self) -> &'a [Protector] {
        self.seen.protectors.as_deref().unwrap_or_default()
    }

    /// Its recovery passwords.
    pub(super) fn recovery_passwords(&self) -> impl Iterator<Item = &'a Protector> {
        self.protectors().iter().filter(|protector| protector.is_recovery_password())
    }

    pub(super) fn conversion_in(&self, these: &[Conversion]) -> bool {
        self.seen.conversion.is_some_and(|conversion| these.contains(&conversion))
    }

    /// A recovery password that is not in escrow, unless reading or sealing it failed just now.
    pub(super) fn unescrowed(&self) -> Option<&'a Protector> {
        self.recovery_passwords().find(|protector| {
            !self.passwords.contains_key(&protector.id)
                && self.failures.held(&Step::escrow(&protector.id, self.pursuit), self.seen.at).is_none()
        })
    }

    /// An envelope that the server is to be asked about: one that it may not have, or one of the volume's that it has not
    /// shown to work.
    pub(super) fn due(&self) -> Option<(&'a ProtectorId, &'a Escrowed)> {
        let present: BTreeSet<&ProtectorId> = self.recovery_passwords().map(|protector| &protector.id).collect();
        self.passwords.iter().find(|(protector, escrowed)| {
            let open = match escrowed.reached(self.rules.level) {
                Before::Spooled => true,
                Before::Stored => present.contains(protector),
                Before::Verified => false,
            };
            open && escrowed.is_due(self.rules.ask_again_after, self.seen.at)
        })
    }

    /// What a rotation replaces; nothing for other aims.
    fn replaced(&self, protector: &ProtectorId) -> bool {
        let same = |named: &ProtectorId| named.is_same(protector);
        matches!(&self.pursuit.goal.aim, Aim::Rotate { replace } if replace.iter().any(same))
    }

    /// The recovery password on the volume that was made for this goal; one in escrow before one that is not.
    pub(super) fn own(&self) -> Option<&'a Protector> {
        let name = self.pursuit.goal.friendly_name();
        let own = |protector: &&Protector| {
            let named = matches!(&protector.name, Name::Is(text) if *text == name);
            (named || self.pursuit.created.as_ref() == Some(&protector.id)) && !self.replaced(&protector.id)
        };
        let escrowed = |protector: &&Protector| self.passwords.contains_key(&protector.id);
        self.recovery_passwords().filter(own).find(escrowed).or_else(|| self.recovery_passwords().find(own))
    }

    /// Whether the name of a recovery password is not known that may have been made for this goal.
    pub(super) fn unnamed(&self) -> bool {
        self.recovery_passwords().any(|protector| protector.name == Name::Unread && !self.replaced(&protector.id))
    }

    /// Whether the volume lacks a recovery password in escrow: for a rotation one that was made for it, for the
    /// other aims any.
    pub(super) fn lacks_password(&self) -> bool {
        let known = |protector: &Protector| self.passwords.contains_key(&protector.id);
        match self.pursuit.goal.aim {
            Aim::Rotate { .. } => !self.own().is_some_and(known),
            _ => !self.recovery_passwords().any(known),
        }
    }

    /// What starts Windows on this volume.
    pub(super) fn boot(&self) -> BootProtector {
        BootProtector::of(self.protectors())
    }

    /// Whether this is a volume that starts Windows, and encryption is not on its way: then protectors that
    /// start it matter now.
    pub(super) fn starts_windows(&self) -> bool {
        self.seen.machine.system_volume == Reading::Yes
            && self.conversion_in(&[Conversion::FullyDecrypted, Conversion::FullyEncrypted])
    }

    /// Whether a boot protector is to be added.
    pub(super) fn wants_tpm(&self) -> bool {
        self.starts_windows() && self.boot() == BootProtector::Absent
    }

    pub(super) fn wants_startup_key(&self) -> bool {
        matches!(self.rules.boot, Boot::TpmAndStartupKey | Boot::TpmAndPinAndStartupKey)
    }

    /// Whether group policy sets another method than the rules.
    pub(super) fn method_conflicts(&self) -> bool {
        let registry = self.seen.machine.registry.as_ref();
        registry
            .and_then(|registry| registry.encryption_method_with_xts_os)
            .is_some_and(|number| number != self.rules.encryption_method.number())
    }

    /// Whether the volume is encrypted and protection off.
    pub(super) fn is_off(&self) -> bool {
        self.seen.protection == Some(ProtectionStatus::Off) && self.conversion_in(&[Conversion::FullyEncrypted])
    }

    fn is_verified(&self, protector: &Protector) -> bool {
        self.passwords.get(&protector.id).is_some_and(|escrowed| escrowed.reached(self.rules.level) == Before::Verified)
    }

    /// Whether the password that was made for this goal is on the volume and verified.
    pub(super) fn new_is_verified(&self) -> bool {
        self.own().is_some_and(|protector| self.is_verified(protector))
    }

    /// Whether each recovery password of the volume is verified.
    pub(super) fn all_verified(&self) -> bool {
        self.recovery_passwords().all(|protector| self.is_verified(protector))
    }

    /// A recovery password on the volume that the goal replaces.
    pub(super) fn old(&self) -> Option<&'a Protector> {
        self.recovery_passwords().find(|protector| self.replaced(&protector.id))
    }

    /// The method of an encrypted volume, if it is weaker than that of the rules.
    pub(super) fn weaker_method(&self) -> Option<EncryptionMethod> {
        let decrypted = self.seen.conversion.is_none() || self.conversion_in(&[Conversion::FullyDecrypted]);
        let method = self.seen.encryption_method.filter(|_| !decrypted)?;
        (strength(method)? < strength(self.rules.encryption_method)?).then_some(method)
    }

    /// What starts Windows by the TPM, if it is not what the rules name.
    pub(super) fn other_boot_protector(&self) -> Option<ProtectorKind> {
        let by_tpm = [
            ProtectorKind::Tpm,
            ProtectorKind::TpmAndPin,
            ProtectorKind::TpmAndStartupKey,
            ProtectorKind::TpmAndPinAndStartupKey,
        ];
        let kinds = || self.protectors().iter().filter_map(|protector| protector.kind);
        let wanted = self.rules.boot.kind();
        kinds().find(|kind| by_tpm.contains(kind)).filter(|_| !kinds().any(|kind| kind == wanted))
    }
}

/// Bits of the key, and then the mode. A drive's own encryption is not known to be any good.
fn strength(method: EncryptionMethod) -> Option<(u16, u8)> {
    match method {
        EncryptionMethod::None | EncryptionMethod::Hardware => Some((0, 0)),
        EncryptionMethod::Aes128 => Some((128, 0)),
        EncryptionMethod::Aes128WithDiffuser => Some((128, 1)),
        EncryptionMethod::XtsAes128 => Some((128, 2)),
        EncryptionMethod::Aes256 => Some((256, 0)),
        EncryptionMethod::Aes256WithDiffuser => Some((256, 1)),
        EncryptionMethod::XtsAes256 => Some((256, 2)),
    }
}
