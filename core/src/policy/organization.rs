//! Whose profile is it?
//!
//! The part of a policy document that names the organization: to this library, to users, and to their Macs.

use serde::{Deserialize, Serialize};

use super::{
    error::{PolicyError, Violations},
    identifiers::{self, FixedIdentifiers, Part, PayloadNames, ProfileNames},
    text::{require_identifier, require_text},
};
use crate::ids::Organization;

/// An organization as a policy document describes it, not checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OrganizationSettings {
    /// What the organization is called in this library: see [`Organization`].
    pub id: String,
    /// Its name as users read it (`PayloadOrganization`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What its profile identifiers begin with, for example `com.example`.
    pub identifier: String,
    /// Identifiers of FileVault profiles that are installed already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filevault_identifiers: Option<FixedIdentifiers>,
}

/// Whose profile it is: an organization whose identifiers can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "OrganizationSettings", into = "OrganizationSettings")]
pub struct OrganizationDetails {
    settings: OrganizationSettings,
    organization: Organization,
}

impl OrganizationDetails {
    /// Takes settings that break no rule.
    ///
    /// # Errors
    /// [`PolicyError::Invalid`] with every broken rule.
    pub fn new(settings: OrganizationSettings) -> Result<Self, PolicyError> {
        let mut violations = Violations::default();
        if let Some(name) = &settings.name {
            require_text(&mut violations, "organization.name", name);
        }
        require_identifier(&mut violations, "organization.identifier", &settings.identifier);
        if let Some(fixed) = &settings.filevault_identifiers {
            identifiers::check(fixed, &settings.id, &settings.identifier, &mut violations);
        }
        match Organization::new(settings.id.as_str()) {
            Ok(organization) => violations.or(Self { settings, organization }),
            Err(error) => {
                violations.require(false, "organization.id", error.to_string(), "names of this library");
                Err(violations.into_error())
            }
        }
    }

    /// The shortest way: an organization and what its profile identifiers begin with.
    ///
    /// # Errors
    /// [`PolicyError::Invalid`] if `identifier` is not one such as `com.example`.
    pub fn of(organization: &Organization, identifier: impl Into<String>) -> Result<Self, PolicyError> {
        Self::new(OrganizationSettings {
            id: organization.as_str().to_owned(),
            identifier: identifier.into(),
            ..OrganizationSettings::default()
        })
    }

    /// The organization.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// Its name as users read it.
    pub fn name(&self) -> Option<&str> {
        self.settings.name.as_deref()
    }

    /// What its profile identifiers begin with.
    pub fn identifier(&self) -> &str {
        &self.settings.identifier
    }

    /// Identifiers that are given rather than derived.
    pub fn filevault_identifiers(&self) -> Option<&FixedIdentifiers> {
        self.settings.filevault_identifiers.as_ref()
    }

    /// The settings.
    pub fn settings(&self) -> &OrganizationSettings {
        &self.settings
    }

    /// By which names a Mac knows the organization's FileVault profile.
    pub(crate) fn profile_names(&self) -> ProfileNames {
        ProfileNames::resolve(self.filevault_identifiers(), &self.settings.identifier)
    }

    /// By which names a Mac knows this payload of it.
    pub(crate) fn payload_names(&self, part: Part) -> PayloadNames {
        let OrganizationSettings { id, identifier, filevault_identifiers, .. } = &self.settings;
        PayloadNames::resolve(filevault_identifiers.as_ref(), id, identifier, part)
    }
}

impl TryFrom<OrganizationSettings> for OrganizationDetails {
    type Error = PolicyError;

    fn try_from(settings: OrganizationSettings) -> Result<Self, PolicyError> {
        Self::new(settings)
    }
}

impl From<OrganizationDetails> for OrganizationSettings {
    fn from(details: OrganizationDetails) -> Self {
        details.settings
    }
}
