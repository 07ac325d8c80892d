//! Who did what to which key, and can that still be trusted?
//!
//! Every change of a device is recorded by an [`Entry`] in the same commit. The entries of a device form a
//! chain: each carries the hash of the one before it, and the device's row carries the [`Head`]. Chains of
//! different devices have nothing in common, so their commits never wait for each other; what concerns no
//! device (certificates) is in a chain of the organization's own ([`Subject`]). An entry holds no key and
//! no envelope, only their ids and digests, and the hashes of the rows that its commit changed, so that a
//! row altered behind the library's back no longer fits.
//!
//! [`append`] makes an entry, [`ChainVerifier`] verifies a chain, [`CheckpointWriter`] and [`Checkpoint`]
//! write and compare the file that is kept elsewhere. All are pure: this module never sees a store or a file.
//!
//! # What verification finds
//!
//! | what happened to the database | chain alone | with a MAC key | with a checkpoint |
//! |---|---|---|---|
//! | a defect or somebody without knowledge: an entry edited, deleted, inserted, moved; a row edited, exchanged, put back to what it was | found | found | found |
//! | the last entries deleted, the head left | found | found | found |
//! | the last entries deleted, head and rows put back to fit | not found | not found | found, if they are in the checkpoint |
//! | a whole device deleted, or put back to an earlier day | not found | not found | found, if it is in the checkpoint (and had entries after that day) |
//! | entries rewritten and every hash computed anew | not found | found | found, up to the checkpoint's last entry |
//! | entries (a verdict, a release that never was) added with hashes that fit | not found | found | not found: they come after the checkpoint |
//! | chains exchanged between two devices, names and hashes computed anew | not found | found | found, up to the checkpoint's last entry |
//!
//! In words. The chain alone finds accidents, always. It finds nobody who can write the database and knows
//! this page: whoever can compute a hash can compute them all. Against that attacker two things help, and
//! both have to be where the attacker is not. A **MAC key** outside of the database makes entries that
//! nobody else can make; it does not see that genuine entries are gone. A **checkpoint** kept elsewhere
//! says what was there; it does not see what was done after it, so make one as often as you can bear to lose.
//! Neither finds an attacker who was inside the server itself, with the MAC key at hand, before the
//! entry was written: that entry is then genuine.
//!
//! # The bytes
//!
//! An entry is stored as JSON in canonical form: no white space, members sorted by name, no member
//! twice, whole numbers only, strings with only the escapes that JSON demands. Its `hash` is the SHA-256 of
//! `fdescrow audit entry 1`, a line feed, and that JSON without its members `hash` and `mac`; its `mac`, if there
//! is a key, the HMAC-SHA-256 of `fdescrow audit mac 1`, a line feed, and the 32 bytes of the hash. In Python:
//!
//! ```python
//! def verify(lines, key=None):
//!     previous = "00" * 32
//!     for number, line in enumerate(lines, 1):
//!         entry = json.loads(line)
//!         stored, mac = entry.pop("hash"), entry.pop("mac", None)
//!         text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
//!         digest = hashlib.sha256(b"fdescrow audit entry 1\n" + text.encode()).digest()
//!         assert (digest.hex(), entry["number"], entry["previous"]) == (stored, number, previous)
//!         if key is not None:
//!             assert mac == hmac.digest(key, b"fdescrow audit mac 1\n" + digest, "sha256").hex()
//!         previous = stored
//! ```
//!
//! The checkpoint's bytes are described at [`Checkpoint`], those of a row at [`row_digest`].

mod action;
mod chain;
mod checkpoint;
mod entry;
mod finding;
mod mac;

pub use action::Action;
pub use chain::{ChainReport, ChainVerifier, Head, append};
pub use checkpoint::{Checkpoint, CheckpointError, CheckpointLimits, CheckpointWriter, Leaf};
pub use entry::{Draft, Entry, EntryError, References, Subject, Text, TextError, row_digest};
pub use finding::{Finding, Problem};
pub use mac::{MacKey, MacKeyError};

#[cfg(test)]
mod tests;
