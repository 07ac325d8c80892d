use super::*;

#[derive(Debug)]
struct Counting(std::sync::atomic::AtomicU8);

impl Randomness for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for byte in out {
            *byte = self.0.fetch_add(37, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(())
    }
}

fn rng() -> Counting {
    Counting(std::sync::atomic::AtomicU8::new(1))
}

fn typed(kind: Kind, text: &str) -> Result<String, KeyProblem> {
    RecoveryKey::parse_typed(kind, &Secret::<str>::copy_from(text))
        .map(|key| key.expose().to_owned())
        .map_err(|error| error.problem)
}

fn exact(kind: Kind, text: &str) -> Result<String, KeyProblem> {
    RecoveryKey::parse_exact(kind, &Secret::<str>::copy_from(text))
        .map(|key| key.expose().to_owned())
        .map_err(|error| error.problem)
}

/// Published by their makers: the fdesetup manual page and others; Windows test volumes; systemd's manual; snapd's
/// documentation.
const PUBLISHED: &[(Kind, &str)] = &[
    (Kind::FileVault, "AU2A-PHMK-WBGX-PWKX-M3X3-VAPY"),
    (Kind::FileVault, "35AJ-AC98-TI1H-N4M3-HDUQ-UQFG"),
    (Kind::BitLocker, "471207-278498-422125-177177-561902-537405-468006-693451"),
    (Kind::BitLocker, "131450-120197-153989-250338-511368-495572-680944-381546"),
    (Kind::Systemd, "lhkbicdj-trbuftjv-tviijfck-dfvbknrh-uiulbhui-higltier-kecfhkbk-egrirkui"),
    (Kind::Snapd, "61665-00531-54469-09783-47273-19035-40077-28287"),
];

#[test]
fn published_keys_are_read_by_both_parsers() {
    for (kind, text) in PUBLISHED {
        assert_eq!(exact(*kind, text).as_deref(), Ok(*text));
        for spelling in [
            text.to_uppercase(),
            text.to_lowercase(),
            text.replace('-', " "),
            text.replace('-', ""),
            text.replace('-', "\u{2013}"),
            format!("  {text}\r\n"),
        ] {
            assert_eq!(typed(*kind, &spelling).as_deref(), Ok(*text), "{spelling:?}");
        }
    }
}

#[test]
fn generated_keys_of_every_kind_are_read_by_both_parsers_and_differ() {
    let rng = rng();
    for kind in Kind::ALL {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let key = RecoveryKey::generate(*kind, &rng).unwrap();
            let text = key.expose().to_owned();
            assert_eq!(exact(*kind, &text).as_deref(), Ok(text.as_str()));
            let groups: Vec<_> = key.expose_groups().collect();
            assert_eq!(typed(*kind, &groups.join(" ")).as_deref(), Ok(text.as_str()));
            seen.insert(text);
        }
        assert!(seen.len() > 3, "{kind}");
    }
}

#[test]
fn bitlocker_words_are_little_endian() {
    // Windows test volumes with their known keys.
    for (text, hex) in [
        ("471207-278498-422125-177177-561902-537405-468006-693451", "55a7e662e795eb3e8ac7d7be32a641f6"),
        ("517506-503998-044583-576191-587004-635965-501270-087802", "c6b7fab2d50f9dcc74d0d7e102b22e1f"),
        ("131450-120197-153989-250338-511368-495572-680944-381546", "ae2eaf2aaf36e65898b5fcafd0f17e87"),
    ] {
        let RecoveryKey::BitLocker(key) =
            RecoveryKey::parse_exact(Kind::BitLocker, &Secret::<str>::copy_from(text)).unwrap()
        else {
            unreachable!()
        };
        assert_eq!(key.expose_bytes().expose().map(|byte| format!("{byte:02x}")).concat(), hex);
    }
}

#[test]
fn the_wrong_group_is_named_and_never_quoted() {
    let text = "471207-278498-422125-177178-561902-537405-468006-693451";
    assert_eq!(typed(Kind::BitLocker, text), Err(KeyProblem::GroupCheck { group: 4 }));
    let text = "471207-278498-422125-1771-561902-537405-468006-693451";
    assert_eq!(typed(Kind::BitLocker, text), Err(KeyProblem::GroupLength { group: 4, expected: 6, found: 4 }));
    let text = "471207-278498-42212O-177177-561902-537405-468006-693451";
    assert_eq!(typed(Kind::BitLocker, text), Err(KeyProblem::GroupSymbol { group: 3 }));
    let error = RecoveryKey::parse_typed(Kind::BitLocker, &Secret::<str>::copy_from(text)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not a BitLocker recovery password: group 3 has a character that does not occur in such a key"
    );
    assert!(!format!("{error:?}").contains("42212"));
}

#[test]
fn what_only_looks_like_a_key_is_refused() {
    for (kind, text) in [
        // The placeholder that fdesetup printed in the first APFS releases.
        (Kind::FileVault, "WWWW-XXXX-YYYY-ZZZZ"),
        // A sealed message where a key was expected.
        (Kind::FileVault, "MIAGCSqGSIb3DQEHA6CAMIACAQAxgg"),
        (Kind::FileVault, "AU2A-PHMK-WBGX-PWKX-M3X3"),
        (Kind::FileVault, "ÄU2A-PHMK-WBGX-PWKX-M3X3-VAPY"),
        // A password doubled by a form, as seen in the field.
        (
            Kind::BitLocker,
            "471207278498422125177177561902537405468006693451471207278498422125177177561902537405468006693451",
        ),
        // Divisible by eleven, but above 65,535 times eleven.
        (Kind::BitLocker, "720896-278498-422125-177177-561902-537405-468006-693451"),
        // Digits of another script.
        (Kind::BitLocker, "٤71207-278498-422125-177177-561902-537405-468006-693451"),
        (Kind::Snapd, "65536-00531-54469-09783-47273-19035-40077-28287"),
        (Kind::Systemd, "ahkbicdj-trbuftjv-tviijfck-dfvbknrh-uiulbhui-higltier-kecfhkbk-egrirkui"),
        (Kind::Luks, ""),
    ] {
        assert!(typed(kind, text).is_err(), "{text}");
        assert!(exact(kind, text).is_err(), "{text}");
    }
}

#[test]
fn an_envelope_holds_one_form_only() {
    let text = "AU2A-PHMK-WBGX-PWKX-M3X3-VAPY";
    for other in
        [text.to_lowercase(), text.replace('-', ""), format!("{text}\n"), text.replace('-', " "), format!("{text}-")]
    {
        assert!(exact(Kind::FileVault, &other).is_err(), "{other:?}");
    }
}

#[test]
fn every_wrong_letter_of_a_luks_passphrase_is_noticed_in_its_group() {
    let rng = rng();
    let key = RecoveryKey::generate(Kind::Luks, &rng).unwrap();
    assert_eq!(key.expose().len(), 40);
    for position in 0..40 {
        for letter in "bcdefghjknprstvx".chars() {
            let mut letters: Vec<char> = key.expose().chars().collect();
            if letters[position] == letter {
                continue;
            }
            letters[position] = letter;
            let changed: String = letters.iter().collect();
            assert_eq!(typed(Kind::Luks, &changed), Err(KeyProblem::GroupCheck { group: position / 5 + 1 }));
        }
    }
}

#[test]
fn long_text_costs_nothing() {
    assert!(matches!(typed(Kind::BitLocker, &"1".repeat(10_000_000)), Err(KeyProblem::Length { .. })));
}

#[test]
fn debug_of_a_key_shows_nothing() {
    let key = RecoveryKey::generate(Kind::FileVault, &rng()).unwrap();
    assert_eq!(format!("{key:?}"), "FileVault(FileVaultKey(Secret([redacted])))");
}
