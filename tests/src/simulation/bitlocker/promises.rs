//! What must be true after every step, whatever happened before?
//!
//! Held against what is so, not against what the planner believes: the volume before and after the step, the spool on
//! the disk, and what the server has.

use std::collections::BTreeSet;

use fdescrow::{
    ProtectorId,
    agent::bitlocker::{Aim, Before, Call, Goal, Observation, Rules, Step},
    verification::{Conversion, LockStatus, ProtectionStatus, ProtectorKind, Reading},
};

use super::{
    server::{Envelope, Server},
    volume::{Protector, Volume},
};

/// A promise, in the words of the report.
pub(super) type Promise = &'static str;

pub(super) const READ: Promise = "the volume is not changed unless lock, conversion and protectors were read";
pub(super) const SERVER: Promise = "a computer that is, or may be, a server is left alone";
pub(super) const STEP_READ: Promise = "a step follows from readings, each of which was made";
pub(super) const RECOVERABLE: Promise =
    "an encrypted volume keeps a working recovery password that server or spool know";
pub(super) const ESCROW_FIRST: Promise =
    "nothing is encrypted or protected before a recovery password is as far in escrow as the rules ask";
pub(super) const BOOT: Promise = "the class of the boot protector stays";
pub(super) const ROTATIONS_REMOVE: Promise = "protectors are removed by rotations only";
pub(super) const FOREIGN: Promise = "what the goal does not name is not removed";
pub(super) const PROVEN: Promise =
    "an old recovery password goes only when the new one works and the server verified it";
pub(super) const AS_RULED: Promise = "a volume is encrypted as the rules and group policy say";
pub(super) const NEVER_DECRYPTED: Promise =
    "a volume is never decrypted, and a decryption neither resumed nor reversed";

pub(super) const COMES_TRUE: Promise = "when nothing fails any more, what was asked for comes true";

/// Whether the server names this protector, in whatever spelling of its GUID.
pub(super) fn names(replace: &BTreeSet<ProtectorId>, protector: &ProtectorId) -> bool {
    let bare = protector.as_str().trim_matches(['{', '}']);
    replace.iter().any(|named| named.as_str().trim_matches(['{', '}']).eq_ignore_ascii_case(bare))
}

/// What is known of recovery passwords outside the volume.
#[derive(Clone, Copy)]
pub(super) struct Outside<'a> {
    pub(super) server: &'a Server,
    pub(super) spool: &'a [Envelope],
}

impl Outside<'_> {
    fn reached(self, protector: &Protector) -> Option<Before> {
        let (id, password) = (&protector.id, protector.password.as_str());
        if self.server.verified(id, password) {
            return Some(Before::Verified);
        }
        if self.server.has(id, password) {
            return Some(Before::Stored);
        }
        let spooled = self.spool.iter().any(|envelope| envelope.protector == *id && envelope.password == password);
        spooled.then_some(Before::Spooled)
    }

    /// Whether a recovery password works on the volume and is that far in escrow.
    pub(super) fn has(self, volume: &Volume, before: Before) -> bool {
        volume
            .protectors
            .iter()
            .filter(|protector| protector.is_password() && (protector.enabled || volume.clear_key))
            .any(|protector| self.reached(protector).is_some_and(|reached| reached >= before))
    }
}

/// One step of the agent's on the volume.
pub(super) struct Stepped<'a> {
    pub(super) rules: &'a Rules,
    pub(super) goal: &'a Goal,
    pub(super) seen: &'a Observation,
    pub(super) step: &'a Step,
    pub(super) before: &'a Volume,
    pub(super) after: &'a Volume,
    pub(super) outside: Outside<'a>,
}

impl Stepped<'_> {
    /// The first promise that the step broke.
    pub(super) fn broken(&self) -> Result<(), Promise> {
        self.recovery()?;
        self.boot()?;
        self.removal()?;
        self.conversion()?;
        self.reading()
    }

    fn call(&self) -> Option<&Call> {
        match self.step {
            Step::Call(call) if call.changes() => Some(call),
            _ => None,
        }
    }

    /// What could not be read is no reason to change anything.
    fn reading(&self) -> Result<(), Promise> {
        let (Some(call), seen) = (self.call(), self.seen) else { return Ok(()) };
        let machine = &seen.machine;
        if seen.conversion.is_none() || seen.protectors.is_none() || seen.lock != Some(LockStatus::Unlocked) {
            return Err(READ);
        }
        if machine.server != Reading::No && !self.rules.servers {
            return Err(SERVER);
        }
        let read = match call {
            Call::EnableKeyProtectors => {
                seen.protection == Some(ProtectionStatus::Off)
                    && seen.suspend_count == Some(0)
                    && seen.conversion == Some(Conversion::FullyEncrypted)
            }
            Call::DeleteKeyProtector { .. } => seen.protection == Some(ProtectionStatus::On),
            Call::Encrypt { .. } => machine.registry.is_some() && machine.system_volume == Reading::Yes,
            Call::ProtectKeyWithTPM | Call::ProtectKeyWithTPMAndPIN => {
                machine.tpm == Reading::Yes && machine.system_volume == Reading::Yes
            }
            _ => true,
        };
        if read { Ok(()) } else { Err(STEP_READ) }
    }

    /// The last recovery password that is known stays; and nothing is encrypted without one.
    fn recovery(&self) -> Result<(), Promise> {
        let has = |volume: &Volume, before: Before| self.outside.has(volume, before);
        if self.before.is_encrypted() && has(self.before, Before::Spooled) && !has(self.after, Before::Spooled) {
            return Err(RECOVERABLE);
        }
        let wanted = match (self.call(), &self.goal.aim) {
            (Some(Call::Encrypt { .. } | Call::ResumeConversion), _) => self.rules.before_encryption,
            (Some(Call::EnableKeyProtectors), Aim::Protect) => self.rules.before_encryption,
            (Some(Call::EnableKeyProtectors), _) => Before::Spooled,
            _ => return Ok(()),
        };
        if has(self.after, wanted) { Ok(()) } else { Err(ESCROW_FIRST) }
    }

    /// What starts Windows stays what it is; it is added where there is nothing.
    fn boot(&self) -> Result<(), Promise> {
        let harmless = |protector: &&Protector| {
            [ProtectorKind::NumericalPassword, ProtectorKind::PublicKey, ProtectorKind::Sid]
                .iter()
                .any(|kind| protector.is(*kind))
        };
        let boot = |volume: &Volume| -> Vec<u32> {
            volume.protectors.iter().filter(|protector| !harmless(protector)).map(|protector| protector.kind).collect()
        };
        let (before, after) = (boot(self.before), boot(self.after));
        if before == after || (before.is_empty() && after == [self.rules.boot.kind().number()]) {
            Ok(())
        } else {
            Err(BOOT)
        }
    }

    /// Only what the goal names goes, and only when its replacement is proven.
    fn removal(&self) -> Result<(), Promise> {
        for gone in self.before.protectors.iter().filter(|protector| self.after.protector(&protector.id).is_none()) {
            let Aim::Rotate { replace } = &self.goal.aim else {
                return Err(ROTATIONS_REMOVE);
            };
            if !gone.is_password() || !names(replace, &gone.id) {
                return Err(FOREIGN);
            }
            let proven = self.after.protectors.iter().any(|protector| {
                protector.is_password()
                    && protector.enabled
                    && !names(replace, &protector.id)
                    && protector.name == self.goal.friendly_name()
                    && self.outside.reached(protector) == Some(Before::Verified)
            });
            if !proven {
                return Err(PROVEN);
            }
        }
        Ok(())
    }

    /// Encryption begins, or goes on; nothing else.
    fn conversion(&self) -> Result<(), Promise> {
        let (before, after) = (self.before.conversion, self.after.conversion);
        let fine = match self.call() {
            Some(Call::Encrypt { encryption_method, encryption_type }) => {
                let kind = self.before.registry.encryption_type().unwrap_or(self.rules.encryption_type);
                if kind != *encryption_type || *encryption_method != self.rules.encryption_method {
                    return Err(AS_RULED);
                }
                before == after || before == Conversion::FullyDecrypted
            }
            Some(Call::ResumeConversion) => before == after || before == Conversion::EncryptionPaused,
            _ => before == after,
        };
        if fine { Ok(()) } else { Err(NEVER_DECRYPTED) }
    }
}
