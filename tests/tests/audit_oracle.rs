//! The audit's bytes, read by somebody else: the Python program that the documentation of
//! `fdescrow::audit` prints is taken from there and run over chains, checkpoints and row digests that the
//! library made. If either drifts from the other, this fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(clippy::print_stdout, reason = "tests say what they counted")]

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use fdescrow::{
    Actor, DeviceId, Digest, KeyId, Organization, Timestamp,
    audit::{Action, CheckpointWriter, Draft, Entry, Head, MacKey, Subject, Text, append, row_digest},
    policy::escrow::Level,
};

const HEX_KEY: &str = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf";

fn documented_program() -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/audit.rs");
    let text = std::fs::read_to_string(source).unwrap();
    let block = text.split("//! ```python\n").nth(1).unwrap().split("//! ```").next().unwrap();
    let program = block.lines().map(|line| line.trim_start_matches("//!").strip_prefix(' ').unwrap_or_default());
    format!("import hashlib, hmac, json, sys\n{}\n", program.collect::<Vec<_>>().join("\n"))
}

/// Runs Python; whether it ended well. `None` if there is no Python and this is no CI.
fn python(program: &str, input: &str) -> Option<bool> {
    let spawned = Command::new("python3")
        .args(["-c", program])
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else {
        assert!(std::env::var_os("CI").is_none(), "python3 is missing");
        println!("skipped: python3 is missing");
        return None;
    };
    // A program that fails early does not read to the end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Some(child.wait().unwrap().success())
}

fn chain(mac_key: &MacKey) -> Vec<Entry> {
    let organization = Organization::new("ex\u{e4}mple.com \"\\/\u{2028}").unwrap();
    let subject = Subject::Device(DeviceId::new("C02XYZ \u{1f512}").unwrap());
    let mut entries = Vec::new();
    let mut head = Head::GENESIS;
    for (index, action) in (0u8..).zip(Action::ALL) {
        let mut draft = Draft::new(Actor::new("ana@example.com").unwrap(), action.clone());
        draft.reason =
            (index % 2 == 0).then(|| Text::new("lost passphrase: \u{7fff} \"quoted\" \\ / \u{7fb}").unwrap());
        if index % 3 > 0 {
            draft.references.key = Some(KeyId::from_bytes([index; 16]));
            draft.references.level = Some(Level::EnvelopeOpens);
            draft.references.recipients = vec![Digest::of(b"one"), Digest::of(b"two")];
            draft.references.rows.insert(Text::new("keys/z").unwrap(), None);
            draft.references.rows.insert(Text::new("keys/a").unwrap(), Some(Digest::of(&[index])));
        }
        let now = Timestamp::from_unix_seconds(1_795_505_000 + i64::from(index)).unwrap();
        let entry = append(&organization, &subject, &head, draft, now, Some(mac_key));
        head = entry.head();
        entries.push(entry);
    }
    entries
}

fn lines(entries: &[Entry]) -> String {
    entries.iter().map(|entry| entry.to_json() + "\n").collect()
}

#[test]
fn the_documented_program_verifies_what_the_library_wrote() {
    let mac_key = MacKey::parse(HEX_KEY.as_bytes()).unwrap();
    let entries = chain(&mac_key);
    let program = documented_program();
    assert!(program.lines().count() <= 30);
    let plain = format!("{program}verify(sys.stdin)");
    let keyed = format!("{program}verify(sys.stdin, bytes.fromhex('{HEX_KEY}'))");
    let Some(verified) = python(&plain, &lines(&entries)) else { return };
    assert!(verified);
    assert_eq!(python(&keyed, &lines(&entries)), Some(true));

    let other_key = format!("{program}verify(sys.stdin, bytes(32))");
    assert_eq!(python(&other_key, &lines(&entries)), Some(false));
    assert_eq!(python(&plain, &lines(&entries).replace("quoted", "quieted")), Some(false));
    assert_eq!(python(&plain, &lines(entries.get(1..).unwrap())), Some(false));
    println!("{} entries verified by {} lines of Python", entries.len(), program.lines().count());
}

#[test]
fn an_outsider_can_verify_a_checkpoint_and_a_row() {
    let organization = Organization::new("example.com").unwrap();
    let now = Timestamp::from_unix_seconds(1_795_505_000).unwrap();
    let (mut writer, mut file) = CheckpointWriter::start(&organization, None, now);
    for device in ["A", "B", "\u{1f512}"] {
        let subject = Subject::Device(DeviceId::new(device).unwrap());
        file += &writer.leaf(&subject, &Head::new(3, Digest::of(device.as_bytes()))).unwrap();
    }
    let (trailer, digest) = writer.finish();
    file += &trailer;
    let checkpoint = format!(
        "import hashlib, json, sys\n\
         lines = list(sys.stdin)\n\
         end = json.loads(lines[-1])\n\
         signed = hashlib.sha256(''.join(lines[:-1]).encode()).hexdigest()\n\
         assert (end['digest'], end['count']) == (signed, len(lines) - 2)\n\
         assert signed == '{digest}'"
    );
    let Some(verified) = python(&checkpoint, &file) else { return };
    assert!(verified);
    assert_eq!(python(&checkpoint, &file.replace("\"B\"", "\"C\"")), Some(false));

    let parts = [&b"keys"[..], b"", &[0xff; 300]];
    let row = format!(
        "import hashlib, struct\n\
         parts = [b'keys', b'', b'\\xff' * 300]\n\
         data = b'fdescrow row 1\\n' + b''.join(struct.pack('>Q', len(part)) + part for part in parts)\n\
         assert hashlib.sha256(data).hexdigest() == '{}'",
        row_digest(parts)
    );
    assert_eq!(python(&row, ""), Some(true));
}
