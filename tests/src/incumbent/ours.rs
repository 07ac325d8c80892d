//! What do we say of the same device?
//!
//! The state is made by the events that such a device causes here, and judged by a policy that demands what Fleet's
//! team demands.

use fdescrow::{
    Digest, KeyId, Kind, Policy, Timestamp,
    ids::{Platform, ProtectorId, Word},
    verification::{
        Assessment, Binding, Configuration, Delivery, Event, Failure, KeyChange, NewKey, Opening, Operation, Origin,
        Place, ProtectorKind, State, assess,
        observation::{Observation, ProtectorReading, ProtectorSnapshot, Reading, VolumeReading},
    },
};

use super::{Cell, Inputs, KeyRow, Pin, ProfileStatus};
use crate::fleet::at;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What a team with disk encryption demands: that the disks of every platform are encrypted.
fn demanding() -> Policy {
    let json = r#"{
        "filevault": {"enforcement": {}},
        "bitlocker": {"enforcement": {}},
        "luks": {"required": true},
        "escrow": {}
    }"#;
    Policy::from_json(json).expect("a policy that breaks no rule")
}

/// The same, and a PIN when a PC starts.
fn demanding_a_pin() -> Policy {
    let startup =
        r#"{"tpm": "disallowed", "pin": "required", "startup_key": "disallowed", "pin_and_startup_key": "disallowed"}"#;
    let json = format!(
        r#"{{"bitlocker": {{"enforcement": {{}}, "system_drive": {{"startup": {startup}}}}}, "escrow": {{}}}}"#
    );
    Policy::from_json(&json).expect("a policy that breaks no rule")
}

/// What one without it demands.
fn demanding_nothing() -> Policy {
    Policy::from_json(r#"{"escrow": {"required": false}}"#).expect("a policy that breaks no rule")
}

/// A device and its history.
struct History {
    state: State,
    now: Timestamp,
}

impl History {
    /// A device that was seen for the first time three hours or thirty days ago.
    fn of(late: bool) -> Self {
        let age = if late { 30 * DAY } else { 3 * HOUR };
        Self { state: State::new(at(0)), now: at(age) }
    }

    fn before(&self, seconds: i64) -> Timestamp {
        self.now.saturating_add(-seconds)
    }

    fn apply(&mut self, event: &Event) {
        self.state = self.state.clone().apply(event).expect("what happens to the device can happen");
    }

    /// What was said of its boot volume.
    fn observe(&mut self, platform: Platform, encrypted: Option<bool>, seconds: i64) {
        self.observe_pc(platform, encrypted, (None, None), seconds);
    }

    /// The same, and whether it is protected, and by which protector it starts.
    fn observe_pc(
        &mut self,
        platform: Platform,
        encrypted: Option<bool>,
        (protected, starts_by): (Option<bool>, Option<ProtectorKind>),
        seconds: i64,
    ) {
        let mut observation = Observation::new(self.before(seconds));
        observation.platform = Some(platform);
        let reading = |said: Option<bool>| match said {
            Some(true) => Reading::Yes,
            Some(false) => Reading::No,
            None => Reading::Unknown,
        };
        let mut volume = VolumeReading::new(None);
        (volume.encrypted, volume.protected) = (reading(encrypted), reading(protected));
        volume.protectors = starts_by.map(|kind| {
            let id = ProtectorId::new("5BC0E9EE-BE6B-4B83-9C8D-DFE66A8B1E5F").expect("an id");
            ProtectorSnapshot::new(vec![ProtectorReading::new(id, kind)])
        });
        observation.volumes.push(volume);
        self.apply(&Event::Observed(Box::new(observation)));
    }

    /// A key that came so many seconds ago, and what its check said at once.
    fn key(&mut self, kind: Kind, row: KeyRow, seconds: i64) {
        if !row.has_key() {
            return;
        }
        let (envelope, at) = (Digest::of(b"envelope"), self.before(seconds));
        let new = NewKey::new(KeyId::from_bytes([1; 16]), Place::new(kind), Origin::Sealed, envelope, at);
        let key = Box::new(self.state.receive(new));
        self.apply(&Event::KeyReceived { key: key.clone() });
        let change = match row {
            KeyRow::Opens => KeyChange::Opened(Opening::new(envelope, Digest::of(b"identity"), Binding::None, at)),
            KeyRow::DoesNotOpen => {
                KeyChange::NotOpened { tried: vec![envelope], failure: Failure::NoIdentity, keyring: None, at }
            }
            _ => return,
        };
        self.apply(&Event::KeyChanged { key, change });
    }

    fn agent_failed(&mut self, seconds: i64) {
        let failure = Word::new("client_error").ok();
        assert!(failure.is_some(), "a word");
        self.apply(&Event::AgentReported { failure, at: self.before(seconds) });
    }
}

/// Judges the device of a cell.
pub fn judge(cell: &Cell) -> Assessment {
    let mut device = History::of(cell.late);
    // Long enough ago for every deadline, or before none.
    let long_ago = if cell.late { 29 * DAY } else { 2 * HOUR };
    let demanded = match cell.inputs {
        Inputs::Mac { profile, key, encrypted } => {
            device.observe(Platform::MacOs, encrypted, long_ago);
            if let Some((operation, status)) = profile {
                let delivery = match status {
                    ProfileStatus::Null | ProfileStatus::Pending => Delivery::Pending,
                    ProfileStatus::Verifying => Delivery::Acknowledged,
                    ProfileStatus::Verified => Delivery::Confirmed,
                    ProfileStatus::Failed => Delivery::Failed,
                };
                let heard = Configuration::new(operation, delivery, device.before(long_ago));
                device.apply(&Event::Configured(heard));
            }
            device.key(Kind::FileVault, key, long_ago);
            matches!(profile, Some((Operation::Install, _)))
        }
        Inputs::Pc { demanded, key, encrypted, reported_since, error, recent, protection, pin } => {
            let came = if recent { 30 * MINUTE } else { long_ago };
            device.key(Kind::BitLocker, key, came);
            let reported = if reported_since { came - MINUTE } else { came + MINUTE };
            let starts_by = match pin {
                Pin::NotDemanded => None,
                Pin::Missing => Some(ProtectorKind::Tpm),
                Pin::Set => Some(ProtectorKind::TpmAndPin),
            };
            device.observe_pc(Platform::Windows, encrypted, (protection, starts_by), reported);
            if error {
                device.agent_failed(10 * MINUTE);
            }
            if starts_by.is_some() {
                return assess(&device.state, &demanding_a_pin(), device.now);
            }
            demanded
        }
        Inputs::Linux { key, error, encrypted } => {
            device.key(Kind::Luks, key, long_ago);
            device.observe(Platform::Linux, encrypted, long_ago);
            if error {
                device.agent_failed(10 * MINUTE);
            }
            true
        }
    };
    let policy = if demanded { demanding() } else { demanding_nothing() };
    assess(&device.state, &policy, device.now)
}
