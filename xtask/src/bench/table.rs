//! What is compared with what, and what is aimed at?

/// The processes that are measured, by the names of their folders; we are the last.
pub(super) const PEERS: [&str; 8] = ["openssl", "go", "python", "java", "c", "cgo", "purego", "fdescrow"];

/// How the times of a case are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Work {
    /// As often as fits into a round.
    Repeated,
    /// Once for all stored keys; the time is that of one of them.
    Keys {
        /// Whether in a new process, over keys that nobody has checked.
        fresh: bool,
    },
    /// Once for all stored devices; the time is that of all.
    Devices,
}

/// Something that is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    pub(super) peer: &'static str,
    pub(super) case: &'static str,
    /// What the tables call it.
    pub(super) label: &'static str,
    pub(super) work: Work,
}

const fn timed(peer: &'static str, case: &'static str, label: &'static str) -> Subject {
    Subject { peer, case, label, work: Work::Repeated }
}

const fn ours(case: &'static str, label: &'static str) -> Subject {
    timed("fdescrow", case, label)
}

const fn keys(case: &'static str, label: &'static str, fresh: bool) -> Subject {
    Subject { peer: "fdescrow", case, label, work: Work::Keys { fresh } }
}

const OPENSSL_OPEN: Subject = timed("openssl", "open", "OpenSSL, `CMS_decrypt`");
const OPENSSL_PRIVATE: Subject = timed("openssl", "private", "OpenSSL, the private operation alone, no padding");
const GO_OPEN: Subject = timed("go", "open", "Go, `smallstep/pkcs7`");
const GO_PRIVATE: Subject = timed("go", "private", "Go, `rsa.DecryptPKCS1v15` alone");
const PYTHON_OPEN: Subject = timed("python", "open", "Python, `pkcs7_decrypt_der` (DER, AES-256-CBC)");
const JAVA_OPEN: Subject = timed("java", "open", "Bouncy Castle, `CMSEnvelopedData`");
const OPEN: Subject = ours("open", "fdescrow, pure Rust");
const OPEN_AWS: Subject = ours("open-aws-lc", "fdescrow, AWS-LC");
const PRIVATE: Subject = ours("private", "fdescrow, pure Rust, the private operation and unpadding alone");
const PRIVATE_AWS: Subject = ours("private-aws-lc", "fdescrow, AWS-LC, the private operation and unpadding alone");
const OPEN_C: Subject = timed("c", "open", "fdescrow through C, AWS-LC");
const INSPECT_C: Subject = timed("c", "inspect", "fdescrow through C, the same as JSON");
const CROSSING_C: Subject = timed("c", "crossing", "a call of C into the library");
const OPEN_CGO: Subject = timed("cgo", "open", "fdescrow through Go with cgo, AWS-LC");
const INSPECT_CGO: Subject = timed("cgo", "inspect", "fdescrow through Go with cgo, into Go's types");
const CROSSING_CGO: Subject = timed("cgo", "crossing", "a call of Go into the library with cgo");
const OPEN_PUREGO: Subject = timed("purego", "open", "fdescrow through Go without cgo, AWS-LC");
const INSPECT_PUREGO: Subject = timed("purego", "inspect", "fdescrow through Go without cgo, into Go's types");
const CROSSING_PUREGO: Subject = timed("purego", "crossing", "a call of Go into the library without cgo");
const OPENSSL_P256: Subject = timed("openssl", "open-p256", "OpenSSL, `CMS_decrypt`, sealed to P-256");
const P256: Subject = ours("open-p256", "fdescrow, pure Rust, sealed to P-256");
const P256_AWS: Subject = ours("open-p256-aws-lc", "fdescrow, AWS-LC, sealed to P-256");
const OPENSSL_PARSE: Subject = timed("openssl", "parse", "OpenSSL, `d2i_CMS_ContentInfo`");
const GO_PARSE: Subject = timed("go", "parse", "Go, `pkcs7.Parse`");
const JAVA_PARSE: Subject = timed("java", "parse", "Bouncy Castle, `CMSEnvelopedData`");
const PARSE: Subject = ours("parse", "fdescrow, `Envelope::parse`");
const INSPECT: Subject = ours("inspect", "fdescrow, `Envelope::parse` and `inspect`");
const PARSE_1: Subject = ours("parse-1", "fdescrow, 1 kB");
const PARSE_64: Subject = ours("parse-64", "fdescrow, 64 kB");
const OPENSSL_SEAL: Subject = timed("openssl", "seal", "OpenSSL, `CMS_encrypt`, AES-256-GCM, PKCS#1 v1.5");
const SEAL: Subject = ours("seal", "fdescrow, `seal`, AES-256-GCM, OAEP");
const PLISTLIB: Subject = timed("python", "render", "Python, `plistlib.dumps`");
const RENDER: Subject = ours("render", "fdescrow, `render`");
const ASSESS: Subject = ours("assess", "fdescrow, `assess`");
const CHECK_1: Subject = keys("check-1-aws-lc", "fdescrow, AWS-LC, one worker", true);
const RECHECK: Subject = keys("recheck", "the same again, nothing changed", false);
const CHECK_2: Subject = keys("check-2-aws-lc", "fdescrow, AWS-LC, two workers", true);
const SUMMARY: Subject =
    Subject { peer: "fdescrow", case: "summary", label: "fdescrow, `Escrow::summary`", work: Work::Devices };

/// Things that are compared with the first of them.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) subjects: &'static [Subject],
}

pub(super) const GROUPS: [Group; 9] = [
    Group {
        title: "Open one envelope: as macOS seals to RSA-2048, and to P-256",
        subjects: &[
            OPENSSL_OPEN,
            OPENSSL_PRIVATE,
            GO_OPEN,
            GO_PRIVATE,
            PYTHON_OPEN,
            JAVA_OPEN,
            OPEN,
            PRIVATE,
            OPEN_AWS,
            PRIVATE_AWS,
            OPEN_C,
            OPEN_CGO,
            OPEN_PUREGO,
            OPENSSL_P256,
            P256,
            P256_AWS,
        ],
    },
    Group {
        title: "Look at an envelope of macOS, without a key",
        subjects: &[OPENSSL_PARSE, GO_PARSE, JAVA_PARSE, PARSE, INSPECT, INSPECT_C, INSPECT_CGO, INSPECT_PUREGO],
    },
    Group {
        title: "Read the structure of larger messages, in pieces of 1 kB",
        subjects: &[
            timed("openssl", "parse-64", "OpenSSL, 64 kB"),
            timed("openssl", "parse-1", "OpenSSL, 1 kB"),
            PARSE_1,
            ours("parse-4", "fdescrow, 4 kB"),
            ours("parse-16", "fdescrow, 16 kB"),
            PARSE_64,
        ],
    },
    Group { title: "Seal a key to RSA-2048", subjects: &[OPENSSL_SEAL, SEAL] },
    Group { title: "Write a FileVault profile", subjects: &[PLISTLIB, RENDER] },
    Group { title: "Judge a device", subjects: &[ASSESS] },
    Group { title: "Cross into the library", subjects: &[CROSSING_C, CROSSING_CGO, CROSSING_PUREGO] },
    Group {
        title: "Check stored keys (SQLite), for each key",
        subjects: &[OPENSSL_PRIVATE_BESIDE, CHECK_1, RECHECK, CHECK_2],
    },
    Group { title: "Summarise all devices (SQLite)", subjects: &[SUMMARY] },
];

/// The private operation again, in the same rounds as the checks.
const OPENSSL_PRIVATE_BESIDE: Subject = timed("openssl", "private", "OpenSSL, the private operation alone");

/// What is aimed at.
pub(super) struct Target {
    pub(super) what: &'static str,
    pub(super) aim: Aim,
}

/// The number that decides.
pub(super) enum Aim {
    /// The one takes at most so many times what the other takes.
    AtMost(Subject, Subject, f64),
    /// The one takes at least so many times what the other takes.
    AtLeast(Subject, Subject, f64),
    /// It takes less than so many nanoseconds.
    Below(Subject, f64),
    /// The process has less memory than so many MiB.
    Memory(Subject, f64),
}

pub(super) const TARGETS: [Target; 24] = [
    Target { what: "open, AWS-LC, to OpenSSL's `CMS_decrypt`", aim: Aim::AtMost(OPEN_AWS, OPENSSL_OPEN, 0.98) },
    Target { what: "open, AWS-LC, to OpenSSL's private operation", aim: Aim::AtMost(OPEN_AWS, OPENSSL_PRIVATE, 1.03) },
    Target { what: "open through C, to Rust", aim: Aim::AtMost(OPEN_C, OPEN_AWS, 1.03) },
    Target { what: "open through Go with cgo, to Rust", aim: Aim::AtMost(OPEN_CGO, OPEN_AWS, 1.03) },
    Target { what: "open through Go without cgo, to Rust", aim: Aim::AtMost(OPEN_PUREGO, OPEN_AWS, 1.03) },
    Target { what: "open: `smallstep/pkcs7` to Go with cgo", aim: Aim::AtLeast(GO_OPEN, OPEN_CGO, 1.5) },
    Target { what: "open: Go to AWS-LC", aim: Aim::AtLeast(GO_OPEN, OPEN_AWS, 1.6) },
    Target { what: "open: pure Rust to AWS-LC", aim: Aim::AtLeast(OPEN, OPEN_AWS, 3.0) },
    Target { what: "open, pure Rust, to its private operation", aim: Aim::AtMost(OPEN, PRIVATE, 1.02) },
    Target { what: "open: OpenSSL to RSA-2048, AWS-LC to P-256", aim: Aim::AtLeast(OPENSSL_OPEN, P256_AWS, 10.0) },
    Target { what: "open: OpenSSL to RSA-2048, pure Rust to P-256", aim: Aim::AtLeast(OPENSSL_OPEN, P256, 2.0) },
    Target { what: "look at an envelope", aim: Aim::Below(INSPECT, 3_000.0) },
    Target { what: "look at an envelope, to OpenSSL's parse", aim: Aim::AtMost(INSPECT, OPENSSL_PARSE, 0.5) },
    Target { what: "read 64 kB, to 1 kB: linear", aim: Aim::AtMost(PARSE_64, PARSE_1, 64.0) },
    Target { what: "seal, pure Rust, to OpenSSL's `CMS_encrypt`", aim: Aim::AtMost(SEAL, OPENSSL_SEAL, 2.0) },
    Target { what: "check stored keys: one worker to two", aim: Aim::AtLeast(CHECK_1, CHECK_2, 1.9) },
    Target {
        what: "check stored keys, one worker, to OpenSSL's private operations",
        aim: Aim::AtMost(CHECK_1, OPENSSL_PRIVATE_BESIDE, 1.08),
    },
    Target {
        what: "check stored keys, two workers, to OpenSSL's private operations on one core",
        aim: Aim::AtMost(CHECK_2, OPENSSL_PRIVATE_BESIDE, 0.54),
    },
    Target { what: "check stored keys: memory", aim: Aim::Memory(CHECK_2, 100.0) },
    Target { what: "check stored keys: first to second time", aim: Aim::AtLeast(CHECK_1, RECHECK, 50.0) },
    Target { what: "write a profile: `plistlib` to ours", aim: Aim::AtLeast(PLISTLIB, RENDER, 10.0) },
    Target { what: "cross into the library from C", aim: Aim::Below(CROSSING_C, 50.0) },
    Target { what: "judge a device", aim: Aim::Below(ASSESS, 1_000.0) },
    Target { what: "summarise all devices", aim: Aim::Below(SUMMARY, 5e9) },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_compares_what_is_measured_in_the_same_rounds() {
        for target in TARGETS {
            let named: Vec<Subject> = match target.aim {
                Aim::AtMost(one, other, _) | Aim::AtLeast(one, other, _) => vec![one, other],
                Aim::Below(one, _) | Aim::Memory(one, _) => vec![one],
            };
            let together = |group: &Group| named.iter().all(|subject| group.subjects.contains(subject));
            assert!(GROUPS.iter().any(together), "{}", target.what);
        }
    }
}
