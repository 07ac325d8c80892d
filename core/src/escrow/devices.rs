//! What does a device receive, how does it stand, and how is it hidden?

use super::{
    Error, Escrow,
    rotations::judge,
    trace::{Operation, traced},
};
use crate::{
    audit::{Action, Draft, Text},
    ids::{Actor, DeviceId},
    policy::OrganizationDetails,
    profile::filevault::{FileVaultCertificate, OpensWith},
    profile::{self, Profile},
    store::ChangeId,
    time::Timestamp,
    verification::{Assessment, Event},
};

impl Escrow {
    /// The FileVault profile of a device, by the policy of its group, with the primary certificate.
    ///
    /// # Errors
    /// [`Error::Misuse`] if the policy says nothing of FileVault, or asks for escrow and there is no certificate;
    /// [`Error::Policy`] if the certificate does not serve at `now`; [`Error::Profile`]; [`Error::Store`].
    pub fn profile(&self, device: &DeviceId, now: Timestamp) -> Result<Profile, Error> {
        let group = self.device_record(device)?.and_then(|device| device.group);
        let policy = self.policies.policy(group.as_deref());
        let filevault = policy.filevault().ok_or(Error::Misuse("the policy says nothing of FileVault"))?;
        let certificate = match (filevault.escrows(), self.certificates.first()) {
            (false, _) => None,
            (true, Some(primary)) => Some(FileVaultCertificate::new(primary.clone(), OpensWith::Pkcs1v15, now)?),
            (true, None) => return Err(Error::Misuse("the policy asks for escrow, and there is no certificate")),
        };
        let details = match policy.organization() {
            Some(details) => details.clone(),
            None => OrganizationDetails::of(&self.organization, "fdescrow")?,
        };
        Ok(profile::filevault::render(filevault, certificate.as_ref(), &details)?)
    }

    /// How a device stands at this moment: status, reasons, what to do, when to look again.
    ///
    /// # Errors
    /// [`Error::DeviceUnknown`]; [`Error::Store`].
    pub fn assess(&self, device: &DeviceId, now: Timestamp) -> Result<Assessment, Error> {
        traced(Operation::Assess, Some(device), || {
            let record = self.device_record(device)?.ok_or(Error::DeviceUnknown)?;
            let policy = self.policies.policy(record.group.as_deref());
            Ok(judge(&record, &policy, now))
        })
    }

    /// Hides a device. Its keys stay, can be handed out, and it comes back with its next upload.
    ///
    /// # Errors
    /// [`Error::DeviceUnknown`]; [`Error::Rejected`] if it is hidden already; [`Error::ReasonMissing`]; [`Error::Store`].
    pub fn forget_device(&self, device: &DeviceId, by: &Actor, reason: &str, now: Timestamp) -> Result<(), Error> {
        let event = Event::DeviceForgotten { at: now };
        self.change_device(device, by, reason, (event, Action::DeviceForgotten), now)
    }

    /// Says that a device was wiped or enrolled anew: its earlier keys stay revealable, and none counts as current.
    ///
    /// # Errors
    /// As [`forget_device`](Self::forget_device).
    pub fn new_installation(&self, device: &DeviceId, by: &Actor, reason: &str, now: Timestamp) -> Result<(), Error> {
        let record = self.device_record(device)?.ok_or(Error::DeviceUnknown)?;
        let number = record.state.installation().saturating_add(1);
        let event = Event::InstallationChanged { number, at: now };
        self.change_device(device, by, reason, (event, Action::InstallationChanged), now)
    }

    fn change_device(
        &self,
        device: &DeviceId,
        by: &Actor,
        reason: &str,
        (event, action): (Event, Action),
        now: Timestamp,
    ) -> Result<(), Error> {
        let reason = Text::new(reason).map_err(|_| Error::ReasonMissing)?;
        let id = ChangeId::generate(self.rng())?;
        self.transact(device, id, now, |change| {
            if !change.known {
                return Err(Error::DeviceUnknown);
            }
            change.apply(&event)?;
            let mut draft = Draft::new(by.clone(), action.clone());
            draft.reason = Some(reason.clone());
            change.audit(draft);
            Ok(())
        })
    }
}
