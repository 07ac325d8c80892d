//! By which identifiers does a Mac know a profile and its payloads?
//!
//! A Mac tells an update from a new profile by identifiers alone. They are derived from the organization,
//! so that the same organization always gets the same ones; who adopts this library while profiles are
//! installed already gives the old ones ([`FixedIdentifiers`]), and nothing is pushed twice.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    error::Violations,
    text::{require_identifier, require_text},
};

/// Identifiers that are given rather than derived, for what is installed already.
///
/// What is left out is derived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FixedIdentifiers {
    /// The profile itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<FixedProfile>,
    /// The payload `com.apple.MCX.FileVault2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filevault: Option<FixedPayload>,
    /// The payload `com.apple.security.FDERecoveryKeyEscrow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escrow: Option<FixedPayload>,
    /// The payload `com.apple.security.pkcs1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<FixedPayload>,
    /// The payload `com.apple.MCX`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<FixedPayload>,
}

/// The identifiers of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FixedProfile {
    /// `PayloadIdentifier`.
    pub identifier: String,
    /// `PayloadUUID`. Left out, it changes exactly when the profile does; given, it never changes, and it is
    /// the server's task to notice that the bytes did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
}

/// The identifiers of one payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FixedPayload {
    /// `PayloadIdentifier`.
    pub identifier: String,
    /// `PayloadUUID`, in any letter case; it is written as it was given. Left out, it is derived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// `PayloadDisplayName`; an empty one is not written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display_name: String,
}

/// The parts of a FileVault profile that have identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Profile,
    FileVault,
    Escrow,
    Certificate,
    Options,
}

impl Part {
    pub(crate) const ALL: [Self; 5] = [Self::Profile, Self::FileVault, Self::Escrow, Self::Certificate, Self::Options];

    pub(crate) fn payload_type(self) -> &'static str {
        match self {
            Self::Profile => "Configuration",
            Self::FileVault => "com.apple.MCX.FileVault2",
            Self::Escrow => "com.apple.security.FDERecoveryKeyEscrow",
            Self::Certificate => "com.apple.security.pkcs1",
            Self::Options => "com.apple.MCX",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Profile => "",
            Self::FileVault => ".enforcement",
            Self::Escrow => ".escrow",
            Self::Certificate => ".certificate",
            Self::Options => ".options",
        }
    }

    fn display_name(self) -> &'static str {
        match self {
            Self::Profile => "",
            Self::FileVault => "FileVault",
            Self::Escrow => "FileVault recovery key escrow",
            Self::Certificate => "FileVault escrow certificate",
            Self::Options => "FileVault options",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Profile => "organization.filevault_identifiers.profile",
            Self::FileVault => "organization.filevault_identifiers.filevault",
            Self::Escrow => "organization.filevault_identifiers.escrow",
            Self::Certificate => "organization.filevault_identifiers.certificate",
            Self::Options => "organization.filevault_identifiers.options",
        }
    }
}

/// The names of one part as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) identifier: String,
    /// None for a profile whose UUID follows from its content.
    pub(crate) uuid: Option<String>,
    pub(crate) display_name: String,
}

impl Names {
    pub(super) fn resolve(fixed: Option<&FixedIdentifiers>, organization: &str, prefix: &str, part: Part) -> Self {
        let profile = fixed.and_then(|fixed| fixed.profile.as_ref());
        let profile_identifier =
            profile.map_or_else(|| format!("{prefix}.filevault"), |fixed| fixed.identifier.clone());
        if part == Part::Profile {
            let uuid = profile.and_then(|fixed| fixed.uuid.clone());
            return Self { identifier: profile_identifier, uuid, display_name: String::new() };
        }
        let payload = fixed.and_then(|fixed| fixed.payload(part));
        let identifier =
            payload.map_or_else(|| format!("{profile_identifier}{}", part.suffix()), |fixed| fixed.identifier.clone());
        let uuid = payload
            .and_then(|fixed| fixed.uuid.clone())
            .unwrap_or_else(|| uuid_of(&[organization, &identifier, part.payload_type()]));
        let display_name = payload.map_or(part.display_name(), |fixed| &fixed.display_name).to_owned();
        Self { identifier, uuid: Some(uuid), display_name }
    }
}

impl FixedIdentifiers {
    fn payload(&self, part: Part) -> Option<&FixedPayload> {
        match part {
            Part::Profile => None,
            Part::FileVault => self.filevault.as_ref(),
            Part::Escrow => self.escrow.as_ref(),
            Part::Certificate => self.certificate.as_ref(),
            Part::Options => self.options.as_ref(),
        }
    }
}

/// The namespace of our version 5 UUIDs; it never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x5a1d_9c3e_7b42_4f06_9e8a_c1f0_3d27_6b95);

/// RFC 9562 §5.5 over these names, which have no control characters, in upper case as macOS prints UUIDs.
fn uuid_of(names: &[&str]) -> String {
    upper(Uuid::new_v5(&NAMESPACE, names.join("\0").as_bytes()))
}

/// RFC 9562 §5.5 over some content, in upper case.
pub(crate) fn uuid_of_content(content: &[u8]) -> String {
    upper(Uuid::new_v5(&NAMESPACE, content))
}

fn upper(uuid: Uuid) -> String {
    uuid.hyphenated().encode_upper(&mut Uuid::encode_buffer()).to_owned()
}

const UNIQUE: &str = "CommonPayloadKeys.yaml, PayloadIdentifier and PayloadUUID";

/// Requires that what is given has the right form, and that with what is derived nothing is there twice.
pub(super) fn check(fixed: &FixedIdentifiers, organization: &str, prefix: &str, violations: &mut Violations) {
    let mut seen: Vec<String> = Vec::new();
    for part in Part::ALL {
        let names = Names::resolve(Some(fixed), organization, prefix, part);
        let field = part.field();
        require_identifier(violations, field, &names.identifier);
        if let Some(payload) = fixed.payload(part).filter(|payload| !payload.display_name.is_empty()) {
            require_text(violations, field, &payload.display_name);
        }
        if let Some(uuid) = &names.uuid {
            violations.require(
                uuid.len() == 36 && Uuid::try_parse(uuid).is_ok(),
                field,
                "has a UUID that is not of the form 8-4-4-4-12",
                "RFC 9562 §4",
            );
        }
        for name in [Some(names.identifier), names.uuid].into_iter().flatten() {
            let name = name.to_ascii_uppercase();
            violations.require(!seen.contains(&name), field, "has an identifier or UUID that is there twice", UNIQUE);
            seen.push(name);
        }
    }
}
