//! Which value has each node under a policy?

use super::{
    CspItem,
    admx::{enabled, switch},
};
use crate::policy::{
    BitLockerPolicy,
    bitlocker::{
        BitLockerSettings, EncryptionType, EnforcedBy, RecoveryMessage, RecoveryOptions, Startup, WindowsRotation,
        schema::{NODES, Node},
    },
};

/// The nodes that the policy says something about, in the order of the table.
pub(super) fn items(policy: &BitLockerPolicy) -> Vec<CspItem> {
    let item = |node: &'static Node| Some(CspItem { node, data: value(node, policy.settings())? });
    NODES.iter().filter_map(item).collect()
}

fn value(node: &Node, settings: &BitLockerSettings) -> Option<String> {
    let by_windows = settings.enforcement.as_ref().filter(|enforcement| enforcement.by == EnforcedBy::Windows);
    let system = &settings.system_drive;
    let fixed = &settings.fixed_drives;
    let removable = &settings.removable_drives;
    match node.name {
        "RequireDeviceEncryption" => by_windows.map(|_| "1".to_owned()),
        "AllowWarningForOtherDiskEncryption" => by_windows.map(|enforcement| number(!enforcement.silent)),
        "AllowStandardUserEncryption" => by_windows.map(|enforcement| number(enforcement.standard_users)),
        "EncryptionMethodByDriveType" => settings.methods.map(|methods| {
            enabled([
                ("EncryptionMethodWithXtsOsDropDown_Name", methods.system.number().to_string()),
                ("EncryptionMethodWithXtsFdvDropDown_Name", methods.fixed.number().to_string()),
                ("EncryptionMethodWithXtsRdvDropDown_Name", methods.removable.number().to_string()),
            ])
        }),
        "IdentificationField" => settings.identification.as_ref().map(|identification| {
            let allowed = identification.allowed.as_ref().unwrap_or(&identification.field);
            enabled([
                ("IdentificationField", identification.field.clone()),
                ("SecIdentificationField", allowed.clone()),
            ])
        }),
        "SystemDrivesEncryptionType" => encryption_type("OSEncryptionTypeDropDown_Name", system.encryption_type),
        "SystemDrivesRequireStartupAuthentication" => system.startup.map(startup),
        "SystemDrivesMinimumPINLength" => {
            system.minimum_pin_length.map(|length| enabled([("MinPINLength", length.to_string())]))
        }
        "SystemDrivesEnhancedPIN" => system.enhanced_pin.map(switch),
        "SystemDrivesDisallowStandardUsersCanChangePIN" => system.standard_users_change_pin.map(|may| switch(!may)),
        "SystemDrivesEnablePreBootPinExceptionOnDECapableDevice" => system.pin_exception.map(switch),
        "SystemDrivesEnablePrebootInputProtectorsOnSlates" => system.preboot_input_on_slates.map(switch),
        "SystemDrivesRecoveryOptions" => system.recovery.map(|options| recovery(&SYSTEM_RECOVERY, options)),
        "SystemDrivesRecoveryMessage" => system.recovery_message.as_ref().map(message),
        "FixedDrivesEncryptionType" => encryption_type("FDVEncryptionTypeDropDown_Name", fixed.encryption_type),
        "FixedDrivesRecoveryOptions" => fixed.recovery.map(|options| recovery(&FIXED_RECOVERY, options)),
        "FixedDrivesRequireEncryption" => fixed.require_encryption.map(switch),
        "RemovableDrivesConfigureBDE" => removable.control.map(|control| {
            let values = [("RDVAllowBDE_Name", control.allow), ("RDVDisableBDE_Name", control.suspend)];
            enabled(values.map(|(id, value)| (id, value.to_string())))
        }),
        "RemovableDrivesEncryptionType" => encryption_type("RDVEncryptionTypeDropDown_Name", removable.encryption_type),
        "RemovableDrivesRequireEncryption" => removable.require_encryption.map(|required| {
            let other = ("RDVCrossOrg", removable.deny_other_organizations.to_string());
            if required { enabled([other]) } else { switch(false) }
        }),
        "RemovableDrivesExcludedFromEncryption" => (!removable.excluded.is_empty()).then(|| {
            let ids: Vec<&str> = removable.excluded.iter().map(String::as_str).collect();
            ids.join(",")
        }),
        "ConfigureRecoveryPasswordRotation" => settings.windows_rotation.map(|rotation| {
            let number = match rotation {
                WindowsRotation::Off => "0",
                WindowsRotation::Entra => "1",
                WindowsRotation::EntraAndHybrid => "2",
            };
            number.to_owned()
        }),
        _ => None,
    }
}

fn number(value: bool) -> String {
    u8::from(value).to_string()
}

fn encryption_type(id: &'static str, value: Option<EncryptionType>) -> Option<String> {
    let number = match value? {
        EncryptionType::Full => "1",
        EncryptionType::UsedSpaceOnly => "2",
    };
    Some(enabled([(id, number.to_owned())]))
}

fn startup(startup: Startup) -> String {
    enabled([
        ("ConfigureNonTPMStartupKeyUsage_Name", startup.without_tpm.to_string()),
        ("ConfigureTPMStartupKeyUsageDropDown_Name", startup.startup_key.number().to_string()),
        ("ConfigurePINUsageDropDown_Name", startup.pin.number().to_string()),
        ("ConfigureTPMPINKeyUsageDropDown_Name", startup.pin_and_startup_key.number().to_string()),
        ("ConfigureTPMUsageDropDown_Name", startup.tpm.number().to_string()),
    ])
}

/// The names of the seven data of recovery options.
type RecoveryNames = [&'static str; 7];

const SYSTEM_RECOVERY: RecoveryNames = [
    "OSAllowDRA_Name",
    "OSRecoveryPasswordUsageDropDown_Name",
    "OSRecoveryKeyUsageDropDown_Name",
    "OSHideRecoveryPage_Name",
    "OSActiveDirectoryBackup_Name",
    "OSActiveDirectoryBackupDropDown_Name",
    "OSRequireActiveDirectoryBackup_Name",
];

const FIXED_RECOVERY: RecoveryNames = [
    "FDVAllowDRA_Name",
    "FDVRecoveryPasswordUsageDropDown_Name",
    "FDVRecoveryKeyUsageDropDown_Name",
    "FDVHideRecoveryPage_Name",
    "FDVActiveDirectoryBackup_Name",
    "FDVActiveDirectoryBackupDropDown_Name",
    "FDVRequireActiveDirectoryBackup_Name",
];

fn recovery(names: &RecoveryNames, options: RecoveryOptions) -> String {
    let backup = options.backup.unwrap_or_default();
    let values = [
        options.data_recovery_agent.to_string(),
        options.password.number().to_string(),
        options.key.number().to_string(),
        options.hide_page.to_string(),
        options.backup.is_some().to_string(),
        backup.content.number().to_string(),
        backup.required.to_string(),
    ];
    enabled(names.iter().copied().zip(values))
}

fn message(message: &RecoveryMessage) -> String {
    let kind = match (&message.message, &message.url) {
        (None, None) => "1",
        (Some(_), _) => "2",
        (None, Some(_)) => "3",
    };
    enabled([
        ("PrebootRecoveryInfoDropDown_Name", kind.to_owned()),
        ("RecoveryMessage_Input", message.message.clone().unwrap_or_default()),
        ("RecoveryUrl_Input", message.url.clone().unwrap_or_default()),
    ])
}
