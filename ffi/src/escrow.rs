//! How does a key live, from its arrival to its release, in C?
//!
//! One function for each method of core's `Escrow`, with its name. What is asked is a JSON document, whose members the
//! function lists; one that it does not list is an error. Times are seconds since 1970 in arguments and RFC 3339 in
//! documents.

mod audit;
mod certificates;
mod check;
mod devices;
mod receive;
mod recoveries;
mod reports;
mod retention;
mod reveal;
mod rewrap;
mod rotations;
mod watch;

pub use {
    audit::*, certificates::*, check::*, devices::*, receive::*, recoveries::*, reports::*, retention::*, reveal::*,
    rewrap::*, rotations::*, watch::fdescrow_escrow_watch,
};

use std::sync::{Arc, PoisonError, RwLock};

use fdescrow::{
    Actor, Escrow, Organization, Policy, Timestamp,
    audit::MacKey,
    escrow::{Page, Paged, UploadLimits},
    policy::{DefaultPolicy, PolicySource},
};
use fdescrow_identities::SystemRandomness;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use self::watch::Watch;
use crate::{
    boundary::{Errors, Output, answer, boundary, produce, request},
    certificate::fdescrow_certificates,
    failure::{Failure, fdescrow_result},
    handle::{Handle, borrow, borrow_some, free, opaque},
    owned::fdescrow_text,
    policy::fdescrow_policy,
    secret::fdescrow_secret,
    store::{fdescrow_store, shared},
    view::fdescrow_str,
};

/// The recovery keys of one organization, over a store. Used from several threads at once.
#[derive(Debug)]
pub struct fdescrow_escrow {
    handle: Handle,
}
opaque!(fdescrow_escrow, Opened, b"fdescrow");

/// An escrow, and the policies that may be exchanged while it runs.
#[derive(Debug)]
pub struct Opened {
    escrow: Escrow,
    policies: Arc<Policies>,
    watch: RwLock<Option<Arc<Watch>>>,
}

impl Opened {
    fn watch(&self) -> Option<Arc<Watch>> {
        self.watch.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_watch(&self, watch: Option<Arc<Watch>>) {
        let before = std::mem::replace(&mut *self.watch.write().unwrap_or_else(PoisonError::into_inner), watch);
        // It may be freed here, by a function of the embedder, when nothing is locked.
        drop(before);
    }

    /// Asks something of the escrow, under the eyes of whoever watches it.
    fn watched<T>(&self, body: impl FnOnce(&Escrow) -> T) -> T {
        match self.watch() {
            None => body(&self.escrow),
            Some(watch) => watch.during(|| body(&self.escrow)),
        }
    }
}

#[derive(Debug)]
struct Policies(RwLock<Arc<dyn PolicySource>>);

impl PolicySource for Policies {
    fn policy(&self, group: Option<&str>) -> Arc<Policy> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).policy(group)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    organization: Organization,
    keys_per_day: Option<u32>,
    entries_per_day: Option<u32>,
}

/// Constructor of `fdescrow_escrow`.
///
/// `options` is JSON: `organization`, whose keys these are; optional `keys_per_day` and `entries_per_day`, how much one device may send.
/// `policy`: NULL for the defaults. `certificates`: the first is primary: keys that arrive in clear are sealed to it, and profiles carry
/// it; the others are those that were used before; NULL for none. `mac_key`: 32 bytes that authenticate the audit and are kept where the
/// store is not; NULL for none. What is borrowed here may be freed afterwards.
/// Errors: `ID_INVALID`, `MAC_KEY_SYNTAX`, `REQUEST_SYNTAX`. The store is not called.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_open(
    store: Option<&fdescrow_store>,
    options_json: fdescrow_str,
    policy: Option<&fdescrow_policy>,
    certificates: Option<&fdescrow_certificates>,
    mac_key: Option<&fdescrow_secret>,
    escrow_out: Output<'_, fdescrow_escrow>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(escrow_out, error_out, || {
        let Opening { organization, keys_per_day, entries_per_day } = request(options_json)?;
        let policies = Arc::new(Policies(RwLock::new(source(policy)?)));
        let mut limits = UploadLimits::default();
        limits = keys_per_day.map_or(limits, |keys| limits.keys_per_day(keys));
        limits = entries_per_day.map_or(limits, |entries| limits.entries_per_day(entries));
        let mut builder = Escrow::builder(shared(store)?, organization)
            .randomness(Arc::new(SystemRandomness::new()))
            .policies(Arc::<Policies>::clone(&policies))
            .certificates(borrow_some(certificates)?.into_iter().flatten().cloned())
            .limits(limits);
        if let Some(mac_key) = borrow_some(mac_key)? {
            builder = builder.mac_key(MacKey::parse(mac_key.expose())?);
        }
        Ok(Opened { escrow: builder.build()?, policies, watch: RwLock::default() })
    })
}

/// Method of `fdescrow_escrow`: the policy from now on; NULL for the defaults. `fdescrow_escrow_assess_changed` judges all devices anew.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_set_policy(
    escrow: Option<&fdescrow_escrow>,
    policy: Option<&fdescrow_policy>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let (escrow, new) = (borrow(escrow)?, source(policy)?);
        *escrow.policies.0.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    })
}

/// Destructor of `fdescrow_escrow`. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_free(escrow: Option<Box<fdescrow_escrow>>) {
    free(escrow);
}

fn source(policy: Option<&fdescrow_policy>) -> Result<Arc<dyn PolicySource>, Failure> {
    match borrow_some(policy)? {
        Some(document) => Ok(Arc::clone(document) as Arc<dyn PolicySource>),
        None => Ok(Arc::new(DefaultPolicy::new())),
    }
}

/// The body of a function that asks something of an escrow and answers with a document.
fn ask<R: DeserializeOwned, T: Serialize>(
    (escrow, request_json, now): (Option<&fdescrow_escrow>, fdescrow_str, i64),
    answer_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
    body: impl FnOnce(&Escrow, R, Timestamp) -> Result<T, Failure>,
) -> fdescrow_result {
    answer(answer_out, error_out, || {
        let (escrow, asked, now) = (borrow(escrow)?, request(request_json)?, Timestamp::from_unix_seconds(now)?);
        escrow.watched(|escrow| body(escrow, asked, now))
    })
}

/// The body of a function that tells an escrow something.
fn tell<R: DeserializeOwned>(
    (escrow, request_json, now): (Option<&fdescrow_escrow>, fdescrow_str, i64),
    error_out: Errors<'_>,
    body: impl FnOnce(&Escrow, R, Timestamp) -> Result<(), Failure>,
) -> fdescrow_result {
    boundary(error_out, || {
        let (escrow, told, now) = (borrow(escrow)?, request(request_json)?, Timestamp::from_unix_seconds(now)?);
        escrow.watched(|escrow| body(escrow, told, now))
    })
}

/// Nothing is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Which part of a list.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Part {
    after: Option<String>,
    limit: Option<u32>,
}

impl Part {
    fn page(&self) -> Result<Page, Failure> {
        page(self.after.as_deref(), self.limit)
    }
}

fn page(after: Option<&str>, limit: Option<u32>) -> Result<Page, Failure> {
    let mut page = Page::first();
    if let Some(after) = after {
        page = page.after(after.parse()?);
    }
    Ok(match limit {
        Some(limit) => page.limit(limit),
        None => page,
    })
}

/// A part of a list, for a change that somebody makes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartBy {
    by: Actor,
    after: Option<String>,
    limit: Option<u32>,
}

impl PartBy {
    fn page(&self) -> Result<Page, Failure> {
        page(self.after.as_deref(), self.limit)
    }
}

/// A part of a list, as it goes out.
#[derive(Serialize)]
struct List<T> {
    items: Vec<T>,
    unreadable: usize,
    next: Option<String>,
}

impl<T> From<Paged<T>> for List<T> {
    fn from(paged: Paged<T>) -> Self {
        let next = paged.next.as_ref().map(ToString::to_string);
        Self { unreadable: paged.unreadable, next, items: paged.items }
    }
}
