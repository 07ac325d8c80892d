//! What is made of the spans of core and the stores: one line for a log for each, when it ends.

use std::{
    collections::HashMap,
    fmt::Debug,
    mem::take,
    num::NonZeroU64,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
    time::Instant,
};

use serde_json::{Map, Value};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record as Recorded},
};

use crate::callback::{FDESCROW_LOG_INFO, FDESCROW_LOG_WARN};

/// A line for a log.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) level: u32,
    pub(super) message: &'static str,
    pub(super) fields: String,
}

/// Spans that are open, and lines that wait for the end of a call.
#[derive(Debug)]
pub(super) struct Spans {
    level: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    open: HashMap<u64, Open>,
    threads: HashMap<ThreadId, OfThread>,
}

#[derive(Debug)]
struct Open {
    name: &'static str,
    fields: Fields,
    since: Instant,
}

#[derive(Debug, Default)]
struct OfThread {
    entered: Vec<u64>,
    records: Vec<Record>,
}

/// The span that says whose device it is: told with the operation that it is within.
const DEVICE: &str = "device";

impl Spans {
    pub(super) fn new(level: u32) -> Self {
        Self { level, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lines of this thread.
    pub(super) fn take(&self) -> Vec<Record> {
        let mut state = self.state();
        let id = thread::current().id();
        let Some(of_thread) = state.threads.get_mut(&id) else { return Vec::new() };
        let records = take(&mut of_thread.records);
        if of_thread.entered.is_empty() {
            state.threads.remove(&id);
        }
        records
    }

    fn finest(&self) -> Level {
        match self.level {
            FDESCROW_LOG_WARN | FDESCROW_LOG_INFO => Level::INFO,
            _ => Level::DEBUG,
        }
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // A program in Rust that links this library has spans of its own.
        matches!(metadata.target(), "fdescrow" | "fdescrow_stores") && *metadata.level() <= self.finest()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.finest().into())
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let name = attributes.metadata().name();
        let mut guard = self.state();
        let state = &mut *guard;
        if name == DEVICE {
            let within = state.threads.get(&thread::current().id()).and_then(|of_thread| of_thread.entered.last());
            if let Some(open) = within.and_then(|id| state.open.get_mut(id)) {
                open.fields.0.insert(DEVICE.to_owned(), fields.0.remove("id").unwrap_or_default());
            }
        }
        state.last = state.last.wrapping_add(1).max(1);
        state.open.insert(state.last, Open { name, fields, since: Instant::now() });
        Id::from_non_zero_u64(NonZeroU64::new(state.last).unwrap_or(NonZeroU64::MIN))
    }

    fn record(&self, id: &Id, values: &Recorded<'_>) {
        if let Some(open) = self.state().open.get_mut(&id.into_u64()) {
            values.record(&mut open.fields);
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, id: &Id) {
        self.state().threads.entry(thread::current().id()).or_default().entered.push(id.into_u64());
    }

    fn exit(&self, id: &Id) {
        if let Some(of_thread) = self.state().threads.get_mut(&thread::current().id()) {
            of_thread.entered.retain(|entered| *entered != id.into_u64());
        }
    }

    fn try_close(&self, id: Id) -> bool {
        let mut state = self.state();
        let Some(mut open) = state.open.remove(&id.into_u64()) else { return false };
        if open.name == DEVICE {
            return true;
        }
        let level = if open.fields.0.contains_key("error") { FDESCROW_LOG_WARN } else { FDESCROW_LOG_INFO };
        if level <= self.level {
            let microseconds = u64::try_from(open.since.elapsed().as_micros()).unwrap_or(u64::MAX);
            open.fields.0.insert("microseconds".to_owned(), microseconds.into());
            let fields = Value::Object(open.fields.0).to_string();
            let record = Record { level, message: open.name, fields };
            state.threads.entry(thread::current().id()).or_default().records.push(record);
        }
        true
    }
}

/// What a span says.
#[derive(Debug, Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    /// What is written with `%`: the spans have no `Debug` of anything.
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}"));
    }
}
