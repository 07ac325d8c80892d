//! When is a recovery key replaced, and how long may that take?
//!
//! [`RotationRules`] is the part of a policy that concerns rotation. It decides which [`Cause`]s start one and how
//! long each step may take; what a rotation does is the business of the module `rotation`, which reads these rules
//! and changes nothing here.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::error::Violations;
use crate::{ids::words, key::Kind};

macro_rules! causes {
    ($( $(#[$doc:meta])* $variant:ident = $word:literal; )*) => {
        /// Why a recovery key is replaced.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Cause {
            $( $(#[$doc])* $variant, )*
        }

        impl Cause {
            /// Every cause.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The word in documents, policies and stored records.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }
    };
}

causes! {
    /// The key is older than the policy allows.
    Age = "age";
    /// The certificate that the key is sealed to is to be used no more.
    Certificate = "certificate";
    /// A private key that opens the envelope, or the recovery key itself, is in wrong hands.
    Compromise = "compromise";
    /// An operator asked for it.
    Operator = "operator";
    /// The policy changed what it asks of the key.
    Policy = "policy";
    /// The key was shown to a person.
    Reveal = "reveal";
    /// No envelope of the key opens.
    Undecryptable = "undecryptable";
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Cause {
    type Err = UnknownCause;

    fn from_str(text: &str) -> Result<Self, UnknownCause> {
        Self::ALL.iter().copied().find(|cause| cause.as_str() == text).ok_or(UnknownCause)
    }
}

words! {
    /// How a device makes the new key.
    Method {
        /// An agent adds the new key beside the old one, and removes that at the end (BitLocker, LUKS).
        Agent = "agent";
        /// The agent sets the flag of Escrow Buddy, which makes a new FileVault key at the next login. The
        /// old key dies with that; the flag is cleared also when it fails.
        EscrowBuddy = "escrow_buddy";
        /// The MDM command `RotateFileVaultKey`, which is given the present key or a user's password. The old key dies
        /// with it; the new one is in the reply, or has to be asked for with `SecurityInfo`.
        Mdm = "mdm";
    }
}

impl Method {
    /// Whether the old key works until it is removed from the device.
    pub fn adds_before_it_removes(self) -> bool {
        self == Self::Agent
    }
}

/// The word names no cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such cause: age, certificate, compromise, operator, policy, reveal and undecryptable are known")]
#[non_exhaustive]
pub struct UnknownCause;

const HOUR: u32 = 60 * 60;
const DAY: u32 = 24 * HOUR;

/// What an organization decided about replacing keys. All durations are seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RotationRules {
    /// Which causes start a rotation by themselves. Default: every one; `age` only has an effect with a
    /// [`max_age`](Self::max_age), and what an operator asks for is done in any case.
    pub on: BTreeSet<Cause>,
    /// How old a key may become; 0: as old as it likes. Default: 0.
    pub max_age: u32,
    /// How long after a key was shown its replacement begins, so that the person can still type it. Default: one hour.
    pub after_reveal: u32,
    /// How a Mac makes a new key: `escrow_buddy` or `mdm`. Default: `escrow_buddy`, which needs no key to be handed to
    /// a command.
    pub filevault: Method,
    /// How long a device may take to accept a request before it is overdue. Default: one day.
    pub deliver_within: u32,
    /// How long a new key may take after that. Default: seven days, because Escrow Buddy waits for a login.
    pub new_key_within: u32,
    /// How long the check of a new key may take. Default: one day.
    pub verify_within: u32,
    /// How often a failed or unanswered request is repeated before an operator has to look. Default: 3.
    pub retries: u32,
    /// How long to wait before a request is repeated. Default: one hour.
    pub retry_after: u32,
}

impl Default for RotationRules {
    fn default() -> Self {
        Self {
            on: Cause::ALL.iter().copied().collect(),
            max_age: 0,
            after_reveal: HOUR,
            filevault: Method::EscrowBuddy,
            deliver_within: DAY,
            new_key_within: 7 * DAY,
            verify_within: DAY,
            retries: 3,
            retry_after: HOUR,
        }
    }
}

impl RotationRules {
    /// Rules under which no key is replaced unless an operator asks for it.
    pub fn by_hand() -> Self {
        Self { on: BTreeSet::new(), ..Self::default() }
    }

    /// Whether this cause starts a rotation by itself.
    pub fn starts(&self, cause: Cause) -> bool {
        self.on.contains(&cause) && (cause != Cause::Age || self.max_age > 0)
    }

    /// How a key of this kind is replaced.
    pub fn method(&self, kind: Kind) -> Method {
        if kind == Kind::FileVault { self.filevault } else { Method::Agent }
    }

    pub(super) fn check(&self, violations: &mut Violations) {
        let durations = [
            ("rotation.deliver_within", self.deliver_within),
            ("rotation.new_key_within", self.new_key_within),
            ("rotation.verify_within", self.verify_within),
            ("rotation.retry_after", self.retry_after),
        ];
        for (field, duration) in durations {
            violations.require(duration > 0, field, "is 0: nothing can be done in no time", "a deadline needs time");
        }
        violations.require(
            self.max_age == 0 || self.max_age >= DAY,
            "rotation.max_age",
            "is shorter than a day: a device would do nothing else",
            "seconds, 0 for no limit",
        );
        violations.require(
            self.max_age == 0 || self.on.contains(&Cause::Age),
            "rotation.max_age",
            "has no effect: rotation.on does not list `age`",
            "rotation.on",
        );
        violations.require(
            self.filevault != Method::Agent,
            "rotation.filevault",
            "is `agent`: a Mac has one recovery key, and makes it itself",
            "`escrow_buddy` or `mdm`",
        );
        violations.require(
            self.retries <= MAX_RETRIES,
            "rotation.retries",
            "is more than 100",
            "a device that fails so often needs a person",
        );
    }
}

/// The most retries that a policy may ask for.
pub const MAX_RETRIES: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_their_words() {
        for cause in Cause::ALL {
            assert_eq!(cause.to_string().parse(), Ok(*cause));
            assert_eq!(serde_json::to_string(cause).unwrap(), format!("\"{cause}\""));
        }
        assert_eq!("boredom".parse::<Cause>(), Err(UnknownCause));
    }

    #[test]
    fn age_starts_a_rotation_only_where_the_policy_names_one() {
        let mut rules = RotationRules::default();
        assert!(rules.starts(Cause::Reveal) && !rules.starts(Cause::Age));
        rules.max_age = 180 * DAY;
        assert!(rules.starts(Cause::Age));
        assert!(!RotationRules::by_hand().starts(Cause::Compromise));
    }
}
