//! Which fields has a policy document, and what holds where one is left out?
//!
//! One line for each field. The JSON Schema, the table in the documentation and the explanation of a merged policy are
//! made of this list; tests hold it against what is read: a field that is read and not here, or here and not read,
//! or that has another default, is found.

use serde_json::{Value, json};

use super::{
    filevault, luks,
    luks::Authorization,
    rotation::{Cause, Method},
};
use crate::{key::Kind, policy::Level};

/// One field of a policy document.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Field {
    /// Its place in the document: tables and field, separated by dots.
    pub path: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// What holds where it is left out.
    pub preset: Preset,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum FieldKind {
    /// `true` or `false`.
    Boolean,
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// A list of whole numbers from the first to the second, none twice.
    Integers(i64, i64),
    /// Texts of one's own, each under a name of one's own.
    Map,
    /// Fields of its own.
    Table,
    /// Text.
    Text,
    /// A list of texts, none twice.
    Texts,
    /// One of these words.
    Word(Words),
    /// A list of these words, none twice.
    Words(Words),
    /// One of the second words under each of the first.
    WordMap(Words, Words),
}

/// Words that are allowed.
pub type Words = fn() -> Vec<&'static str>;

/// What holds where a field is left out.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Preset {
    /// Nothing: it is not asked for, or not said to the device.
    Absent,
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// The table is there, with the presets of its fields; a map is empty.
    Present,
    /// It must not be left out.
    Required,
    /// A text or word.
    Text(&'static str),
    /// A list.
    Texts(fn() -> Vec<&'static str>),
}

impl Preset {
    /// The value in JSON; `None` for nothing.
    pub fn value(self) -> Option<Value> {
        Some(match self {
            Self::Absent | Self::Required => return None,
            Self::Boolean(value) => value.into(),
            Self::Integer(value) => value.into(),
            Self::Present => json!({}),
            Self::Text(text) => text.into(),
            Self::Texts(texts) => texts().into(),
        })
    }
}

use FieldKind::{Boolean, Integer, Integers, Map, Table, Text, Texts, Word, WordMap, Words as WordList};
use Preset::{Absent, Present, Required};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;
const SECONDS: FieldKind = Integer(0, 0xFFFF_FFFF);

const fn field(path: &'static str, kind: FieldKind, preset: Preset, meaning: &'static str) -> Field {
    Field { path, kind, preset, meaning }
}

const fn flag(path: &'static str, preset: bool, meaning: &'static str) -> Field {
    field(path, Boolean, Preset::Boolean(preset), meaning)
}

const fn seconds(path: &'static str, preset: i64, meaning: &'static str) -> Field {
    field(path, SECONDS, Preset::Integer(preset), meaning)
}

const fn table(path: &'static str, preset: Preset, meaning: &'static str) -> Field {
    field(path, Table, preset, meaning)
}

fn kinds() -> Vec<&'static str> {
    Kind::ALL.iter().map(|kind| kind.as_str()).collect()
}

fn levels() -> Vec<&'static str> {
    Level::ALL.iter().map(|level| level.as_str()).collect()
}

fn causes() -> Vec<&'static str> {
    Cause::ALL.iter().map(|cause| cause.as_str()).collect()
}

fn filevault_methods() -> Vec<&'static str> {
    Method::ALL.iter().filter(|method| !method.adds_before_it_removes()).map(|method| method.as_str()).collect()
}

fn authorizations() -> Vec<&'static str> {
    Authorization::ALL.iter().map(|way| way.as_str()).collect()
}

fn default_authorizations() -> Vec<&'static str> {
    Authorization::DEFAULT.iter().map(|way| way.as_str()).collect()
}

const METHODS: FieldKind = Word(|| vec!["aes_cbc_128", "aes_cbc_256", "xts_aes_128", "xts_aes_256"]);
const ENCRYPTION_TYPES: FieldKind = Word(|| vec!["full", "used_space_only"]);
const USAGES: FieldKind = Word(|| vec!["disallowed", "required", "allowed"]);
const ALLOWED: Preset = Preset::Text("allowed");

/// Every field, in the order of the documentation. A table comes before its fields.
pub const FIELDS: &[Field] = &[
    table("organization", Absent, "Whose policy it is; needed where a profile or a plan is rendered."),
    field("organization.id", Text, Required, "What the organization is called in this library, on every stored key."),
    field("organization.name", Text, Absent, "Its name as users read it."),
    field(
        "organization.identifier",
        Text,
        Required,
        "What its profile identifiers begin with, for example com.example.",
    ),
    table(
        "organization.filevault_identifiers",
        Absent,
        "Identifiers of FileVault profiles that are installed already.",
    ),
    table("organization.filevault_identifiers.profile", Absent, "Those of the profile."),
    field("organization.filevault_identifiers.profile.identifier", Text, Required, "PayloadIdentifier."),
    field(
        "organization.filevault_identifiers.profile.uuid",
        Text,
        Absent,
        "PayloadUUID; left out, it changes with the profile.",
    ),
    table("organization.filevault_identifiers.filevault", Absent, "Those of the payload com.apple.MCX.FileVault2."),
    field("organization.filevault_identifiers.filevault.identifier", Text, Required, "PayloadIdentifier."),
    field("organization.filevault_identifiers.filevault.uuid", Text, Absent, "PayloadUUID; left out, it is derived."),
    field("organization.filevault_identifiers.filevault.display_name", Text, Preset::Text(""), "PayloadDisplayName."),
    table(
        "organization.filevault_identifiers.escrow",
        Absent,
        "Those of the payload com.apple.security.FDERecoveryKeyEscrow.",
    ),
    field("organization.filevault_identifiers.escrow.identifier", Text, Required, "PayloadIdentifier."),
    field("organization.filevault_identifiers.escrow.uuid", Text, Absent, "PayloadUUID; left out, it is derived."),
    field("organization.filevault_identifiers.escrow.display_name", Text, Preset::Text(""), "PayloadDisplayName."),
    table("organization.filevault_identifiers.certificate", Absent, "Those of the payload com.apple.security.pkcs1."),
    field("organization.filevault_identifiers.certificate.identifier", Text, Required, "PayloadIdentifier."),
    field("organization.filevault_identifiers.certificate.uuid", Text, Absent, "PayloadUUID; left out, it is derived."),
    field("organization.filevault_identifiers.certificate.display_name", Text, Preset::Text(""), "PayloadDisplayName."),
    table("organization.filevault_identifiers.options", Absent, "Those of the payload com.apple.MCX."),
    field("organization.filevault_identifiers.options.identifier", Text, Required, "PayloadIdentifier."),
    field("organization.filevault_identifiers.options.uuid", Text, Absent, "PayloadUUID; left out, it is derived."),
    field("organization.filevault_identifiers.options.display_name", Text, Preset::Text(""), "PayloadDisplayName."),
    table("filevault", Absent, "What is asked of Macs; left out, nothing is."),
    table("filevault.enforcement", Absent, "FileVault is turned on; left out, another tool or the user does it."),
    flag(
        "filevault.enforcement.defer",
        true,
        "The user who logs in or out turns FileVault on; nothing but true is allowed.",
    ),
    flag(
        "filevault.enforcement.setup_assistant",
        false,
        "Setup Assistant turns FileVault on, on macOS 14 and automated enrolment.",
    ),
    field(
        "filevault.enforcement.max_bypass_attempts",
        Integer(filevault::schema::BYPASS_ATTEMPTS.0, filevault::schema::BYPASS_ATTEMPTS.1),
        Absent,
        "How often a user may put it off at login; 0 for never, -1 for not asking at login.",
    ),
    flag("filevault.enforcement.ask_at_logout", true, "Users are asked at logout too."),
    flag("filevault.enforcement.user_enters_missing_info", false, "A missing name or password is asked for."),
    flag(
        "filevault.enforcement.use_recovery_key",
        true,
        "A personal recovery key is made; nothing but true is allowed.",
    ),
    flag(
        "filevault.enforcement.show_recovery_key",
        true,
        "The user sees the recovery key; false needs filevault.escrow.",
    ),
    field(
        "filevault.enforcement.institutional_certificate",
        Text,
        Absent,
        "The certificate of an institutional recovery key, base64 or PEM; Apple silicon ignores it.",
    ),
    table(
        "filevault.escrow",
        Absent,
        "The recovery key is sealed to the organization's certificate; left out, nobody else has it.",
    ),
    field("filevault.escrow.location", Text, Required, "Where the key goes, in words that macOS shows to the user."),
    field(
        "filevault.escrow.device_key",
        Text,
        Absent,
        "What the user is shown to name this Mac; left out, the serial number.",
    ),
    field("filevault.escrow.certificate_file_name", Text, Absent, "The file name that the certificate carries."),
    table("filevault.options", Present, "What people may do with FileVault."),
    flag("filevault.options.dont_allow_disable", false, "FileVault cannot be turned off."),
    flag("filevault.options.dont_allow_enable", false, "FileVault cannot be turned on."),
    flag("filevault.options.destroy_key_on_standby", false, "The key is removed from memory in standby."),
    table("filevault.profile", Present, "How the profile presents itself."),
    field(
        "filevault.profile.display_name",
        Text,
        Preset::Text(filevault::DEFAULT_DISPLAY_NAME),
        "Its name in System Settings.",
    ),
    field("filevault.profile.description", Text, Absent, "What it is for."),
    flag(
        "filevault.profile.removal_disallowed",
        false,
        "Nobody but an administrator may remove it where it was installed by hand.",
    ),
    field(
        "filevault.profile.consent_text",
        Map,
        Present,
        "What the user must agree to first, by language (BCP 47, and default).",
    ),
    field(
        "filevault.profile.scope",
        Word(|| vec!["device_channel", "system"]),
        Preset::Text("system"),
        "For whom it is installed.",
    ),
    table("bitlocker", Absent, "What is asked of BitLocker; left out, nothing is."),
    field(
        "bitlocker.join",
        Word(|| vec!["none", "domain", "entra", "hybrid"]),
        Preset::Text("none"),
        "Which directory these devices are joined to.",
    ),
    table("bitlocker.enforcement", Absent, "BitLocker is turned on; left out, another tool or the user does it."),
    field("bitlocker.enforcement.by", Word(|| vec!["agent", "windows"]), Preset::Text("agent"), "Who turns it on."),
    field(
        "bitlocker.enforcement.before_encryption",
        Word(|| vec!["spooled", "stored", "verified"]),
        Preset::Text("stored"),
        "How far in escrow the recovery password must be before the agent lets encryption begin.",
    ),
    flag("bitlocker.enforcement.silent", false, "Windows asks nobody, on devices that are joined to Entra."),
    flag(
        "bitlocker.enforcement.standard_users",
        false,
        "Windows does it for users who are not administrators too; needs silent.",
    ),
    table("bitlocker.methods", Absent, "How drives are encrypted; left out, Windows' default."),
    field("bitlocker.methods.system", METHODS, Preset::Text("xts_aes_256"), "The drive that Windows starts from."),
    field("bitlocker.methods.fixed", METHODS, Preset::Text("xts_aes_256"), "Other internal drives."),
    field("bitlocker.methods.removable", METHODS, Preset::Text("aes_cbc_256"), "Removable drives."),
    table("bitlocker.system_drive", Present, "What is asked of the drive that Windows starts from."),
    field("bitlocker.system_drive.encryption_type", ENCRYPTION_TYPES, Absent, "How much is encrypted at first."),
    table(
        "bitlocker.system_drive.startup",
        Absent,
        "How Windows starts: at most one way is required, and then the others are disallowed.",
    ),
    field("bitlocker.system_drive.startup.tpm", USAGES, ALLOWED, "By the TPM alone."),
    field("bitlocker.system_drive.startup.pin", USAGES, ALLOWED, "By the TPM and a PIN."),
    field("bitlocker.system_drive.startup.startup_key", USAGES, ALLOWED, "By the TPM and a key on a USB drive."),
    field(
        "bitlocker.system_drive.startup.pin_and_startup_key",
        USAGES,
        ALLOWED,
        "By the TPM, a PIN and a key on a USB drive.",
    ),
    flag(
        "bitlocker.system_drive.startup.without_tpm",
        false,
        "Without a TPM too, by a password or a key on a USB drive.",
    ),
    field("bitlocker.system_drive.minimum_pin_length", Integer(4, 20), Absent, "The fewest digits of a PIN."),
    field("bitlocker.system_drive.enhanced_pin", Boolean, Absent, "PINs may have letters and signs."),
    field(
        "bitlocker.system_drive.standard_users_change_pin",
        Boolean,
        Absent,
        "Users who are not administrators may change the PIN.",
    ),
    field(
        "bitlocker.system_drive.pin_exception",
        Boolean,
        Absent,
        "Devices with InstantGo or HSTI need no PIN although one is required.",
    ),
    field(
        "bitlocker.system_drive.preboot_input_on_slates",
        Boolean,
        Absent,
        "A PIN may be asked for on devices without a keyboard.",
    ),
    table(
        "bitlocker.system_drive.recovery",
        Absent,
        "How the drive is recovered; left out, nothing is said to Windows.",
    ),
    field(
        "bitlocker.system_drive.recovery.password",
        USAGES,
        ALLOWED,
        "By a recovery password, 48 digits; disallowed is refused.",
    ),
    field("bitlocker.system_drive.recovery.key", USAGES, ALLOWED, "By a recovery key, a file."),
    flag("bitlocker.system_drive.recovery.data_recovery_agent", false, "By the certificate of a data recovery agent."),
    flag("bitlocker.system_drive.recovery.hide_page", false, "Windows' wizard leaves out the page about recovery."),
    table(
        "bitlocker.system_drive.recovery.backup",
        Absent,
        "Recovery information is stored in Active Directory or Entra.",
    ),
    field(
        "bitlocker.system_drive.recovery.backup.content",
        Word(|| vec!["passwords_and_key_packages", "passwords"]),
        Preset::Text("passwords"),
        "What of it.",
    ),
    flag("bitlocker.system_drive.recovery.backup.required", false, "BitLocker is not turned on until it is stored."),
    table(
        "bitlocker.system_drive.recovery_message",
        Absent,
        "What is read on the recovery screen; empty: Windows' own words.",
    ),
    field(
        "bitlocker.system_drive.recovery_message.message",
        Text,
        Absent,
        "In place of Windows' own words, at most 900 characters.",
    ),
    field(
        "bitlocker.system_drive.recovery_message.url",
        Text,
        Absent,
        "In place of the address in them, at most 500 characters.",
    ),
    table("bitlocker.fixed_drives", Present, "What is asked of other internal drives."),
    field("bitlocker.fixed_drives.require_encryption", Boolean, Absent, "Drives without BitLocker can only be read."),
    field("bitlocker.fixed_drives.encryption_type", ENCRYPTION_TYPES, Absent, "How much is encrypted at first."),
    table("bitlocker.fixed_drives.recovery", Absent, "How a drive is recovered; left out, nothing is said to Windows."),
    field(
        "bitlocker.fixed_drives.recovery.password",
        USAGES,
        ALLOWED,
        "By a recovery password, 48 digits; disallowed is refused.",
    ),
    field("bitlocker.fixed_drives.recovery.key", USAGES, ALLOWED, "By a recovery key, a file."),
    flag("bitlocker.fixed_drives.recovery.data_recovery_agent", false, "By the certificate of a data recovery agent."),
    flag("bitlocker.fixed_drives.recovery.hide_page", false, "Windows' wizard leaves out the page about recovery."),
    table(
        "bitlocker.fixed_drives.recovery.backup",
        Absent,
        "Recovery information is stored in Active Directory or Entra.",
    ),
    field(
        "bitlocker.fixed_drives.recovery.backup.content",
        Word(|| vec!["passwords_and_key_packages", "passwords"]),
        Preset::Text("passwords"),
        "What of it.",
    ),
    flag("bitlocker.fixed_drives.recovery.backup.required", false, "BitLocker is not turned on until it is stored."),
    table("bitlocker.removable_drives", Present, "What is asked of removable drives."),
    field(
        "bitlocker.removable_drives.require_encryption",
        Boolean,
        Absent,
        "Drives without BitLocker can only be read.",
    ),
    flag(
        "bitlocker.removable_drives.deny_other_organizations",
        false,
        "So can those of other organizations; needs bitlocker.identification.",
    ),
    table(
        "bitlocker.removable_drives.control",
        Absent,
        "What users may do with BitLocker on them; left out, nothing is said to Windows.",
    ),
    flag("bitlocker.removable_drives.control.allow", true, "Turn it on."),
    flag("bitlocker.removable_drives.control.suspend", true, "Suspend it and decrypt."),
    field(
        "bitlocker.removable_drives.encryption_type",
        ENCRYPTION_TYPES,
        Absent,
        "How much is encrypted at first; needs control.allow.",
    ),
    field(
        "bitlocker.removable_drives.excluded",
        Texts,
        Preset::Texts(Vec::new),
        "Hardware IDs of drives that are never encrypted.",
    ),
    table("bitlocker.identification", Absent, "Whose drives they are."),
    field(
        "bitlocker.identification.field",
        Text,
        Required,
        "What new drives of the organization carry, at most 260 characters.",
    ),
    field(
        "bitlocker.identification.allowed",
        Text,
        Absent,
        "What drives that may be written to may carry; left out, the same.",
    ),
    field(
        "bitlocker.windows_rotation",
        Word(|| vec!["off", "entra", "entra_and_hybrid"]),
        Absent,
        "Whether Windows itself replaces a recovery password that was used.",
    ),
    table("luks", Absent, "What is asked of LUKS volumes; left out, nothing is."),
    flag("luks.required", false, "The disk is to be encrypted; nothing encrypts it, a device in clear is told of."),
    field(
        "luks.volumes",
        Texts,
        Preset::Texts(|| vec!["/"]),
        "Which volumes get a slot: mount points, UUID= of the header, or all.",
    ),
    field("luks.slot", Word(|| vec!["luks", "systemd"]), Preset::Text("luks"), "The form of the key in the slot."),
    field(
        "luks.iterations",
        Integer(luks::MIN_ITERATIONS as i64, luks::MAX_ITERATIONS as i64),
        Preset::Integer(luks::MIN_ITERATIONS as i64),
        "How many iterations of PBKDF2 the slot has, at least.",
    ),
    field(
        "luks.authorize",
        WordList(authorizations),
        Preset::Texts(default_authorizations),
        "What may authorize the new slot, the first that is at hand.",
    ),
    field(
        "luks.keep_slots",
        Integers(0, luks::SLOTS as i64 - 1),
        Preset::Texts(Vec::new),
        "Slots that are never filled and never removed.",
    ),
    flag("luks.header_backup", true, "The header is backed up before it is changed, until the change is done."),
    table("escrow", Present, "What is asked of recovery keys in escrow."),
    flag("escrow.required", true, "The device must have a recovery key in escrow at all."),
    field(
        "escrow.levels",
        WordMap(kinds, levels),
        Present,
        "The level that a key of each kind must reach; a kind that is not named: envelope_opens.",
    ),
    flag(
        "escrow.accept_unverifiable",
        false,
        "A key counts that could not be shown to reach its level, as long as its envelope opens.",
    ),
    flag("escrow.accept_device_proof", true, "The device's own word that a key opens its protector counts."),
    seconds("escrow.escrow_within", DAY, "How long a device may be without any key."),
    seconds("escrow.check_within", DAY, "How long a key may wait for its check."),
    seconds("escrow.reverify_after", 90 * DAY, "After how long a key that was opened is checked again; 0: never."),
    table("posture", Present, "What devices report of their disks."),
    seconds("posture.encrypt_within", 7 * DAY, "How long a disk may be in clear after it was to be encrypted."),
    seconds("posture.report_within", 0, "How old what the device said last may be; 0: it is judged by its keys alone."),
    table("rotation", Present, "When keys are replaced."),
    field("rotation.on", WordList(causes), Preset::Texts(causes), "Which causes start a rotation by themselves."),
    seconds("rotation.max_age", 0, "How old a key may become; 0: as old as it likes."),
    seconds("rotation.after_reveal", HOUR, "How long after a key was shown its replacement begins."),
    field("rotation.filevault", Word(filevault_methods), Preset::Text("escrow_buddy"), "How a Mac makes a new key."),
    seconds("rotation.deliver_within", DAY, "How long a device may take to accept a request."),
    seconds("rotation.new_key_within", 7 * DAY, "How long a new key may take after that."),
    seconds("rotation.verify_within", DAY, "How long the check of a new key may take."),
    field(
        "rotation.retries",
        Integer(0, 100),
        Preset::Integer(3),
        "How often a failed or unanswered request is repeated.",
    ),
    seconds("rotation.retry_after", HOUR, "How long to wait before a request is repeated."),
    table("recovery", Present, "Who may see a key."),
    field(
        "recovery.approvals",
        Integer(0, 2),
        Preset::Integer(0),
        "How many people other than the one who asks must approve.",
    ),
    seconds("recovery.request_expires", DAY, "How long a request may wait for its approvals, and then to be used."),
    seconds(
        "recovery.authorization_expires",
        HOUR,
        "How long an authorized release may be tried again until the key opened.",
    ),
    seconds("recovery.reveals_per_day", 0, "How many keys one person may be shown in any 24 hours; 0: no limit."),
    flag("recovery.ticket_required", false, "A request must name its ticket."),
    flag("recovery.release_to_device", false, "A command to a device may be given the key that it needs."),
    table(
        "recovery.break_glass",
        Absent,
        "A person may be shown a key without approvals in an emergency; left out, never.",
    ),
    field(
        "recovery.break_glass.per_day",
        Integer(1, 0xFFFF_FFFF),
        Required,
        "How many keys one person may be shown this way in any 24 hours.",
    ),
    table("retention", Present, "How long keys are kept."),
    seconds("retention.retired_keys", 0, "How long a key is kept after another one took its place; 0: for ever."),
    seconds("retention.waiting_period", 30 * DAY, "How long the removal of keys can still be cancelled."),
];

/// The field at this place.
pub fn field_at(path: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.path == path)
}
