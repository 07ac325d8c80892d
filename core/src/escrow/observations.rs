//! What did a device, its agent or its management say of it?
//!
//! Facts come in as they are reported, and the device is judged anew in the same commit. What says nothing new is not
//! recorded again within [`QUIET_SECONDS`], so that a fleet that reports every minute fills no audit.

use super::{
    Error, Escrow, Receipt, Upload,
    trace::{Operation, traced},
};
use crate::{
    audit::{Action, Draft, Text},
    ids::{Actor, DeviceId, Word},
    store::ChangeId,
    time::Timestamp,
    verification::{
        Configuration, Event, Posture, Walk,
        observation::{Report, ReportedEnvelope},
    },
};

/// For how long a report that says nothing new is not recorded.
pub const QUIET_SECONDS: i64 = 60 * 60;

/// What became of a report.
#[derive(Debug)]
#[non_exhaustive]
pub struct Observed {
    /// Whether it said anything that was not known, or is an hour younger than what was.
    pub recorded: bool,
    /// What became of each sealed key that was in it. One that was refused stops nothing.
    pub receipts: Vec<Result<Receipt, Error>>,
}

impl Escrow {
    /// Takes in a report: what it says of the disks, and the sealed keys that are in it. A device that is not known is
    /// created.
    ///
    /// # Errors
    /// [`Error::Limit`] if the device caused too many entries today; [`Error::Rejected`]; [`Error::Store`].
    pub fn observe(&self, device: &DeviceId, report: &Report, by: &Actor, now: Timestamp) -> Result<Observed, Error> {
        traced(Operation::Observe, Some(device), || {
            let event = Event::Observed(Box::new(report.observation.clone()));
            let recorded = self.report(device, &event, Action::DeviceObserved, by, now)?;
            let upload = |sealed: &ReportedEnvelope| {
                let mut upload = Upload::sealed(device.clone(), sealed.kind, sealed.bytes.clone()).by(by);
                if let Some(volume) = &sealed.volume {
                    upload = upload.volume(volume.clone());
                }
                if let Some(protector) = &sealed.protector {
                    upload = upload.protector(protector.clone());
                }
                upload
            };
            let receipts = report.envelopes.iter().map(|sealed| self.receive(upload(sealed), now)).collect();
            Ok(Observed { recorded, receipts })
        })
    }

    /// Takes in what the management system says of the configuration of a device.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn configuration_reported(
        &self,
        device: &DeviceId,
        configuration: Configuration,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.report(device, &Event::Configured(configuration), Action::ConfigurationReported, by, now)
    }

    /// Takes in what the agent says that it could not do, in one word; or, without one, that it could. It takes nothing
    /// away from a key.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn agent_reported(
        &self,
        device: &DeviceId,
        failure: Option<&Word>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let event = Event::AgentReported { failure: failure.cloned(), at: now };
        self.report(device, &event, Action::AgentReported, by, now)
    }

    /// Where a Mac stands on its way to a key that works; none unless it is a Mac whose policy enforces FileVault.
    ///
    /// # Errors
    /// [`Error::DeviceUnknown`]; [`Error::Store`].
    pub fn walk(&self, device: &DeviceId, now: Timestamp) -> Result<Option<Walk>, Error> {
        let record = self.device_record(device)?.ok_or(Error::DeviceUnknown)?;
        Ok(Walk::of(&record.state, &self.policies.policy(record.group.as_deref()), now))
    }

    /// Puts a device into the group whose policy it follows from now on; none: the organization's.
    ///
    /// # Errors
    /// [`Error::DeviceUnknown`]; [`Error::Misuse`] if the name is none of 1 to 255 bytes; [`Error::ReasonMissing`];
    /// [`Error::Store`].
    pub fn move_to_group(
        &self,
        device: &DeviceId,
        group: Option<&str>,
        by: &Actor,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let reason = Text::new(reason).map_err(|_| Error::ReasonMissing)?;
        if group.is_some_and(|name| name.is_empty() || name.len() > 255 || name.contains(char::is_control)) {
            return Err(Error::Misuse("a group has a name of 1 to 255 bytes without control characters"));
        }
        let id = ChangeId::generate(self.rng())?;
        self.transact(device, id, now, |change| {
            if !change.known {
                return Err(Error::DeviceUnknown);
            }
            if change.device.group.as_deref() != group {
                change.device.group = group.map(str::to_owned);
                let mut draft = Draft::new(by.clone(), Action::DeviceChanged);
                draft.reason = Some(reason.clone());
                change.audit(draft);
            }
            Ok(())
        })
    }

    /// Applies an event and records it, if it changes what is known or what is known is old.
    fn report(
        &self,
        device: &DeviceId,
        event: &Event,
        action: Action,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let id = ChangeId::generate(self.rng())?;
        self.transact(device, id, now, |change| {
            let before = change.device.state.posture().clone();
            change.apply(event)?;
            let after = change.device.state.posture();
            if change.known && !is_news(&before, after) {
                return Ok(false);
            }
            if let Some(platform) = after.platform() {
                change.device.platform = Word::new(platform.as_str()).ok();
            }
            self.count_entry(change, now)?;
            if !change.known {
                change.audit(Draft::new(by.clone(), Action::DeviceCreated));
            }
            change.audit(Draft::new(by.clone(), action.clone()));
            Ok(true)
        })
    }
}

/// Whether something other than times differs, or the times do by more than an hour.
fn is_news(before: &Posture, after: &Posture) -> bool {
    let old = |at: Timestamp| at.saturating_add(QUIET_SECONDS);
    let refreshed = match (before.observed(), after.observed()) {
        (Some(before), Some(after)) => after >= old(before),
        (before, after) => before != after,
    };
    refreshed || !before.says_the_same(after)
}
