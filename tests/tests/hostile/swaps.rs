//! An envelope that was moved to another row does not open there.

use fdescrow::KeyId;
use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{Envelope, EnvelopeError, OpenOptions, Owner, Payload, Suite, seal};
use fdescrow::key::{Kind, RecoveryKey};
use fdescrow_tests::recipients::{Recipient, Seeded};

struct Row {
    kind: Kind,
    owner: Owner,
    envelope: Envelope,
}

struct World {
    rng: std::sync::Arc<Seeded>,
    to: Recipient,
}

impl World {
    fn new() -> Self {
        let rng = Seeded::new(4);
        Self { to: Recipient::new(KeyAlgorithm::P256, &rng), rng }
    }

    fn row(&self, kind: Kind, owner: Owner) -> Row {
        let key = RecoveryKey::generate(kind, self.rng.as_ref()).unwrap();
        let payload = Payload::new(key, owner.clone());
        Row { kind, owner, envelope: seal(&payload, &[&self.to.certificate], self.rng.as_ref()).unwrap() }
    }

    /// What stands in one row, opened as what another should be.
    fn opens(&self, envelope: &Row, row: &Row) -> bool {
        let options = OpenOptions::new(Suite::Modern).kind(row.kind).owner(row.owner.clone());
        match envelope.envelope.open(&self.to.keyring(), &options) {
            Ok(opened) => {
                assert!(opened.bound && opened.payload.owner == row.owner);
                true
            }
            Err(error) => {
                assert_eq!(error, EnvelopeError::Open);
                false
            }
        }
    }
}

fn owner(organization: &str, device: &str) -> Owner {
    Owner::new().organization(organization.parse().unwrap()).device(device.parse().unwrap())
}

#[test]
fn envelopes_swapped_between_devices_do_not_open_counted() {
    let world = World::new();
    let rows: Vec<Row> =
        (0..30).map(|n| world.row(Kind::BitLocker, owner("example.com", &format!("PC-{n}")))).collect();
    let mut refused = 0;
    for (here, row) in rows.iter().enumerate() {
        for (there, other) in rows.iter().enumerate() {
            let opened = world.opens(other, row);
            assert_eq!(opened, here == there, "the envelope of {there} as that of {here}");
            refused += usize::from(!opened);
        }
    }
    println!("{refused} of 870 swaps between 30 devices refused");
    assert_eq!(refused, 870);
}

/// Rows of one device, or of a twin of it, that differ in one thing: 100 each way.
fn check(what: &str, row: impl Fn(usize, usize) -> (Kind, Owner)) {
    let world = World::new();
    let mut refused = 0;
    for number in 0..50 {
        let [one, other] = [0, 1].map(|which| {
            let (kind, owner) = row(number, which);
            world.row(kind, owner)
        });
        assert!(world.opens(&one, &one) && world.opens(&other, &other));
        refused += usize::from(!world.opens(&one, &other)) + usize::from(!world.opens(&other, &one));
    }
    println!("{refused} of 100 swaps between {what} refused");
    assert_eq!(refused, 100);
}

fn device(number: usize) -> Owner {
    owner("example.com", &format!("PC-{number}"))
}

#[test]
fn envelopes_swapped_between_kinds_do_not_open_counted() {
    check("kinds", |number, which| {
        let kind = Kind::ALL[(number + which) % Kind::ALL.len()];
        (kind, device(number))
    });
}

#[test]
fn envelopes_swapped_between_organizations_do_not_open_counted() {
    check("organizations", |number, which| {
        (Kind::Luks, owner(["example.com", "example.org"][which], &format!("PC-{number}")))
    });
}

#[test]
fn envelopes_swapped_between_versions_do_not_open_counted() {
    check("versions of a device's key", |number, which| {
        let mut id = [0; 16];
        id[0] = u8::try_from(2 * number + which).unwrap();
        (Kind::BitLocker, device(number).key_id(KeyId::from_bytes(id)))
    });
}

#[test]
fn envelopes_swapped_between_volumes_do_not_open_counted() {
    check("volumes, one of them the boot volume", |number, which| {
        let volume = (which == 1).then(|| format!("volume-{number}").parse().unwrap());
        (Kind::Luks, device(number).volume(volume))
    });
}

#[test]
fn envelopes_swapped_between_protectors_do_not_open_counted() {
    check("protectors", |number, which| {
        (Kind::BitLocker, device(number).protector(Some(format!("protector-{}", 2 * number + which).parse().unwrap())))
    });
}
