//! What does a Windows PC answer about its volume?
//!
//! The demonstration needs a PC, so here is one: the volume that Windows starts from, encrypted, with the methods of
//! `Win32_EncryptableVolume` that an agent needs to escrow and to replace a recovery password. Windows makes the
//! passwords. What runs on it is the [`agent`].

pub(super) mod agent;

use fdescrow::{
    Kind, ProtectorId, Randomness, RecoveryKey, Secret,
    agent::bitlocker::{Answer, Call, Hresult, Machine, Registry},
    verification::{Conversion, EncryptionMethod, LockStatus, ProtectionStatus, ProtectorKind, Reading},
};

use crate::exit::Failure;

/// `E_NOTIMPL`: not a method of this PC.
const NOT_IMPLEMENTED: u32 = 0x8000_4001;
/// `FVE_E_PROTECTOR_NOT_FOUND`.
const PROTECTOR_NOT_FOUND: u32 = 0x8031_0033;
/// `FVE_E_KEY_REQUIRED`: the last protector stays.
const KEY_REQUIRED: u32 = 0x8031_001D;

/// The volume.
#[derive(Debug)]
pub(super) struct Volume {
    protectors: Vec<Protector>,
}

#[derive(Debug)]
struct Protector {
    id: ProtectorId,
    name: String,
    /// The recovery password; none: it is the TPM.
    password: Option<RecoveryKey>,
}

impl Protector {
    fn new(name: &str, password: Option<RecoveryKey>, rng: &dyn Randomness) -> Result<Self, Failure> {
        let guid = fdescrow::KeyId::generate(rng)?.to_string();
        Ok(Self { id: ProtectorId::bitlocker(&guid)?, name: name.to_owned(), password })
    }

    fn kind(&self) -> ProtectorKind {
        if self.password.is_some() { ProtectorKind::NumericalPassword } else { ProtectorKind::Tpm }
    }
}

/// What a method gives.
#[derive(Debug)]
enum Returned {
    /// What one that looks answers.
    Answer(Answer),
    /// This protector was made.
    Made(ProtectorId),
    Nothing,
    Password(Secret<str>),
}

impl Volume {
    /// Encrypted when Windows was set up. It starts by its TPM, and has a recovery password that nobody took down.
    fn new(rng: &dyn Randomness) -> Result<Self, Failure> {
        let password = RecoveryKey::generate(Kind::BitLocker, rng)?;
        Ok(Self { protectors: vec![Protector::new("", None, rng)?, Protector::new("", Some(password), rng)?] })
    }

    /// What the agent knows of the computer.
    fn machine() -> Machine {
        let mut machine = Machine::unknown();
        machine.server = Reading::No;
        machine.tpm = Reading::Yes;
        machine.system_volume = Reading::Yes;
        machine.registry = Some(Registry::default());
        machine
    }

    /// The recovery passwords that it has, by their ids.
    fn recovery_passwords(&self) -> impl Iterator<Item = &ProtectorId> {
        self.protectors.iter().filter(|protector| protector.password.is_some()).map(|protector| &protector.id)
    }

    /// Whether what is typed on the blue screen starts Windows.
    fn unlocks(&self, typed: &RecoveryKey) -> bool {
        let mut passwords = self.protectors.iter().filter_map(|protector| protector.password.as_ref());
        passwords.any(|password| password.constant_time_eq(typed))
    }

    /// Calls a method. As a method does, it answers, or fails with a code of Windows'.
    fn call(&mut self, call: &Call, rng: &dyn Randomness) -> Result<Result<Returned, Hresult>, Failure> {
        let number = |number: u32| Ok(Returned::Answer(Answer::Number(number)));
        let not_found = Hresult::new(PROTECTOR_NOT_FOUND);
        let find = |id: &ProtectorId| self.protectors.iter().find(|protector| protector.id == *id).ok_or(not_found);
        Ok(match call {
            Call::GetLockStatus => number(LockStatus::Unlocked.number()),
            Call::GetConversionStatus => number(Conversion::FullyEncrypted.number()),
            Call::GetProtectionStatus => number(ProtectionStatus::On.number()),
            Call::GetEncryptionMethod => number(EncryptionMethod::XtsAes256.number()),
            Call::GetSuspendCount => number(0),
            Call::GetKeyProtectors => {
                let ids = self.protectors.iter().map(|protector| protector.id.to_string()).collect();
                Ok(Returned::Answer(Answer::Texts(ids)))
            }
            Call::GetKeyProtectorType { protector } => {
                find(protector).map(|found| Returned::Answer(Answer::Number(found.kind().number())))
            }
            Call::GetKeyProtectorFriendlyName { protector } => {
                find(protector).map(|found| Returned::Answer(Answer::Text(found.name.clone())))
            }
            Call::GetKeyProtectorNumericalPassword { protector } => {
                let password = find(protector).and_then(|found| found.password.as_ref().ok_or(not_found));
                password.map(|password| Returned::Password(Secret::<str>::copy_from(password.expose())))
            }
            Call::ProtectKeyWithNumericalPassword { friendly_name } => {
                let password = RecoveryKey::generate(Kind::BitLocker, rng)?;
                let made = Protector::new(friendly_name, Some(password), rng)?;
                let id = made.id.clone();
                self.protectors.push(made);
                Ok(Returned::Made(id))
            }
            Call::DeleteKeyProtector { .. } if self.protectors.len() == 1 => Err(Hresult::new(KEY_REQUIRED)),
            Call::DeleteKeyProtector { protector } => {
                let before = self.protectors.len();
                self.protectors.retain(|one| one.id != *protector);
                if self.protectors.len() < before { Ok(Returned::Nothing) } else { Err(not_found) }
            }
            _ => Err(Hresult::new(NOT_IMPLEMENTED)),
        })
    }
}
