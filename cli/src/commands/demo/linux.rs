//! What does a LUKS2 volume answer?
//!
//! The demonstration needs a Linux machine, so here is one: a volume with the slot that its owner's passphrase opens,
//! and the commands of cryptsetup that an agent needs to add a slot for recovery. Its header prints as
//! `cryptsetup luksDump --dump-json-metadata` prints one. Passphrases are compared by their digest, without the
//! stretching that a real slot has. What runs on it is the [`agent`].

pub(super) mod agent;

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use fdescrow::{Digest, Randomness, VolumeId, agent::luks::Call};
use serde_json::{Value, json};

use crate::exit::Failure;

/// The volume.
struct Volume {
    uuid: VolumeId,
    slots: BTreeMap<u8, Slot>,
    tokens: BTreeMap<u8, Value>,
}

struct Slot {
    kdf: Value,
    opens_with: Digest,
}

impl Slot {
    fn new(mut kdf: Value, passphrase: &[u8], rng: &dyn Randomness) -> Result<Self, Failure> {
        let mut salt = [0; 32];
        rng.fill(&mut salt)?;
        if let Value::Object(members) = &mut kdf {
            members.insert("salt".to_owned(), STANDARD.encode(salt).into());
        }
        Ok(Self { kdf, opens_with: Digest::of(passphrase) })
    }
}

impl Volume {
    /// Encrypted when Linux was installed.
    fn new(owner: &[u8], rng: &dyn Randomness) -> Result<Self, Failure> {
        let uuid = VolumeId::luks(&fdescrow::KeyId::generate(rng)?.to_string())?;
        let kdf = json!({ "type": "argon2id", "time": 4, "memory": 1_048_576, "cpus": 4 });
        Ok(Self { uuid, slots: BTreeMap::from([(0, Slot::new(kdf, owner, rng)?)]), tokens: BTreeMap::new() })
    }

    /// The first 4096 bytes: LUKS2 On-Disk Format Specification §2.1.
    fn header(&self) -> Vec<u8> {
        let mut header = vec![0; 4096];
        let parts = [(0, b"LUKS\xba\xbe\x00\x02".as_slice()), (168, self.uuid.as_str().as_bytes())];
        for (offset, part) in parts {
            let place = header.iter_mut().skip(offset);
            place.zip(part).for_each(|(byte, value)| *byte = *value);
        }
        header
    }

    /// The metadata: LUKS2 On-Disk Format Specification §3.
    fn metadata(&self) -> Vec<u8> {
        let slot = |slot: &Slot| json!({ "type": "luks2", "key_size": 64, "kdf": slot.kdf });
        let slots: BTreeMap<String, Value> = self.slots.iter().map(|(name, it)| (name.to_string(), slot(it))).collect();
        let names: Vec<&String> = slots.keys().collect();
        let document = json!({
            "keyslots": slots,
            "tokens": self.tokens.iter().map(|(name, token)| (name.to_string(), token)).collect::<BTreeMap<_, _>>(),
            "segments": { "0": { "type": "crypt", "offset": "16777216", "size": "dynamic", "iv_tweak": "0",
                "encryption": "aes-xts-plain64", "sector_size": 512 } },
            "digests": { "0": { "type": "pbkdf2", "keyslots": names, "segments": ["0"] } },
            "config": { "json_size": "12288", "keyslots_size": "16744448" },
        });
        document.to_string().into_bytes()
    }

    /// Runs a command: whether it ended with 0.
    fn call(&mut self, call: &Call, owner: &[u8], new_key: &[u8], rng: &dyn Randomness) -> Result<bool, Failure> {
        let opens = |slot: &Slot, passphrase: &[u8]| slot.opens_with == Digest::of(passphrase);
        Ok(match call {
            // The copy is a file beside the volume, and nothing of the story needs it.
            Call::BackUpHeader => true,
            Call::AddSlot { slot, mark, hash: Some(hash), .. } => {
                let allowed = self.slots.values().any(|slot| opens(slot, owner)) && !self.slots.contains_key(slot);
                if allowed {
                    let kdf = json!({ "type": "pbkdf2", "hash": hash.as_str(), "iterations": mark.iterations() });
                    self.slots.insert(*slot, Slot::new(kdf, new_key, rng)?);
                }
                allowed
            }
            Call::TestSlot { slot, .. } => self.slots.get(slot).is_some_and(|slot| opens(slot, new_key)),
            Call::WriteToken { json, .. } => match (serde_json::from_str(json), (0..32).find(|it| self.is_free(*it))) {
                (Ok(token), Some(number)) => {
                    self.tokens.insert(number, token);
                    true
                }
                _ => false,
            },
            _ => false,
        })
    }

    fn is_free(&self, token: u8) -> bool {
        !self.tokens.contains_key(&token)
    }
}
