//! Which policy would render this profile?
//!
//! For profiles that this library rendered, the one they were rendered from; for others, the policy that asks
//! the same of a Mac, or every reason why there is none. With [`ParsedProfile::identifiers`] the same
//! profile can be rendered again, so that adopting this library pushes nothing anew.

use std::collections::BTreeMap;

use ::plist::{Dictionary, Value};

use super::{ParsedPayload, ParsedProfile, parsed::string};
use crate::policy::{
    FileVaultPolicy, FileVaultSettings, FixedIdentifiers, FixedPayload, FixedProfile, PolicyError, Violations,
    filevault::{
        EmbeddedCertificate, Enforcement, KeyEscrow, Options, ProfileSettings, Scope,
        schema::{
            self, CERTIFICATE, COMMON, ESCROW, FILEVAULT, Key, OPTIONS, Schema, TOP_LEVEL, Treatment, ValueType, Values,
        },
    },
};

const ONE_OF_A_TYPE: &str = "one payload of a type in a system";

impl ParsedProfile {
    /// The policy that asks the same of a Mac. The law: what [`render`](super::render) made of a policy gives
    /// that policy.
    ///
    /// Names and descriptions of single payloads are not part of a policy and are passed over.
    ///
    /// # Errors
    /// [`PolicyError::Invalid`] with everything that no policy of this library asks for: foreign payloads and
    /// keys, keys that are refused (with the reason), and broken rules.
    pub fn policy(&self) -> Result<FileVaultPolicy, PolicyError> {
        let mut violations = Violations::default();
        check(&self.root, &TOP_LEVEL, &[], &mut violations);
        let mut found = Found::default();
        for payload in &self.payloads {
            found.take(payload, &mut violations);
        }
        let escrow = found.escrow.map(|payload| self.escrow(payload, found.certificate, &mut violations));
        violations.require(
            found.certificate.is_none() || found.escrow.is_some(),
            CERTIFICATE.payload_type,
            "is a certificate that no escrow refers to",
            "com.apple.security.FDERecoveryKeyEscrow.yaml, EncryptCertPayloadUUID",
        );
        let settings = FileVaultSettings {
            enforcement: found.filevault.map(|payload| enforcement(payload, &mut violations)),
            escrow,
            options: found.options.map_or_else(Options::default, options),
            profile: self.profile_settings(&mut violations),
        };
        violations.or(())?;
        FileVaultPolicy::new(settings)
    }

    /// The identifiers of this profile, to be given to
    /// [`OrganizationSettings`](crate::policy::OrganizationSettings): rendering writes them again.
    pub fn identifiers(&self) -> FixedIdentifiers {
        let profile = FixedProfile {
            identifier: self.identifier().to_owned(),
            uuid: string(&self.root, "PayloadUUID").map(str::to_owned),
        };
        let mut fixed = FixedIdentifiers { profile: Some(profile), ..FixedIdentifiers::default() };
        for payload in &self.payloads {
            let names = FixedPayload {
                identifier: payload.identifier().to_owned(),
                uuid: payload.string("PayloadUUID").map(str::to_owned),
                display_name: payload.display_name().unwrap_or_default().to_owned(),
            };
            match payload.payload_type() {
                of if of == FILEVAULT.payload_type => fixed.filevault = Some(names),
                of if of == ESCROW.payload_type => fixed.escrow = Some(names),
                of if of == CERTIFICATE.payload_type => fixed.certificate = Some(names),
                of if of == OPTIONS.payload_type => fixed.options = Some(names),
                _ => {}
            }
        }
        fixed
    }

    fn escrow(
        &self,
        payload: &ParsedPayload,
        certificate: Option<&ParsedPayload>,
        violations: &mut Violations,
    ) -> KeyEscrow {
        let referred = payload.string("EncryptCertPayloadUUID").and_then(|uuid| self.referred(uuid));
        violations.require(
            referred.is_some_and(|referred| referred.payload_type() == CERTIFICATE.payload_type),
            "com.apple.security.FDERecoveryKeyEscrow EncryptCertPayloadUUID",
            "refers to no certificate payload of this profile",
            "com.apple.security.FDERecoveryKeyEscrow.yaml, EncryptCertPayloadUUID",
        );
        let file_name = certificate.and_then(|certificate| certificate.string("PayloadCertificateFileName"));
        KeyEscrow {
            location: payload.string("Location").unwrap_or_default().to_owned(),
            device_key: payload.string("DeviceKey").map(str::to_owned),
            certificate_file_name: file_name.map(str::to_owned),
        }
    }

    fn profile_settings(&self, violations: &mut Violations) -> ProfileSettings {
        violations.require(
            self.scope() != Some("User"),
            "PayloadScope",
            "is User: FileVault is a matter of the system",
            "com.apple.security.FDERecoveryKeyEscrow.yaml, Notes",
        );
        let texts = self.root.get("ConsentText").and_then(Value::as_dictionary);
        ProfileSettings {
            display_name: self.display_name().unwrap_or_default().to_owned(),
            description: string(&self.root, "PayloadDescription").map(str::to_owned),
            removal_disallowed: self.root.get("PayloadRemovalDisallowed").and_then(Value::as_boolean) == Some(true),
            consent_text: texts.map(|texts| consent(texts, violations)).unwrap_or_default(),
            scope: if self.scope() == Some("System") { Scope::System } else { Scope::DeviceChannel },
        }
    }
}

/// The payloads that a policy renders, one of each.
#[derive(Default)]
struct Found<'a> {
    filevault: Option<&'a ParsedPayload>,
    escrow: Option<&'a ParsedPayload>,
    certificate: Option<&'a ParsedPayload>,
    options: Option<&'a ParsedPayload>,
}

impl<'a> Found<'a> {
    fn take(&mut self, payload: &'a ParsedPayload, violations: &mut Violations) {
        let Some(schema) = schema::of_payload(payload.payload_type()) else {
            violations.require(
                false,
                bounded(payload.payload_type()),
                "is a payload type that no FileVault policy renders",
                TOP_LEVEL.file,
            );
            return;
        };
        let place = match schema.payload_type {
            of if of == FILEVAULT.payload_type => &mut self.filevault,
            of if of == ESCROW.payload_type => &mut self.escrow,
            of if of == CERTIFICATE.payload_type => &mut self.certificate,
            _ => &mut self.options,
        };
        violations.require(place.is_none(), schema.payload_type, "is there twice", ONE_OF_A_TYPE);
        *place = Some(payload);
        let common: Vec<&str> = COMMON.keys.iter().map(|key| key.name).collect();
        check(&payload.keys, schema, &common, violations);
    }
}

/// Every key of the dictionary against the schema, but for those that are passed over.
fn check(keys: &Dictionary, schema: &Schema, passed_over: &[&str], violations: &mut Violations) {
    for key in schema.keys.iter().filter(|key| key.required) {
        let field = format!("{} {}", schema.payload_type, key.name);
        violations.require(keys.contains_key(key.name), field, "is missing", schema.file);
    }
    for (name, value) in keys.iter().filter(|(name, _)| !passed_over.contains(&name.as_str())) {
        let field = format!("{} {}", schema.payload_type, bounded(name));
        let Some(key) = schema.key(name) else {
            violations.require(false, field, "is not a key of Apple's schema", schema.file);
            continue;
        };
        if !key.has_type(value) {
            violations.require(false, field, "has a value of the wrong type", schema.file);
        } else if !key.allows(value) {
            violations.require(false, field, "has a value that Apple does not allow", schema.file);
        } else if let Treatment::Refused(reason) = key.treatment {
            let harmless =
                key.is_default(value) || (key.name == "TargetDeviceType" && value.as_signed_integer() == Some(5));
            violations.require(harmless, field, format!("is not supported: {reason}"), schema.file);
        }
    }
}

impl Key {
    /// Whether the value is of the type that Apple gives.
    pub(super) fn has_type(&self, value: &Value) -> bool {
        match self.value_type {
            ValueType::Array => value.as_array().is_some(),
            ValueType::Boolean => value.as_boolean().is_some(),
            ValueType::Data => value.as_data().is_some(),
            ValueType::Date => value.as_date().is_some(),
            ValueType::Dictionary => value.as_dictionary().is_some(),
            ValueType::Integer => value.as_signed_integer().is_some(),
            // whole numbers are written either way
            ValueType::Real => value.as_real().is_some() || value.as_signed_integer().is_some(),
            ValueType::String => value.as_string().is_some(),
        }
    }

    /// Whether Apple allows the value.
    pub(super) fn allows(&self, value: &Value) -> bool {
        match self.values {
            Values::Any => true,
            Values::Integers(allowed) => value.as_signed_integer().is_some_and(|value| allowed.contains(&value)),
            Values::Range(low, high) => value.as_signed_integer().is_some_and(|value| (low..=high).contains(&value)),
            Values::Strings(allowed) => value.as_string().is_some_and(|value| allowed.contains(&value)),
        }
    }

    /// Whether the value is what is true where the key is left out.
    pub(super) fn is_default(&self, value: &Value) -> bool {
        match self.default {
            None => false,
            Some(schema::Default::Boolean(default)) => value.as_boolean() == Some(default),
            Some(schema::Default::Integer(default)) => value.as_signed_integer() == Some(default),
        }
    }
}

fn enforcement(payload: &ParsedPayload, violations: &mut Violations) -> Enforcement {
    violations.require(
        payload.string("Enable") == Some("On"),
        "com.apple.MCX.FileVault2 Enable",
        "is not On: no policy decrypts a disk",
        "com.apple.MCX.FileVault2.yaml, Enable",
    );
    let boolean = |name, default| payload.boolean(name).unwrap_or(default);
    Enforcement {
        defer: boolean("Defer", false),
        setup_assistant: boolean("ForceEnableInSetupAssistant", false),
        max_bypass_attempts: payload.integer("DeferForceAtUserLoginMaxBypassAttempts"),
        ask_at_logout: !boolean("DeferDontAskAtUserLogout", false),
        user_enters_missing_info: boolean("UserEntersMissingInfo", false),
        use_recovery_key: boolean("UseRecoveryKey", true),
        show_recovery_key: boolean("ShowRecoveryKey", true),
        institutional_certificate: payload
            .keys
            .get("Certificate")
            .and_then(Value::as_data)
            .map(EmbeddedCertificate::from_der),
    }
}

fn options(payload: &ParsedPayload) -> Options {
    Options {
        dont_allow_disable: payload.boolean("dontAllowFDEDisable").unwrap_or(false),
        dont_allow_enable: payload.boolean("dontAllowFDEEnable").unwrap_or(false),
        destroy_key_on_standby: payload.boolean("DestroyFVKeyOnStandby").unwrap_or(false),
    }
}

fn consent(texts: &Dictionary, violations: &mut Violations) -> BTreeMap<String, String> {
    let read = texts.iter().map(|(language, text)| Some((language.clone(), text.as_string()?.to_owned())));
    read.collect::<Option<_>>().unwrap_or_else(|| {
        violations.require(false, "ConsentText", "has a text that is not a string", "TopLevel.yaml, ConsentText");
        BTreeMap::new()
    })
}

/// Foreign text in a message: at most 64 characters, none of them a control character.
pub(super) fn bounded(text: &str) -> String {
    text.chars().take(64).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}
