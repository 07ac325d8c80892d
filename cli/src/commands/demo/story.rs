//! What happens to the keys of three Macs and a PC?
//!
//! Each step does what a server does, verifies what came of it, and only then tells it.

use std::sync::Arc;

use fdescrow::{
    Actor, DeviceId, ErrorCode, Kind, Organization, Policy, RecoveryKey, Secret,
    audit::{Action, Checkpoint, CheckpointLimits},
    envelope::{Certificate, Keyring, NewCertificate, PrivateKey, private_key::KeyAlgorithm},
    escrow::{CheckOptions, CheckReport, Escrow, Page, Receipt, ReceiptStatus, Reveal, RewrapOptions, Upload},
    profile::{self, ProfileLimits},
    store::Store,
    verification::{Reason, Status},
};

use super::mac;
use crate::{exit::Failure, identities, world::World};

/// The policy of the documentation.
const POLICY: &str = include_str!("../../../../examples/policy.toml");

const TEN_YEARS: i64 = 10 * 365 * 86_400;

/// The stage and the players.
pub(super) struct Story<'a> {
    world: &'a World<'a>,
    steps: Vec<String>,
    store: Arc<dyn Store>,
    organization: Organization,
    policy: Arc<Policy>,
    agent: Actor,
    operator: Actor,
    /// Certificates and their identities, the newest last.
    certificates: Vec<Certificate>,
    keyrings: Vec<Keyring>,
    macs: [DeviceId; 3],
    pc: DeviceId,
    mac_key: RecoveryKey,
    pc_key: RecoveryKey,
    /// What the first Mac sent.
    blob: Vec<u8>,
    receipts: Vec<Receipt>,
}

impl<'a> Story<'a> {
    pub(super) fn begin(url: &str, world: &'a World<'a>) -> Result<Self, Failure> {
        let store = fdescrow_stores::open(url).map_err(|error| Failure::from(error).about(url))?;
        // An organization of its own, so that the story can be played again in the same store.
        let number = fdescrow::KeyId::generate(world.randomness())?.to_string();
        let organization = Organization::new(format!("demo-{}", number.get(..8).unwrap_or_default()))?;
        Ok(Self {
            world,
            steps: Vec::new(),
            store,
            organization,
            policy: Arc::new(Policy::from_toml(POLICY)?),
            agent: Actor::new("agent")?,
            operator: Actor::new("ana")?,
            certificates: Vec::new(),
            keyrings: Vec::new(),
            macs: [DeviceId::new("MAC-1")?, DeviceId::new("MAC-2")?, DeviceId::new("MAC-3")?],
            pc: DeviceId::new("PC-1")?,
            mac_key: RecoveryKey::generate(Kind::FileVault, world.randomness())?,
            pc_key: RecoveryKey::generate(Kind::BitLocker, world.randomness())?,
            blob: Vec::new(),
            receipts: Vec::new(),
        })
    }

    pub(super) fn end(self) -> (String, Vec<String>) {
        (self.organization.to_string(), self.steps)
    }

    /// A policy becomes a profile.
    pub(super) fn prepare(&mut self) -> Result<(), Failure> {
        let certificate = self.make_certificate("CN=Escrow 1")?;
        self.tell(format!(
            "An escrow certificate ({}): anybody may have it and seal to it; only the holder of its private key can open \
             what was sealed.",
            certificate.public_key().description()
        ))?;

        let now = self.world.now()?;
        let [mac, ..] = &self.macs;
        let rendered = self.escrow()?.profile(mac, now)?;
        let parsed = profile::parse(rendered.as_bytes(), &ProfileLimits::default())?;
        verified(parsed.escrow_certificate() == Some(certificate.der()), "the profile carries the certificate")?;
        let known = [certificate];
        let findings = profile::lint(&[parsed], &profile::LintContext::new(&known, now));
        verified(findings.is_empty(), "nothing is wrong with the profile")?;
        self.tell(format!(
            "A policy becomes a profile ({} bytes): a Mac that installs it turns FileVault on and seals its recovery key \
             to that certificate.",
            rendered.as_bytes().len()
        ))
    }

    /// Keys arrive, sealed and in clear.
    pub(super) fn receive(&mut self) -> Result<(), Failure> {
        let certificate = self.newest_certificate()?;
        let [first, second, _] = self.macs.clone();
        self.blob = mac::seal(self.mac_key.expose(), &certificate, self.world.randomness())?;
        let receipt = self.upload(Upload::sealed(first.clone(), Kind::FileVault, self.blob.clone()))?;
        verified(receipt.status == ReceiptStatus::Stored, "the Mac's key is stored")?;
        self.tell(format!(
            "{first} sends its sealed key ({} bytes, as macOS writes it): {}, and unreadable to the server. The word says \
             no more than that.",
            self.blob.len(),
            receipt.status.as_str()
        ))?;
        self.receipts.push(receipt);

        let again = self.upload(Upload::sealed(first.clone(), Kind::FileVault, self.blob.clone()))?;
        verified(again.sightings == 2 && self.is_receipt(0, &again), "the same blob is the same key")?;
        self.tell(format!(
            "{first} sends the same again, as Macs do every hour: a sighting of the key that is there, not another one."
        ))?;

        // A certificate of macOS' own making; its private key never leaves that Mac.
        let (own, _) = self.generate("CN=FileVault Recovery Key")?;
        let other = RecoveryKey::generate(Kind::FileVault, self.world.randomness())?;
        let blob = mac::seal(other.expose(), &own, self.world.randomness())?;
        let receipt = self.upload(Upload::sealed(second.clone(), Kind::FileVault, blob))?;
        verified(receipt.status == ReceiptStatus::Stored, "the second Mac's key is stored")?;
        self.tell(format!(
            "{second} sends its key too. It looks like that of {first}; whether it opens, nobody knows yet."
        ))?;
        self.receipts.push(receipt);

        let clear = Secret::<str>::copy_from(self.pc_key.expose());
        let receipt = self.upload(Upload::plaintext(self.pc.clone(), Kind::BitLocker, clear))?;
        verified(receipt.status == ReceiptStatus::Stored, "the PC's key is stored")?;
        self.tell(format!(
            "{}'s agent sends its BitLocker recovery password in clear: checked, sealed to the certificate and bound to \
             {} before anything is stored.",
            self.pc, self.pc
        ))?;
        self.receipts.push(receipt);
        Ok(())
    }

    /// Whether the keys open.
    pub(super) fn check(&mut self) -> Result<(), Failure> {
        let report = self.check_all()?;
        verified(report.opened == 2 && report.failed() == 1, "two keys open and one does not")?;
        let escrow = self.escrow()?;
        for receipt in [0, 2] {
            let key = self.receipts.get(receipt).ok_or_else(|| unverified("there is a receipt"))?.key;
            verified(escrow.receipt(&key)?.status == ReceiptStatus::Verified, "a key that opened is verified")?;
        }
        self.tell(format!(
            "A check, where the private key is: {} keys open, {} does not. Only what opened is called verified, and only \
             then may an agent remove an old key.",
            report.opened,
            report.failed()
        ))
    }

    /// Why a key does not open.
    pub(super) fn explain(&mut self) -> Result<(), Failure> {
        let found = self.escrow()?.undecryptable(&Page::first())?;
        let [_, second, _] = &self.macs;
        let problem = found.into_iter().next().ok_or_else(|| unverified("the key that does not open is listed"))?;
        verified(problem.device == *second, "it is the second Mac's")?;
        verified(problem.reason == Reason::SealedByMacos, "it was sealed to a certificate of macOS' own")?;
        let status = self.escrow()?.assess(second, self.world.now()?)?.status;
        verified(status == Status::ActionRequired, "the device needs action")?;
        self.tell(format!("Why {second}'s key does not open: {} {}", problem.meaning, problem.remedy))
    }

    /// Another Mac's blob.
    pub(super) fn decide(&mut self) -> Result<(), Failure> {
        let [first, _, third] = self.macs.clone();
        let receipt = self.upload(Upload::sealed(third.clone(), Kind::FileVault, self.blob.clone()))?;
        verified(receipt.status == ReceiptStatus::Quarantined, "the replayed blob is quarantined")?;
        let escrow = self.escrow()?;
        let reveal = Reveal::of(&third).by(&self.operator).reason("try");
        let refused = escrow.reveal(reveal, self.newest_keyring()?, self.world.now()?);
        verified(refused.is_err_and(|error| error.code() == ErrorCode::RecoveryRefused), "nothing opens it")?;
        escrow.reject_quarantined(&receipt.key, &self.operator, "replayed", self.world.now()?)?;
        self.tell(format!(
            "{third} sends the blob of {first} (replayed, or a Mac that was enrolled anew): {}. Nothing opens it until a \
             person decides; {} rejects it.",
            receipt.status.as_str(),
            self.operator
        ))
    }

    /// Another certificate.
    pub(super) fn renew(&mut self) -> Result<(), Failure> {
        let old = self.newest_keyring()?.clone();
        let certificate = self.make_certificate("CN=Escrow 2")?;
        let escrow = self.escrow()?;
        let (mut rewrapped, mut options) = (0, RewrapOptions::default().by(&self.operator));
        loop {
            let report = escrow.rewrap(&old, &certificate, &options, self.world.now()?)?;
            verified(report.failures.is_empty() && report.unavailable == 0, "every key that opened is re-wrapped")?;
            rewrapped += report.rewrapped;
            if report.next.is_none() {
                break;
            }
            options = options.after(report.next);
        }
        verified(rewrapped == 2, "both keys are re-wrapped")?;
        let report = self.check_all()?;
        verified(report.opened == 2, "both open with the new identity")?;
        let [first, ..] = &self.macs;
        let history = escrow.history(first)?;
        let retired = history.iter().flat_map(|key| &key.envelopes).filter(|envelope| envelope.retired.is_some());
        verified(history.len() == 1 && retired.count() == 1, "the old envelope is retired, and kept")?;
        self.tell(format!(
            "A new certificate: the {rewrapped} keys that open are re-wrapped to it, and their old envelopes retired only \
             when the new ones had opened."
        ))
    }

    /// A person needs a key.
    pub(super) fn reveal(&mut self) -> Result<(), Failure> {
        let escrow = self.escrow()?;
        let [first, ..] = self.macs.clone();
        for (device, expected) in [(&first, &self.mac_key), (&self.pc, &self.pc_key)] {
            let request = Reveal::of(device).by(&self.operator).reason("lost passphrase");
            let revealed = escrow.reveal(request, self.newest_keyring()?, self.world.now()?)?;
            verified(revealed.key().constant_time_eq(expected), "the key that comes out is the key that went in")?;
            let entries = escrow.audit_of(device, 0, 1000)?;
            verified(entries.iter().any(|entry| *entry.action() == Action::Released), "the release is in the audit")?;
        }
        let nobody = escrow.reveal(Reveal::of(&first).by(&self.operator), self.newest_keyring()?, self.world.now()?);
        verified(nobody.is_err_and(|error| error.code() == ErrorCode::RecoveryReasonMissing), "no reason, no key")?;
        self.tell(format!(
            "{} reveals the keys of {first} and {}: the very ones that the devices made. The audit knew it first, and \
             without a reason there is no key.",
            self.operator, self.pc
        ))
    }

    /// The audit.
    pub(super) fn audit(&mut self) -> Result<(), Failure> {
        let escrow = self.escrow()?;
        let mut file = Vec::new();
        let written = escrow.checkpoint(None, self.world.now()?, &mut |line| {
            file.extend_from_slice(line.as_bytes());
            std::ops::ControlFlow::Continue(())
        })?;
        let checkpoint = Checkpoint::parse(&file, &CheckpointLimits::default())?;
        let report = escrow.verify_audit(&[], Some(&checkpoint))?;
        verified(report.is_intact() && report.chains == written.chains, "every chain is intact")?;
        self.tell(format!(
            "The audit of all this: {} entries in {} chains, each verified, also against a checkpoint, which is to be kept \
             where the database's writers are not.",
            report.entries, report.chains
        ))
    }

    fn escrow(&self) -> Result<Escrow, Failure> {
        let builder = Escrow::builder(Arc::clone(&self.store), self.organization.clone())
            .randomness(self.world.shared_randomness())
            .policies(Arc::new(Arc::clone(&self.policy)))
            .certificates(self.certificates.iter().rev().cloned());
        Ok(builder.build()?)
    }

    fn upload(&self, upload: Upload) -> Result<Receipt, Failure> {
        Ok(self.escrow()?.receive(upload.by(&self.agent), self.world.now()?)?)
    }

    fn check_all(&self) -> Result<CheckReport, Failure> {
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
    fn make_certificate(&mut self, subject: &str) -> Result<Certificate, Failure> {
        let (certificate, key) = self.generate(subject)?;
        let identity = identities::identity(key, vec![certificate.clone()], self.world)?;
        self.keyrings.push(Keyring::new().with(identity));
        self.certificates.push(certificate.clone());
        Ok(certificate)
    }

    fn generate(&self, subject: &str) -> Result<(Certificate, PrivateKey), Failure> {
        let now = self.world.now()?;
        let description = NewCertificate::new(subject, KeyAlgorithm::Rsa2048, now, now.saturating_add(TEN_YEARS))?;
        Ok(description.generate(self.world.randomness())?)
    }

    fn newest_certificate(&self) -> Result<Certificate, Failure> {
        self.certificates.last().cloned().ok_or_else(|| unverified("there is a certificate"))
    }

    fn newest_keyring(&self) -> Result<&Keyring, Failure> {
        self.keyrings.last().ok_or_else(|| unverified("there is an identity"))
    }

    fn is_receipt(&self, index: usize, other: &Receipt) -> bool {
        self.receipts.get(index).is_some_and(|receipt| receipt.key == other.key)
    }

    /// Tells a step that was done and verified.
    fn tell(&mut self, step: String) -> Result<(), Failure> {
        self.steps.push(step);
        if let (false, Some(step)) = (self.world.output.is_json(), self.steps.last()) {
            self.world.output.bytes(format!("{:2}. {step}\n", self.steps.len()).as_bytes())?;
        }
        Ok(())
    }
}

fn verified(holds: bool, what: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(unverified(what)) }
}

fn unverified(what: &str) -> Failure {
    Failure::unverified(format!("a step did not come out as told: it was to be that {what}"))
}
