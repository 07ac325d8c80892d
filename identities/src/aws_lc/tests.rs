use super::*;

#[test]
fn the_numbers_that_no_power_changes_are_known() {
    let modulus = [0xc1, 0x00, 0x35];
    for fixed in [[0, 0, 0], [0, 0, 1], [0xc1, 0x00, 0x34]] {
        assert!(is_fixed_point(&fixed, &modulus), "{fixed:?}");
    }
    for other in
        [[0, 0, 2], [0, 1, 0], [0, 1, 1], [1, 0, 0], [0xc1, 0x00, 0x33], [0xc1, 0x01, 0x34], [0xc0, 0x00, 0x34]]
    {
        assert!(!is_fixed_point(&other, &modulus), "{other:?}");
    }
}

#[test]
fn what_is_no_private_key_is_refused_and_nothing_is_read_beyond_it() {
    for bytes in [&[][..], &[0x30], &[0x30, 0x82, 0xff, 0xff, 0x02, 0x01, 0x00], &[0x30, 0x03, 0x02, 0x01, 0x00]] {
        assert!(sys::RsaKey::from_pkcs1(bytes).is_none(), "{bytes:?}");
    }
}
