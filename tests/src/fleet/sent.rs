//! What devices send.

use std::sync::{Arc, LazyLock};

use fdescrow::{
    DeviceId, Kind, ProtectorId, RecoveryKey, Secret, VolumeId,
    envelope::{Owner, Payload, seal},
    escrow::Upload,
};

use super::{Custodian, Seeded, actor};
use crate::generator::filevault_prk;

/// A recovery key, and the message that a device made of it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The key.
    pub text: String,
    /// Its kind.
    pub kind: Kind,
    /// The message; none: it goes in clear.
    pub message: Option<Vec<u8>>,
    /// The volume that it is for.
    pub volume: Option<VolumeId>,
    /// The protector that it is for.
    pub protector: Option<ProtectorId>,
}

/// FileVaultPRK.dat as macOS writes it: a fresh key, sealed to this RSA certificate.
pub fn mac_sealing(to: &Custodian) -> Sent {
    mac(&generate(Kind::FileVault), to)
}

/// FileVaultPRK.dat of this key.
pub fn mac(key: &str, to: &Custodian) -> Sent {
    let authority = to.authority.as_ref().expect("macOS seals to RSA certificates");
    let message = filevault_prk(authority, key.as_bytes(), &[24]);
    Sent { text: key.to_owned(), kind: Kind::FileVault, message: Some(message), volume: None, protector: None }
}

/// A fresh BitLocker recovery password of this protector, sealed by an agent in our own form and bound to the
/// device.
pub fn agent(device: &DeviceId, protector: &str, to: &Custodian) -> Sent {
    let protector: ProtectorId = protector.parse().unwrap();
    let text = generate(Kind::BitLocker);
    let owner = Owner::new()
        .organization("example.com".parse().unwrap())
        .device(device.clone())
        .protector(Some(protector.clone()));
    let payload = Payload::new(parse(Kind::BitLocker, &text), owner);
    let message = seal(&payload, &[&to.certificate], randomness().as_ref()).unwrap().der().to_vec();
    Sent { text, kind: Kind::BitLocker, message: Some(message), volume: None, protector: Some(protector) }
}

/// A fresh key of this kind, as an agent sends it in clear.
pub fn in_clear(kind: Kind) -> Sent {
    Sent { text: generate(kind), kind, message: None, volume: None, protector: None }
}

/// A message that is CMS for this certificate, of a FileVault key, and does not open: what stands for the wrapped
/// key is not one.
pub fn nonsense(to: &Custodian) -> Sent {
    let mut sent = mac_sealing(to);
    let message = sent.message.as_mut().unwrap();
    // The wrapped key is the longest OCTET STRING: of the size of the modulus.
    let start = message.windows(4).position(|window| window == [0x04, 0x82, 0x01, 0x00]).unwrap() + 4;
    let noise = generate_bytes(200);
    message[start + 50..start + 250].copy_from_slice(&noise);
    sent
}

impl Sent {
    /// The upload of it by `orbit`, for this device.
    pub fn upload(&self, device: &DeviceId) -> Upload {
        let upload = match &self.message {
            Some(message) => Upload::sealed(device.clone(), self.kind, message.clone()),
            None => Upload::plaintext(device.clone(), self.kind, Secret::<str>::copy_from(&self.text)),
        };
        let upload = match &self.volume {
            Some(volume) => upload.volume(volume.clone()),
            None => upload,
        };
        let upload = match &self.protector {
            Some(protector) => upload.protector(protector.clone()),
            None => upload,
        };
        upload.by(&actor("orbit"))
    }

    /// The same for a volume.
    #[must_use]
    pub fn of_volume(mut self, volume: &str) -> Self {
        self.volume = Some(volume.parse().unwrap());
        self
    }

    /// The same for a protector.
    #[must_use]
    pub fn of_protector(mut self, protector: &str) -> Self {
        self.protector = Some(protector.parse().unwrap());
        self
    }
}

fn randomness() -> Arc<Seeded> {
    static SOURCE: LazyLock<Arc<Seeded>> = LazyLock::new(Seeded::next);
    Arc::clone(&SOURCE)
}

fn generate_bytes(count: usize) -> Vec<u8> {
    use fdescrow::Randomness as _;
    let mut bytes = vec![0; count];
    randomness().fill(&mut bytes).unwrap();
    bytes
}

fn generate(kind: Kind) -> String {
    RecoveryKey::generate(kind, randomness().as_ref()).unwrap().expose().to_owned()
}

fn parse(kind: Kind, text: &str) -> RecoveryKey {
    RecoveryKey::parse_exact(kind, &Secret::<str>::copy_from(text)).unwrap()
}
