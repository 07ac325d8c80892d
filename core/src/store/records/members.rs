//! What stands in the body of a row?
//!
//! The members of each body, for the page and the JSON Schema that are made of them. A test holds these lists
//! against records as they are written.

use crate::store::schema::Table;

/// What a member of a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemberKind {
    /// SHA-256, as 64 hexadecimal digits.
    Digest,
    /// An id of 128 bits, as 32 hexadecimal digits.
    Id,
    /// A whole number, not negative.
    Integer,
    /// A list.
    List,
    /// A map.
    Map,
    /// A name of 1 to 255 bytes without control characters.
    Name,
    /// Text.
    Text,
    /// A time, RFC 3339 in UTC.
    Time,
    /// A word of `a`-`z`, `0`-`9` and `_`.
    Word,
}

/// A member of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: MemberKind,
    /// Whether it is always there.
    pub always: bool,
    /// What it means.
    pub meaning: &'static str,
}

const fn always(name: &'static str, kind: MemberKind, meaning: &'static str) -> Member {
    Member { name, kind, always: true, meaning }
}

const fn sometimes(name: &'static str, kind: MemberKind, meaning: &'static str) -> Member {
    Member { name, kind, always: false, meaning }
}

use MemberKind::{Digest, Id, Integer, List, Map, Name, Text, Time, Word};

const VERSION: Member = always("version", Integer, "1; a higher one is refused");

const AUDIT: &[Member] = &[
    VERSION,
    always("action", Word, "what was done"),
    always("actor", Name, "who did it"),
    sometimes("device", Name, "whose chain; absent in the organization's own"),
    always("hash", Digest, "of the entry without `hash` and `mac`"),
    sometimes("mac", Digest, "HMAC-SHA-256 of the hash, if there was a key"),
    always("number", Integer, "its place in the chain, from 1"),
    always("organization", Name, "whose keys these are"),
    always("previous", Digest, "the hash of the entry before it; zeros for the first"),
    sometimes("reason", Text, "why, as the actor said"),
    sometimes("references", Map, "keys, envelopes, certificates, and the digests of the rows that were changed"),
    always("time", Time, "when, by the server's clock; the order is that of the numbers"),
];

const CERTIFICATES: &[Member] = &[
    VERSION,
    always("fingerprint", Digest, "of its DER"),
    always("subject", Text, "its subject, for people"),
    always("not_before", Time, "from when on it is valid"),
    always("not_after", Time, "until when it is valid"),
    always("state", Word, "`decrypt_only`, `retired` or `compromised`"),
    always("since", Time, "since when it is in this state"),
    always("by", Name, "who registered it, or changed its state"),
    sometimes("reason", Text, "why, if somebody said so"),
];

const DEVICES: &[Member] = &[
    VERSION,
    always("device", Name, "the device"),
    sometimes("platform", Word, "`macos`, `windows` or `linux`"),
    sometimes("group", Name, "the group whose policy it follows"),
    sometimes("aliases", List, "its other names: kind, value, source, trust"),
    always("state", Map, "what is known of its keys, with a version of its own"),
    sometimes("judged", Map, "the last assessment, and the digest of the policy that it was made by"),
    sometimes("check_due", Time, "when it is its turn to have keys checked; none if no key is to be"),
    sometimes("today", Map, "how many keys and audit entries it caused on one day"),
];

const ENVELOPES: &[Member] = &[
    VERSION,
    always("key", Id, "the key"),
    always("device", Name, "the device"),
    always("digest", Digest, "of the bytes"),
    always("number", Integer, "its place among the envelopes of the key, from 1"),
    always("added", Time, "when it was added"),
    always("origin", Map, "`how`: received, sealed, rewrapped or resealed; the last two `from` which envelope"),
    always("allowed", Map, "as what it may be opened: a `suite`, or exactly the original that was `rewrapped`"),
    sometimes("recipients", List, "the fingerprints of the certificates that it is sealed to, as far as known"),
    sometimes("opened", Time, "when it was opened for the first time"),
    sometimes("retired", Time, "since when it is not used any more"),
];

const KEYS: &[Member] = &[
    VERSION,
    always("device", Name, "the device"),
    always("by", Name, "who brought it"),
    always("change", Id, "the change that brought it"),
    always("wrapped", Digest, "of the wrapped key that came with it"),
    sometimes("request", Text, "the name that its sender gave the request that brought it"),
    always("sightings", Map, "how often it came again, when last, from whom"),
    sometimes("seen_on", Name, "the device that had sent the same wrapped key before"),
    sometimes("check_due", Time, "when it is to be checked"),
    sometimes("removal", Map, "that it is to be removed: when that was decided, by whom, and when it is due"),
    sometimes(
        "kept_since",
        Time,
        "since when it is kept anew: it was to be removed, and somebody needed it or cancelled that",
    ),
    always("facts", Map, "what was observed of it: id, kind, place, envelopes, last success, last attempt, …"),
];

const RECOVERIES: &[Member] = &[
    VERSION,
    always("recovery", Id, "which recovery"),
    always("device", Name, "whose key"),
    sometimes("key", Id, "which key"),
    sometimes("envelope", Digest, "which of its envelopes"),
    always("state", Word, "how far it is"),
    always("request", Map, "who asked, why, when, until when, and whether it was an emergency"),
    sometimes("needed", Integer, "how many approvals it needs; absent: none"),
    sometimes("approvals", List, "who approved which envelope of which key, when, and when it was taken back"),
    sometimes("release", Map, "when it was authorised, until when, how often it was tried, when it ended"),
    sometimes("end", Map, "who denied it or took it back, and when"),
    sometimes("report", Map, "whether the key did its work: `outcome`, and when that was said"),
];

/// The members of the bodies in a table; nothing if its rows have no body.
pub fn members(table: Table) -> &'static [Member] {
    match table {
        Table::Audit => AUDIT,
        Table::Certificates => CERTIFICATES,
        Table::Devices => DEVICES,
        Table::Envelopes => ENVELOPES,
        Table::Keys => KEYS,
        Table::Recoveries => RECOVERIES,
        Table::Aliases | Table::Changes | Table::Organizations | Table::Recipients => &[],
    }
}
