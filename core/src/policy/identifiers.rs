//! By which identifiers does a Mac know a profile and its payloads?
//!
//! A Mac tells an update from a new profile by identifiers alone. They are derived from the organization,
//! so that the same organization always gets the same ones; who adopts this library while profiles are
//! installed already gives the old ones ([`FixedIdentifiers`]), and nothing is pushed twice.

use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};
use uuid::{Builder, Uuid};

use super::{
    error::Violations,
    filevault::schema::{CERTIFICATE, ESCROW, FILEVAULT, OPTIONS},
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

/// The payloads of a FileVault profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    FileVault,
    Escrow,
    Certificate,
    Options,
}

impl Part {
    const ALL: [Self; 4] = [Self::FileVault, Self::Escrow, Self::Certificate, Self::Options];

    pub(crate) fn payload_type(self) -> &'static str {
        match self {
            Self::FileVault => FILEVAULT.payload_type,
            Self::Escrow => ESCROW.payload_type,
            Self::Certificate => CERTIFICATE.payload_type,
            Self::Options => OPTIONS.payload_type,
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::FileVault => "enforcement",
            Self::Escrow => "escrow",
            Self::Certificate => "certificate",
            Self::Options => "options",
        }
    }

    fn display_name(self) -> &'static str {
        match self {
            Self::FileVault => "FileVault",
            Self::Escrow => "FileVault recovery key escrow",
            Self::Certificate => "FileVault escrow certificate",
            Self::Options => "FileVault options",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::FileVault => "organization.filevault_identifiers.filevault",
            Self::Escrow => "organization.filevault_identifiers.escrow",
            Self::Certificate => "organization.filevault_identifiers.certificate",
            Self::Options => "organization.filevault_identifiers.options",
        }
    }
}

/// The names of a profile as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProfileNames {
    pub(crate) identifier: String,
    /// None where the UUID follows from the content.
    pub(crate) uuid: Option<String>,
}

impl ProfileNames {
    pub(super) fn resolve(fixed: Option<&FixedIdentifiers>, prefix: &str) -> Self {
        match fixed.and_then(|fixed| fixed.profile.as_ref()) {
            Some(profile) => Self { identifier: profile.identifier.clone(), uuid: profile.uuid.clone() },
            None => Self { identifier: format!("{prefix}.filevault"), uuid: None },
        }
    }
}

/// The names of a payload as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PayloadNames {
    pub(crate) identifier: String,
    pub(crate) uuid: String,
    pub(crate) display_name: String,
}

impl PayloadNames {
    pub(super) fn resolve(fixed: Option<&FixedIdentifiers>, organization: &str, prefix: &str, part: Part) -> Self {
        let given = fixed.and_then(|fixed| fixed.payload(part));
        let identifier = match given {
            Some(payload) => payload.identifier.clone(),
            None => format!("{}.{}", ProfileNames::resolve(fixed, prefix).identifier, part.suffix()),
        };
        let uuid = match given.and_then(|payload| payload.uuid.clone()) {
            Some(uuid) => uuid,
            // names have no control characters, so that no two lists of names give the same bytes
            None => uuid_of([organization, &identifier, part.payload_type()].join("\0").as_bytes()),
        };
        let display_name = given.map_or(part.display_name(), |payload| &payload.display_name).to_owned();
        Self { identifier, uuid, display_name }
    }
}

impl FixedIdentifiers {
    fn payload(&self, part: Part) -> Option<&FixedPayload> {
        match part {
            Part::FileVault => self.filevault.as_ref(),
            Part::Escrow => self.escrow.as_ref(),
            Part::Certificate => self.certificate.as_ref(),
            Part::Options => self.options.as_ref(),
        }
    }
}

/// The namespace of our version 5 UUIDs; it never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x5a1d_9c3e_7b42_4f06_9e8a_c1f0_3d27_6b95);

/// RFC 9562 §5.5 over these bytes, in upper case as macOS prints UUIDs. By `sha1`, which uses the processor's
/// instructions; what `uuid` has for version 5 does not.
pub(crate) fn uuid_of(bytes: &[u8]) -> String {
    let hash: [u8; 20] = Sha1::new_with_prefix(NAMESPACE.as_bytes()).chain_update(bytes).finalize().into();
    let [name_based @ .., _, _, _, _] = hash;
    let uuid = Builder::from_sha1_bytes(name_based).into_uuid();
    uuid.hyphenated().encode_upper(&mut Uuid::encode_buffer()).to_owned()
}

const UNIQUE: &str = "CommonPayloadKeys.yaml, PayloadIdentifier and PayloadUUID";

/// Requires that what is given has the right form, and that with what is derived nothing is there twice.
pub(super) fn check(fixed: &FixedIdentifiers, organization: &str, prefix: &str, violations: &mut Violations) {
    let profile = ProfileNames::resolve(Some(fixed), prefix);
    let mut all = vec![("organization.filevault_identifiers.profile", profile.identifier, profile.uuid)];
    for part in Part::ALL {
        let names = PayloadNames::resolve(Some(fixed), organization, prefix, part);
        if let Some(payload) = fixed.payload(part).filter(|payload| !payload.display_name.is_empty()) {
            require_text(violations, part.field(), &payload.display_name);
        }
        all.push((part.field(), names.identifier, Some(names.uuid)));
    }
    let mut seen: Vec<String> = Vec::new();
    for (field, identifier, uuid) in all {
        require_identifier(violations, field, &identifier);
        if let Some(uuid) = &uuid {
            let form = uuid.len() == 36 && Uuid::try_parse(uuid).is_ok();
            violations.require(form, field, "has a UUID that is not of the form 8-4-4-4-12", "RFC 9562 §4");
        }
        for name in [Some(identifier), uuid].into_iter().flatten() {
            let name = name.to_ascii_uppercase();
            violations.require(!seen.contains(&name), field, "has an identifier or UUID that is there twice", UNIQUE);
            seen.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_those_that_python_derives() {
        // uuid.uuid5(uuid.UUID("5a1d9c3e-7b42-4f06-9e8a-c1f03d276b95"), name)
        assert_eq!(uuid_of(b"example.com\0a"), "F8540031-5306-59CF-9426-D365F8D7B0CD");
        assert_eq!(uuid_of("x".repeat(200).as_bytes()), "7DB9C315-FB01-5213-A640-3BADD8864E70");
    }
}
