//! What is read out on the phone.

use crate::{
    ErrorCode,
    ids::{ProtectorId, VolumeId},
    recovery::search::{Search, SearchError},
};

const GUID: &str = "a1b2c3d4-0011-2233-4455-66778899aabb";

fn parse(text: &str) -> Search {
    Search::parse(text).unwrap()
}

#[test]
fn eight_digits_of_the_blue_screen_find_the_protector() {
    let protectors = ["{A1B2C3D4-0011-2233-4455-66778899AABB}", GUID].map(|id| ProtectorId::new(id).unwrap());
    let other = ProtectorId::new("{A1B2C3D5-0011-2233-4455-66778899AABB}").unwrap();
    for text in ["A1B2C3D4", "a1b2c3d4", " a1b2 c3d4 ", "{A1B2C3D4}"] {
        let search = parse(text);
        assert_eq!((search.protector_prefix(), search.uuid()), (Some("a1b2c3d4"), None), "{text}");
        assert!(protectors.iter().all(|protector| search.is_protector(protector)), "{text}");
        assert!(!search.is_protector(&other));
    }
    // it may as well be a serial number
    assert_eq!(parse("12345678").name(), "12345678");
}

#[test]
fn a_whole_id_is_found_in_every_form_that_people_have() {
    let protector = ProtectorId::new("{A1B2C3D4-0011-2233-4455-66778899AABB}").unwrap();
    let same_prefix = ProtectorId::new("{A1B2C3D4-0000-2233-4455-66778899AABB}").unwrap();
    for text in [
        GUID.to_owned(),
        GUID.to_uppercase(),
        format!("{{{GUID}}}"),
        format!("urn:uuid:{GUID}"),
        GUID.replace('-', ""),
        format!(r"\\?\Volume{{{GUID}}}\"),
    ] {
        let search = parse(&text);
        assert_eq!((search.uuid(), search.protector_prefix()), (Some(GUID), Some("a1b2c3d4")), "{text}");
        assert!(search.is_protector(&protector) && !search.is_protector(&same_prefix), "{text}");
        for volume in [GUID.to_uppercase(), format!(r"\\?\Volume{{{GUID}}}\")] {
            assert!(search.is_volume(&VolumeId::new(volume).unwrap()), "{text}");
        }
    }
    for text in
        ["a1b2c3d4-0011-2233-4455", "g1b2c3d4-0011-2233-4455-66778899aabb", "a1b2c3d4-00112233-4455-66778899aabb"]
    {
        assert_eq!(parse(text).uuid(), None, "{text}");
    }
}

#[test]
fn names_are_compared_as_they_are() {
    let search = parse("  C02XYZ ");
    assert_eq!((search.name(), search.protector_prefix(), search.uuid()), ("C02XYZ", None, None));
    assert!(search.is_volume(&VolumeId::new("C02XYZ").unwrap()));
    assert!(!search.is_volume(&VolumeId::new("c02xyz").unwrap()));
    assert!(!search.is_protector(&ProtectorId::new("7").unwrap()));
    // 22 and 24 letters and digits, but not in the groups of a key
    for name in ["laptop-of-anna-in-berlin", "abcdef-abcdef-abcdef-abcdef"] {
        assert_eq!(parse(name).name(), name);
    }
}

#[test]
fn a_key_is_not_searched_for() {
    for key in [
        "471207-278498-422125-177177-561902-537405-468006-693451",
        "471207 278498 422125 177177 561902 537405 468006 693451",
        "AU2A-PHMK-WBGX-PWKX-M3X3-VAPY",
        "au2aphmkwbgxpwkxm3x3vapy",
        "lhkbicdj-trbuftjv-tviijfck-dfvbknrh-uiulbhui-higltier-kecfhkbk-egrirkui",
        "61665-00531-54469-09783-47273-19035-40077-28287",
    ] {
        let error = Search::parse(key).unwrap_err();
        assert_eq!((error, error.code()), (SearchError::LooksLikeKey, ErrorCode::IdInvalid));
        assert!(!error.to_string().contains(&key[..4]));
    }
    for blank in ["", "  ", "a\nb", &"x".repeat(256)] {
        assert_eq!(Search::parse(blank), Err(SearchError::Invalid));
    }
}
