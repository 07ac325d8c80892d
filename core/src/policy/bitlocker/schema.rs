//! Which nodes does Microsoft define for BitLocker, and what do we do with each?
//!
//! The table of every node of the BitLocker configuration service provider: its format, what may be done with
//! it and its values, as Microsoft gives them, and either the field of the policy that writes it or the reason why
//! we never write it. Rendering uses this table; a test holds it against the facts of Microsoft's device
//! description, and the page above `policy::bitlocker` is printed from it.

use std::fmt::Write as _;

use super::rules::{MAX_IDENTIFICATION, MAX_MESSAGE, MAX_URL, PIN_LENGTHS};

/// What every node's address begins with.
pub const ROOT: &str = "./Device/Vendor/MSFT/BitLocker";

/// One node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// Its name, below [`ROOT`].
    pub name: &'static str,
    /// The format of its value.
    pub format: Format,
    /// What a server may do with it.
    pub access: Access,
    /// Which values Microsoft allows.
    pub values: Values,
    /// What this library does with it.
    pub treatment: Treatment,
}

impl Node {
    /// Its address (`LocURI`).
    pub fn loc_uri(&self) -> String {
        format!("{ROOT}/{}", self.name)
    }
}

/// The format of a value (`DFFormat`, `Meta/Format`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Text.
    Chr,
    /// A whole number.
    Int,
}

impl Format {
    /// Its word in SyncML.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chr => "chr",
            Self::Int => "int",
        }
    }
}

/// What a server may do with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Add, Delete, Get, Replace.
    Configure,
    /// Exec.
    Exec,
    /// Get.
    Get,
}

/// Which values a node may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Values {
    /// Any of the format.
    Any,
    /// These numbers.
    Numbers(&'static [i64]),
    /// A list, with commas between.
    List,
    /// An administrative template: `<enabled/>` with its data, or `<disabled/>`.
    #[non_exhaustive]
    Admx {
        /// The group policy that the node stands for.
        policy: &'static str,
        /// Its data. Windows takes all of them or none.
        data: &'static [Data],
    },
}

/// One datum of an administrative template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Data {
    /// Its name.
    pub id: &'static str,
    /// Which values it may have.
    pub values: DataValues,
}

/// Which values a datum may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataValues {
    /// `true` or `false`.
    Boolean,
    /// These numbers.
    Numbers(&'static [i64]),
    /// The numbers from the first to the second, both included.
    Range(i64, i64),
    /// Text of at most so many characters.
    Text(usize),
}

impl DataValues {
    /// Whether this value is one of them.
    pub fn allow(self, value: &str) -> bool {
        let number = || value.parse::<i64>().ok().filter(|number| number.to_string() == value);
        match self {
            Self::Boolean => matches!(value, "true" | "false"),
            Self::Numbers(numbers) => number().is_some_and(|number| numbers.contains(&number)),
            Self::Range(low, high) => number().is_some_and(|number| (low..=high).contains(&number)),
            Self::Text(most) => value.encode_utf16().count() <= most,
        }
    }
}

/// What this library does with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Treatment {
    /// Written from this field of the policy.
    Field(&'static str),
    /// Never written, for this reason.
    Refused(&'static str),
    /// Read, not written: see there.
    Read(&'static str),
}

use Treatment::{Field, Read, Refused};

const fn flag(name: &'static str, treatment: Treatment) -> Node {
    Node { name, format: Format::Int, access: Access::Configure, values: Values::Numbers(&[0, 1]), treatment }
}

const fn admx(name: &'static str, policy: &'static str, data: &'static [Data], treatment: Treatment) -> Node {
    Node { name, format: Format::Chr, access: Access::Configure, values: Values::Admx { policy, data }, treatment }
}

const fn status(name: &'static str, format: Format, treatment: Treatment) -> Node {
    Node { name, format, access: Access::Get, values: Values::Any, treatment }
}

const fn data(id: &'static str, values: DataValues) -> Data {
    Data { id, values }
}

const METHOD: DataValues = DataValues::Numbers(&[3, 4, 6, 7]);
const TYPE: DataValues = DataValues::Numbers(&[0, 1, 2]);
const USAGE: DataValues = DataValues::Numbers(&[0, 1, 2]);
const CONTENT: DataValues = DataValues::Numbers(&[1, 2]);
use DataValues::Boolean;

/// The nodes, in the order in which they are written.
pub const NODES: &[Node] = &[
    flag("RequireStorageCardEncryption", Refused("for phones; Microsoft gave it up")),
    flag("RequireDeviceEncryption", Field("bitlocker.enforcement.by")),
    flag("AllowWarningForOtherDiskEncryption", Field("bitlocker.enforcement.silent (the opposite)")),
    flag("AllowStandardUserEncryption", Field("bitlocker.enforcement.standard_users")),
    admx(
        "EncryptionMethodByDriveType",
        "EncryptionMethodWithXts_Name",
        &[
            data("EncryptionMethodWithXtsOsDropDown_Name", METHOD),
            data("EncryptionMethodWithXtsFdvDropDown_Name", METHOD),
            data("EncryptionMethodWithXtsRdvDropDown_Name", METHOD),
        ],
        Field("bitlocker.methods"),
    ),
    admx(
        "IdentificationField",
        "IdentificationField_Name",
        &[
            data("IdentificationField", DataValues::Text(MAX_IDENTIFICATION)),
            data("SecIdentificationField", DataValues::Text(MAX_IDENTIFICATION)),
        ],
        Field("bitlocker.identification"),
    ),
    admx(
        "SystemDrivesEncryptionType",
        "OSEncryptionType_Name",
        &[data("OSEncryptionTypeDropDown_Name", TYPE)],
        Field("bitlocker.system_drive.encryption_type"),
    ),
    admx(
        "SystemDrivesRequireStartupAuthentication",
        "ConfigureAdvancedStartup_Name",
        &[
            data("ConfigureNonTPMStartupKeyUsage_Name", Boolean),
            data("ConfigureTPMStartupKeyUsageDropDown_Name", USAGE),
            data("ConfigurePINUsageDropDown_Name", USAGE),
            data("ConfigureTPMPINKeyUsageDropDown_Name", USAGE),
            data("ConfigureTPMUsageDropDown_Name", USAGE),
        ],
        Field("bitlocker.system_drive.startup"),
    ),
    admx(
        "SystemDrivesMinimumPINLength",
        "MinimumPINLength_Name",
        &[data("MinPINLength", DataValues::Range(PIN_LENGTHS.0 as i64, PIN_LENGTHS.1 as i64))],
        Field("bitlocker.system_drive.minimum_pin_length"),
    ),
    admx("SystemDrivesEnhancedPIN", "EnhancedPIN_Name", &[], Field("bitlocker.system_drive.enhanced_pin")),
    admx(
        "SystemDrivesDisallowStandardUsersCanChangePIN",
        "DisallowStandardUsersCanChangePIN_Name",
        &[],
        Field("bitlocker.system_drive.standard_users_change_pin (the opposite)"),
    ),
    admx(
        "SystemDrivesEnablePreBootPinExceptionOnDECapableDevice",
        "EnablePreBootPinExceptionOnDECapableDevice_Name",
        &[],
        Field("bitlocker.system_drive.pin_exception"),
    ),
    admx(
        "SystemDrivesEnablePrebootInputProtectorsOnSlates",
        "EnablePrebootInputProtectorsOnSlates_Name",
        &[],
        Field("bitlocker.system_drive.preboot_input_on_slates"),
    ),
    admx(
        "SystemDrivesRecoveryOptions",
        "OSRecoveryUsage_Name",
        &[
            data("OSAllowDRA_Name", Boolean),
            data("OSRecoveryPasswordUsageDropDown_Name", USAGE),
            data("OSRecoveryKeyUsageDropDown_Name", USAGE),
            data("OSHideRecoveryPage_Name", Boolean),
            data("OSActiveDirectoryBackup_Name", Boolean),
            data("OSActiveDirectoryBackupDropDown_Name", CONTENT),
            data("OSRequireActiveDirectoryBackup_Name", Boolean),
        ],
        Field("bitlocker.system_drive.recovery"),
    ),
    admx(
        "SystemDrivesRecoveryMessage",
        "PrebootRecoveryInfo_Name",
        &[
            data("PrebootRecoveryInfoDropDown_Name", DataValues::Numbers(&[0, 1, 2, 3])),
            data("RecoveryMessage_Input", DataValues::Text(MAX_MESSAGE)),
            data("RecoveryUrl_Input", DataValues::Text(MAX_URL)),
        ],
        Field("bitlocker.system_drive.recovery_message"),
    ),
    admx(
        "FixedDrivesEncryptionType",
        "FDVEncryptionType_Name",
        &[data("FDVEncryptionTypeDropDown_Name", TYPE)],
        Field("bitlocker.fixed_drives.encryption_type"),
    ),
    admx(
        "FixedDrivesRecoveryOptions",
        "FDVRecoveryUsage_Name",
        &[
            data("FDVAllowDRA_Name", Boolean),
            data("FDVRecoveryPasswordUsageDropDown_Name", USAGE),
            data("FDVRecoveryKeyUsageDropDown_Name", USAGE),
            data("FDVHideRecoveryPage_Name", Boolean),
            data("FDVActiveDirectoryBackup_Name", Boolean),
            data("FDVActiveDirectoryBackupDropDown_Name", CONTENT),
            data("FDVRequireActiveDirectoryBackup_Name", Boolean),
        ],
        Field("bitlocker.fixed_drives.recovery"),
    ),
    admx(
        "FixedDrivesRequireEncryption",
        "FDVDenyWriteAccess_Name",
        &[],
        Field("bitlocker.fixed_drives.require_encryption"),
    ),
    admx(
        "RemovableDrivesConfigureBDE",
        "RDVConfigureBDE",
        &[data("RDVAllowBDE_Name", Boolean), data("RDVDisableBDE_Name", Boolean)],
        Field("bitlocker.removable_drives.control"),
    ),
    admx(
        "RemovableDrivesEncryptionType",
        "RDVEncryptionType_Name",
        &[data("RDVEncryptionTypeDropDown_Name", TYPE)],
        Field("bitlocker.removable_drives.encryption_type"),
    ),
    admx(
        "RemovableDrivesRequireEncryption",
        "RDVDenyWriteAccess_Name",
        &[data("RDVCrossOrg", Boolean)],
        Field("bitlocker.removable_drives.require_encryption, deny_other_organizations"),
    ),
    Node {
        name: "RemovableDrivesExcludedFromEncryption",
        format: Format::Chr,
        access: Access::Configure,
        values: Values::List,
        treatment: Field("bitlocker.removable_drives.excluded"),
    },
    Node {
        name: "ConfigureRecoveryPasswordRotation",
        format: Format::Int,
        access: Access::Configure,
        values: Values::Numbers(&[0, 1, 2]),
        treatment: Field("bitlocker.windows_rotation"),
    },
    Node {
        name: "RotateRecoveryPasswords",
        format: Format::Chr,
        access: Access::Exec,
        values: Values::Any,
        treatment: Refused("the new passwords would go to Active Directory or Entra, and not into escrow"),
    },
    status("Status/DeviceEncryptionStatus", Format::Int, Read("`verification::observation`")),
    status("Status/RotateRecoveryPasswordsStatus", Format::Int, Refused("see RotateRecoveryPasswords")),
    status("Status/RotateRecoveryPasswordsRequestID", Format::Chr, Refused("see RotateRecoveryPasswords")),
    status("Status/RemovableDrivesEncryptionStatus", Format::Int, Refused("removable drives are not in escrow")),
];

/// The node of this name.
pub fn node(name: &str) -> Option<&'static Node> {
    NODES.iter().find(|node| node.name == name)
}

/// The table as a page.
pub fn page() -> String {
    let mut page = String::from("| node | format | values | here |\n|---|---|---|---|\n");
    for node in NODES {
        let values = match node.values {
            Values::Any => String::new(),
            Values::Numbers(numbers) => joined(numbers, " or "),
            Values::List => "a list with commas".to_owned(),
            Values::Admx { data: [], .. } => "`<enabled/>` or `<disabled/>`".to_owned(),
            Values::Admx { data, .. } => {
                let each = data.iter().map(|datum| {
                    let values = match datum.values {
                        Boolean => "true or false".to_owned(),
                        DataValues::Numbers(numbers) => joined(numbers, " or "),
                        DataValues::Range(low, high) => format!("{low} to {high}"),
                        DataValues::Text(most) => format!("text, at most {most}"),
                    };
                    format!("`{}`: {values}", datum.id)
                });
                each.collect::<Vec<_>>().join("; ")
            }
        };
        let here = match node.treatment {
            Field(field) => {
                let (field, note) = field.split_at(field.find([' ', ',']).unwrap_or(field.len()));
                format!("`{field}`{note}")
            }
            Refused(reason) => format!("not written: {reason}"),
            Read(place) => format!("read: {place}"),
        };
        // writing to a String cannot fail
        let _ = writeln!(page, "| `{}` | {} | {values} | {here} |", node.name, node.format.as_str());
    }
    page
}

fn joined(numbers: &[i64], between: &str) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}
