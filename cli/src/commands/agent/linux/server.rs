//! How does a sealed key reach the store?

use fdescrow::{
    Actor, Organization, Timestamp,
    agent::spool::Entry,
    escrow::{Escrow, Receipt, Upload},
};

use super::Arguments;
use crate::{
    commands::store::StoreArguments,
    exit::{Exit, Failure},
    world::World,
};

/// Where sealed keys are sent.
pub(super) struct Server {
    escrow: Option<(Escrow, Actor)>,
    /// Why it did not take something.
    pub(super) failure: Option<Exit>,
}

impl Server {
    pub(super) fn new(arguments: &Arguments, organization: &Organization, world: &World<'_>) -> Result<Self, Failure> {
        let escrow = match (&arguments.store, &arguments.by) {
            (Some(store), Some(by)) => {
                let organization = organization.clone();
                let store = StoreArguments { store: store.clone(), organization, mac_key: None, policy: None };
                Some((store.escrow_or_new(Vec::new(), world)?, by.clone()))
            }
            _ => None,
        };
        Ok(Self { escrow, failure: None })
    }

    /// Sends an entry; the same again gets the receipt as it is now.
    pub(super) fn send(&mut self, entry: &Entry, world: &World<'_>, now: Timestamp) -> Option<Receipt> {
        let (escrow, by) = self.escrow.as_ref()?;
        let mut upload = Upload::sealed(entry.device.clone(), entry.place.kind, entry.message())
            .by(by)
            .request(entry.request.as_str());
        if let Some(volume) = &entry.place.volume {
            upload = upload.volume(volume.clone());
        }
        if let Some(protector) = &entry.place.protector {
            upload = upload.protector(protector.clone());
        }
        match escrow.receive(upload, now) {
            Ok(receipt) => Some(receipt),
            Err(error) => {
                let failure = Failure::from(error);
                let why = failure.document().lines().next().unwrap_or_default();
                world.output.note(format_args!("the store did not take a key: {why}"));
                self.failure = self.failure.max(Some(failure.exit));
                None
            }
        }
    }
}
