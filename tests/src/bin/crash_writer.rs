//! What is killed while it works: keys come, are checked, handed out and re-wrapped, until somebody ends it.
//!
//! `crash_writer CREDENTIALS DATABASE ROUND SEED STEPS` prints one [`Line`] before and after each call, flushed, so
//! that whoever reads it knows what was acknowledged at every moment.
//!
//! `crash_writer CREDENTIALS DATABASE rollover` takes every key to the next certificate and checks it there, and says nothing.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a program of the tests fails by panicking")]

use std::{
    env,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use fdescrow::{
    DeviceId, Digest, Escrow, KeyId, Kind, Timestamp,
    escrow::{CheckOptions, ReceiptStatus, Reveal, RewrapOptions},
};
use fdescrow_stores::SqliteStore;
use fdescrow_tests::crash::{Credentials, Dice, Line, Party, Sent, actor, at, device};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments[2] == "rollover" {
        return roll_over(Path::new(&arguments[0]), &arguments[1]);
    }
    let (round, seed, steps) = (arguments[2].parse().unwrap(), arguments[3].parse().unwrap(), arguments[4].parse());
    let party = Credentials::at(Path::new(&arguments[0])).read();
    let store = SqliteStore::open(&arguments[1]).unwrap();
    let escrow = party.escrow(Arc::new(store));
    say(&Line::Opened);
    let mut writer = Writer { escrow, party, dice: Dice::new(seed), seed, sent: Vec::new() };
    for step in 0..steps.unwrap() {
        writer.step(step, at(round, step));
    }
}

/// One pass, from wherever the one before it was killed.
fn roll_over(credentials: &Path, database: &str) {
    let party = Credentials::at(credentials).read();
    let escrow = party.escrow(Arc::new(SqliteStore::open(database).unwrap()));
    let mut options = RewrapOptions::default();
    loop {
        let report = escrow.rewrap(&party.keyring, party.next_certificate(), &options, at(1, 0)).unwrap();
        assert!(report.failures.is_empty() && report.unavailable == 0, "{report:?}");
        match report.next {
            Some(next) => options = options.after(Some(next)),
            None => break,
        }
    }
    while escrow.check(&party.next_keyring, &CheckOptions::default(), at(1, 1)).unwrap().more {}
}

/// One whole line in one write, so that a kill leaves no half of it.
fn say(line: &Line) {
    let mut out = io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// A key that this process sent.
struct Known {
    sent: Sent,
    key: KeyId,
    verified: bool,
}

struct Writer {
    escrow: Escrow,
    party: Party,
    dice: Dice,
    seed: u64,
    sent: Vec<Known>,
}

impl Writer {
    fn step(&mut self, step: u32, now: Timestamp) {
        match self.dice.roll(20) {
            0..=8 => self.receive(step, now),
            9..=10 => self.sight(now),
            11 => self.replay(step, now),
            12..=14 => self.check(now),
            15..=18 => self.reveal(step, now),
            _ => self.rewrap(now),
        }
    }

    fn receive(&mut self, step: u32, now: Timestamp) {
        let (form, device) = (self.dice.roll(4), device(self.dice.roll(100)));
        let request = format!("{}-{step}", self.seed);
        self.send(Sent::new(request, device, form, &self.party.certificates[0]), now);
    }

    fn send(&mut self, sent: Sent, now: Timestamp) {
        say(&Line::Sending(sent.clone()));
        let receipt = self.escrow.receive(sent.upload(), now).unwrap();
        let apart = receipt.status == ReceiptStatus::Quarantined;
        say(&Line::Received(sent.request.clone(), receipt.key, receipt.envelope, apart));
        if !apart {
            self.sent.push(Known { sent, key: receipt.key, verified: false });
        }
    }

    /// The same bytes again.
    fn sight(&mut self, now: Timestamp) {
        let Some(known) = self.sent.iter().rev().find(|known| known.sent.sealed.is_some()) else { return };
        let receipt = self.escrow.receive(known.sent.without_request(), now).unwrap();
        say(&Line::Sighted(receipt.key, receipt.sightings));
    }

    /// The same bytes from another device: they are set apart.
    fn replay(&mut self, step: u32, now: Timestamp) {
        let Some(known) = self.sent.iter().rev().find(|known| known.sent.kind == Kind::FileVault) else { return };
        let mut sent = known.sent.clone();
        sent.request = format!("{}-{step}", self.seed);
        sent.device = DeviceId::new(format!("other-{}", sent.request)).unwrap();
        self.send(sent, now);
    }

    fn check(&mut self, now: Timestamp) {
        let report = self.escrow.check(&self.party.keyring, &CheckOptions::default(), now).unwrap();
        say(&Line::Checked(report.opened));
        for known in self.sent.iter_mut().filter(|known| !known.verified) {
            if self.escrow.receipt(&known.key).unwrap().status == ReceiptStatus::Verified {
                known.verified = true;
                say(&Line::Verified(known.key));
            }
        }
    }

    fn reveal(&mut self, step: u32, now: Timestamp) {
        let Some(known) = self.sent.last() else { return };
        let (device, kind) = (&known.sent.device, known.sent.kind);
        let reason = format!("case-{}-{step}", self.seed);
        say(&Line::Revealing(device.clone(), kind, reason.clone()));
        let wanted = Reveal::of(device).kind(kind).by(&actor("ana")).reason(reason);
        let revealed = self.escrow.reveal(wanted, &self.party.keyring, now).unwrap();
        say(&Line::Revealed(revealed.id, revealed.recovery, Digest::of(revealed.expose().as_bytes())));
    }

    fn rewrap(&mut self, now: Timestamp) {
        let options = RewrapOptions::default().limit(3);
        let report = self.escrow.rewrap(&self.party.keyring, self.party.next_certificate(), &options, now).unwrap();
        assert!(report.failures.is_empty(), "{:?}", report.failures);
        say(&Line::Rewrapped(report.rewrapped));
    }
}
