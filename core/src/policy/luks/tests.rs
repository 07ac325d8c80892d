use super::*;

fn read(toml: &str) -> Result<LuksPolicy, PolicyError> {
    LuksPolicy::new(toml::from_str(toml).map_err(|error| PolicyError::syntax(&error))?)
}

fn broken(toml: &str) -> Vec<String> {
    read(toml).unwrap_err().violations().iter().map(|violation| violation.field.to_string()).collect()
}

#[test]
fn nothing_said_is_a_slot_for_the_root_volume_and_is_written_as_nothing() {
    let policy = read("").unwrap();
    assert_eq!(policy.settings(), &LuksSettings::default());
    assert_eq!(serde_json::to_string(&policy).unwrap(), "{}");
    assert!(!policy.takes_released_key());
}

#[test]
fn volumes_are_mount_points_uuids_or_all_and_nothing_else() {
    let uuid = "UUID=C4F0A1B2-0000-4000-8000-00000000000A";
    let choice: VolumeChoice = uuid.parse().unwrap();
    assert_eq!(choice.to_string(), format!("UUID={}", uuid[5..].to_lowercase()));
    for text in ["all", "/", "/home", "/mnt/data disk"] {
        assert_eq!(text.parse::<VolumeChoice>().unwrap().to_string(), text);
    }
    for bad in ["", "root", "home", "/../etc", "/a/./b", "/a\nb", "UUID=", "UUID=c4f0a1b2000040008000000000000000"] {
        assert_eq!(bad.parse::<VolumeChoice>(), Err(UnknownVolume), "{bad}");
    }
}

#[test]
fn what_could_not_work_is_refused_by_its_field() {
    let cases: [(&str, &[&str]); 8] = [
        ("volumes = []", &["luks.volumes"]),
        ("slot = 'bitlocker'", &["luks.slot"]),
        ("iterations = 999", &["luks.iterations"]),
        ("authorize = []", &["luks.authorize"]),
        ("authorize = ['prompt', 'prompt']\nkey_file = 'k'", &["luks.authorize", "luks.key_file", "luks.key_file"]),
        ("backup_directory = '/a/../b'", &["luks.backup_directory"]),
        ("keep_slots = [32]", &["luks.keep_slots"]),
        ("keep_tokens = ['']", &["luks.keep_tokens"]),
    ];
    for (toml, fields) in cases {
        assert_eq!(broken(toml), fields, "{toml}");
    }
}
