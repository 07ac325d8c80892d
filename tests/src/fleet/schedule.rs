//! In which order do several threads come to the store?
//!
//! Each waits before every call until it is its turn; who is next is drawn from a seed. Between two calls one thread runs
//! alone, so a seed is a schedule, and the same seed the same one.

use std::{
    cell::Cell,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use fdescrow::store::Store;

use super::InterruptedStore;
use crate::crash::Dice;

thread_local! {
    /// Which of the threads this one is; none: it is not scheduled.
    static PLACE: Cell<Option<usize>> = const { Cell::new(None) };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Runs,
    Waits,
    Gone,
}

struct State {
    phases: Vec<Phase>,
    turn: Option<usize>,
    dice: Dice,
    taken: Vec<usize>,
}

/// An order in which threads come to a store.
pub struct Schedule {
    state: Mutex<State>,
    changed: Condvar,
}

impl Schedule {
    /// The one of this seed, and the store that keeps it.
    pub fn over(store: Arc<dyn Store>, seed: u64) -> (Arc<Self>, Arc<dyn Store>) {
        let state = State { phases: Vec::new(), turn: None, dice: Dice::new(seed), taken: Vec::new() };
        let schedule = Arc::new(Self { state: Mutex::new(state), changed: Condvar::new() });
        let waits = Arc::clone(&schedule);
        (schedule, InterruptedStore::before_each(store, move || waits.wait()))
    }

    /// Runs these at once, and answers whose turn it was, call by call.
    ///
    /// # Panics
    /// If one of them does, or if they wait for each other.
    pub fn run(&self, threads: Vec<Box<dyn FnOnce() + Send + '_>>) -> Vec<usize> {
        self.state().phases = vec![Phase::Runs; threads.len()];
        thread::scope(|scope| {
            for (place, run) in threads.into_iter().enumerate() {
                scope.spawn(move || {
                    PLACE.set(Some(place));
                    // Also one that panics lets the others go on.
                    let _gone = Gone { schedule: self, place };
                    self.wait();
                    run();
                });
            }
        });
        std::mem::take(&mut self.state().taken)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) {
        let Some(place) = PLACE.get() else { return };
        let mut state = self.state();
        state.phases[place] = Phase::Waits;
        self.choose(&mut state);
        while state.turn != Some(place) {
            let waited = self.changed.wait_timeout(state, Duration::from_secs(60));
            let (again, ended) = waited.unwrap_or_else(PoisonError::into_inner);
            assert!(!ended.timed_out(), "the threads wait for each other");
            state = again;
        }
        (state.turn, state.phases[place]) = (None, Phase::Runs);
    }

    /// Where nobody runs, somebody may.
    fn choose(&self, state: &mut State) {
        if state.turn.is_some() || state.phases.contains(&Phase::Runs) {
            return;
        }
        let waiting: Vec<usize> =
            (0..state.phases.len()).filter(|place| state.phases[*place] == Phase::Waits).collect();
        if waiting.is_empty() {
            return;
        }
        let drawn = state.dice.roll(u64::try_from(waiting.len()).unwrap());
        let next = waiting[usize::try_from(drawn).unwrap()];
        state.taken.push(next);
        state.turn = Some(next);
        self.changed.notify_all();
    }
}

impl std::fmt::Debug for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schedule").finish_non_exhaustive()
    }
}

struct Gone<'a> {
    schedule: &'a Schedule,
    place: usize,
}

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        let mut state = self.schedule.state();
        state.phases[self.place] = Phase::Gone;
        self.schedule.choose(&mut state);
    }
}
