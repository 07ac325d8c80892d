//! Does a store of the embedder's keep its promises?

#![expect(clippy::panic, reason = "a case fails by panicking")]

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use fdescrow::store::{
    Store,
    conformance::{CASES, Case, Fixture},
};
use serde::Serialize;

use super::custom::custom_store;
use crate::{
    boundary::{Errors, Output, answer},
    callback::{StoreFactory, fdescrow_store_factory},
    failure::{Failure, fdescrow_result},
    owned::fdescrow_text,
    view::fdescrow_str,
};

#[derive(Serialize)]
struct Outcome {
    case: &'static str,
    promise: &'static str,
    passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

struct Custom<'a>(&'a StoreFactory);

impl Custom<'_> {
    fn open(&self, again: bool) -> Arc<dyn Store> {
        match self.0.open(again).and_then(custom_store) {
            Ok(store) => Arc::new(store),
            Err(failure) => panic!("{}", failure.message()),
        }
    }
}

impl Fixture for Custom<'_> {
    fn store(&self) -> Arc<dyn Store> {
        self.open(false)
    }

    fn reopen(&self) -> Arc<dyn Store> {
        self.open(true)
    }

    fn wait(&self, seconds: u32) {
        self.0.wait(seconds);
    }
}

/// Tries to break each promise of the contract on a store of yours: for its tests.
///
/// `case_name`: the one case to run, or empty for all. Each begins with an empty store, which `factory` opens.
/// `outcomes_out` receives a JSON array: `case`, `promise`, `passed`, `problem`.
/// Errors: `MISUSE` if `factory` is not whole or there is no such case.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_store_conformance(
    factory: Option<&fdescrow_store_factory>,
    case_name: fdescrow_str,
    outcomes_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(outcomes_out, error_out, || {
        let factory = StoreFactory::new(*factory.ok_or(Failure::NULL)?).map_err(Failure::misuse)?;
        let wanted = case_name.read_some()?;
        let cases: Vec<&Case> = CASES.iter().filter(|case| wanted.is_none_or(|name| name == case.name)).collect();
        if cases.is_empty() {
            return Err(Failure::misuse("there is no such case"));
        }
        Ok(cases.into_iter().map(|case| outcome(case, &factory)).collect::<Vec<_>>())
    })
}

fn outcome(case: &Case, factory: &StoreFactory) -> Outcome {
    let run = catch_unwind(AssertUnwindSafe(|| (case.run)(&Custom(factory))));
    let problem = run.err().map(|panic| words(panic.as_ref()));
    Outcome { case: case.name, promise: case.promise, passed: problem.is_none(), problem }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the case failed").to_owned()
}
