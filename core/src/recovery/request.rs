//! Who wanted which key, who agreed, and what did they say of it?

use serde::{Deserialize, Serialize};

use super::{Person, RecoveryRules, Rejected};
use crate::{
    audit::Text,
    ids::{Actor, Digest, KeyId},
    time::Timestamp,
};

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Request {
    /// Who asked, as the audit names them.
    pub actor: Actor,
    /// Who that is, where several people are needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// Why.
    pub reason: Text,
    /// The ticket that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Text>,
    /// Whether it is an emergency, in which nobody is asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
    /// The command that it is for, where it is for a device and no person sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Text>,
    /// When.
    pub at: Timestamp,
    /// Until when it can be approved and used; not longer than the policy says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

impl Request {
    /// A request; the rest are fields.
    pub fn new(actor: Actor, reason: Text, at: Timestamp) -> Self {
        Self { actor, person: None, reason, ticket: None, break_glass: false, command: None, at, expires: None }
    }
}

/// Who approved what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Approval {
    /// Who, as the audit names them.
    pub actor: Actor,
    /// Who that is.
    pub person: Person,
    /// Which key.
    pub key: KeyId,
    /// Which of its envelopes, by the digest.
    pub envelope: Digest,
    /// When.
    pub at: Timestamp,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

impl Approval {
    /// An approval of one envelope of one key; the note is a field.
    pub fn new(actor: Actor, person: Person, key: KeyId, envelope: Digest, at: Timestamp) -> Self {
        Self { actor, person, key, envelope, at, note: None, revoked: None }
    }
}

/// How the key was handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Release {
    /// When it was authorised.
    pub authorized: Timestamp,
    /// Until when opening it may be tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// How often opening it was tried.
    pub attempts: u32,
    /// When it was handed out, or did not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
}

/// Who put an end to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct End {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
}

/// Whether the key did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It did not unlock the disk.
    DidNotWork,
    /// It unlocked the disk.
    Worked,
}

/// What a person said about the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// What.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
}

/// How many keys a person was shown in the last 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Used {
    /// In the ordinary way.
    pub reveals: u32,
    /// In an emergency.
    pub break_glass: u32,
}

impl Used {
    /// So many in the ordinary way, and so many in an emergency.
    pub fn new(reveals: u32, break_glass: u32) -> Self {
        Self { reveals, break_glass }
    }

    /// Whether one more is allowed.
    ///
    /// # Errors
    /// [`Rejected::BreakGlassNotAllowed`] if the rules know no emergency, [`Rejected::Quota`] if the quota is used up.
    pub fn allows(self, rules: &RecoveryRules, break_glass: bool) -> Result<(), Rejected> {
        let (used, quota) = if break_glass {
            let emergency = rules.break_glass.ok_or(Rejected::BreakGlassNotAllowed)?;
            (self.break_glass, emergency.per_day)
        } else if rules.reveals_per_day == 0 {
            return Ok(());
        } else {
            (self.reveals, rules.reveals_per_day)
        };
        if used < quota { Ok(()) } else { Err(Rejected::Quota) }
    }
}
