//! The sheet says the key, how to read it out and what to do, and nothing of the world gets into its markup.

use super::*;
use crate::{
    ids::{ProtectorId, VolumeId},
    key::{Kind, RecoveryKey},
    random::{Randomness, RandomnessError},
    recovery::sheet::Sheet,
    secret::Secret,
    verification::Place,
};

const KEYS: &[(Kind, &str)] = &[
    (Kind::FileVault, "AU2A-PHMK-WBGX-PWKX-M3X3-VAPY"),
    (Kind::BitLocker, "471207-278498-422125-177177-561902-537405-468006-693451"),
    (Kind::Systemd, "lhkbicdj-trbuftjv-tviijfck-dfvbknrh-uiulbhui-higltier-kecfhkbk-egrirkui"),
    (Kind::Snapd, "61665-00531-54469-09783-47273-19035-40077-28287"),
];

/// Bytes that are all different.
#[derive(Debug)]
struct Counting;

impl Randomness for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        out.iter_mut().zip(0x10..).for_each(|(place, number)| *place = number);
        Ok(())
    }
}

fn recovery_key(kind: Kind, text: &str) -> RecoveryKey {
    RecoveryKey::parse_exact(kind, &Secret::<str>::copy_from(text)).unwrap()
}

fn place(kind: Kind) -> Place {
    let mut place = Place::new(kind);
    place.volume = Some(VolumeId::new("C:").unwrap());
    place.protector = Some(ProtectorId::new("{A1B2C3D4-0011-2233-4455-66778899AABB}").unwrap());
    place
}

#[test]
fn the_key_is_read_out_group_by_group() {
    let (kind, text) = KEYS[0];
    let (key, place) = (recovery_key(kind, text), Place::new(kind));
    let sheet = Sheet::new(&key, &place, at(0)).to_text();
    for line in [
        "AU2A   Alfa Uniform Two Alfa",
        "WBGX   Whiskey Bravo Golf X-ray",
        "As it is typed: AU2A-PHMK-WBGX-PWKX-M3X3-VAPY",
        "Written: 2026-11-24T07:23:20Z",
    ] {
        assert!(sheet.expose().lines().any(|found| found == line), "{line}\n{}", sheet.expose());
    }
    assert!(sheet.expose().contains("question mark"));
}

#[test]
fn every_kind_has_its_words_its_id_and_its_screen() {
    for (kind, text) in KEYS {
        let (key, place) = (recovery_key(*kind, text), place(*kind));
        let mut sheet = Sheet::new(&key, &place, at(0));
        sheet.device = Some(super::text("Anna's laptop"));
        sheet.organization = Some(super::text("Example"));
        for shown in [sheet.to_text(), sheet.to_html(), sheet.to_html_fragment()] {
            let shown = shown.expose();
            // the whole key stands there once, and each group once more
            assert_eq!(shown.matches(text).count(), 1, "{kind}");
            assert!(key.expose_groups().all(|group| shown.matches(group).count() >= 2), "{kind}");
            for part in ["{A1B2C3D4-0011-2233-4455-66778899AABB}", "C:", "Example", "laptop", "Destroy it"] {
                assert!(shown.contains(part), "{kind} {part}");
            }
            assert!(!shown.contains('?'), "{kind}: a symbol has no word");
        }
    }
    let luks = RecoveryKey::generate(Kind::Luks, &Counting).unwrap();
    let (of_luks, group) = (place(Kind::Luks), luks.expose_groups().next().unwrap());
    let text = Sheet::new(&luks, &of_luks, at(0)).to_text();
    assert!(text.expose().contains("Type the 40 letters") && text.expose().matches(group).count() >= 2);
    let (key, place) = (recovery_key(KEYS[1].0, KEYS[1].1), place(Kind::BitLocker));
    assert!(Sheet::new(&key, &place, at(0)).to_text().expose().contains("Recovery key ID: {A1B2C3D4"));
}

#[test]
fn names_cannot_become_markup() {
    let (key, place) = (recovery_key(KEYS[0].0, KEYS[0].1), place(Kind::FileVault));
    let mut sheet = Sheet::new(&key, &place, at(0));
    sheet.device = Some(text("<script>alert('&\"')</script>"));
    let html = sheet.to_html();
    assert!(html.expose().contains("&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"));
    assert!(!html.expose().contains("<script"));
    let head = html.expose().split("<body>").next().unwrap();
    assert!(key.expose_groups().all(|group| !head.contains(group)));
}

#[test]
fn the_fragment_is_the_page_below_its_heading_without_styles() {
    let (key, place) = (recovery_key(KEYS[1].0, KEYS[1].1), place(Kind::BitLocker));
    let mut sheet = Sheet::new(&key, &place, at(0));
    sheet.device = Some(text("<script>"));
    let (page, fragment) = (sheet.to_html(), sheet.to_html_fragment());
    let below = page.expose().split_once("</h1>\n").unwrap().1;
    assert_eq!(below.strip_suffix("</body>\n</html>\n").unwrap(), fragment.expose());
    for part in ["<script", "<style", "style=", "<h1", "<html"] {
        assert!(!fragment.expose().contains(part), "{part}");
    }
}

#[test]
fn a_long_sheet_is_whole_and_nothing_is_printed_by_accident() {
    let (key, place) = (recovery_key(KEYS[0].0, KEYS[0].1), place(Kind::FileVault));
    let mut sheet = Sheet::new(&key, &place, at(0));
    // six bytes for each of these: together with the rest more than that with which a page begins
    sheet.device = Some(text(&"\"".repeat(1_024)));
    sheet.organization = Some(text(&"\u{1f512}".repeat(256)));
    let html = sheet.to_html();
    assert_eq!(html.expose().matches("&quot;").count(), 1_024 + html.expose().matches("&quot;BitLocker").count());
    assert!(html.expose().ends_with("</html>\n"));
    assert!(!format!("{sheet:?} {html:?}").contains("AU2A"));
}
