//! How long do a hundred thousand stored keys take, and a summary of a million devices?
//!
//! The stores are written once and copied for each time that keys are checked, for a check changes them.

use std::{fs, path::Path, sync::Arc, time::Instant};

use fdescrow::{
    Actor, DeviceId, Escrow, Kind, Organization, RecoveryKey,
    envelope::{Certificate, Keyring},
    escrow::{CheckOptions, CheckReport, Page, Upload},
    store::Store,
};
use fdescrow_identities::SystemRandomness;
use fdescrow_tests::generator::filevault_prk;

use crate::{
    Failure,
    cases::hold,
    material::{Library, Material, authority, now},
};

const KEYS: &str = "keys.sqlite";
const CHECKED: &str = "checked.sqlite";
const DEVICES: &str = "devices.sqlite";

/// The store whose keys were checked last, which can be checked again.
#[derive(Default)]
pub(crate) struct Stored {
    checked: Option<(Escrow, Keyring, CheckOptions, u64)>,
}

impl Stored {
    /// How long a case of stored keys took; `None` if it is not one.
    pub(crate) fn timed(&mut self, material: &Material, case: &str) -> Result<Option<u128>, Failure> {
        let (what, library) = match case.strip_suffix("-aws-lc") {
            #[cfg(feature = "aws-lc")]
            Some(what) => (what, Library::AwsLc),
            _ => (case, Library::Rust),
        };
        Ok(match (what, what.strip_prefix("check-")) {
            (_, Some(workers)) => {
                let escrow = fresh_copy(material)?;
                let keys = escrow.summary(now()?)?.keys;
                let keyring = material.keyring("rsa", library)?;
                let options = CheckOptions::default().devices(1000).workers(workers.parse()?);
                let start = Instant::now();
                let report = check(&escrow, &keyring, &options)?;
                let time = start.elapsed().as_nanos();
                hold(report.opened == keys && report.failed() == 0)?;
                self.checked = Some((escrow, keyring, options, keys));
                Some(time)
            }
            ("recheck", _) => {
                let (escrow, keyring, options, keys) = self.checked.as_ref().ok_or("nothing was checked")?;
                let start = Instant::now();
                let report = check(escrow, keyring, options)?;
                let time = start.elapsed().as_nanos();
                hold(report.opened == 0 && escrow.summary(now()?)?.keys == *keys)?;
                Some(time)
            }
            ("summary", _) => {
                let escrow = escrow(material, fdescrow_stores::open(&url(material, DEVICES))?)?;
                let start = Instant::now();
                let summary = escrow.summary(now()?)?;
                let time = start.elapsed().as_nanos();
                hold(summary.status.values().sum::<u64>() == summary.devices && summary.devices > 0)?;
                Some(time)
            }
            _ => None,
        })
    }
}

/// Writes a store of so many Macs, each with a key as macOS seals it, none of them checked.
pub(crate) fn fill_keys(material: &Material, keys: u64) -> Result<(), Failure> {
    filled(material, KEYS, |store| receive_keys(material, store, keys))
}

fn receive_keys(material: &Material, store: Arc<dyn Store>, keys: u64) -> Result<(), Failure> {
    let escrow = escrow(material, store)?;
    let (authority, rng, by) = (authority(material)?, SystemRandomness::new(), Actor::new("mdm")?);
    for number in 0..keys {
        let key = RecoveryKey::generate(Kind::FileVault, &rng)?;
        let message = filevault_prk(&authority, key.expose().as_bytes(), &[24]);
        let device = DeviceId::new(format!("C02{number:08}"))?;
        escrow.receive(Upload::sealed(device, Kind::FileVault, message).by(&by), now()?)?;
    }
    Ok(())
}

/// Writes a store of so many devices, each with a key, all of them judged.
pub(crate) fn fill_devices(material: &Material, devices: u32) -> Result<(), Failure> {
    filled(material, DEVICES, |store| judge_devices(material, store, devices))
}

fn judge_devices(material: &Material, store: Arc<dyn Store>, devices: u32) -> Result<(), Failure> {
    fdescrow::store::conformance::fill(&store, &organization()?, devices);
    let (escrow, by) = (escrow(material, store)?, Actor::new("bench")?);
    let mut page = Page::first().limit(1000);
    loop {
        let (_, next) = escrow.assess_changed(&page, &by, now()?)?;
        match next {
            Some(next) => page = Page::first().limit(1000).after(next),
            None => return Ok(()),
        }
    }
}

/// Writes a store where the system has files in memory, for nothing of it is measured, and puts it in its place.
fn filled(
    material: &Material,
    name: &str,
    fill: impl FnOnce(Arc<dyn Store>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let memory = Path::new("/dev/shm");
    let written = if memory.is_dir() {
        memory.join(format!("fdescrow-{}-{name}", std::process::id()))
    } else {
        material.path(&format!("new-{name}"))
    };
    let done = fdescrow_stores::open(&format!("sqlite:{}", written.display()))
        .map_err(Failure::from)
        .and_then(fill)
        .and_then(|()| Ok(fs::copy(&written, material.path(name)).map(drop)?));
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", written.display()));
    }
    done
}

/// Checks until nothing is due.
fn check(escrow: &Escrow, keyring: &Keyring, options: &CheckOptions) -> Result<CheckReport, Failure> {
    let mut whole = CheckReport::default();
    loop {
        whole.add(&escrow.check(keyring, options, now()?)?);
        if !whole.more {
            return Ok(whole);
        }
    }
}

fn fresh_copy(material: &Material) -> Result<Escrow, Failure> {
    for end in ["", "-wal", "-shm"] {
        let (from, to) = (material.path(&format!("{KEYS}{end}")), material.path(&format!("{CHECKED}{end}")));
        if to.exists() {
            fs::remove_file(&to)?;
        }
        if from.exists() {
            fs::copy(&from, &to)?;
        }
    }
    escrow(material, fdescrow_stores::open(&url(material, CHECKED))?)
}

fn escrow(material: &Material, store: Arc<dyn Store>) -> Result<Escrow, Failure> {
    let certificates: Vec<Certificate> = vec![material.certificate("rsa")?];
    let rng = Arc::new(SystemRandomness::new());
    Ok(Escrow::builder(store, organization()?).randomness(rng).certificates(certificates).build()?)
}

fn organization() -> Result<Organization, Failure> {
    Ok(Organization::new("example.com")?)
}

fn url(material: &Material, file: &str) -> String {
    format!("sqlite:{}", material.path(file).display())
}
