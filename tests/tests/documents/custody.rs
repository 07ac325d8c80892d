//! Is the table of break-glass on the page what the tools do?
//!
//! Each tool opens each form of envelope with the private key where it is kept, for real. What is written of each is
//! compared; the versions are those of the machine on which the page was written, and are not.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use fdescrow_tests::{
    documents::{document, hold},
    generator::forge::Forge,
    ours::ours_seal,
    peers::{
        Content, Direction, Format, KeyTransport, OpenSsl, Peer, PeerName, RecipientKey, SealRequest, Shape,
        credentials, password_beside,
    },
    python, scratch,
    token::{LABEL, PIN, SoftToken},
    workspace_root,
};

const PAGE: &str = "docs/custody.md";

/// What is in every envelope.
const KEY: &[u8] = b"5ADZ-HTZ8-LJJ4-B2F8-JWH3-YPBT";

/// The forms: what macOS writes, and what we do.
const FORMS: [(&str, Shape); 6] = [
    ("macOS: v1.5, 3DES", Shape::enveloped(KeyTransport::RsaPkcs1, Content::TripleDes).ber()),
    ("v1.5, AES-CBC", Shape::enveloped(KeyTransport::RsaPkcs1, Content::Aes256Cbc)),
    ("OAEP, AES-CBC", Shape::enveloped(KeyTransport::RsaOaepSha256, Content::Aes256Cbc)),
    ("OAEP, AES-GCM", Shape::auth(KeyTransport::RsaOaepSha256, Content::Aes256Gcm)),
    ("P-256, AES-CBC", Shape::enveloped(KeyTransport::EcdhSha256, Content::Aes256Cbc)),
    ("P-256, AES-GCM", Shape::auth(KeyTransport::EcdhSha256, Content::Aes256Gcm)),
];

/// An envelope in one of the forms, and the private key for it as a file; for a token, its label and id.
struct Sealed {
    shape: Shape,
    message: Vec<u8>,
    certificate: PathBuf,
    key: PathBuf,
}

impl Sealed {
    fn all(key: impl Fn(RecipientKey) -> PathBuf, certificate: impl Fn(RecipientKey) -> PathBuf) -> Vec<Self> {
        let seal = |shape: Shape| {
            let kind = if shape.key_transport.is_agreement() { RecipientKey::P256 } else { RecipientKey::Rsa2048 };
            let certificate = certificate(kind);
            let request = SealRequest { shape, certificates: std::slice::from_ref(&certificate), plaintext: KEY };
            // The one that is macOS's we do not write.
            let message = match shape.content {
                Content::TripleDes => OpenSsl::new().unwrap().seal(&request).unwrap(),
                _ => ours_seal(&request).unwrap(),
            };
            Self { shape, message, certificate, key: key(kind) }
        };
        FORMS.iter().map(|(_, shape)| seal(*shape)).collect()
    }
}

/// A row of the table.
struct Row {
    place: &'static str,
    tool: &'static str,
    version: Option<String>,
    cells: Vec<String>,
}

impl Row {
    /// The row as it is written; where the page has another version of the tool, with that one.
    fn written(&self, page: &str) -> String {
        let start = format!("| {} | {} |", self.place, self.tool);
        let stands =
            page.lines().find_map(|line| Some(line.strip_prefix(&start)?.split('|').next()?.trim().to_owned()));
        let here = self.version.clone();
        let version = if std::env::var_os("BLESS").is_some() { here.or(stands) } else { stands.or(here) };
        format!("{start} {} | {} |\n", version.unwrap_or_default(), self.cells.join(" | "))
    }
}

fn cell(opened: Result<Vec<u8>, String>, why_not: Option<&str>) -> String {
    match (opened, why_not) {
        (Ok(octets), _) => {
            assert_eq!(octets, KEY, "something else was opened");
            "yes".to_owned()
        }
        (Err(_), Some(why)) => format!("no: {why}"),
        (Err(_), None) => "no".to_owned(),
    }
}

/// What a program gives, or says.
fn run(command: &mut Command) -> Result<Vec<u8>, String> {
    let Output { status, stdout, stderr } = command.output().map_err(|error| error.to_string())?;
    if status.success() { Ok(stdout) } else { Err(String::from_utf8_lossy(&stderr).into_owned()) }
}

/// The first word of what a program says that begins with a digit.
fn said_version(command: &mut Command) -> Option<String> {
    let said = String::from_utf8(run(command).ok()?).ok()?;
    said.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit())).map(str::to_owned)
}

/// What a file of the checkout says between two texts.
fn pinned(file: &str, before: &str, after: char) -> Option<String> {
    let text = fs::read_to_string(workspace_root().join(file)).ok()?;
    let (_, rest) = text.split_once(before)?;
    rest.split(after).next().map(|version| version.trim().to_owned())
}

fn version_of(peer: PeerName) -> Option<String> {
    let of_package = |name: &str| {
        let print = format!("import importlib.metadata as m; print(m.version('{name}'))");
        said_version(Command::new(python()?).args(["-I", "-c", &print]))
    };
    match peer {
        PeerName::OpenSsl => said_version(Command::new("openssl").arg("version")),
        PeerName::Cryptography => of_package("cryptography"),
        PeerName::Asn1Crypto => Some(format!("{}, {}", of_package("asn1crypto")?, of_package("cryptography")?)),
        PeerName::BouncyCastle => {
            pinned("tests/peers/java/pom.xml", "<artifactId>bcpkix-jdk18on</artifactId>\n      <version>", '<')
        }
        PeerName::Smallstep => pinned("tests/peers/go/go.mod", "github.com/smallstep/pkcs7 ", '\n'),
        PeerName::Mozilla => None,
    }
}

const TOOLS: [(PeerName, &str); 5] = [
    (PeerName::OpenSsl, "`openssl cms`"),
    (PeerName::Cryptography, "Python `cryptography`, PKCS#7 functions"),
    (PeerName::Asn1Crypto, "Python `asn1crypto`, [a script](../tests/peers/python/peer.py)"),
    (PeerName::BouncyCastle, "[Bouncy Castle](../tests/peers/java/Peer.java)"),
    (PeerName::Smallstep, "[Go, `smallstep/pkcs7`](../tests/peers/go/main.go)"),
];

/// The rows of a place that is a file.
fn files(place: &'static str, key: impl Fn(RecipientKey) -> PathBuf) -> Option<Vec<Row>> {
    let sealed = Sealed::all(key, |kind| credentials(kind).unwrap().certificate);
    let row = |(name, tool): (PeerName, &'static str)| {
        let peer = name.available()?;
        let cells = sealed.iter().map(|sealed| {
            let opened = peer.open(&sealed.message, &sealed.key, &sealed.certificate);
            let limit = peer.limit(Direction::Open, &sealed.shape).map(|limit| limit.reason);
            let why_not = if place == "PEM" { limit } else { limit.or(Some("reads no such key file")) };
            cell(opened.map_err(|error| error.to_string()), why_not)
        });
        Some(Row { place, tool, version: version_of(name), cells: cells.collect() })
    };
    TOOLS.into_iter().map(row).collect()
}

/// The private key of a recipient, encrypted; its password is beside it.
fn encrypted(folder: &Path, kind: RecipientKey, pkcs12: bool) -> PathBuf {
    let plain = credentials(kind).unwrap();
    let key = folder.join(format!("{}.{}", kind.word(), if pkcs12 { "p12" } else { "pem" }));
    let password = password_beside(&key);
    fs::write(&password, "correct horse\n").unwrap();
    let from = format!("file:{}", password.display());
    let mut openssl = Command::new("openssl");
    if pkcs12 {
        openssl.args(["pkcs12", "-export", "-passout", &from, "-inkey"]).arg(plain.key);
        openssl.arg("-in").arg(plain.certificate);
    } else {
        openssl.args(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", &from, "-in"]).arg(plain.key);
    }
    run(openssl.arg("-out").arg(&key)).unwrap();
    key
}

/// The rows of a key in a token.
fn token(token: &SoftToken) -> Vec<Row> {
    let names = |kind| if kind == RecipientKey::P256 { ("vault", "02") } else { ("door", "01") };
    for (kind, made, usage) in
        [(RecipientKey::Rsa2048, "rsa:2048", "keyEncipherment"), (RecipientKey::P256, "EC:prime256v1", "keyAgreement")]
    {
        let (label, id) = names(kind);
        token.generate(made, label, id);
        token.certify(id, &format!("/CN={label}"), usage);
        fs::rename(token.file("certificate.pem"), token.file(&format!("{label}.pem"))).unwrap();
    }
    let certificate = |kind| token.file(&format!("{}.pem", names(kind).0));
    let sealed = Sealed::all(|kind| names(kind).0.into(), certificate);
    fs::write(token.file("pin"), format!("{PIN}\n")).unwrap();
    let by_engine = sealed.iter().map(|sealed| cell(by_engine(token, sealed), None)).collect();
    let by_tool = sealed.iter().map(|sealed| match sealed.shape.key_transport {
        KeyTransport::EcdhSha256 => "not tried".to_owned(),
        transport => {
            let oaep = transport != KeyTransport::RsaPkcs1;
            let why = if oaep { "SoftHSM has OAEP with SHA-1 alone" } else { "`openssl enc` has no GCM" };
            cell(by_pkcs11_tool(token, sealed), Some(why))
        }
    });
    let softhsm = said_version(Command::new("softhsm2-util").arg("--version")).unwrap_or_default();
    let openssl = version_of(PeerName::OpenSsl).unwrap_or_default();
    let package = ["-W", "-f", "${source:Upstream-Version}", "libengine-pkcs11-openssl"];
    let engine = said_version(Command::new("dpkg-query").args(package));
    let opensc = said_version(Command::new("opensc-tool").arg("--info"));
    vec![
        Row {
            place: "PKCS #11",
            tool: "`openssl cms`, engine `pkcs11` of libp11",
            version: engine.map(|engine| format!("{openssl}, {engine}; SoftHSM {softhsm}")),
            cells: by_engine,
        },
        Row {
            place: "PKCS #11",
            tool: "OpenSC `pkcs11-tool`, `openssl enc`",
            version: opensc.map(|opensc| format!("{opensc}, {openssl}; SoftHSM {softhsm}")),
            cells: by_tool.collect(),
        },
    ]
}

fn by_engine(token: &SoftToken, sealed: &Sealed) -> Result<Vec<u8>, String> {
    fs::write(token.file("key.cms"), &sealed.message).unwrap();
    let key = format!("pkcs11:token={LABEL};object={};type=private", sealed.key.display());
    let mut openssl = token.command("openssl");
    openssl.env("PKCS11_MODULE_PATH", SoftToken::module());
    openssl.args(["cms", "-decrypt", "-binary", "-inform", "DER", "-in", "key.cms", "-engine", "pkcs11"]);
    openssl.args(["-keyform", "engine", "-inkey", &key, "-passin", "file:pin", "-recip"]).arg(&sealed.certificate);
    run(&mut openssl)
}

/// The parts of the message are cut out of it, as a person would with `openssl asn1parse`.
fn by_pkcs11_tool(token: &SoftToken, sealed: &Sealed) -> Result<Vec<u8>, String> {
    let mut message = Forge::of(&sealed.message);
    fs::write(token.file("wrapped.bin"), message.encrypted_key().content()).unwrap();
    fs::write(token.file("ciphertext.bin"), message.ciphertext().content()).unwrap();
    let hex = |octets: &[u8]| octets.iter().fold(String::new(), |hex, octet| format!("{hex}{octet:02x}"));
    let iv = hex(&message.iv().content());
    let mechanism: &[&str] = match sealed.shape.key_transport {
        KeyTransport::RsaPkcs1 => &["-m", "RSA-PKCS"],
        _ => &["-m", "RSA-PKCS-OAEP", "--hash-algorithm", "SHA256", "--mgf", "MGF1-SHA256"],
    };
    let mut tool = token.command("pkcs11-tool");
    tool.arg("--module").arg(SoftToken::module()).args(["--token-label", LABEL, "--login", "--pin", PIN, "--decrypt"]);
    run(tool.args(mechanism).args(["--id", "01", "-i", "wrapped.bin", "-o", "content.key"]))?;
    let key = hex(&fs::read(token.file("content.key")).unwrap());
    let cipher = match (sealed.shape.format, sealed.shape.content) {
        (Format::Auth, _) => "-aes-256-gcm",
        (_, Content::TripleDes) => "-des-ede3-cbc",
        _ => "-aes-256-cbc",
    };
    run(token.command("openssl").args(["enc", "-d", cipher, "-K", &key, "-iv", &iv, "-in", "ciphertext.bin"]))
}

#[test]
fn the_table_of_break_glass_is_documented() {
    let (folder, token_folder) = (scratch("break-glass"), scratch("token"));
    let Some(soft_token) = SoftToken::new(token_folder.path(), "ALL") else { return };
    let places = [
        files("PEM", |kind| credentials(kind).unwrap().key),
        files("encrypted PEM", |kind| encrypted(folder.path(), kind, false)),
        files("PKCS #12", |kind| encrypted(folder.path(), kind, true)),
        Some(token(&soft_token)),
    ];
    let Some(places) = places.into_iter().collect::<Option<Vec<_>>>() else { return };
    let page = document(PAGE);
    let mut table = "| the key is in | tool | version |".to_owned();
    for (heading, _) in FORMS {
        let _ = write!(table, " {heading} |");
    }
    table.push_str("\n|---|---|---|---|---|---|---|---|---|\n");
    for row in places.iter().flatten() {
        table.push_str(&row.written(&page));
    }
    hold(PAGE, "break-glass", &table);
}
