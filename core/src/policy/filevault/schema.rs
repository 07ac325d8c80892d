//! Which keys does Apple define for FileVault, and what do we do with each?
//!
//! The table of every key in the device-management schemas that concern FileVault: its type and range, as
//! Apple gives them, and either the field of the policy that writes it or the reason why we never write it.
//! Rules of the policy, rendering, reading and lint use this one table; a test holds it against Apple's
//! own files, and the page above `policy::filevault` is printed from it.

use std::fmt::Write as _;

/// One of Apple's schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schema {
    /// The file in Apple's device-management repository.
    pub file: &'static str,
    /// The payload type, or Apple's name for what is not a payload.
    pub payload_type: &'static str,
    /// Whether a Mac may have several payloads of the type.
    pub multiple: bool,
    /// Its keys, in Apple's order.
    pub keys: &'static [Key],
}

/// One key of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub value_type: ValueType,
    /// Whether Apple requires it.
    pub required: bool,
    /// Which values Apple allows.
    pub values: Values,
    /// What is true where the key is left out, if Apple says so.
    pub default: Option<Default>,
    /// What this library does with it.
    pub treatment: Treatment,
}

/// The type of a value in a property list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueType {
    /// `<array>`
    Array,
    /// `<true/>` or `<false/>`
    Boolean,
    /// `<data>`
    Data,
    /// `<date>`
    Date,
    /// `<dict>`
    Dictionary,
    /// `<integer>`
    Integer,
    /// `<real>`
    Real,
    /// `<string>`
    String,
}

impl ValueType {
    /// The element of an XML property list; Apple's own name but for booleans and dictionaries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Boolean => "boolean",
            Self::Data => "data",
            Self::Date => "date",
            Self::Dictionary => "dictionary",
            Self::Integer => "integer",
            Self::Real => "real",
            Self::String => "string",
        }
    }
}

/// Which values of its type a key may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Values {
    /// Any.
    Any,
    /// These integers.
    Integers(&'static [i64]),
    /// The integers from the first to the second, both included.
    Range(i64, i64),
    /// These strings.
    Strings(&'static [&'static str]),
}

/// What is true where a key is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Default {
    /// This boolean.
    Boolean(bool),
    /// This integer.
    Integer(i64),
}

/// What this library does with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Treatment {
    /// Written from this field of the policy or of the organization.
    Field(&'static str),
    /// Never written, for this reason.
    Refused(&'static str),
    /// Written by rendering, not chosen.
    Rendered(&'static str),
}

/// The lowest and highest value of `DeferForceAtUserLoginMaxBypassAttempts`.
pub const BYPASS_ATTEMPTS: (i64, i64) = (-1, 9999);

const fn key(name: &'static str, value_type: ValueType, treatment: Treatment) -> Key {
    Key { name, value_type, required: false, values: Values::Any, default: None, treatment }
}

const fn boolean(name: &'static str, default: bool, treatment: Treatment) -> Key {
    Key { default: Some(Default::Boolean(default)), ..key(name, ValueType::Boolean, treatment) }
}

const fn string(name: &'static str, treatment: Treatment) -> Key {
    key(name, ValueType::String, treatment)
}

impl Key {
    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn values(self, values: Values) -> Self {
        Self { values, ..self }
    }
}

use Treatment::{Field, Refused, Rendered};

/// The profile itself.
pub const TOP_LEVEL: Schema = Schema {
    file: "TopLevel.yaml",
    payload_type: "TopLevel",
    multiple: false,
    keys: &[
        string("PayloadIdentifier", Field("organization.identifier, organization.filevault_identifiers.profile"))
            .required(),
        string("PayloadUUID", Rendered("version 5 over everything else in the profile, or the fixed one")).required(),
        string("PayloadType", Rendered("`Configuration`")).required().values(Values::Strings(&["Configuration"])),
        VERSION,
        boolean("IsEncrypted", false, Refused("encrypting to one device is done by the server that delivers")),
        key("PayloadContent", ValueType::Array, Rendered("the payloads")).required(),
        key("EncryptedPayloadContent", ValueType::Data, Refused("see IsEncrypted")),
        string("PayloadDescription", Field("filevault.profile.description")),
        string("PayloadDisplayName", Field("filevault.profile.display_name")),
        boolean("HasRemovalPasscode", false, Refused("its password would be a secret in the profile")),
        string("PayloadOrganization", Field("organization.name")),
        boolean("PayloadRemovalDisallowed", false, Field("filevault.profile.removal_disallowed")),
        string("PayloadScope", Field("filevault.profile.scope")).values(Values::Strings(&["System", "User"])),
        key("RemovalDate", ValueType::Date, Refused("enforcement and escrow would end without anybody deciding it")),
        key("DurationUntilRemoval", ValueType::Real, Refused("see RemovalDate")),
        key("PayloadExpirationDate", ValueType::Date, Refused("see RemovalDate")),
        Key {
            default: Some(Default::Integer(0)),
            ..key("TargetDeviceType", ValueType::Integer, Refused("only macOS has FileVault payloads"))
        }
        .values(Values::Integers(&[0, 1, 2, 3, 4, 5, 6])),
        key("ConsentText", ValueType::Dictionary, Field("filevault.profile.consent_text")),
    ],
};

const VERSION: Key =
    key("PayloadVersion", ValueType::Integer, Rendered("`1`")).required().values(Values::Integers(&[1]));

/// The keys that every payload has.
pub const COMMON: Schema = Schema {
    file: "CommonPayloadKeys.yaml",
    payload_type: "CommonPayloadKeys",
    multiple: false,
    keys: &[
        string("PayloadIdentifier", Rendered("below the profile's identifier, or the fixed one")).required(),
        string("PayloadUUID", Rendered("version 5 of organization, identifier and type, or the fixed one")).required(),
        string("PayloadType", Rendered("the type")).required(),
        VERSION,
        string("PayloadDescription", Refused("the profile has one; a second says nothing more")),
        string("PayloadDisplayName", Rendered("a plain English name, or the one given with a fixed identifier")),
        string("PayloadOrganization", Refused("the profile has it")),
    ],
};

/// Turning FileVault on.
pub const FILEVAULT: Schema = Schema {
    file: "com.apple.MCX.FileVault2.yaml",
    payload_type: "com.apple.MCX.FileVault2",
    multiple: false,
    keys: &[
        string("Enable", Rendered("`On`: to stop enforcing is to remove the profile; no policy decrypts a disk"))
            .required()
            .values(Values::Strings(&["On", "Off"])),
        boolean("Defer", false, Field("filevault.enforcement.defer")),
        boolean("UserEntersMissingInfo", false, Field("filevault.enforcement.user_enters_missing_info")),
        boolean("UseRecoveryKey", true, Field("filevault.enforcement.use_recovery_key")),
        boolean("ShowRecoveryKey", true, Field("filevault.enforcement.show_recovery_key")),
        string("OutputPath", Refused("writes the recovery key in clear to the disk that it protects")),
        key("Certificate", ValueType::Data, Field("filevault.enforcement.institutional_certificate")),
        string("PayloadCertificateUUID", Refused("Certificate says the same without a second payload")),
        string("Username", Refused("its password would be a secret in the profile")),
        string("Password", Refused("a secret in the profile")),
        boolean("UseKeychain", false, Refused("depends on a file that the profile does not carry; Certificate does")),
        key(
            "DeferForceAtUserLoginMaxBypassAttempts",
            ValueType::Integer,
            Field("filevault.enforcement.max_bypass_attempts"),
        )
        .values(Values::Range(BYPASS_ATTEMPTS.0, BYPASS_ATTEMPTS.1)),
        boolean("DeferDontAskAtUserLogout", false, Field("filevault.enforcement.ask_at_logout (the opposite)")),
        boolean("ForceEnableInSetupAssistant", false, Field("filevault.enforcement.setup_assistant")),
    ],
};

/// Sealing the recovery key to a certificate.
pub const ESCROW: Schema = Schema {
    file: "com.apple.security.FDERecoveryKeyEscrow.yaml",
    payload_type: "com.apple.security.FDERecoveryKeyEscrow",
    multiple: false,
    keys: &[
        string("Location", Field("filevault.escrow.location")).required(),
        string("EncryptCertPayloadUUID", Rendered("the certificate payload's UUID")).required(),
        string("DeviceKey", Field("filevault.escrow.device_key")),
    ],
};

/// The certificate that the recovery key is sealed to.
pub const CERTIFICATE: Schema = Schema {
    file: "com.apple.security.pkcs1.yaml",
    payload_type: "com.apple.security.pkcs1",
    multiple: true,
    keys: &[
        string("PayloadCertificateFileName", Field("filevault.escrow.certificate_file_name")),
        key("PayloadContent", ValueType::Data, Rendered("the certificate that rendering is given, in DER")).required(),
    ],
};

/// What people may do with FileVault on a Mac. Other families of settings share the type `com.apple.MCX`.
pub const OPTIONS: Schema = Schema {
    file: "com.apple.MCX(FileVault2).yaml",
    payload_type: "com.apple.MCX",
    multiple: false,
    keys: &[
        boolean("dontAllowFDEDisable", false, Field("filevault.options.dont_allow_disable")),
        boolean("dontAllowFDEEnable", false, Field("filevault.options.dont_allow_enable")),
        boolean("DestroyFVKeyOnStandby", false, Field("filevault.options.destroy_key_on_standby")),
    ],
};

/// Every schema that concerns FileVault.
pub const SCHEMAS: &[Schema] = &[TOP_LEVEL, COMMON, FILEVAULT, ESCROW, CERTIFICATE, OPTIONS];

impl Schema {
    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// The schema of a payload type, if it is one that concerns FileVault.
pub fn of_payload(payload_type: &str) -> Option<&'static Schema> {
    const PAYLOADS: &[Schema] = &[FILEVAULT, ESCROW, CERTIFICATE, OPTIONS];
    PAYLOADS.iter().find(|schema| schema.payload_type == payload_type)
}

/// The table as Markdown, as it stands in this library's documentation.
pub fn markdown() -> String {
    let mut out = String::new();
    for schema in SCHEMAS {
        // writing to a String cannot fail
        let _ = writeln!(out, "`{}` ({})\n", schema.payload_type, schema.file);
        out.push_str("| key | type | presence, values, default | here |\n|---|---|---|---|\n");
        for key in schema.keys {
            let mut rule = vec![if key.required { "required" } else { "optional" }.to_owned()];
            match key.values {
                Values::Any => {}
                Values::Integers(allowed) => {
                    rule.push(allowed.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "));
                }
                Values::Range(low, high) => rule.push(format!("{low} to {high}")),
                Values::Strings(allowed) => rule.push(allowed.join(" or ")),
            }
            match key.default {
                None => {}
                Some(Default::Boolean(value)) => rule.push(format!("default {value}")),
                Some(Default::Integer(value)) => rule.push(format!("default {value}")),
            }
            let here = match key.treatment {
                Field(field) => {
                    format!("`{}`", field.replace(", ", "`, `").replace(" (the opposite)", "` (the opposite)"))
                        .replace("(the opposite)`", "(the opposite)")
                }
                Refused(reason) => format!("refused: {reason}"),
                Rendered(what) => what.to_owned(),
            };
            let _ = writeln!(out, "| `{}` | {} | {} | {here} |", key.name, key.value_type.as_str(), rule.join(", "));
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
