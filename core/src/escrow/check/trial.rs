//! How are keys tried on several threads while others are read and recorded?
//!
//! Whoever calls reads what is to be tried and records what was: nothing else touches the store. Threads take from
//! the front of a queue, fewer at a time as it runs dry, so that none has much left when the others are done.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

use super::{Batch, Job, Run, Tried};
use crate::{
    envelope::{Certificate, Envelope, Limits, Origin, Payload, SealError, seal},
    escrow::{
        Error, Escrow,
        certificates::Recipients,
        opening::{self, Identities, OpenedKey, Outcome},
    },
    key::RecoveryKey,
    verification::Opening,
};

/// The most keys that one thread takes at once: what an identity that batches is asked for.
const AT_ONCE: usize = 64;

/// Devices that are recorded in one commit: to wait for the disk then takes a small part of the time.
const RECORDED_AT_ONCE: usize = 256;

/// The least that is recorded in one commit while threads are still busy.
const RECORDED_AT_LEAST: usize = 16;

/// Devices that wait for a thread.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Batch>,
    complete: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while it held the queue left it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, batch: Batch) {
        self.state().waiting.push_back(batch);
        self.changed.notify_one();
    }

    /// Nothing more will come.
    fn complete(&self) {
        self.state().complete = true;
        self.changed.notify_all();
    }

    /// What a thread tries next; nothing after the last.
    fn take(&self, workers: usize) -> Option<Vec<Batch>> {
        let mut state = self.state();
        while state.waiting.is_empty() && !state.complete {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let share = (state.waiting.len() / workers.saturating_mul(2).max(1)).clamp(1, AT_ONCE);
        let share = share.min(state.waiting.len());
        (share > 0).then(|| state.waiting.drain(..share).collect())
    }
}

/// Completes the queue also where reading failed: threads that wait for more would wait for ever.
struct Completed<'a>(&'a Queue);

impl Drop for Completed<'_> {
    fn drop(&mut self) {
        self.0.complete();
    }
}

impl Escrow {
    /// Tries what `read` gives, and hands it on to `tried`: in groups, in whatever order they are done.
    pub(super) fn try_all(
        &self,
        read: impl Iterator<Item = Result<Batch, Error>>,
        run: &Run<'_>,
        mut tried: impl FnMut(Vec<Batch>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let identities = Identities::of(run.answering);
        let mut done = Vec::new();
        let mut collect = |batches: Vec<Batch>, enough: usize| {
            done.extend(batches);
            if done.len() < enough { Ok(()) } else { tried(std::mem::take(&mut done)) }
        };
        let (queue, (sender, receiver)) = (Queue::default(), mpsc::channel());
        if run.workers <= 1 {
            for batch in read {
                queue.put(batch?);
            }
            queue.complete();
            while let Some(mut batches) = queue.take(1) {
                self.try_some(&mut batches, &identities, run);
                collect(batches, RECORDED_AT_ONCE)?;
            }
            return collect(Vec::new(), 0);
        }
        thread::scope(|scope| {
            let completed = Completed(&queue);
            for _ in 0..run.workers {
                let (queue, identities, sender) = (&queue, &identities, sender.clone());
                scope.spawn(move || {
                    while let Some(mut batches) = queue.take(run.workers) {
                        self.try_some(&mut batches, identities, run);
                        if sender.send(batches).is_err() {
                            // Nobody records it any more.
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut open = 0_usize;
            for batch in read {
                queue.put(batch?);
                open += 1;
            }
            drop(completed);
            while let Ok(batches) = receiver.recv() {
                open = open.saturating_sub(batches.len());
                // Fewer and fewer towards the end, so that not much is left to be recorded when the threads are done.
                collect(batches, (open / 2).clamp(RECORDED_AT_LEAST, RECORDED_AT_ONCE))?;
            }
            collect(Vec::new(), 0)
        })
    }

    fn try_some(&self, batches: &mut [Batch], identities: &Identities<'_>, run: &Run<'_>) {
        let mut jobs: Vec<&mut Job> = batches.iter_mut().flat_map(|batch| &mut batch.jobs).collect();
        for jobs in jobs.chunks_mut(AT_ONCE) {
            if run.is_stopped() {
                return;
            }
            let keys: Vec<_> = jobs.iter().map(|job| (&job.record, job.envelopes.as_slice())).collect();
            let outcomes = opening::open_many(&self.organization, &keys, identities, run.now);
            for (job, outcome) in jobs.iter_mut().zip(outcomes) {
                job.tried = Some(match outcome {
                    Outcome::Opened(opened) => {
                        let OpenedKey { key, opening, origin } = *opened;
                        job.resealed = run.reseal_to.and_then(|to| self.reseal(job, &opening, (key, origin), to, run));
                        Tried::Opened(Box::new(opening))
                    }
                    Outcome::NotOpened(failure) => Tried::NotOpened(failure),
                    Outcome::Unavailable => Tried::Unavailable,
                });
            }
        }
    }

    /// Seals a key that opened to `to`, unless it is already.
    fn reseal(
        &self,
        job: &Job,
        opening: &Opening,
        (key, origin): (RecoveryKey, Option<Origin>),
        to: &Certificate,
        run: &Run<'_>,
    ) -> Option<Result<Envelope, SealError>> {
        let in_use = job.envelopes.iter().filter(|envelope| envelope.retired.is_none());
        let is_sealed_to = |envelope: Envelope| !Recipients::of(&envelope, std::slice::from_ref(to)).known.is_empty();
        let mut parsed = in_use.filter_map(|record| Envelope::parse(record.der(), &Limits::default()).ok());
        if parsed.any(is_sealed_to) {
            return None;
        }
        let from = job.envelopes.iter().find(|envelope| envelope.digest() == opening.envelope)?;
        // What a key was resealed from before is where it comes from still.
        let place = job.record.facts.place();
        let suite = opening::suite(place.kind, from);
        let origin = origin.unwrap_or_else(|| Origin::new(from.digest(), suite));
        let owner = opening::owner(&self.organization, &job.record.device, place);
        let owner = owner.key_id(job.record.facts.id()).time(run.now).origin(origin);
        Some(seal(&Payload::new(key, owner), &[to], self.rng()))
    }
}
