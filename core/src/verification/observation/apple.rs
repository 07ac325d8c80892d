//! What does a Mac answer to its management system?
//!
//! Replies to MDM commands are property lists, XML or binary; a status report of declarative management is JSON. Only
//! what a device acknowledged is read. That it says nothing about a recovery key does not mean that there is none.

mod binary;

use ::plist::{Dictionary, Value};
use serde::{Deserialize, Serialize};

use super::{
    FileVaultReading, MAX_BYTES, ObservationError, Reading, Report, ReportedEnvelope, Source, draft::Draft, json::Json,
};
use crate::{
    ids::Platform,
    key::Kind,
    profile::{ProfileError, ProfileLimits, plist},
    time::Timestamp,
};

/// What a device says that it did with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CommandStatus {
    /// It did it.
    Acknowledged,
    /// It does not understand it.
    CommandFormatError,
    /// It could not do it.
    Error,
    /// It will not do it now, and wants to be asked again.
    NotNow,
}

impl CommandStatus {
    /// The word in documents and `--json` output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::CommandFormatError => "command_format_error",
            Self::Error => "error",
            Self::NotNow => "not_now",
        }
    }

    /// By Apple's own word.
    fn of(word: &str) -> Option<Self> {
        match word {
            "Acknowledged" => Some(Self::Acknowledged),
            "CommandFormatError" => Some(Self::CommandFormatError),
            "Error" => Some(Self::Error),
            "NotNow" => Some(Self::NotNow),
            _ => None,
        }
    }
}

/// The answer to an MDM command, without what it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CommandReply {
    /// What the device says that it did; none: it did not say it, or in a word that is not known.
    pub status: Option<CommandStatus>,
    /// `CommandUUID`, as it came: which command this answers.
    pub command: Option<String>,
    /// The first error of its `ErrorChain`.
    pub error: Option<CommandError>,
}

/// An error that a device reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CommandError {
    /// `ErrorDomain`.
    pub domain: String,
    /// `ErrorCode`.
    pub code: i64,
}

/// The keys of the reply to `SecurityInfo` that are about FileVault, and their types, as Apple's schema
/// `information.security.yaml` has them.
pub const SECURITY_INFO_KEYS: [(&str, &str); 5] =
    [(ENABLED, "boolean"), (PERSONAL, "boolean"), (INSTITUTIONAL, "boolean"), (SEALED, "data"), (DEVICE_KEY, "string")];
const ENABLED: &str = "FDE_Enabled";
const PERSONAL: &str = "FDE_HasPersonalRecoveryKey";
const INSTITUTIONAL: &str = "FDE_HasInstitutionalRecoveryKey";
const SEALED: &str = "FDE_PersonalRecoveryKeyCMS";
const DEVICE_KEY: &str = "FDE_PersonalRecoveryKeyDeviceKey";

/// The keys of the reply to `RotateFileVaultKey`, as Apple's schema `rotate.file.vault.key.yaml` has them: a dictionary
/// and what is in it.
pub const ROTATE_KEYS: [(&str, &str); 2] = [(RESULT, "dictionary"), (NEW_KEY, "data")];
const RESULT: &str = "RotateResult";
const NEW_KEY: &str = "EncryptedNewRecoveryKey";

/// More than any sealed key.
const MAX_ENVELOPE: usize = 64 * 1024;
/// The longest text that is kept.
const MAX_TEXT: usize = 255;
/// Values of one property list, and how deep they may lie.
const LIMITS: (usize, usize) = (16, 20_000);

/// Reads the reply to `SecurityInfo`, or the dictionary of that name alone.
pub(super) fn security_info(bytes: &[u8], at: Timestamp) -> Result<Report, ObservationError> {
    let root = dictionary(bytes)?;
    let mut draft = Draft::new(Source::SecurityInfo, at);
    let is_reply = root.contains_key("Status") || root.contains_key("SecurityInfo");
    if is_reply {
        let reply = reply(&root, &mut draft);
        let status = reply.status;
        draft.report.reply = Some(reply);
        match root.get("SecurityInfo") {
            None => {}
            Some(_) if status != Some(CommandStatus::Acknowledged) => {
                draft.ignore("SecurityInfo", "the device did not acknowledge the command");
            }
            Some(Value::Dictionary(info)) => filevault(info, &mut draft),
            Some(_) => draft.ignore("SecurityInfo", "is no dictionary"),
        }
    } else if SECURITY_INFO_KEYS.iter().any(|(key, _)| root.contains_key(key)) {
        filevault(&root, &mut draft);
    } else {
        return Err(ObservationError::Syntax("it is no reply to SecurityInfo"));
    }
    Ok(draft.finish())
}

fn filevault(info: &Dictionary, draft: &mut Draft) {
    // iPhones answer the same command, without these keys.
    if !SECURITY_INFO_KEYS.iter().any(|(key, _)| info.contains_key(key)) {
        return;
    }
    draft.platform(Platform::MacOs);
    let reading = FileVaultReading {
        enabled: boolean(info, ENABLED, draft),
        personal_recovery_key: boolean(info, PERSONAL, draft),
        institutional_recovery_key: boolean(info, INSTITUTIONAL, draft),
        bypasses_left: None,
        device_key: text(info, DEVICE_KEY),
    };
    if reading.device_key.is_none() && info.contains_key(DEVICE_KEY) {
        draft.ignore(DEVICE_KEY, "is no short text");
    }
    draft.report.observation.filevault = Some(reading);
    envelope(info, SEALED, draft);
}

/// Reads the reply to `RotateFileVaultKey`. It may have no key even though there is a new one: `SecurityInfo` tells.
pub(super) fn rotate_reply(bytes: &[u8], at: Timestamp) -> Result<Report, ObservationError> {
    let root = dictionary(bytes)?;
    if !root.contains_key("Status") && !root.contains_key(RESULT) {
        return Err(ObservationError::Syntax("it is no reply to RotateFileVaultKey"));
    }
    let mut draft = Draft::new(Source::RotateReply, at);
    draft.platform(Platform::MacOs);
    let reply = reply(&root, &mut draft);
    draft.report.reply = Some(reply);
    match root.get(RESULT) {
        None => {}
        // A new key that is there is taken whatever the device says beside it: it may be the only one.
        Some(Value::Dictionary(result)) => envelope(result, NEW_KEY, &mut draft),
        Some(_) => draft.ignore(RESULT, "is no dictionary"),
    }
    Ok(draft.finish())
}

/// Reads a status report of declarative management, or its `StatusItems` alone: `diskmanagement.filevault.enabled`.
pub(super) fn status_report(bytes: &[u8], at: Timestamp) -> Result<Report, ObservationError> {
    let document = Json::read(bytes)?;
    let items = if document.get("StatusItems").is_nothing() { &document } else { document.get("StatusItems") };
    if items.map().is_none() {
        return Err(ObservationError::Syntax("it has no StatusItems"));
    }
    let mut draft = Draft::new(Source::Ddm, at);
    match items.get("diskmanagement").get("filevault").get("enabled") {
        Json::Null => {}
        Json::Bool(enabled) => {
            draft.platform(Platform::MacOs);
            let reading = FileVaultReading { enabled: (*enabled).into(), ..FileVaultReading::default() };
            draft.report.observation.filevault = Some(reading);
        }
        _ => draft.ignore("diskmanagement.filevault.enabled", "is no boolean"),
    }
    Ok(draft.finish())
}

fn reply(root: &Dictionary, draft: &mut Draft) -> CommandReply {
    let status = text(root, "Status").and_then(|word| CommandStatus::of(&word));
    if status.is_none() && root.contains_key("Status") {
        draft.ignore("Status", "is no word that is known");
    }
    let chain = root.get("ErrorChain").and_then(Value::as_array);
    let first = chain.and_then(|errors| errors.first()).and_then(Value::as_dictionary);
    let error = first.and_then(|error| {
        let code = error.get("ErrorCode").and_then(Value::as_signed_integer)?;
        Some(CommandError { domain: text(error, "ErrorDomain")?, code })
    });
    CommandReply { status, command: text(root, "CommandUUID"), error }
}

/// A sealed key.
fn envelope(dictionary: &Dictionary, key: &'static str, draft: &mut Draft) {
    match dictionary.get(key) {
        None => {}
        Some(Value::Data(bytes)) if bytes.is_empty() => draft.ignore(key, "is empty"),
        Some(Value::Data(bytes)) if bytes.len() > MAX_ENVELOPE => draft.ignore(key, "is longer than any sealed key"),
        Some(Value::Data(bytes)) => draft.envelope(ReportedEnvelope::new(Kind::FileVault, bytes.clone())),
        Some(_) => draft.ignore(key, "is no data"),
    }
}

fn boolean(dictionary: &Dictionary, key: &'static str, draft: &mut Draft) -> Reading {
    let value = dictionary.get(key);
    let flag = value.and_then(Value::as_boolean);
    if flag.is_none() && value.is_some() {
        draft.ignore(key, "is no boolean");
    }
    flag.into()
}

/// A short text without control characters.
fn text(dictionary: &Dictionary, key: &str) -> Option<String> {
    let text = dictionary.get(key)?.as_string()?;
    let fits = (1..=MAX_TEXT).contains(&text.len()) && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}

/// A property list whose root is a dictionary, within limits.
fn dictionary(bytes: &[u8]) -> Result<Dictionary, ObservationError> {
    if bytes.len() > MAX_BYTES {
        return Err(ObservationError::Limit("is larger than 1 MiB"));
    }
    let (depth, values) = LIMITS;
    if bytes.starts_with(b"bplist") {
        return binary::read(bytes, depth, values);
    }
    let mut limits = ProfileLimits::default();
    (limits.bytes, limits.depth, limits.elements) = (MAX_BYTES, depth, values);
    plist::read(bytes, &limits).map_err(|error| match error {
        ProfileError::Limit(_) => ObservationError::Limit("is deeper or has more values than is read"),
        ProfileError::Syntax(problem) => ObservationError::Syntax(problem),
        _ => ObservationError::Syntax("it is no property list"),
    })
}
