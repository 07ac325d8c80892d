//! What is wrong between a BitLocker policy and the world around it, though Windows takes it?
//!
//! Two things replace recovery passwords, or keep them, and neither knows of the other: this library, and Windows
//! with Active Directory or Entra. [`lint`] tells where a policy sets both to work, and where it waits for a directory
//! that its devices are not joined to.

use std::{fmt, iter};

use serde::Serialize;

use crate::{
    ids::Digest,
    policy::{
        Cause, Policy, PolicyDocument,
        bitlocker::{Backup, BitLockerSettings, Join, WindowsRotation},
    },
    profile::Severity,
};

/// One thing that is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Advice {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of thing it is; stable.
    pub code: AdviceCode,
    /// The field of the policy.
    pub field: &'static str,
    /// What is wrong, in one sentence.
    pub message: &'static str,
    /// The page that says so.
    pub source: &'static str,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let Self { code, field, message, source, .. } = self;
        write!(f, "{severity}: {field}: {message} [{}] ({source})", code.as_str())
    }
}

macro_rules! advice {
    ($( $(#[$doc:meta])* $variant:ident = $word:literal, $severity:ident, $message:literal, $source:literal; )*) => {
        /// The kinds of advice. Their words never change their meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum AdviceCode {
            $( $(#[$doc])* $variant, )*
        }

        impl AdviceCode {
            /// Every kind.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The word in `--json` output.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }

            /// How bad it is.
            pub fn severity(self) -> Severity {
                match self { $( Self::$variant => Severity::$severity, )* }
            }

            /// What is wrong, in one sentence.
            pub fn message(self) -> &'static str {
                match self { $( Self::$variant => $message, )* }
            }

            /// The page that says so.
            pub fn source(self) -> &'static str {
                match self { $( Self::$variant => $source, )* }
            }

            fn about(self, field: &'static str) -> Advice {
                Advice { severity: self.severity(), code: self, field, message: self.message(), source: self.source() }
            }
        }
    };
}

advice! {
    /// Recovery passwords are kept in a directory too.
    BackupElsewhere = "backup_elsewhere", Info,
        "recovery passwords are kept in a directory too: who reads one there leaves no trace here, and it is not replaced",
        "BitLocker CSP, recovery options";
    /// A backup must be done, and the devices are joined to no directory.
    BackupNotJoined = "backup_not_joined", Error,
        "BitLocker is not turned on until recovery information is stored in a directory, and these devices are joined to none",
        "BitLocker CSP, recovery options";
    /// A backup may be done, and the devices are joined to no directory.
    BackupUseless = "backup_useless", Warning,
        "recovery information is to be stored in a directory, and these devices are joined to none",
        "BitLocker CSP, recovery options";
    /// Windows replaces recovery passwords beside us.
    WindowsRotationBesideOurs = "windows_rotation_beside_ours", Error,
        "Windows replaces recovery passwords that were used, and so does this library: each makes the other's key stale",
        "BitLocker CSP, ConfigureRecoveryPasswordRotation";
    /// Windows is to replace recovery passwords, and does not without a backup that must be done.
    WindowsRotationIdle = "windows_rotation_idle", Warning,
        "Windows replaces recovery passwords only where their backup to a directory is required, and here it is not",
        "BitLocker CSP, ConfigureRecoveryPasswordRotation";
    /// Windows is to replace recovery passwords on devices on which it never does.
    WindowsRotationNotJoined = "windows_rotation_not_joined", Warning,
        "Windows replaces recovery passwords only on devices that are joined to Entra, and these are not",
        "BitLocker CSP, ConfigureRecoveryPasswordRotation";
    /// Windows replaces recovery passwords by default, beside us.
    WindowsRotationUnsaid = "windows_rotation_unsaid", Warning,
        "left out, Windows replaces recovery passwords that were used on devices joined to Entra alone, and so does this library: say off",
        "BitLocker CSP, ConfigureRecoveryPasswordRotation";
}

const ROTATION: &str = "bitlocker.windows_rotation";

/// What is to be said of one policy of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LintedPolicy {
    /// The group of devices; none: the organization's own.
    pub group: Option<String>,
    /// The digest of the policy as it holds there.
    pub digest: Digest,
    /// What is wrong with it, the worst first.
    pub advice: Vec<Advice>,
}

/// Judges the policy of the organization, and then that of each group, as [`lint`] does.
pub fn lint_document(document: &PolicyDocument) -> Vec<LintedPolicy> {
    let groups = iter::once(None).chain(document.groups().map(Some));
    let linted = groups.map(|group| {
        let policy = document.policy(group);
        LintedPolicy { group: group.map(str::to_owned), digest: policy.digest(), advice: lint(&policy) }
    });
    linted.collect()
}

/// Judges the BitLocker section of a policy together with its other sections: the worst first.
pub fn lint(policy: &Policy) -> Vec<Advice> {
    let Some(settings) = policy.bitlocker().map(crate::policy::BitLockerPolicy::settings) else { return Vec::new() };
    let mut found = Vec::new();
    let backups = [
        ("bitlocker.system_drive.recovery.backup", settings.system_drive.recovery),
        ("bitlocker.fixed_drives.recovery.backup", settings.fixed_drives.recovery),
    ];
    let backups: Vec<(&'static str, Backup)> =
        backups.into_iter().filter_map(|(field, recovery)| Some((field, recovery?.backup?))).collect();
    for (field, backup) in &backups {
        found.push(match (settings.join, backup.required) {
            (Join::None, true) => AdviceCode::BackupNotJoined.about(field),
            (Join::None, false) => AdviceCode::BackupUseless.about(field),
            _ => AdviceCode::BackupElsewhere.about(field),
        });
    }
    let required = backups.iter().any(|(_, backup)| backup.required);
    found.extend(rotation(settings, required, ours(policy)).map(|code| code.about(ROTATION)));
    found.sort_by_key(|advice| (std::cmp::Reverse(advice.severity), advice.field, advice.code));
    found
}

/// Whether this library replaces keys because they were used, or are old.
fn ours(policy: &Policy) -> bool {
    let rules = policy.rotation();
    [Cause::Reveal, Cause::Age].into_iter().any(|cause| rules.starts(cause))
}

fn rotation(settings: &BitLockerSettings, backup_required: bool, ours: bool) -> Option<AdviceCode> {
    match settings.windows_rotation {
        Some(WindowsRotation::Off) => None,
        None => {
            let by_default = settings.join == Join::Entra && backup_required;
            (by_default && ours).then_some(AdviceCode::WindowsRotationUnsaid)
        }
        Some(_) if !settings.join.entra() => Some(AdviceCode::WindowsRotationNotJoined),
        Some(WindowsRotation::Entra) if settings.join == Join::Hybrid => Some(AdviceCode::WindowsRotationNotJoined),
        Some(_) if !backup_required => Some(AdviceCode::WindowsRotationIdle),
        Some(_) => ours.then_some(AdviceCode::WindowsRotationBesideOurs),
    }
}
