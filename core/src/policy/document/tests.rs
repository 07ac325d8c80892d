use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::policy::fields::Words;

/// Sections that break no rule, whatever half of their lines is taken, in this order.
const SECTIONS: &[&str] = &[
    "filevault.enforcement.max_bypass_attempts = 3",
    "filevault.enforcement.setup_assistant = true",
    "filevault.options.dont_allow_disable = true",
    "filevault.profile.consent_text.en = 'yes'",
    "filevault.profile.consent_text.de = 'ja'",
    "bitlocker.methods.system = 'xts_aes_128'",
    "bitlocker.system_drive.minimum_pin_length = 9",
    "bitlocker.fixed_drives.recovery.hide_page = true",
    "luks.slot = 'systemd'",
    "luks.keep_slots = [0, 3]",
    "luks.authorize = ['prompt']",
    "escrow.levels.luks = 'volume_key_unwrapped'",
    "escrow.levels.bitlocker = 'protector_opens'",
    "escrow.accept_unverifiable = true",
    "rotation.on = ['reveal']",
    "recovery.approvals = 1",
    "recovery.break_glass.per_day = 2",
    "retention.retired_keys = 63072000",
];

/// The same fields with other values.
const OTHERS: &[&str] = &[
    "filevault.enforcement.max_bypass_attempts = 0",
    "filevault.enforcement.setup_assistant = false",
    "filevault.options.dont_allow_disable = false",
    "filevault.profile.consent_text.en = 'no'",
    "filevault.profile.consent_text.fr = 'non'",
    "bitlocker.methods.removable = 'aes_cbc_128'",
    "bitlocker.system_drive.minimum_pin_length = 6",
    "bitlocker.fixed_drives.recovery.password = 'required'",
    "luks.slot = 'luks'",
    "luks.keep_slots = []",
    "luks.required = true",
    "escrow.levels.luks = 'protector_opens'",
    "escrow.required = false",
    "posture.report_within = 86400",
    "rotation.on = []",
    "recovery.approvals = 2",
    "recovery.break_glass.per_day = 1",
    "retention.waiting_period = 86400",
];

fn some_of(lines: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(any::<bool>(), lines.len())
        .prop_map(|taken| lines.iter().zip(taken).filter(|(_, taken)| *taken).map(|(line, _)| *line).collect())
}

fn document(organization: &[&str], group: &[&str]) -> PolicyDocument {
    let group: Vec<String> = group.iter().map(|line| format!("groups.g.{line}")).collect();
    let text = format!("groups.g.without = []\n{}\n{}", organization.join("\n"), group.join("\n"));
    PolicyDocument::from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn explained(document: &PolicyDocument, group: Option<&str>) -> Vec<String> {
    document.explain(group).iter().map(ToString::to_string).collect()
}

proptest! {
    #[test]
    fn a_group_that_says_nothing_follows_the_organization(lines in some_of(SECTIONS)) {
        let document = document(&lines, &[]);
        prop_assert_eq!(document.policy(Some("g")), document.policy(None));
        prop_assert_eq!(explained(&document, Some("g")), explained(&document, None));
        prop_assert_eq!(document.policy(Some("unknown")), document.policy(None));
    }

    #[test]
    fn a_group_over_an_organization_that_says_nothing_is_itself(lines in some_of(SECTIONS)) {
        prop_assert_eq!(document(&[], &lines).policy(Some("g")), document(&lines, &[]).policy(None));
    }

    #[test]
    fn merging_again_changes_nothing(below in some_of(SECTIONS), above in some_of(OTHERS)) {
        let document = document(&below, &above);
        let own = &document.groups["g"].own;
        let once = merge::merged(&document.own, own, &[]);
        prop_assert_eq!(merge::merged(&once, own, &[]), once.clone());
        prop_assert_eq!(merge::merged(own, own, &[]), own.clone());
    }

    #[test]
    fn merging_is_associative(below in some_of(SECTIONS), middle in some_of(OTHERS), above in some_of(SECTIONS)) {
        let maps = [below, middle, above].map(|lines| document(&lines, &[]).own);
        let [a, b, c] = &maps;
        let left = merge::merged(&merge::merged(a, b, &[]), c, &[]);
        prop_assert_eq!(left, merge::merged(a, &merge::merged(b, c, &[]), &[]));
    }

    #[test]
    fn every_value_is_explained_once_by_who_said_it(below in some_of(SECTIONS), above in some_of(OTHERS)) {
        let document = document(&below, &above);
        let explained = document.explain(Some("g"));
        let paths: BTreeSet<&str> = explained.iter().map(|value| value.path.as_str()).collect();
        prop_assert_eq!(paths.len(), explained.len());
        let field = |line: &&str| line.split(' ').next().unwrap_or_default().to_owned();
        let above: BTreeSet<String> = above.iter().map(field).collect();
        let below: BTreeSet<String> = below.iter().map(field).collect();
        for path in above.union(&below) {
            let value = explained.iter().find(|value| value.path == *path);
            let expected = if above.contains(path) { Origin::Group } else { Origin::Organization };
            prop_assert_eq!(value.map(|value| value.origin), Some(expected), "{}", path);
        }
        for value in &explained {
            let is_table = value.value.as_ref().is_some_and(|value| value.as_object().is_some_and(Map::is_empty));
            if value.origin != Origin::Default && !is_table {
                prop_assert!(above.contains(&value.path) || below.contains(&value.path), "{}", value);
            }
        }
    }

    #[test]
    fn what_is_explained_is_what_holds(below in some_of(SECTIONS), above in some_of(OTHERS)) {
        // the values alone, with every default written out, read as the same policy
        let document = document(&below, &above);
        let mut written = Map::new();
        for value in document.explain(Some("g")) {
            if let Some(json) = value.value {
                write(&mut written, &value.path, json);
            }
        }
        let again = read(&written).unwrap();
        let of_group = document.policy(Some("g"));
        prop_assert_eq!(again.filevault(), of_group.filevault());
        prop_assert_eq!(again.bitlocker(), of_group.bitlocker());
        prop_assert_eq!(again.luks(), of_group.luks());
        prop_assert_eq!(again.escrow(), document.policy(Some("g")).escrow());
        prop_assert_eq!(again.posture(), document.policy(Some("g")).posture());
        prop_assert_eq!(again.rotation(), document.policy(Some("g")).rotation());
        prop_assert_eq!(again.recovery(), document.policy(Some("g")).recovery());
        prop_assert_eq!(again.retention(), document.policy(Some("g")).retention());
    }
}

fn write(document: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(document.insert(path.to_owned(), value)),
        Some((table, rest)) => {
            let below = document.entry(table).or_insert_with(|| Value::Object(Map::new()));
            write(below.as_object_mut().unwrap(), rest, value);
        }
    }
}

#[test]
fn a_group_can_be_without_what_the_organization_has() {
    let document = PolicyDocument::from_toml(
        "[filevault.enforcement]\n[filevault.options]\ndont_allow_disable = true\n[recovery.break_glass]\nper_day = 1\n\
         [groups.kiosk]\nwithout = ['filevault.enforcement', 'recovery.break_glass']\n\
         [groups.lab]\nwithout = ['filevault']",
    )
    .unwrap();
    let kiosk = document.policy(Some("kiosk"));
    assert!(!kiosk.filevault().unwrap().enforces() && kiosk.recovery().break_glass.is_none());
    assert!(document.policy(Some("lab")).filevault().is_none());
    assert!(document.policy(None).filevault().unwrap().enforces());
    assert_eq!(document.groups().collect::<Vec<_>>(), ["kiosk", "lab"]);
    let lines = explained(&document, Some("kiosk"));
    assert!(lines.contains(&"filevault.enforcement: nothing (group)".to_owned()), "{lines:?}");
    assert!(lines.contains(&"filevault.options.dont_allow_disable = true (organization)".to_owned()));
    assert!(lines.contains(&"bitlocker: nothing (default)".to_owned()));
    assert!(lines.contains(&"escrow.required = true (default)".to_owned()));
}

#[test]
fn what_is_wrong_in_a_group_is_named_with_the_group() {
    let cases = [
        ("[groups.a.recovery]\napprovals = 3", "groups.a: recovery.approvals"),
        ("[groups.a.organization]\nid = 'x'", "groups.a: organization"),
        ("[groups.a]\nwithout = ['filevalt']", "groups.a: without"),
        ("[groups.a]\nwithout = ['organization']", "groups.a: without"),
    ];
    for (toml, field) in cases {
        let error = PolicyDocument::from_toml(toml).unwrap_err();
        assert_eq!(error.violations()[0].field, field, "{toml}");
    }
    let syntax = [
        ("[groups.a.recovery]\napproval = 3", "groups.a: recovery: unknown field `approval`"),
        ("[groups]\na = 1", "groups.a: not a table"),
        ("groups = 1", "groups: not a table"),
        ("[recovery]\napprovals = 'two'", "recovery: invalid type"),
        ("[groups.\"\"]", "groups: a name"),
        ("a = ", "TOML parse error"),
    ];
    for (toml, problem) in syntax {
        let error = PolicyDocument::from_toml(toml).unwrap_err();
        assert!(error.to_string().starts_with(problem), "{error}");
        assert_eq!(error.code(), crate::ErrorCode::PolicySyntax);
    }
    assert!(PolicyDocument::from_json("{\"recovery\":{},\"recovery\":{\"approvals\":2}}").is_err());
    assert!(PolicyDocument::from_json("[]").is_err());
}

#[test]
fn toml_and_json_say_the_same() {
    let toml = "[recovery]\napprovals = 1\n[groups.a.recovery]\napprovals = 2";
    let json = r#"{"recovery": {"approvals": 1}, "groups": {"a": {"recovery": {"approvals": 2}}}}"#;
    assert_eq!(PolicyDocument::from_toml(toml).unwrap(), PolicyDocument::from_json(json).unwrap());
}

/// The fields that are read at a place: what the reader says that it expected in place of one that nobody has.
fn read_at(place: &str) -> BTreeSet<String> {
    let mut document = Map::new();
    for field in FIELDS.iter().filter(|field| matches!(field.preset, Preset::Required)) {
        if place == field.path.rsplit_once('.').map_or("", |(table, _)| table) {
            write(&mut document, field.path, "a".into());
        }
    }
    let path = if place.is_empty() { "nobody_has_this".to_owned() } else { format!("{place}.nobody_has_this") };
    write(&mut document, &path, true.into());
    let error = serde_json::from_value::<PolicySettings>(Value::Object(document)).unwrap_err().to_string();
    let (_, expected) = error.split_once("expected").unwrap_or_else(|| panic!("{place}: {error}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_table_has_the_fields_that_are_read_and_no_other() {
    let places = FIELDS.iter().filter(|field| matches!(field.kind, FieldKind::Table)).map(|field| field.path);
    let mut tables = 0;
    for place in places.chain([""]) {
        let listed = FIELDS.iter().filter_map(|field| {
            let (table, name) = field.path.rsplit_once('.').unwrap_or(("", field.path));
            (table == place).then(|| name.to_owned())
        });
        assert_eq!(listed.collect::<BTreeSet<_>>(), read_at(place), "[{place}]");
        tables += 1;
    }
    assert!(tables > 25);
}

/// The words that are read at a place, as above.
fn words_at(field: &Field) -> Option<BTreeSet<String>> {
    let wrong = |wrong: Value| {
        let mut document = Map::new();
        write(&mut document, field.path, wrong);
        serde_json::from_value::<PolicySettings>(Value::Object(document)).unwrap_err().to_string()
    };
    let error = match field.kind {
        FieldKind::Word(_) => wrong("nobody_says_this".into()),
        FieldKind::Words(_) => wrong(vec!["nobody_says_this"].into()),
        _ => return None,
    };
    let (_, expected) = error.split_once("expected").unwrap_or_else(|| panic!("{}: {error}", field.path));
    Some(expected.split('`').skip(1).step_by(2).map(str::to_owned).collect())
}

#[test]
fn the_table_has_the_words_that_are_read() {
    let mut fields = 0;
    for field in FIELDS {
        let (FieldKind::Word(words) | FieldKind::Words(words)) = field.kind else { continue };
        let listed: BTreeSet<String> = (words as Words)().into_iter().map(str::to_owned).collect();
        let mut read = words_at(field).unwrap();
        if field.path == "rotation.filevault" {
            // an agent's way is no way of FileVault
            read.remove("agent");
        }
        assert_eq!(listed, read, "{}", field.path);
        fields += 1;
    }
    assert!(fields > 15);
}

#[test]
fn presets_are_what_is_read_where_nothing_is_said() {
    // every preset written out against nothing but the tables themselves
    let tables = "[filevault.enforcement]\n[filevault.escrow]\nlocation = 'x'\n[bitlocker.enforcement]\n\
                  [bitlocker.methods]\n[bitlocker.system_drive.startup]\n[bitlocker.system_drive.recovery.backup]\n\
                  [bitlocker.system_drive.recovery_message]\n[bitlocker.fixed_drives.recovery.backup]\n\
                  [bitlocker.removable_drives.control]\n[bitlocker.identification]\nfield = 'x'\n[luks]\n\
                  [recovery.break_glass]\nper_day = 1";
    let bare = PolicyDocument::from_toml(tables).unwrap();
    let mut written = bare.own.clone();
    let mut presets = 0;
    for value in bare.explain(None).into_iter().filter(|value| value.origin == Origin::Default) {
        if let Some(json) = value.value {
            write(&mut written, &value.path, json);
            presets += 1;
        }
    }
    assert!(presets > 60, "{presets}");
    let full = read(&written).unwrap();
    assert_eq!(full.filevault(), bare.policy(None).filevault());
    assert_eq!(full.bitlocker(), bare.policy(None).bitlocker());
    assert_eq!(full.luks(), bare.policy(None).luks());
    assert_eq!(full.escrow(), bare.policy(None).escrow());
    assert_eq!(full.posture(), bare.policy(None).posture());
    assert_eq!(full.rotation(), bare.policy(None).rotation());
    assert_eq!(full.recovery(), bare.policy(None).recovery());
    assert_eq!(full.retention(), bare.policy(None).retention());
}
