//! Helpers for tests that cross crates.
