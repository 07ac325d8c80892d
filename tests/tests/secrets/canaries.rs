//! The keys that must not turn up anywhere.

use fdescrow::{Kind, RecoveryKey, Secret};

/// One well-formed key of every kind. None was ever used.
pub(crate) const KEYS: &[(Kind, &str)] = &[
    (Kind::BitLocker, "043681-434313-063382-218966-039138-409596-673090-579348"),
    (Kind::FileVault, "YBIM-PN9Z-JDNC-WC14-XTNF-T7RM"),
    (Kind::Luks, "gbcfhvxgvhtjdbscfvndbrkdjdkgvgpjkkxkrfpe"),
    (Kind::Snapd, "62787-52850-56053-27477-41493-25178-23628-16192"),
    (Kind::Systemd, "hvrhdtgt-rveubvte-bvhnvgfu-lbjrrnld-cdfjitdh-bubclukv-rhrihujh-nnjcncvl"),
];

/// The password of an encrypted private key.
pub(crate) const PASSWORD: &str = "canary password of a private key";

pub(crate) fn key(kind: Kind) -> RecoveryKey {
    RecoveryKey::parse_exact(kind, &secret(kind)).unwrap()
}

pub(crate) fn secret(kind: Kind) -> Secret<str> {
    Secret::<str>::copy_from(text(kind))
}

pub(crate) fn text(kind: Kind) -> &'static str {
    KEYS.iter().find(|(other, _)| *other == kind).unwrap().1
}

/// Forms of a key in which some of it is recognised: every two neighbouring groups, with and without what stands
/// between them.
pub(crate) fn fragments(kind: Kind) -> Vec<String> {
    let key = key(kind);
    let groups: Vec<&str> = key.expose_groups().collect();
    groups.windows(2).flat_map(|pair| [pair.concat(), pair.join("-"), pair.join(" ")]).collect()
}

/// The 128 bits that a key stands for, where it stands for some.
pub(crate) fn bits(kind: Kind) -> Option<[u8; 16]> {
    match key(kind) {
        RecoveryKey::BitLocker(key) => Some(*key.expose_bytes().expose()),
        RecoveryKey::Snapd(key) => Some(*key.expose_bytes().expose()),
        _ => None,
    }
}
