//! What is wrong with a policy, which rule says so, and where does the rule come from?

use std::{borrow::Cow, fmt};

use crate::error::ErrorCode;

/// A policy that cannot be read, or that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The document can be read, but the policy is not allowed: every broken rule, in the order of the fields.
    #[error("{}", joined(.0))]
    Invalid(Vec<Violation>),
    /// The document is not TOML or JSON, or has an unknown field or a value of the wrong type.
    #[error("{problem}")]
    #[non_exhaustive]
    Syntax {
        /// Where and what, in one line.
        problem: String,
    },
}

impl PolicyError {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::PolicyInvalid,
            Self::Syntax { .. } => ErrorCode::PolicySyntax,
        }
    }

    /// The broken rules; none where the document cannot be read at all.
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid(violations) => violations,
            Self::Syntax { .. } => &[],
        }
    }

    pub(crate) fn syntax(problem: &impl fmt::Display) -> Self {
        // parsers print several lines with a picture of the place, as long as it is; an error is one short line
        let text = problem.to_string();
        let words: Vec<&str> = text.split_whitespace().collect();
        Self::Syntax { problem: words.join(" ").chars().take(400).collect() }
    }
}

fn joined(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// One broken rule: the field, what is wrong, and the page that says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule} ({reference})")]
#[non_exhaustive]
pub struct Violation {
    /// The field as in the document, for example `filevault.enforcement.defer`; Apple's payload type and
    /// key where a profile was read.
    pub field: Cow<'static, str>,
    /// What is wrong with it.
    pub rule: Cow<'static, str>,
    /// The schema file and key, the manual page or the specification that the rule comes from.
    pub reference: &'static str,
}

/// Collects the broken rules of one document.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<Violation>);

impl Violations {
    /// Notes a violation unless `holds`.
    pub(crate) fn require(
        &mut self,
        holds: bool,
        field: impl Into<Cow<'static, str>>,
        rule: impl Into<Cow<'static, str>>,
        reference: &'static str,
    ) {
        if !holds {
            self.0.push(Violation { field: field.into(), rule: rule.into(), reference });
        }
    }

    /// The value, if no rule was broken.
    pub(crate) fn or<T>(self, value: T) -> Result<T, PolicyError> {
        if self.0.is_empty() { Ok(value) } else { Err(self.into_error()) }
    }

    pub(crate) fn into_error(self) -> PolicyError {
        PolicyError::Invalid(self.0)
    }

    pub(crate) fn extend(&mut self, error: &PolicyError) {
        self.0.extend_from_slice(error.violations());
    }
}
