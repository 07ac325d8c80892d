//! Does a private key in a token open what a private key in a file does, and what if the token is gone, or broken?
//!
//! On SoftHSM 2 and on NSS's token, each test in a process and with a token of its own.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

#[path = "pkcs11/broken.rs"]
mod broken;
#[path = "pkcs11/opens.rs"]
mod opens;
#[path = "pkcs11/unusual.rs"]
mod unusual;

use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

use fdescrow::{
    DeviceId, Kind, RecoveryKey, Secret,
    envelope::{Certificate, Envelope, Format, Identity, Payload},
    escrow::{Escrow, Upload},
    store::{MemoryStore, Row, RowKey, Store, Table},
};
use fdescrow_identities::pkcs11::TokenKey;
use fdescrow_tests::{
    fleet::{self, Fleet, Seeded, actor, at, device},
    token::{LABEL, PIN, SoftToken},
};

/// What a token has that does not do the bare RSA operation, so that it has to unpad.
const UNPADS: &str = "CKM_RSA_PKCS_KEY_PAIR_GEN,CKM_RSA_PKCS,CKM_RSA_PKCS_OAEP";

/// The key with this label, as the program finds it.
fn key(label: &str) -> TokenKey {
    TokenKey::new(SoftToken::module()).token(LABEL).label(label)
}

/// Opens it with the right PIN.
fn open(label: &str, certificate: &Certificate) -> Arc<dyn Identity> {
    let pin = |_: &str| Some(Secret::<str>::copy_from(PIN));
    key(label).open(std::slice::from_ref(certificate), pin).unwrap()
}

/// An RSA-2048 key that the token made, and a certificate for it.
fn door(token: &SoftToken) -> Certificate {
    token.generate("rsa:2048", "door", "01");
    token.certify("01", "/CN=Door of Macs", "keyEncipherment")
}

/// A P-256 key that the token made, and a certificate for it.
fn vault(token: &SoftToken) -> Certificate {
    token.generate("EC:prime256v1", "vault", "02");
    token.certify("02", "/CN=Vault", "keyAgreement")
}

/// A fleet whose keys are sealed to this certificate, over a store.
fn fleet_over(store: Arc<dyn Store>, certificate: &Certificate) -> Fleet {
    let escrow: Escrow = Fleet::builder(Arc::clone(&store)).certificates([certificate.clone()]).build().unwrap();
    Fleet { store, escrow }
}

fn fleet_in_memory(certificate: &Certificate) -> Fleet {
    fleet_over(Arc::new(MemoryStore::new()), certificate)
}

/// What a Mac sends: a fresh key, RSAES-PKCS1-v1_5, nothing authenticated.
fn from_a_mac(certificate: &Certificate) -> Vec<u8> {
    let rng = Seeded::next();
    let payload = Payload::bare(RecoveryKey::generate(Kind::FileVault, rng.as_ref()).unwrap());
    Envelope::seal(&payload, &[certificate], Format::EnvelopedPkcs1v15, rng.as_ref()).unwrap().der().to_vec()
}

/// The same with something else in place of the wrapped key.
fn broken_from_a_mac(certificate: &Certificate) -> Vec<u8> {
    let mut message = from_a_mac(certificate);
    // The wrapped key is the longest OCTET STRING: of the size of the modulus.
    let start = message.windows(4).position(|window| window == [0x04, 0x82, 0x01, 0x00]).unwrap() + 4;
    message[start + 50..start + 250].reverse();
    message
}

fn receive_from_a_mac(fleet: &Fleet, device: &DeviceId, message: Vec<u8>) {
    let upload = Upload::sealed(device.clone(), Kind::FileVault, message).by(&actor("mdm"));
    fleet.receive(upload, at(0));
}

/// Receives keys from so many Macs.
fn fill(fleet: &Fleet, certificate: &Certificate, macs: usize) {
    for number in 0..macs {
        receive_from_a_mac(fleet, &device(format!("MAC-{number}")), from_a_mac(certificate));
    }
}

type Rows = BTreeMap<RowKey, Row>;

/// Every row, byte for byte.
fn rows(fleet: &Fleet) -> Rows {
    let (rows, unreadable) = fleet::rows(&*fleet.store, fleet.escrow.organization());
    assert_eq!(unreadable, 0);
    rows.into_iter().map(|row| (row.key().clone(), row)).collect()
}

/// How many keys are not as they were.
fn changed(before: &Rows, after: &Rows) -> usize {
    let keys = before.iter().filter(|(key, _)| key.table() == Table::Keys);
    keys.filter(|(key, row)| after.get(*key) != Some(*row)).count()
}

/// A token that could not be reached is left alone for a second.
fn after_a_while() {
    thread::sleep(Duration::from_millis(1100));
}
