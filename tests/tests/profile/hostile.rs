//! Do hostile texts reach a Mac unchanged or not at all, and are hostile profiles harmless?

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use fdescrow::{
    ErrorCode,
    policy::{FileVaultPolicy, FileVaultSettings, filevault::KeyEscrow},
    profile::{ParsedProfile, ProfileError, ProfileLimits, parse},
};
use serde_json::{Value, json};

use crate::material::{policy, rendered};

/// xorshift64*: the same texts in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end).unwrap()).unwrap()
    }
}

const PIECES: &[&str] = &[
    "]]>",
    "<![CDATA[",
    "&",
    "&amp;",
    "&#0;",
    "&#x41;",
    "<",
    ">",
    "\"",
    "'",
    "</string>",
    "<key>",
    "<!--",
    "-->",
    "--",
    "<?xml?>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
    "&b;",
    "%s",
    "{{.}}",
    "$(id)",
    "\\",
    "\\u0000",
    "\r\n",
    "\r",
    "\n",
    "\t",
    " ",
    "  ",
    "\u{85}",
    "\u{2028}",
    "\u{FEFF}",
    "\u{202E}",
    "e\u{301}",
    "\u{1F468}\u{200D}\u{1F469}",
    "\u{10FFFF}",
    "\u{E000}",
    "\u{FFFD}",
    "\u{D7FF}",
    "\u{7F}",
    "\u{9F}",
    "ß",
    "日本",
    "a",
    "b",
    "0",
];

fn text(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..=dice.below(8) {
        match dice.below(24) {
            0 => text.extend(char::from_u32(u32::try_from(dice.below(0x20)).unwrap())),
            1 => text.extend(char::from_u32(u32::try_from(dice.below(0x11_0000)).unwrap())),
            2 if dice.below(4) == 0 => text.push(['\u{FFFE}', '\u{FFFF}', '\0'][dice.below(3)]),
            _ => text.push_str(PIECES[dice.below(PIECES.len())]),
        }
    }
    text
}

/// Reads the profiles as Python does, and asks expat whether it could carry the texts that were refused.
const JUDGE: &str = r#"
import json, plistlib, struct, sys
from xml.parsers import expat
from xml.sax.saxutils import escape
folder = sys.argv[1]
accepted = json.load(open(folder + "/accepted.json", encoding="utf-8"))
data = open(folder + "/profiles", "rb").read()
at = wrong = 0
for text in accepted:
    (length,) = struct.unpack_from(">I", data, at)
    root = plistlib.loads(data[at + 4:at + 4 + length], fmt=plistlib.FMT_XML)
    at += 4 + length
    escrow = next(p for p in root["PayloadContent"] if p["PayloadType"].endswith("FDERecoveryKeyEscrow"))
    seen = [root.get("PayloadDisplayName", ""), root["ConsentText"]["default"][1:], escrow["Location"][:-1]]
    wrong += seen != [text] * 3
assert at == len(data)
carried = 0
for text in json.load(open(folder + "/refused.json", encoding="utf-8")):
    parser = expat.ParserCreate("UTF-8")
    try:
        parser.Parse(("<a>" + escape(text) + "</a>").encode("utf-8"), True)
        carried += 1
    except expat.ExpatError:
        pass
print(json.dumps({"wrong": wrong, "carried": carried}))
"#;

fn python(script: &str, folder: &fdescrow_tests::ScratchDir) -> Option<Value> {
    let interpreter = fdescrow_tests::python()?;
    let output = Command::new(interpreter).args(["-I", "-c", script]).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn ten_thousand_hostile_texts_reach_python_unchanged_or_are_refused() {
    const TEXTS: usize = 10_000;
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut accepted, mut refused, mut profiles) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TEXTS {
        let text = text(&mut dice);
        let mut settings = FileVaultSettings::default();
        let mut escrow = KeyEscrow::default();
        escrow.location = format!("{text}.");
        settings.escrow = Some(escrow);
        settings.profile.display_name = text.clone();
        settings.profile.consent_text.insert("default".to_owned(), format!(".{text}"));
        match FileVaultPolicy::new(settings) {
            Ok(policy) => {
                let profile = rendered(&policy);
                let length = u32::try_from(profile.as_bytes().len()).unwrap();
                profiles.extend_from_slice(&length.to_be_bytes());
                profiles.extend_from_slice(profile.as_bytes());
                accepted.push(text);
            }
            Err(error) => {
                assert!(
                    error.violations().iter().all(|violation| violation.rule.contains("XML cannot carry")),
                    "{error}"
                );
                assert_eq!(error.violations().len(), 3);
                refused.push(text);
            }
        }
    }
    println!("{} texts rendered, {} refused", accepted.len(), refused.len());
    assert!(accepted.len() > TEXTS / 2 && refused.len() > TEXTS / 20, "the dice are loaded");
    let folder = fdescrow_tests::scratch("plist");
    fs::write(folder.join("profiles"), &profiles).unwrap();
    fs::write(folder.join("accepted.json"), json!(accepted).to_string()).unwrap();
    fs::write(folder.join("refused.json"), json!(refused).to_string()).unwrap();
    let Some(verdict) = python(JUDGE, &folder) else { return };
    assert_eq!(verdict, json!({"wrong": 0, "carried": 0}));
}

fn problem(bytes: &[u8]) -> ProfileError {
    let started = Instant::now();
    let error = parse(bytes, &ProfileLimits::default()).expect_err("it was read");
    assert!(started.elapsed() < Duration::from_secs(5), "{error}: {:?}", started.elapsed());
    error
}

#[test]
fn a_billion_laughs_are_not_laughed() {
    let mut text = "<?xml version=\"1.0\"?>\n<!DOCTYPE plist [\n<!ENTITY lol0 \"lol\">\n".to_owned();
    for level in 1..10 {
        text += &format!("<!ENTITY lol{level} \"{}\">\n", format!("&lol{};", level - 1).repeat(10));
    }
    text += "]>\n<plist><dict><key>PayloadType</key><string>&lol9;</string></dict></plist>";
    assert!(problem(text.as_bytes()).to_string().contains("entities"));
    let external = "<!DOCTYPE plist [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><plist><string>&x;</string></plist>";
    assert!(problem(external.as_bytes()).to_string().contains("entities"));
    let elsewhere = "<!DOCTYPE plist SYSTEM \"http://example.com/a.dtd\"><plist><string>&x;</string></plist>";
    assert!(problem(elsewhere.as_bytes()).to_string().contains("document type"));
    let undeclared = "<plist><string>&x;</string></plist>";
    assert!(problem(undeclared.as_bytes()).to_string().contains("entity"));
}

#[test]
fn depth_and_size_end_before_anything_is_built() {
    for (open, close) in [("<array>", "</array>"), ("<dict><key>a</key>", "</dict>")] {
        let nested = format!("<plist>{}<true/>{}</plist>", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(problem(nested.as_bytes()), ProfileError::Limit("is deeper than the limit"));
        assert_eq!(problem(format!("<plist>{}", open.repeat(100_000)).as_bytes()).code(), ErrorCode::ProfileLimit);
    }
    let wide = format!("<plist><array>{}</array></plist>", "<true/>".repeat(200_000));
    assert_eq!(problem(wide.as_bytes()).code(), ErrorCode::ProfileLimit);
    assert_eq!(problem(&vec![b' '; 4 * 1024 * 1024 + 1]), ProfileError::Limit("is larger than the limit"));
    // one dictionary with as many keys as are allowed
    let keys: String = (0..49_000).map(|key| format!("<key>{key}</key><true/>")).collect();
    assert!(problem(format!("<plist><dict>{keys}</dict></plist>").as_bytes()).to_string().contains("PayloadType"));
}

#[test]
fn what_is_no_profile_is_said_to_be_none() {
    for (bytes, word) in [
        (&b""[..], "too early"),
        (b"hello", "text outside"),
        (b"bplist00\xd0", "binary"),
        (b"\xff\xfe<\0p\0", "UTF-8"),
        (b"0\x80", "neither"),
        (b"<plist><array/></plist>", "dictionary"),
        (b"<plist><dict/></plist>", "PayloadType"),
        (b"<plist><dict><key>PayloadType</key><string>Configuration</string></dict></plist>", "PayloadContent"),
        (
            b"<plist><dict><key>PayloadType</key><string>Configuration</string>\
              <key>PayloadContent</key><array><true/></array></dict></plist>",
            "not a dictionary",
        ),
        (b"<plist><dict><key>PayloadType</key><data>###</data></dict></plist>", "type"),
    ] {
        let error = problem(bytes);
        assert_eq!(error.code(), ErrorCode::ProfileSyntax);
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
}

/// The property lists as Python reads them; its words where it refuses.
const READER: &str = r#"
import base64, datetime, json, plistlib, struct, sys
folder = sys.argv[1]
def plain(value):
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.isoformat() + "Z"
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
data = open(folder + "/profiles", "rb").read()
at, read = 0, []
while at < len(data):
    (length,) = struct.unpack_from(">I", data, at)
    try:
        read.append(plain(plistlib.loads(data[at + 4:at + 4 + length], fmt=plistlib.FMT_XML)))
    except Exception as error:
        read.append(repr(error))
    at += 4 + length
print(json.dumps(read))
"#;

/// Whatever we accept, another reader accepts and reads the same: nobody smuggles a meaning past us.
#[test]
fn what_is_read_is_what_python_reads() {
    const DOCUMENTS: usize = 5_000;
    let mut dice = Dice(7);
    // nothing in it is made anew in every run, so that every run sees the same documents
    let origin = rendered(&policy(&format!(
        "[filevault.enforcement]\nmax_bypass_attempts = 3\ninstitutional_certificate = '''{}'''\n[filevault.profile]\n\
         description = 'a & b'\nconsent_text = {{ en = '<>' }}",
        include_str!("rsa-1024.pem")
    )));
    let origin = origin.as_bytes();
    let splices: Vec<&[u8]> = PIECES.iter().map(|piece| piece.as_bytes()).collect();
    let mut documents: Vec<(Vec<u8>, ParsedProfile)> = Vec::new();
    for _ in 0..DOCUMENTS {
        let mut bytes = origin.to_vec();
        for _ in 0..=dice.below(2) {
            let at = dice.below(bytes.len());
            match dice.below(4) {
                0 => bytes[at] ^= 1 << dice.below(8),
                1 => drop(bytes.remove(at)),
                2 => {
                    let splice = splices[dice.below(splices.len())];
                    bytes.splice(at..at, splice.iter().copied());
                }
                _ => {
                    let end = (at + dice.below(40)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
            }
        }
        if let Ok(read) = parse(&bytes, &ProfileLimits::default()) {
            documents.push((bytes, read));
        }
    }
    println!("{} of {DOCUMENTS} damaged profiles are still profiles", documents.len());
    assert!(documents.len() > DOCUMENTS / 20);
    let folder = fdescrow_tests::scratch("reader");
    let mut profiles = Vec::new();
    for (bytes, _) in &documents {
        profiles.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
        profiles.extend_from_slice(bytes);
    }
    fs::write(folder.join("profiles"), profiles).unwrap();
    let Some(read) = python(READER, &folder) else { return };
    for ((bytes, ours), theirs) in documents.iter().zip(read.as_array().unwrap()) {
        assert_eq!(&ours.to_json(), theirs, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn secrets_of_foreign_profiles_are_not_shown() {
    let text = "<plist><dict><key>PayloadType</key><string>Configuration</string><key>PayloadContent</key><array>\
        <dict><key>PayloadType</key><string>com.apple.MCX.FileVault2</string><key>Password</key><string>hunter2</string></dict>\
        <dict><key>PayloadType</key><string>com.apple.security.pkcs12</string><key>PayloadContent</key><data>aHVudGVyMg==</data></dict>\
        </array></dict></plist>";
    let profile = crate::material::parsed(text.as_bytes());
    let shown = profile.to_json().to_string();
    assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVyMg"), "{shown}");
    assert!(!format!("{profile:?} {profile:#?}").contains("hunter2"));
    let refused = profile.policy().unwrap_err().to_string();
    assert!(refused.contains("Password") && !refused.contains("hunter2"), "{refused}");
}
