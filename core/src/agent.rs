//! What does an agent on a device do next?
//!
//! Planners without hands: an observation goes in, the next step comes out, what became of it is reported back. The
//! embedder's agent runs the steps (WMI, cryptsetup, `fdesetup`, snapd) and owns the connection to the server; nothing
//! here talks to a device, to the network or to a file. A planner's state is a small JSON document that holds no secret:
//! what it says can be lost at any moment, and costs work, never a key.
//!
//! A sealed key that the server has not acknowledged is in the [`spool`], on every platform.

pub mod bitlocker;
pub mod filevault;
pub mod luks;
pub mod snapd;
pub mod spool;
