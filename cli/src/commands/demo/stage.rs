//! Where is the story played, and how is it told?
//!
//! What both acts need: a store, an organization, its policy and certificates, and somebody who tells each step when
//! it was done and verified.

use std::sync::Arc;

use fdescrow::{
    Actor, Organization, Policy,
    agent::spool::Entry,
    envelope::{Certificate, Keyring, NewCertificate, PrivateKey, private_key::KeyAlgorithm},
    escrow::{CheckOptions, CheckReport, Escrow, Receipt, Upload},
    store::Store,
};

use crate::{exit::Failure, identities, world::World};

/// The policy of the documentation.
pub(super) const POLICY: &str = include_str!("../../../../examples/policy.toml");

const TEN_YEARS: i64 = 10 * 365 * 86_400;

/// The stage, and who is on it in both acts.
pub(super) struct Stage<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) organization: Organization,
    pub(super) policy: Arc<Policy>,
    /// Who sends what devices made.
    pub(super) agent: Actor,
    /// Who needs keys.
    pub(super) operator: Actor,
    store: Arc<dyn Store>,
    /// Certificates and their identities, the newest last.
    certificates: Vec<Certificate>,
    keyrings: Vec<Keyring>,
    steps: Vec<String>,
}

impl<'a> Stage<'a> {
    pub(super) fn set(url: &str, world: &'a World<'a>) -> Result<Self, Failure> {
        let store = fdescrow_stores::open(url).map_err(|error| Failure::from(error).about(url))?;
        // An organization of its own, so that the story can be played again in the same store.
        let number = fdescrow::KeyId::generate(world.randomness())?.to_string();
        let organization = Organization::new(format!("demo-{}", number.get(..8).unwrap_or_default()))?;
        Ok(Self {
            world,
            organization,
            policy: Arc::new(Policy::from_toml(POLICY)?),
            agent: Actor::new("agent")?,
            operator: Actor::new("ana")?,
            store,
            certificates: Vec::new(),
            keyrings: Vec::new(),
            steps: Vec::new(),
        })
    }

    /// The organization that was played, and the steps that were told.
    pub(super) fn clear(self) -> (String, Vec<String>) {
        (self.organization.to_string(), self.steps)
    }

    pub(super) fn escrow(&self) -> Result<Escrow, Failure> {
        let builder = Escrow::builder(Arc::clone(&self.store), self.organization.clone())
            .randomness(self.world.shared_randomness())
            .policies(Arc::new(Arc::clone(&self.policy)))
            .certificates(self.certificates.iter().rev().cloned());
        Ok(builder.build()?)
    }

    pub(super) fn upload(&self, upload: Upload) -> Result<Receipt, Failure> {
        Ok(self.escrow()?.receive(upload.by(&self.agent), self.world.now()?)?)
    }

    /// What an agent has in its spool.
    pub(super) fn upload_entry(&self, entry: &Entry) -> Result<Receipt, Failure> {
        let mut upload = Upload::sealed(entry.device.clone(), entry.place.kind, entry.message());
        if let Some(volume) = &entry.place.volume {
            upload = upload.volume(volume.clone());
        }
        if let Some(protector) = &entry.place.protector {
            upload = upload.protector(protector.clone());
        }
        self.upload(upload.request(entry.request.as_str()))
    }

    /// Checks all that is due.
    pub(super) fn check_all(&self) -> Result<CheckReport, Failure> {
        let escrow = self.escrow()?;
        let mut total = CheckReport::default();
        loop {
            total.add(&escrow.check(self.newest_keyring()?, &CheckOptions::default(), self.world.now()?)?);
            if !total.more {
                verified(total.unavailable == 0, "the private key answers")?;
                return Ok(total);
            }
        }
    }

    /// Makes a certificate whose identity opens from now on.
    pub(super) fn make_certificate(&mut self, subject: &str) -> Result<Certificate, Failure> {
        let (certificate, key) = self.generate(subject)?;
        let identity = identities::identity(key, vec![certificate.clone()], self.world)?;
        self.keyrings.push(Keyring::new().with(identity));
        self.certificates.push(certificate.clone());
        Ok(certificate)
    }

    pub(super) fn generate(&self, subject: &str) -> Result<(Certificate, PrivateKey), Failure> {
        let now = self.world.now()?;
        let description = NewCertificate::new(subject, KeyAlgorithm::Rsa2048, now, now.saturating_add(TEN_YEARS))?;
        Ok(description.generate(self.world.randomness())?)
    }

    pub(super) fn newest_certificate(&self) -> Result<Certificate, Failure> {
        self.certificates.last().cloned().ok_or_else(|| unverified("there is a certificate"))
    }

    pub(super) fn newest_keyring(&self) -> Result<&Keyring, Failure> {
        self.keyrings.last().ok_or_else(|| unverified("there is an identity"))
    }

    /// Tells a step that was done and verified.
    pub(super) fn tell(&mut self, step: String) -> Result<(), Failure> {
        self.steps.push(step);
        if let (false, Some(step)) = (self.world.output.is_json(), self.steps.last()) {
            self.world.output.bytes(format!("{:2}. {step}\n", self.steps.len()).as_bytes())?;
        }
        Ok(())
    }
}

pub(super) fn verified(holds: bool, what: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(unverified(what)) }
}

pub(super) fn unverified(what: &str) -> Failure {
    Failure::unverified(format!("a step did not come out as told: it was to be that {what}"))
}
