//! What is to be done, and what can become of it?

use serde::{Deserialize, Serialize};

use super::{
    call::Call,
    hresult::{Decision, Hresult},
    planner::Pursuit,
    situation::Situation,
};
use crate::{
    ids::{Digest, KeyId, ProtectorId, Word},
    time::Timestamp,
    verification::{EncryptionMethod, ProtectorKind, Receipt},
};

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Send the envelope with this digest from the spool, under this request; or, if the server named the key
    /// already, ask for its receipt.
    Ask {
        /// Whose envelope it is.
        protector: ProtectorId,
        /// The name of the request.
        request: Word,
        /// SHA-256 of the envelope.
        envelope: Digest,
        /// The server's id of the key.
        key: Option<KeyId>,
    },
    /// Call this method.
    Call(Call),
    /// Read the recovery password ([`Step::read`]), [`Planner::seal`](super::Planner::seal) it, and put the envelope into the spool; it must be
    /// on the disk before it is reported.
    Escrow {
        /// Which.
        protector: ProtectorId,
        /// The name of the request.
        request: Word,
    },
}

impl Step {
    pub(super) fn escrow(protector: &ProtectorId, pursuit: &Pursuit) -> Self {
        Self::Escrow { protector: protector.clone(), request: pursuit.goal.id.clone() }
    }

    /// The method that reads the recovery password of an escrow step.
    pub fn read(&self) -> Option<Call> {
        match self {
            Self::Escrow { protector, .. } => {
                Some(Call::GetKeyProtectorNumericalPassword { protector: protector.clone() })
            }
            Self::Ask { .. } | Self::Call(_) => None,
        }
    }

    /// By what its failures are counted.
    pub(super) fn subject(&self) -> String {
        match self {
            Self::Ask { protector, .. } => format!("Ask {protector}"),
            Self::Call(Call::DeleteKeyProtector { protector }) => format!("DeleteKeyProtector {protector}"),
            Self::Call(call) => call.method().name.to_owned(),
            Self::Escrow { protector, .. } => format!("Escrow {protector}"),
        }
    }
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The method returned 0, and this protector, if it makes one.
    Done(Option<ProtectorId>),
    /// It failed; none: not by a code of Windows' (the spool's disk is full, the user entered no PIN, …).
    Failed(Option<Hresult>),
    /// The server did not answer.
    NoAnswer,
    /// The spool does not hold the envelope: the server acknowledged it, and the planner's state is older than that.
    NotInSpool,
    /// The server answered.
    Receipt(Box<Receipt>),
    /// The envelope with this SHA-256 is in the spool, on the disk.
    Spooled(Digest),
}

/// The answer to one observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Next {
    /// What the situation is.
    pub situation: Situation,
    /// What to do now; none: nothing, until `wake_at` or until something changes.
    pub step: Option<Step>,
    /// Why the step of this situation is not taken now.
    pub held: Option<Held>,
    /// When to look again at the latest; none: at the agent's own interval.
    pub wake_at: Option<Timestamp>,
    /// What is not as the rules want it, and is left as it is.
    pub remarks: Vec<Remark>,
}

/// A step that failed, and is not tried again yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Held {
    /// When it is tried again.
    pub until: Timestamp,
    /// The code with which it failed.
    pub code: Option<Hresult>,
    /// Who can do something about it.
    pub decision: Decision,
    /// How often in a row it failed.
    pub failures: u32,
}

/// Something that differs from the rules, and that only a person should change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Remark {
    /// Windows starts by another protector than the rules name. The class of what is there is preserved.
    OtherBootProtector(ProtectorKind),
    /// The volume is encrypted by a weaker method than the rules name. Only decrypting it would change that.
    WeakerMethod(EncryptionMethod),
}
