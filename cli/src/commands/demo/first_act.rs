//! What happens to the keys of three Macs and a PC?
//!
//! The first act, a key's life: each step does what a server does, verifies what came of it, and only then tells it.

use fdescrow::{
    DeviceId, ErrorCode, Kind, RecoveryKey, Secret,
    audit::Action,
    escrow::{Page, Receipt, ReceiptStatus, Reveal, RewrapOptions, Upload},
    profile::{self, ProfileLimits},
    verification::{Reason, Status},
};

use super::{
    mac::{self, Mac},
    stage::{Stage, unverified, verified},
};
use crate::exit::Failure;

/// The devices of the first act, and what is known of them.
pub(super) struct FirstAct<'s, 'a> {
    stage: &'s mut Stage<'a>,
    macs: [DeviceId; 3],
    pc: DeviceId,
    mac_key: RecoveryKey,
    pc_key: RecoveryKey,
    /// What the first Mac sent.
    blob: Vec<u8>,
    receipts: Vec<Receipt>,
}

impl<'s, 'a> FirstAct<'s, 'a> {
    /// Plays it. The first Mac, which has a key that works, goes on in the next act.
    pub(super) fn play(stage: &'s mut Stage<'a>) -> Result<Mac, Failure> {
        let (mac_key, pc_key) = {
            let rng = stage.world.randomness();
            (RecoveryKey::generate(Kind::FileVault, rng)?, RecoveryKey::generate(Kind::BitLocker, rng)?)
        };
        let mut act = Self {
            stage,
            macs: [DeviceId::new("MAC-1")?, DeviceId::new("MAC-2")?, DeviceId::new("MAC-3")?],
            pc: DeviceId::new("PC-1")?,
            mac_key,
            pc_key,
            blob: Vec::new(),
            receipts: Vec::new(),
        };
        act.prepare()?;
        act.receive()?;
        act.check()?;
        act.explain()?;
        act.decide()?;
        act.renew()?;
        act.reveal()?;
        let Self { macs: [device, ..], blob, .. } = act;
        Ok(Mac { device, blob })
    }

    /// A policy becomes a profile.
    fn prepare(&mut self) -> Result<(), Failure> {
        let certificate = self.stage.make_certificate("CN=Escrow 1")?;
        self.stage.tell(format!(
            "An escrow certificate ({}): anybody may have it and seal to it; only the holder of its private key can open \
             what was sealed.",
            certificate.public_key().description()
        ))?;

        let now = self.stage.world.now()?;
        let [mac, ..] = &self.macs;
        let rendered = self.stage.escrow()?.profile(mac, now)?;
        let parsed = profile::parse(rendered.as_bytes(), &ProfileLimits::default())?;
        verified(parsed.escrow_certificate() == Some(certificate.der()), "the profile carries the certificate")?;
        let known = [certificate];
        let findings = profile::lint(&[parsed], &profile::LintContext::new(&known, now));
        verified(findings.is_empty(), "nothing is wrong with the profile")?;
        self.stage.tell(format!(
            "A policy becomes a profile ({} bytes): a Mac that installs it turns FileVault on and seals its recovery key \
             to that certificate.",
            rendered.as_bytes().len()
        ))
    }

    /// Keys arrive, sealed and in clear.
    fn receive(&mut self) -> Result<(), Failure> {
        let certificate = self.stage.newest_certificate()?;
        let [first, second, _] = self.macs.clone();
        self.blob = mac::seal(self.mac_key.expose(), &certificate, self.stage.world.randomness())?;
        let receipt = self.stage.upload(Upload::sealed(first.clone(), Kind::FileVault, self.blob.clone()))?;
        verified(receipt.status == ReceiptStatus::Stored, "the Mac's key is stored")?;
        self.stage.tell(format!(
            "{first} sends its sealed key ({} bytes, as macOS writes it): {}, and unreadable to the server. The word says \
             no more than that.",
            self.blob.len(),
            receipt.status.as_str()
        ))?;
        self.receipts.push(receipt);

        let again = self.stage.upload(Upload::sealed(first.clone(), Kind::FileVault, self.blob.clone()))?;
        verified(again.sightings == 2 && self.is_receipt(0, &again), "the same blob is the same key")?;
        self.stage.tell(format!(
            "{first} sends the same again, as Macs do every hour: a sighting of the key that is there, not another one."
        ))?;

        // A certificate of macOS' own making; its private key never leaves that Mac.
        let (own, _) = self.stage.generate("CN=FileVault Recovery Key")?;
        let other = RecoveryKey::generate(Kind::FileVault, self.stage.world.randomness())?;
        let blob = mac::seal(other.expose(), &own, self.stage.world.randomness())?;
        let receipt = self.stage.upload(Upload::sealed(second.clone(), Kind::FileVault, blob))?;
        verified(receipt.status == ReceiptStatus::Stored, "the second Mac's key is stored")?;
        self.stage.tell(format!(
            "{second} sends its key too. It looks like that of {first}; whether it opens, nobody knows yet."
        ))?;
        self.receipts.push(receipt);

        let clear = Secret::<str>::copy_from(self.pc_key.expose());
        let receipt = self.stage.upload(Upload::plaintext(self.pc.clone(), Kind::BitLocker, clear))?;
        verified(receipt.status == ReceiptStatus::Stored, "the PC's key is stored")?;
        self.stage.tell(format!(
            "{}'s agent sends its BitLocker recovery password in clear: checked, sealed to the certificate and bound to \
             {} before anything is stored.",
            self.pc, self.pc
        ))?;
        self.receipts.push(receipt);
        Ok(())
    }

    /// Whether the keys open.
    fn check(&mut self) -> Result<(), Failure> {
        let report = self.stage.check_all()?;
        verified(report.opened == 2 && report.failed() == 1, "two keys open and one does not")?;
        let escrow = self.stage.escrow()?;
        for receipt in [0, 2] {
            let key = self.receipts.get(receipt).ok_or_else(|| unverified("there is a receipt"))?.key;
            verified(escrow.receipt(&key)?.status == ReceiptStatus::Verified, "a key that opened is verified")?;
        }
        self.stage.tell(format!(
            "A check, where the private key is: {} keys open, {} does not. Only what opened is called verified, and only \
             then may an agent remove an old key.",
            report.opened,
            report.failed()
        ))
    }

    /// Why a key does not open.
    fn explain(&mut self) -> Result<(), Failure> {
        let found = self.stage.escrow()?.undecryptable(&Page::first())?;
        let [_, second, _] = &self.macs;
        let problem = found.into_iter().next().ok_or_else(|| unverified("the key that does not open is listed"))?;
        verified(problem.device == *second, "it is the second Mac's")?;
        verified(problem.reason == Reason::SealedByMacos, "it was sealed to a certificate of macOS' own")?;
        let status = self.stage.escrow()?.assess(second, self.stage.world.now()?)?.status;
        verified(status == Status::ActionRequired, "the device needs action")?;
        self.stage.tell(format!("Why {second}'s key does not open: {} {}", problem.meaning, problem.remedy))
    }

    /// Another Mac's blob.
    fn decide(&mut self) -> Result<(), Failure> {
        let [first, _, third] = self.macs.clone();
        let receipt = self.stage.upload(Upload::sealed(third.clone(), Kind::FileVault, self.blob.clone()))?;
        verified(receipt.status == ReceiptStatus::Quarantined, "the replayed blob is quarantined")?;
        let escrow = self.stage.escrow()?;
        let reveal = Reveal::of(&third).by(&self.stage.operator).reason("try");
        let refused = escrow.reveal(reveal, self.stage.newest_keyring()?, self.stage.world.now()?);
        verified(refused.is_err_and(|error| error.code() == ErrorCode::RecoveryRefused), "nothing opens it")?;
        escrow.reject_quarantined(&receipt.key, &self.stage.operator, "replayed", self.stage.world.now()?)?;
        self.stage.tell(format!(
            "{third} sends the blob of {first} (replayed, or a Mac that was enrolled anew): {}. Nothing opens it until a \
             person decides; {} rejects it.",
            receipt.status.as_str(),
            self.stage.operator
        ))
    }

    /// Another certificate.
    fn renew(&mut self) -> Result<(), Failure> {
        let old = self.stage.newest_keyring()?.clone();
        let certificate = self.stage.make_certificate("CN=Escrow 2")?;
        let escrow = self.stage.escrow()?;
        let (mut rewrapped, mut options) = (0, RewrapOptions::default().by(&self.stage.operator));
        loop {
            let report = escrow.rewrap(&old, &certificate, &options, self.stage.world.now()?)?;
            verified(report.failures.is_empty() && report.unavailable == 0, "every key that opened is re-wrapped")?;
            rewrapped += report.rewrapped;
            if report.next.is_none() {
                break;
            }
            options = options.after(report.next);
        }
        verified(rewrapped == 2, "both keys are re-wrapped")?;
        let report = self.stage.check_all()?;
        verified(report.opened == 2, "both open with the new identity")?;
        let [first, ..] = &self.macs;
        let history = escrow.history(first)?;
        let retired = history.iter().flat_map(|key| &key.envelopes).filter(|envelope| envelope.retired.is_some());
        verified(history.len() == 1 && retired.count() == 1, "the old envelope is retired, and kept")?;
        self.stage.tell(format!(
            "A new certificate: the {rewrapped} keys that open are re-wrapped to it, and their old envelopes retired only \
             when the new ones had opened."
        ))
    }

    /// A person needs a key.
    fn reveal(&mut self) -> Result<(), Failure> {
        let escrow = self.stage.escrow()?;
        let [first, ..] = self.macs.clone();
        for (device, expected) in [(&first, &self.mac_key), (&self.pc, &self.pc_key)] {
            let request = Reveal::of(device).by(&self.stage.operator).reason("lost passphrase");
            let revealed = escrow.reveal(request, self.stage.newest_keyring()?, self.stage.world.now()?)?;
            verified(revealed.key().constant_time_eq(expected), "the key that comes out is the key that went in")?;
            let entries = escrow.audit_of(device, 0, 1000)?;
            verified(entries.iter().any(|entry| *entry.action() == Action::Released), "the release is in the audit")?;
        }
        let nobody = escrow.reveal(
            Reveal::of(&first).by(&self.stage.operator),
            self.stage.newest_keyring()?,
            self.stage.world.now()?,
        );
        verified(nobody.is_err_and(|error| error.code() == ErrorCode::RecoveryReasonMissing), "no reason, no key")?;
        self.stage.tell(format!(
            "{} reveals the keys of {first} and {}: the very ones that the devices made. The audit knew it first, and \
             without a reason there is no key.",
            self.stage.operator, self.pc
        ))
    }

    fn is_receipt(&self, index: usize, other: &Receipt) -> bool {
        self.receipts.get(index).is_some_and(|receipt| receipt.key == other.key)
    }
}
