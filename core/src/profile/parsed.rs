//! What does a profile ask for that somebody else may have written?
//!
//! [`parse`] reads it within limits, from XML or from inside a CMS signature, which it does not verify;
//! [`ParsedProfile`] shows what is there. What it means as a policy is [`ParsedProfile::policy`].

use std::fmt;

use ::plist::{Dictionary, Value};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{ProfileError, ProfileLimits, plist, signed};
use crate::policy::filevault::schema::{CERTIFICATE, ESCROW, OPTIONS};

/// Whether a profile came inside a CMS signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signature {
    /// It did. The signature was not verified: anybody may have made it.
    NotVerified,
    /// It did not.
    Unsigned,
}

/// A profile that was read.
///
/// Printing it for debugging shows its names alone: foreign profiles have passwords in them.
#[derive(Clone, PartialEq)]
pub struct ParsedProfile {
    pub(super) root: Dictionary,
    pub(super) payloads: Vec<ParsedPayload>,
    signature: Signature,
}

/// One payload of a profile that was read.
#[derive(Clone, PartialEq)]
pub struct ParsedPayload {
    pub(super) keys: Dictionary,
}

/// Reads a profile: an XML property list, or one inside CMS SignedData (DER or BER; the signature is not
/// verified). Binary property lists are refused.
///
/// # Errors
/// [`ProfileError::Limit`] before anything large or deep is built, [`ProfileError::Syntax`] for what is no
/// profile, for documents with entities of their own, CDATA, or a key twice.
pub fn parse(bytes: &[u8], limits: &ProfileLimits) -> Result<ParsedProfile, ProfileError> {
    let (root, signature) = if signed::looks_signed(bytes) {
        (plist::read(&signed::content(bytes, limits)?, limits)?, Signature::NotVerified)
    } else {
        (plist::read(bytes, limits)?, Signature::Unsigned)
    };
    if string(&root, "PayloadType") != Some("Configuration") {
        return Err(ProfileError::Syntax("its PayloadType is not Configuration"));
    }
    let encrypted = root.get("IsEncrypted").and_then(Value::as_boolean) == Some(true);
    let payloads = match root.get("PayloadContent") {
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_dictionary().cloned().map(|keys| ParsedPayload { keys }))
            .collect::<Option<Vec<_>>>()
            .ok_or(ProfileError::Syntax("a payload is not a dictionary"))?,
        None if encrypted => Vec::new(),
        _ => return Err(ProfileError::Syntax("its PayloadContent is not an array")),
    };
    Ok(ParsedProfile { root, payloads, signature })
}

impl ParsedProfile {
    /// `PayloadIdentifier`; empty where it is missing.
    pub fn identifier(&self) -> &str {
        string(&self.root, "PayloadIdentifier").unwrap_or_default()
    }

    /// `PayloadUUID`; empty where it is missing.
    pub fn uuid(&self) -> &str {
        string(&self.root, "PayloadUUID").unwrap_or_default()
    }

    /// `PayloadDisplayName`.
    pub fn display_name(&self) -> Option<&str> {
        string(&self.root, "PayloadDisplayName")
    }

    /// `PayloadOrganization`.
    pub fn organization(&self) -> Option<&str> {
        string(&self.root, "PayloadOrganization")
    }

    /// `PayloadScope`; macOS installs for the user where it is missing and nobody else says otherwise.
    pub fn scope(&self) -> Option<&str> {
        string(&self.root, "PayloadScope")
    }

    /// Whether it came inside a CMS signature.
    pub fn signature(&self) -> Signature {
        self.signature
    }

    /// Its payloads, in order.
    pub fn payloads(&self) -> &[ParsedPayload] {
        &self.payloads
    }

    /// The DER of the certificate that recovery keys are sealed to: the content of the payload that the escrow
    /// payload refers to.
    pub fn escrow_certificate(&self) -> Option<&[u8]> {
        let escrow = self.payloads.iter().find(|payload| payload.payload_type() == ESCROW.payload_type)?;
        let uuid = string(&escrow.keys, "EncryptCertPayloadUUID")?;
        let certificate = self.referred(uuid).filter(|payload| payload.payload_type() == CERTIFICATE.payload_type)?;
        certificate.keys.get("PayloadContent")?.as_data()
    }

    /// Everything in it as JSON, for people and for `--json`: data as base64, dates as text, passwords and the
    /// content of PKCS#12 payloads left out.
    pub fn to_json(&self) -> serde_json::Value {
        json(&self.root)
    }

    /// The payload with this UUID, in any letter case.
    pub(super) fn referred(&self, uuid: &str) -> Option<&ParsedPayload> {
        self.payloads.iter().find(|payload| payload.uuid().eq_ignore_ascii_case(uuid))
    }
}

impl ParsedPayload {
    /// `PayloadType`; empty where it is missing.
    pub fn payload_type(&self) -> &str {
        string(&self.keys, "PayloadType").unwrap_or_default()
    }

    /// `PayloadIdentifier`; empty where it is missing.
    pub fn identifier(&self) -> &str {
        string(&self.keys, "PayloadIdentifier").unwrap_or_default()
    }

    /// `PayloadUUID`; empty where it is missing.
    pub fn uuid(&self) -> &str {
        string(&self.keys, "PayloadUUID").unwrap_or_default()
    }

    /// `PayloadDisplayName`.
    pub fn display_name(&self) -> Option<&str> {
        string(&self.keys, "PayloadDisplayName")
    }

    /// The names of its keys, in order.
    pub fn key_names(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    pub(super) fn boolean(&self, name: &str) -> Option<bool> {
        self.keys.get(name).and_then(Value::as_boolean)
    }

    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.keys.get(name).and_then(Value::as_signed_integer)
    }

    pub(super) fn string(&self, name: &str) -> Option<&str> {
        string(&self.keys, name)
    }

    /// Whether it has a key of FileVault's among those of `com.apple.MCX`, a type that other families share.
    pub(super) fn is_filevault_options(&self) -> bool {
        self.payload_type() == OPTIONS.payload_type && OPTIONS.keys.iter().any(|key| self.keys.contains_key(key.name))
    }
}

impl fmt::Debug for ParsedProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedProfile")
            .field("identifier", &self.identifier())
            .field("signature", &self.signature)
            .field("payloads", &self.payloads)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ParsedPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedPayload")
            .field("payload_type", &self.payload_type())
            .field("identifier", &self.identifier())
            .finish_non_exhaustive()
    }
}

pub(super) fn string<'a>(dictionary: &'a Dictionary, name: &str) -> Option<&'a str> {
    dictionary.get(name).and_then(Value::as_string)
}

const LEFT_OUT: &str = "[left out]";

fn json(dictionary: &Dictionary) -> serde_json::Value {
    let pkcs12 = string(dictionary, "PayloadType") == Some("com.apple.security.pkcs12");
    let members = dictionary.iter().map(|(key, value)| {
        let secret = key.to_ascii_lowercase().contains("password") || (pkcs12 && key == "PayloadContent");
        (key.clone(), if secret { LEFT_OUT.into() } else { json_value(value) })
    });
    serde_json::Value::Object(members.collect())
}

fn json_value(value: &Value) -> serde_json::Value {
    match value {
        Value::Array(items) => items.iter().map(json_value).collect(),
        Value::Dictionary(dictionary) => json(dictionary),
        Value::Boolean(boolean) => (*boolean).into(),
        Value::Data(bytes) => STANDARD.encode(bytes).into(),
        Value::Date(date) => date.to_xml_format().into(),
        Value::Integer(integer) => match (integer.as_signed(), integer.as_unsigned()) {
            (Some(signed), _) => signed.into(),
            (None, Some(unsigned)) => unsigned.into(),
            (None, None) => serde_json::Value::Null,
        },
        Value::Real(real) => (*real).into(),
        Value::String(text) => text.as_str().into(),
        // not in XML property lists
        _ => serde_json::Value::Null,
    }
}
