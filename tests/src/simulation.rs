//! What becomes of a promise when everything that can fail does, in any order?
//!
//! A simulated device, server and network around a planner of ours, driven by one number: the same seed, the same run.
//! There is no clock and no thread. Each run looks for the first promise that is broken.

pub mod bitlocker;
