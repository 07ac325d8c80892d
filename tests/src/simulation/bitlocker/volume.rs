//! A volume that behaves as Microsoft documents `Win32_EncryptableVolume`, and an operating system around it.

use fdescrow::{
    agent::bitlocker::{Aim, Answer, Call, Machine, Registry},
    ids::ProtectorId,
    verification::{Conversion, EncryptionMethod, ProtectionStatus, ProtectorKind, Reading},
};

use crate::crash::Dice;

/// What a method returned.
#[derive(Debug)]
#[non_exhaustive]
pub enum Returned {
    /// What one that looks answers.
    Answer(Answer),
    /// It made this protector.
    Made(ProtectorId),
    /// Nothing but 0.
    Nothing,
    /// A recovery password.
    Password(String),
}

/// One of its protectors.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Protector {
    /// Its GUID.
    pub id: ProtectorId,
    /// Microsoft's number, or one that is not known.
    pub(super) kind: u32,
    pub(super) name: String,
    /// The recovery password, if it is one.
    pub password: String,
    /// Added while protection was suspended, it works only when protection is on again.
    pub(super) enabled: bool,
}

impl Protector {
    pub(super) fn is(&self, kind: ProtectorKind) -> bool {
        self.kind == kind.number()
    }

    /// Whether it is a recovery password.
    pub fn is_password(&self) -> bool {
        self.is(ProtectorKind::NumericalPassword)
    }
}

/// The volume, and what surrounds it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Volume {
    /// Whether it is encrypted, decrypted, or on the way.
    pub conversion: Conversion,
    pub(super) locked: bool,
    /// The volume's key lies on the disk in clear: suspended, or never activated.
    pub(super) clear_key: bool,
    pub(super) suspend_count: u32,
    pub(super) method: EncryptionMethod,
    pub(super) prepared: bool,
    /// What it has.
    pub protectors: Vec<Protector>,
    pub(super) tpm: bool,
    pub(super) server: bool,
    pub(super) system: bool,
    pub(super) registry: Registry,
    made: u64,
}

pub(super) const LOCKED: u32 = 0x8031_0000;

impl Volume {
    /// The volume of the operating system of a client with a TPM, without protectors.
    pub fn new(conversion: Conversion) -> Self {
        let encrypted = conversion != Conversion::FullyDecrypted;
        Self {
            conversion,
            locked: false,
            clear_key: false,
            suspend_count: 0,
            method: if encrypted { EncryptionMethod::XtsAes256 } else { EncryptionMethod::None },
            prepared: encrypted,
            protectors: Vec::new(),
            tpm: true,
            server: false,
            system: true,
            registry: Registry::default(),
            made: 0,
        }
    }

    /// A volume as one may be found.
    pub(super) fn found(dice: &mut Dice) -> Self {
        let mut registry = Registry::default();
        registry.os_encryption_type = [None, None, Some(0), Some(1), Some(2)][below(dice, 5)];
        registry.encryption_method_with_xts_os = [None, None, None, Some(7), Some(6)][below(dice, 5)];
        let mut volume = Self::new(Conversion::FullyDecrypted);
        volume.registry = registry;
        volume.tpm = !one_in(dice, 12);
        volume.server = one_in(dice, 25);
        volume.system = !one_in(dice, 15);
        if dice.roll(5) < 2 {
            volume.prepared = one_in(dice, 4);
            return volume;
        }
        let conversions = [
            Conversion::FullyEncrypted,
            Conversion::FullyEncrypted,
            Conversion::FullyEncrypted,
            Conversion::FullyEncrypted,
            Conversion::EncryptionInProgress,
            Conversion::EncryptionPaused,
            Conversion::DecryptionInProgress,
            Conversion::DecryptionPaused,
        ];
        volume.conversion = conversions[below(dice, conversions.len())];
        volume.prepared = true;
        volume.method =
            [EncryptionMethod::XtsAes256, EncryptionMethod::XtsAes128, EncryptionMethod::Aes128][below(dice, 3)];
        if one_in(dice, 6) {
            // Waiting for activation: encrypted by Windows' set-up, no protector, the key in clear.
            volume.clear_key = true;
            return volume;
        }
        let boots = [1, 1, 1, 4, 4, 5, 6, 2, 8];
        if !one_in(dice, 8) {
            let kind = boots[below(dice, boots.len())];
            volume.add(kind, "", dice);
        }
        for _ in 0..dice.roll(3) {
            volume.add(3, "", dice);
        }
        if one_in(dice, 8) {
            let kind = [7, 9, 10, 77][below(dice, 4)];
            volume.add(kind, "", dice);
        }
        if volume.protectors.is_empty() || one_in(dice, 4) {
            volume.clear_key = true;
            volume.suspend_count = if one_in(dice, 3) { 2 } else { 0 };
        }
        volume.locked = one_in(dice, 30);
        volume
    }

    /// What the agent knows of the computer.
    pub fn machine(&self) -> Machine {
        let reading = |yes: bool| if yes { Reading::Yes } else { Reading::No };
        let mut machine = Machine::unknown();
        machine.server = reading(self.server);
        machine.tpm = reading(self.tpm);
        machine.system_volume = reading(self.system);
        machine.registry = Some(self.registry.clone());
        machine
    }

    /// Adds a protector of this type, Microsoft's number.
    pub fn add(&mut self, kind: u32, name: &str, dice: &mut Dice) -> ProtectorId {
        self.made += 1;
        let id = format!("{{{:08X}-0000-4000-8000-{:012X}}}", dice.roll(1 << 32), self.made);
        let id = ProtectorId::new(id).unwrap();
        let password = if kind == 3 {
            let groups: Vec<String> = (0..8).map(|_| format!("{:06}", dice.roll(65_536) * 11)).collect();
            groups.join("-")
        } else {
            String::new()
        };
        let enabled = !(self.clear_key && self.conversion == Conversion::FullyEncrypted);
        self.protectors.push(Protector { id: id.clone(), kind, name: name.to_owned(), password, enabled });
        id
    }

    /// Whether protection is on.
    pub fn protection(&self) -> ProtectionStatus {
        if self.locked {
            ProtectionStatus::Unknown
        } else if self.conversion == Conversion::FullyEncrypted && !self.clear_key && !self.protectors.is_empty() {
            ProtectionStatus::On
        } else {
            ProtectionStatus::Off
        }
    }

    pub(super) fn protector(&self, id: &ProtectorId) -> Option<&Protector> {
        self.protectors.iter().find(|protector| protector.id == *id)
    }

    /// Whether it is encrypted, or becomes so.
    pub fn is_encrypted(&self) -> bool {
        matches!(
            self.conversion,
            Conversion::FullyEncrypted | Conversion::EncryptionInProgress | Conversion::EncryptionPaused
        )
    }

    /// Time passes.
    pub fn tick(&mut self, dice: &mut Dice) {
        match self.conversion {
            Conversion::EncryptionInProgress if one_in(dice, 3) => self.conversion = Conversion::FullyEncrypted,
            Conversion::DecryptionInProgress if one_in(dice, 3) => self.plain(),
            _ => {}
        }
    }

    fn plain(&mut self) {
        self.conversion = Conversion::FullyDecrypted;
        self.protectors.clear();
        self.clear_key = false;
        self.suspend_count = 0;
        self.prepared = false;
        self.method = EncryptionMethod::None;
    }

    /// The computer starts again.
    pub(super) fn restart(&mut self) {
        if self.clear_key && self.suspend_count > 0 {
            self.suspend_count -= 1;
            if self.suspend_count == 0 {
                self.resume();
            }
        }
    }

    fn resume(&mut self) {
        self.clear_key = false;
        self.suspend_count = 0;
        self.protectors.iter_mut().for_each(|protector| protector.enabled = true);
    }

    /// Windows, a user or an administrator does something.
    pub(super) fn interfere(&mut self, dice: &mut Dice) {
        match dice.roll(16) {
            0 | 1 => {
                self.add(3, ["", "admin's", "fdescrow other"][below(dice, 3)], dice);
            }
            2 | 3 => self.drop_one(dice, |protector| protector.is_password()),
            4 => self.drop_one(dice, |protector| !protector.is_password()),
            5 if !self.protectors.iter().any(|protector| [1, 2, 4, 5, 6, 8].contains(&protector.kind)) => {
                self.add([1, 4, 5, 6][below(dice, 4)], "", dice);
            }
            6 => {
                if let Some(tpm) = self.protectors.iter_mut().find(|protector| protector.kind == 1) {
                    tpm.kind = 4;
                }
            }
            7 | 8 if self.conversion == Conversion::FullyEncrypted => {
                self.clear_key = true;
                self.suspend_count = [0, 0, 1, 3][below(dice, 4)];
            }
            9 if self.clear_key && !self.protectors.is_empty() => self.resume(),
            10 => {
                self.conversion = match self.conversion {
                    Conversion::EncryptionInProgress => Conversion::EncryptionPaused,
                    Conversion::EncryptionPaused => Conversion::EncryptionInProgress,
                    Conversion::DecryptionInProgress => Conversion::DecryptionPaused,
                    Conversion::DecryptionPaused => Conversion::DecryptionInProgress,
                    other => other,
                };
            }
            11 if one_in(dice, 3) => {
                self.conversion = match self.conversion {
                    Conversion::FullyEncrypted | Conversion::EncryptionPaused => Conversion::DecryptionInProgress,
                    other => other,
                };
            }
            12 => self.locked = one_in(dice, 4),
            13 => self.tpm = !one_in(dice, 4),
            14 => self.restart(),
            _ => {}
        }
    }

    /// Somebody removes a protector that fits, as far as Windows lets him.
    fn drop_one(&mut self, dice: &mut Dice, fits: impl Fn(&Protector) -> bool) {
        let fitting: Vec<usize> = (0..self.protectors.len()).filter(|index| fits(&self.protectors[*index])).collect();
        let last = self.protectors.len() == 1 && self.conversion != Conversion::FullyDecrypted && !self.clear_key;
        if !fitting.is_empty() && !last {
            self.protectors.remove(fitting[below(dice, fitting.len())]);
        }
    }

    /// Everything that stood in the way is mended: what a helpful person would do, and what is not the planner's to do
    /// for this aim.
    pub(super) fn mend(&mut self, aim: &Aim) {
        self.locked = false;
        self.tpm = true;
        self.suspend_count = 0;
        self.conversion = match self.conversion {
            Conversion::DecryptionPaused => Conversion::DecryptionInProgress,
            Conversion::EncryptionPaused if *aim != Aim::Protect => Conversion::EncryptionInProgress,
            other => other,
        };
        self.protectors.retain(|protector| ProtectorKind::from_number(protector.kind).is_some());
        if self.protectors.is_empty() && self.is_encrypted() {
            self.clear_key = true;
        }
        self.registry.encryption_method_with_xts_os = None;
        if matches!(aim, Aim::Rotate { .. }) && !self.protectors.is_empty() {
            self.resume();
        }
    }

    /// Calls a method.
    ///
    /// # Errors
    /// A code of Windows'; nothing was done.
    pub fn call(&mut self, call: &Call, dice: &mut Dice) -> Result<Returned, u32> {
        let number = |number: u32| Ok(Returned::Answer(Answer::Number(number)));
        let kinds = |volume: &Self, kind: u32| volume.protectors.iter().any(|protector| protector.kind == kind);
        if self.locked && (call.changes() || matches!(call, Call::GetKeyProtectorNumericalPassword { .. })) {
            return Err(LOCKED);
        }
        match call {
            Call::GetLockStatus => number(u32::from(self.locked)),
            Call::GetConversionStatus => number(self.conversion.number()),
            Call::GetProtectionStatus => number(self.protection().number()),
            Call::GetEncryptionMethod => number(self.method.number()),
            Call::GetSuspendCount => number(self.suspend_count),
            Call::GetKeyProtectors => {
                let ids = self.protectors.iter().map(|protector| protector.id.as_str().to_owned()).collect();
                Ok(Returned::Answer(Answer::Texts(ids)))
            }
            Call::GetKeyProtectorType { protector } => number(self.protector(protector).ok_or(0x8031_0033_u32)?.kind),
            Call::GetKeyProtectorFriendlyName { protector } => {
                let name = self.protector(protector).ok_or(0x8031_0033_u32)?.name.clone();
                Ok(Returned::Answer(Answer::Text(name)))
            }
            Call::GetKeyProtectorNumericalPassword { protector } => {
                Ok(Returned::Password(self.protector(protector).ok_or(0x8031_0033_u32)?.password.clone()))
            }
            Call::PrepareVolume => {
                if self.prepared || self.conversion != Conversion::FullyDecrypted {
                    return Err(0x8031_0039);
                }
                self.prepared = true;
                Ok(Returned::Nothing)
            }
            Call::ProtectKeyWithNumericalPassword { friendly_name } => {
                Ok(Returned::Made(self.add(3, friendly_name, dice)))
            }
            Call::ProtectKeyWithTPM | Call::ProtectKeyWithTPMAndPIN => {
                let kind = if *call == Call::ProtectKeyWithTPM { 1 } else { 4 };
                match () {
                    () if !self.tpm => Err(0x8028_4008),
                    () if !self.system => Err(0x8031_0028),
                    () if kinds(self, 8) => Err(0x8031_00AC),
                    () if kinds(self, kind) => Err(0x8031_0031),
                    () => Ok(Returned::Made(self.add(kind, "", dice))),
                }
            }
            Call::Encrypt { encryption_method, .. } => {
                let policy = self.registry.encryption_method_with_xts_os;
                match self.conversion {
                    _ if policy.is_some_and(|policy| policy != encryption_method.number()) => Err(0x8007_0057),
                    Conversion::FullyDecrypted if self.protectors.is_empty() => Err(0x8031_002E),
                    Conversion::FullyDecrypted => {
                        self.conversion = Conversion::EncryptionInProgress;
                        self.method = *encryption_method;
                        Ok(Returned::Nothing)
                    }
                    _ if *encryption_method != self.method => Err(0x8031_002D),
                    Conversion::FullyEncrypted => Ok(Returned::Nothing),
                    _ => {
                        self.conversion = Conversion::EncryptionInProgress;
                        Ok(Returned::Nothing)
                    }
                }
            }
            Call::ResumeConversion => {
                self.conversion = match self.conversion {
                    Conversion::EncryptionPaused => Conversion::EncryptionInProgress,
                    Conversion::DecryptionPaused => Conversion::DecryptionInProgress,
                    other => other,
                };
                Ok(Returned::Nothing)
            }
            Call::EnableKeyProtectors => {
                if self.protectors.is_empty() {
                    return Err(0x8031_0007);
                }
                self.resume();
                Ok(Returned::Nothing)
            }
            Call::DeleteKeyProtector { protector } => {
                let index = self.protectors.iter().position(|one| one.id == *protector).ok_or(0x8007_0057_u32)?;
                let plain = self.conversion == Conversion::FullyDecrypted;
                if self.protectors.len() == 1 && !plain && !self.clear_key {
                    return Err(0x8031_001D);
                }
                self.protectors.remove(index);
                Ok(Returned::Nothing)
            }
            _ => panic!("a method that the simulated volume does not have: {call:?}"),
        }
    }
}

pub(super) fn one_in(dice: &mut Dice, sides: u64) -> bool {
    dice.roll(sides) == 0
}

pub(super) fn below(dice: &mut Dice, sides: usize) -> usize {
    usize::try_from(dice.roll(u64::try_from(sides).unwrap())).unwrap()
}
