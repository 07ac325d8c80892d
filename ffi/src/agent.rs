//! What does an agent on a device do next, in C?
//!
//! One type for the planners of core, each made and shown its device by functions of its platform; what all of them do alike
//! is here. The planner holds, between the calls, what an agent in Rust holds in its own variables: the last observation, the
//! step that follows from it, and a key that is not sealed yet.
//!
//! The library of an agent has the planners of the system that it is built for; a server's has all of them.

#[cfg(any(feature = "server", windows))]
mod bitlocker;
#[cfg(any(feature = "server", target_os = "macos"))]
mod filevault;
#[cfg(any(feature = "server", not(any(windows, target_os = "macos"))))]
mod luks;
#[cfg(any(feature = "server", not(any(windows, target_os = "macos"))))]
mod snapd;
mod spool;

#[cfg(any(feature = "server", windows))]
pub use bitlocker::*;
#[cfg(any(feature = "server", target_os = "macos"))]
pub use filevault::*;
pub use spool::*;
#[cfg(any(feature = "server", not(any(windows, target_os = "macos"))))]
pub use {luks::*, snapd::*};

use fdescrow::{
    Digest, Secret, Timestamp,
    agent::spool::{Enough, Entry, Spool},
    escrow::Receipt,
    policy::Level,
};

use crate::{
    boundary::{Errors, Output, boundary, produce, request},
    failure::{Failure, fdescrow_result},
    handle::{Handle, borrow, borrow_mut, borrow_some, free, opaque},
    owned::{fdescrow_buffer, fdescrow_text},
    secret::{fdescrow_secret, text_of},
    view::fdescrow_str,
};

/// There is nothing to do now.
pub const FDESCROW_STEP_NONE: u32 = 0;
/// Send the document of `fdescrow_planner_upload`; then `fdescrow_planner_receipt`, or `fdescrow_planner_failed` without an answer.
pub const FDESCROW_STEP_ASK: u32 = 1;
/// Run `fdescrow_luks_command` or `fdescrow_filevault_command`, call `fdescrow_bitlocker_call`, post `fdescrow_snapd_body`.
pub const FDESCROW_STEP_CALL: u32 = 2;
/// `fdescrow_planner_escrow`; write what it gives to the disk; then `fdescrow_planner_done`.
pub const FDESCROW_STEP_ESCROW: u32 = 3;
/// Have a key made: `fdescrow_luks_generate`; or post `fdescrow_snapd_body` and give the answer to `fdescrow_snapd_generated`.
pub const FDESCROW_STEP_GENERATE: u32 = 4;
/// Remove what is where the copy of the LUKS header goes; then as `FDESCROW_STEP_CALL`.
pub const FDESCROW_STEP_BACK_UP_HEADER: u32 = 5;
/// Remove the copy of the LUKS header.
pub const FDESCROW_STEP_DROP_BACKUP: u32 = 6;
/// Run `fdescrow_filevault_command` with the key that was released for it, or a user's password.
pub const FDESCROW_STEP_CHANGE_RECOVERY: u32 = 7;
/// Run `fdescrow_filevault_command` with the key that was released for it; then `fdescrow_filevault_attested`.
pub const FDESCROW_STEP_VALIDATE_RECOVERY: u32 = 8;
/// Queue the MDM command RotateFileVaultKey.
pub const FDESCROW_STEP_SEND_ROTATE: u32 = 9;
/// Queue the MDM command SecurityInfo.
pub const FDESCROW_STEP_SEND_SECURITY_INFO: u32 = 10;

/// Plans for one volume of a device. Made by `fdescrow_luks_open`, `fdescrow_bitlocker_open`, `fdescrow_filevault_open` and
/// `fdescrow_snapd_open`; a function of one platform does not take the planner of another (`MISUSE`).
///
/// The loop: look at the device; `fdescrow_planner_next`; do the one step that `fdescrow_planner_step` names; say what became of it; write
/// `fdescrow_planner_state` down; again. It may be killed anywhere.
#[derive(Debug)]
pub struct fdescrow_planner {
    handle: Handle,
}
opaque!(fdescrow_planner, Planner, b"fdplannr");

/// A planner of one of the platforms.
#[derive(Debug)]
#[non_exhaustive]
pub enum Planner {
    /// A volume of a Windows computer.
    #[cfg(any(feature = "server", windows))]
    BitLocker(Box<BitLocker>),
    /// A Mac.
    #[cfg(any(feature = "server", target_os = "macos"))]
    FileVault(Box<FileVault>),
    /// A LUKS volume.
    #[cfg(any(feature = "server", not(any(windows, target_os = "macos"))))]
    Luks(Box<Luks>),
    /// A Linux device that snapd encrypted.
    #[cfg(any(feature = "server", not(any(windows, target_os = "macos"))))]
    Snapd(Box<Snapd>),
}

/// What the planners of all platforms do.
trait Plans: Send + Sync {
    /// What is to be written down.
    fn state(&self) -> Result<String, Failure>;
    /// Takes a goal as JSON.
    fn pursue(&mut self, goal: fdescrow_str) -> Result<(), Failure>;
    /// Decides by what was seen last; the answer as JSON.
    fn next(&mut self, spool: &Spool) -> Result<String, Failure>;
    /// Which step it is.
    fn step(&self) -> u32;
    /// The envelope that the step sends.
    fn asks(&self) -> Option<Digest>;
    fn wake_at(&self) -> Option<Timestamp>;
    /// Seals for the step, and remembers the entry until it is on the disk.
    fn seal(&mut self, password: Option<&Secret<str>>, now: Timestamp) -> Result<Entry, Failure>;
    fn done(&mut self, now: Timestamp) -> Result<(), Failure>;
    fn failed(&mut self, status: Option<i32>, now: Timestamp) -> Result<(), Failure>;
    /// Takes the answer to the step.
    fn answered(&mut self, receipt: Receipt, now: Timestamp) -> Result<(), Failure>;
    /// Takes a receipt whenever it comes.
    fn receipt(&mut self, receipt: &Receipt) -> Result<(), Failure>;
    fn awaits(&self, envelope: &Digest) -> bool;
    fn ask_again(&mut self);
    fn level(&self) -> Level;
}

impl Planner {
    fn plans(&self) -> &dyn Plans {
        match self {
            #[cfg(any(feature = "server", windows))]
            Self::BitLocker(planner) => planner.as_ref(),
            #[cfg(any(feature = "server", target_os = "macos"))]
            Self::FileVault(planner) => planner.as_ref(),
            #[cfg(any(feature = "server", not(any(windows, target_os = "macos"))))]
            Self::Luks(planner) => planner.as_ref(),
            #[cfg(any(feature = "server", not(any(windows, target_os = "macos"))))]
            Self::Snapd(planner) => planner.as_ref(),
        }
    }

    fn plans_mut(&mut self) -> &mut dyn Plans {
        match self {
            #[cfg(any(feature = "server", windows))]
            Self::BitLocker(planner) => planner.as_mut(),
            #[cfg(any(feature = "server", target_os = "macos"))]
            Self::FileVault(planner) => planner.as_mut(),
            #[cfg(any(feature = "server", not(any(windows, target_os = "macos"))))]
            Self::Luks(planner) => planner.as_mut(),
            #[cfg(any(feature = "server", not(any(windows, target_os = "macos"))))]
            Self::Snapd(planner) => planner.as_mut(),
        }
    }
}

const OTHER_PLATFORM: &str = "the planner is of another platform than the function";
const NOT_SEEN: &str = "nothing was looked at since the last step";
const NO_GOAL: &str = "there is no goal: fdescrow_planner_pursue";
const NO_STEP: &str = "there is no step, or its outcome was told";
const OTHER_STEP: &str = "the step is another one";
const NOT_SEALED: &str = "nothing was sealed for this step: fdescrow_planner_escrow";

/// The planner of a platform, taken from the one that C has.
macro_rules! of_platform {
    ($of:ident, $of_mut:ident, $variant:ident) => {
        fn $of(planner: Option<&fdescrow_planner>) -> Result<&$variant, Failure> {
            match borrow(planner)? {
                Planner::$variant(planner) => Ok(planner),
                #[allow(unreachable_patterns, reason = "an agent's library may have one platform alone")]
                _ => Err(Failure::misuse(OTHER_PLATFORM)),
            }
        }
        fn $of_mut(planner: Option<&mut fdescrow_planner>) -> Result<&mut $variant, Failure> {
            match borrow_mut(planner)? {
                Planner::$variant(planner) => Ok(planner),
                #[allow(unreachable_patterns, reason = "an agent's library may have one platform alone")]
                _ => Err(Failure::misuse(OTHER_PLATFORM)),
            }
        }
    };
}
#[cfg(any(feature = "server", windows))]
of_platform!(bitlocker_of, bitlocker_of_mut, BitLocker);
#[cfg(any(feature = "server", target_os = "macos"))]
of_platform!(filevault_of, filevault_of_mut, FileVault);
#[cfg(any(feature = "server", not(any(windows, target_os = "macos"))))]
of_platform!(luks_of, luks_of_mut, Luks);
#[cfg(any(feature = "server", not(any(windows, target_os = "macos"))))]
of_platform!(snapd_of, snapd_of_mut, Snapd);

/// Method of `fdescrow_planner`: what is to be written down after every step, as JSON without any secret. The next run opens it.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_state(
    planner: Option<&fdescrow_planner>,
    state_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(state_out, error_out, || borrow(planner)?.plans().state())
}

/// Method of `fdescrow_planner`: pursues a goal, in place of the one before; the same goal again changes nothing.
///
/// `goal_json`: `id`, a word that names it for good, such as a rotation's id; `aim`: for LUKS `"escrow"` or `{"rotate":{"replace":["1"]}}`, the
/// slots that are to go; for BitLocker `"adopt"`, `"protect"`, `"restore_protection"` or `{"rotate":{"replace":["{…}"]}}`, the protectors; for FileVault
/// `"attest"`, `"escrow"` or `"rotate"`; for snapd there is none.
/// Errors: `REQUEST_SYNTAX`; `MISUSE` for FileVault if nothing was looked at: what is there now is of the old key.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_pursue(
    planner: Option<&mut fdescrow_planner>,
    goal_json: fdescrow_str,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || borrow_mut(planner)?.plans_mut().pursue(goal_json))
}

/// Method of `fdescrow_planner`: decides, by what was looked at, what the situation is and what to do.
///
/// At the first time the planner learns from the spool what it holds for this volume: it may be ahead of the state. `next_out` receives JSON:
/// `situation`, and where the platform has them `standing` (`acts`, `waits`, `rests`, `needs_person`, `needs_administrator`), `because`, `step`, `held`, `remarks`,
/// `attested`, `wake_at`.
/// Errors: `MISUSE` without a goal, or if nothing was looked at since the last step.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_next(
    planner: Option<&mut fdescrow_planner>,
    spool: Option<&fdescrow_spool>,
    next_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(next_out, error_out, || {
        let spool = borrow(spool)?;
        borrow_mut(planner)?.plans_mut().next(spool)
    })
}

/// Method of `fdescrow_planner`: what is to be done, one of FDESCROW_STEP_…; a newer library may return numbers that this header does not
/// name: report them as failed. FDESCROW_STEP_NONE for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_step(planner: Option<&fdescrow_planner>) -> u32 {
    borrow(planner).map_or(FDESCROW_STEP_NONE, |planner| planner.plans().step())
}

/// Method of `fdescrow_planner`: when to look again at the latest, in seconds since 1970, by the last `fdescrow_planner_next`; 0: at the
/// agent's own interval.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_wake_at(planner: Option<&fdescrow_planner>) -> i64 {
    borrow(planner).ok().and_then(|planner| planner.plans().wake_at()).map_or(0, Timestamp::unix_seconds)
}

/// Method of `fdescrow_planner`: what the step FDESCROW_STEP_ASK sends, as `fdescrow_spool_upload` has it.
///
/// Errors: `MISUSE` if the step is another, or the spool another than that of `fdescrow_planner_next`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_upload(
    planner: Option<&fdescrow_planner>,
    spool: Option<&fdescrow_spool>,
    upload_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(upload_out, error_out, || {
        let envelope = borrow(planner)?.plans().asks().ok_or_else(|| Failure::misuse(OTHER_STEP))?;
        let entry = borrow(spool)?.entry(&envelope);
        upload(entry.ok_or_else(|| Failure::misuse("the spool does not hold the envelope"))?)
    })
}

/// Method of `fdescrow_planner`: seals the key for the step FDESCROW_STEP_ESCROW, bound to device and place, and puts it into the spool.
///
/// `password`: for BitLocker what `fdescrow_bitlocker_call` read; NULL for the others, whose key the planner has. `append_out` receives the bytes
/// to append to the spool's file: when they are on the disk (fsync), `fdescrow_planner_done`. If that fails, the spool in memory is
/// ahead of its file: read it again.
/// Errors: `MISUSE` if the step is another; `KEY_FORMAT`, `ENVELOPE_SEAL`, `SPOOL_FULL`, `RANDOMNESS_UNAVAILABLE`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_escrow(
    planner: Option<&mut fdescrow_planner>,
    spool: Option<&mut fdescrow_spool>,
    password: Option<&fdescrow_secret>,
    now: i64,
    append_out: Output<'_, fdescrow_buffer>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(append_out, error_out, || {
        let (planner, spool) = (borrow_mut(planner)?.plans_mut(), borrow_mut(spool)?);
        let password = borrow_some(password)?.map(text_of).transpose()?;
        let entry = planner.seal(password.as_ref(), Timestamp::from_unix_seconds(now)?)?;
        Ok(spool.put(entry)?)
    })
}

/// Method of `fdescrow_planner`: the step was done: the command ended with 0, the file is gone, the envelope is in the spool on the disk.
///
/// Errors: `MISUSE` without a step, and for one that is not done like that.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_done(
    planner: Option<&mut fdescrow_planner>,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || borrow_mut(planner)?.plans_mut().done(Timestamp::from_unix_seconds(now)?))
}

/// Method of `fdescrow_planner`: the step was not done, as far as is known; the next look shows whether it had an effect.
///
/// `status`: the exit status of the command; negative: it did not run or was killed, the server did not answer, the file could not be written.
/// Errors: `MISUSE` without a step.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_failed(
    planner: Option<&mut fdescrow_planner>,
    status: i32,
    now: i64,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let status = (status >= 0).then_some(status);
        borrow_mut(planner)?.plans_mut().failed(status, Timestamp::from_unix_seconds(now)?)
    })
}

/// Method of `fdescrow_planner`: takes a receipt, as `fdescrow_escrow_receive` and `fdescrow_escrow_receipt` give it: the answer to the step
/// FDESCROW_STEP_ASK; or, while there is no such step, to anything that the spool holds, however late and however often.
///
/// The spool lets the envelope go if the receipt says verified at the level of the planner's rules; `append_out` receives the bytes to
/// append to its file, often none. Write the planner's state down before: what the spool does not hold any more, the planner must know.
/// Errors: `REQUEST_SYNTAX`; `EVENT_REJECTED` if the receipt is of another device, place, request or envelope: nothing changed by it, but that the
/// server was asked.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_receipt(
    planner: Option<&mut fdescrow_planner>,
    spool: Option<&mut fdescrow_spool>,
    receipt_json: fdescrow_str,
    now: i64,
    append_out: Output<'_, fdescrow_buffer>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(append_out, error_out, || {
        let (planner, spool) = (borrow_mut(planner)?.plans_mut(), borrow_mut(spool)?);
        let (receipt, now): (Result<Receipt, _>, _) = (request(receipt_json), Timestamp::from_unix_seconds(now)?);
        if receipt.is_err() && planner.asks().is_some() {
            planner.failed(None, now)?;
        }
        let receipt = receipt?;
        if planner.asks().is_some() {
            planner.answered(receipt.clone(), now)?;
        } else if let Err(failure) = planner.receipt(&receipt)
            && spool.entry(&receipt.envelope).is_none()
        {
            return Err(failure);
        }
        match spool.acknowledge(&receipt, Enough::Verified(planner.level())) {
            // What was let go before is known to the planner alone.
            Err(_) if spool.entry(&receipt.envelope).is_none() => Ok(Vec::new()),
            acknowledged => Ok(acknowledged?),
        }
    })
}

/// Method of `fdescrow_planner`: whether a step will send this entry of the spool, counted from 0, so that nobody else need. The others
/// are of places that are gone: send them too, the server is to have every key that was ever made.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_awaits(
    planner: Option<&fdescrow_planner>,
    spool: Option<&fdescrow_spool>,
    index: usize,
) -> bool {
    let (Ok(planner), Ok(spool)) = (borrow(planner), borrow(spool)) else { return false };
    spool.entries().get(index).is_some_and(|entry| planner.plans().awaits(&entry.envelope()))
}

/// Method of `fdescrow_planner`: asks the server at once about every key that is not verified, for somebody wants to know now, or an agent
/// was started.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_ask_again(
    planner: Option<&mut fdescrow_planner>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        borrow_mut(planner)?.plans_mut().ask_again();
        Ok(())
    })
}

/// Destructor of `fdescrow_planner`. A key that it holds is wiped. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_planner_free(planner: Option<Box<fdescrow_planner>>) {
    free(planner);
}

/// A program and its arguments, each ended by a NUL.
fn arguments<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    for word in words {
        if word.contains('\0') {
            return Err(Failure::misuse("an argument of a command has a NUL in it"));
        }
        bytes.extend(word.as_bytes());
        bytes.push(0);
    }
    Ok(bytes)
}

/// The state of an earlier run; none if it is empty.
fn state<T: serde::de::DeserializeOwned>(state_json: fdescrow_str) -> Result<Option<T>, Failure> {
    let text = state_json.read_some()?;
    text.map(serde_json::from_str).transpose().map_err(|error| Failure::request(&error))
}

const OTHER_DEVICE: &str = "the state is of another organization, device or volume";
