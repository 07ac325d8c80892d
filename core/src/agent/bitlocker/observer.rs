//! How is a volume looked at?
//!
//! [`Observer::next`] says which method to call, [`Observer::answer`] takes what it returned. The list of protectors is
//! read at the beginning and again at the end; if it changed meanwhile, it counts as not read.

use serde::{Deserialize, Serialize};

use super::{
    call::Call,
    hresult::Hresult,
    observation::{Machine, Name, Observation, Protector},
};
use crate::{
    ids::ProtectorId,
    time::Timestamp,
    verification::{Conversion, EncryptionMethod, LockStatus, ProtectionStatus, ProtectorKind},
};

/// What a method that looks returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// A number: a status, a method, a type, a count.
    Number(u32),
    /// A text: a name.
    Text(String),
    /// Texts: the ids of protectors.
    Texts(Vec<String>),
}

/// Looks at a volume once.
#[derive(Clone, Debug)]
pub struct Observer {
    seen: Observation,
    stage: Stage,
    protectors: Option<Vec<Protector>>,
}

/// What is read next. What changes most is read last: the step follows at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Protectors,
    Type(usize),
    Name(usize),
    Method,
    Lock,
    SuspendCount,
    Protection,
    Conversion,
    ProtectorsAgain,
    Done,
}

impl Observer {
    /// Looks at the volume of this computer.
    pub fn new(machine: Machine, at: Timestamp) -> Self {
        Self { seen: Observation::new(machine, at), stage: Stage::Protectors, protectors: None }
    }

    /// The next method to call; none: that was all, [`Observer::finish`].
    pub fn next(&self) -> Option<Call> {
        match self.stage {
            Stage::Protectors | Stage::ProtectorsAgain => Some(Call::GetKeyProtectors),
            Stage::Type(index) => self.id(index).map(|protector| Call::GetKeyProtectorType { protector }),
            Stage::Name(index) => self.id(index).map(|protector| Call::GetKeyProtectorFriendlyName { protector }),
            Stage::Method => Some(Call::GetEncryptionMethod),
            Stage::Lock => Some(Call::GetLockStatus),
            Stage::SuspendCount => Some(Call::GetSuspendCount),
            Stage::Protection => Some(Call::GetProtectionStatus),
            Stage::Conversion => Some(Call::GetConversionStatus),
            Stage::Done => None,
        }
    }

    /// Takes what the method returned. An error, or an answer of another shape, is a reading that is missing.
    pub fn answer(&mut self, answer: Result<Answer, Hresult>) {
        let answer = answer.ok();
        let number = match answer {
            Some(Answer::Number(number)) => Some(number),
            _ => None,
        };
        self.stage = match self.stage {
            Stage::Protectors => {
                let protectors = ids(answer);
                self.protectors = protectors.map(|ids| ids.into_iter().map(|id| Protector::new(id, None)).collect());
                self.of(0)
            }
            Stage::Type(index) => match (self.protector(index), number) {
                (Some(protector), Some(number)) => {
                    protector.kind = ProtectorKind::from_number(number);
                    if protector.is_recovery_password() { Stage::Name(index) } else { self.of(index.saturating_add(1)) }
                }
                _ => {
                    // A protector of which nothing is known: the list is not whole.
                    self.protectors = None;
                    Stage::Method
                }
            },
            Stage::Name(index) => {
                if let (Some(protector), Some(Answer::Text(name))) = (self.protector(index), answer) {
                    protector.name = Name::Is(name);
                }
                self.of(index.saturating_add(1))
            }
            Stage::Method => {
                self.seen.encryption_method = number.and_then(EncryptionMethod::from_number);
                Stage::Lock
            }
            Stage::Lock => {
                self.seen.lock = number.and_then(LockStatus::from_number);
                Stage::SuspendCount
            }
            Stage::SuspendCount => {
                self.seen.suspend_count = number;
                Stage::Protection
            }
            Stage::Protection => {
                self.seen.protection = number.and_then(ProtectionStatus::from_number);
                Stage::Conversion
            }
            Stage::Conversion => {
                self.seen.conversion = number.and_then(Conversion::from_number);
                if self.protectors.is_some() { Stage::ProtectorsAgain } else { Stage::Done }
            }
            Stage::ProtectorsAgain => {
                if let (Some(first), Some(again)) = (self.protectors.take(), ids(answer))
                    && first.len() == again.len()
                    && first.iter().all(|protector| again.contains(&protector.id))
                {
                    self.seen.protectors = Some(first);
                }
                Stage::Done
            }
            Stage::Done => Stage::Done,
        };
    }

    /// What was seen. What was not read by now is missing.
    pub fn finish(self) -> Observation {
        self.seen
    }

    /// The protector of this number is next, or all were looked at.
    fn of(&self, index: usize) -> Stage {
        if self.id(index).is_some() { Stage::Type(index) } else { Stage::Method }
    }

    fn id(&self, index: usize) -> Option<ProtectorId> {
        Some(self.protectors.as_ref()?.get(index)?.id.clone())
    }

    fn protector(&mut self, index: usize) -> Option<&mut Protector> {
        self.protectors.as_mut()?.get_mut(index)
    }
}

/// The protectors that a list names; none if one of the names is impossible, or there twice.
fn ids(answer: Option<Answer>) -> Option<Vec<ProtectorId>> {
    let Some(Answer::Texts(texts)) = answer else { return None };
    let mut ids = Vec::new();
    for text in texts {
        let id = ProtectorId::new(text).ok()?;
        if ids.contains(&id) {
            return None;
        }
        ids.push(id);
    }
    Some(ids)
}
