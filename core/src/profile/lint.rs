//! What is wrong with the profiles of a Mac?
//!
//! [`lint()`] looks at everything that is installed on one Mac at once, because most of what goes wrong with
//! FileVault is between profiles: two that escrow, one that hides the key while none escrows it. It judges
//! profiles of any origin, changes nothing, and says for each finding what is wrong and where that is
//! written. It looks at payloads that concern FileVault, and at nothing else.

mod certificates;
mod code;
mod machine;
mod payloads;

use std::fmt;

use serde::Serialize;

pub use code::FindingCode;

use super::{ParsedPayload, ParsedProfile};
use crate::{envelope::Certificate, time::Timestamp};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// It works today, or does less than it seems to.
    Warning,
    /// It does not work, or a key or secret is lost.
    Error,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of thing it is; stable.
    pub code: FindingCode,
    /// Which of the profiles that were given, counted from 0; the first of them if it is between several.
    pub profile: usize,
    /// The identifier of that profile, at most 64 characters of it.
    pub profile_identifier: String,
    /// The identifier of the payload, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The page that says so.
    pub source: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}: {}: ", self.profile_identifier)?;
        if let Some(payload) = &self.payload {
            write!(f, "{payload}: ")?;
        }
        write!(f, "{} [{}] ({})", self.message, self.code.as_str(), self.source)
    }
}

/// What is known beside the profiles.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LintContext<'a> {
    /// The certificates whose private keys the organization has. None: nothing is said about it.
    pub known: &'a [Certificate],
    /// The time.
    pub now: Timestamp,
    /// How long before its end a certificate is said to be expiring, in seconds. 90 days by default.
    pub expiring_within: i64,
}

impl<'a> LintContext<'a> {
    /// With 90 days of warning before a certificate expires.
    pub fn new(known: &'a [Certificate], now: Timestamp) -> Self {
        Self { known, now, expiring_within: 90 * 24 * 60 * 60 }
    }
}

/// Judges the profiles that are installed, or are to be installed, on one Mac.
///
/// The findings come in the order of the profiles, the worst of each first.
pub fn lint(profiles: &[ParsedProfile], context: &LintContext<'_>) -> Vec<Finding> {
    let mut findings = Findings { profiles, found: Vec::new() };
    for (index, profile) in profiles.iter().enumerate() {
        payloads::check(index, profile, &mut findings);
        certificates::check(index, profile, context, &mut findings);
    }
    machine::check(&mut findings);
    let mut found = findings.found;
    found.sort_by(|a, b| (a.profile, b.severity, a.code).cmp(&(b.profile, a.severity, b.code)));
    found
}

/// Collects findings.
struct Findings<'a> {
    profiles: &'a [ParsedProfile],
    found: Vec<Finding>,
}

impl Findings<'_> {
    fn profile(&mut self, profile: usize, code: FindingCode, message: impl Into<String>) {
        self.push(profile, None, code, message.into());
    }

    fn payload(&mut self, profile: usize, payload: &ParsedPayload, code: FindingCode, message: impl Into<String>) {
        let identifier = super::adopt::bounded(payload.identifier());
        self.push(profile, Some(identifier), code, message.into());
    }

    fn push(&mut self, profile: usize, payload: Option<String>, code: FindingCode, message: String) {
        let identifier = self.profiles.get(profile).map(ParsedProfile::identifier).unwrap_or_default();
        self.found.push(Finding {
            severity: code.severity(),
            code,
            profile,
            profile_identifier: super::adopt::bounded(identifier),
            payload,
            message,
            source: code.source(),
        });
    }
}
