//! Does the example do what it says, from outside?
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use fdescrow::{
    DeviceId, Escrow, Kind, RecoveryKey,
    envelope::{Certificate, Envelope, Format, NewCertificate, Payload, private_key::KeyAlgorithm},
};
use fdescrow_identities::SystemRandomness;
use fdescrow_tests::{ScratchDir, scratch};
use serde_json::{Value, json};

/// The program, which ends with this value.
struct Server {
    program: Child,
    connection: BufReader<TcpStream>,
}

impl Server {
    fn start(folder: &ScratchDir) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_fdescrow-example"))
            .arg(folder.join("configuration.json"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect("it says where");
        let connection = BufReader::new(TcpStream::connect(address).unwrap());
        Self { program, connection }
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.connection.get_ref(), "{request}").unwrap();
        let mut line = String::new();
        self.connection.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// A new key, and what macOS would send.
fn mac(certificate: &Certificate) -> (String, String) {
    let rng = SystemRandomness::new();
    let key = RecoveryKey::generate(Kind::FileVault, &rng).unwrap();
    let text = key.expose().to_owned();
    let envelope = Envelope::seal(&Payload::bare(key), &[certificate], Format::EnvelopedPkcs1v15, &rng).unwrap();
    (text, STANDARD.encode(envelope.der()))
}

#[test]
fn a_device_escrows_its_key_and_a_person_gets_it() {
    let folder = scratch("example");
    let rng = SystemRandomness::new();
    let (from, to) = ("2020-01-01T00:00:00Z".parse().unwrap(), "2049-01-01T00:00:00Z".parse().unwrap());
    let new = NewCertificate::new("CN=Escrow", KeyAlgorithm::Rsa2048, from, to).unwrap();
    let (certificate, private_key) = new.generate(&rng).unwrap();
    fs::write(folder.join("escrow.pem"), certificate.to_pem()).unwrap();
    fs::write(folder.join("escrow.key"), private_key.to_pkcs8_pem().expose()).unwrap();
    let store = format!("sqlite:{}", folder.join("keys.db").display());
    let configuration = json!({
        "organization": "example.com",
        "store": store,
        "identities": [folder.join("escrow.pem"), folder.join("escrow.key")],
        "tokens": { "m": { "device": "MAC-1" }, "a": { "person": "ana" } },
    });
    fs::write(folder.join("configuration.json"), configuration.to_string()).unwrap();

    let mut server = Server::start(&folder);
    let (key, sealed) = mac(&certificate);
    let escrow = |token: &str| json!({ "token": token, "escrow": { "kind": "filevault", "sealed": sealed } });
    let reveal = |token: &str| json!({ "token": token, "reveal": { "device": "MAC-1", "reason": "lost" } });

    assert_eq!(server.ask(&escrow("m"))["device"], "MAC-1");
    // The thread that checks was woken by what came.
    let patience = Instant::now() + Duration::from_secs(60);
    while server.ask(&escrow("m"))["status"] != "verified" {
        assert!(Instant::now() < patience, "nobody checked");
        std::thread::sleep(Duration::from_millis(50));
    }
    let revealed = server.ask(&reveal("a"));
    assert_eq!((revealed["key"].as_str(), revealed["level"].as_str()), (Some(key.as_str()), Some("envelope_opens")));

    assert_eq!(server.ask(&reveal("m"))["error"], "that is not for you");
    assert_eq!(server.ask(&escrow("a"))["error"], "that is not for you");
    assert_eq!(server.ask(&reveal("nobody"))["error"], "nobody has this token");
    assert!(server.ask(&json!("nonsense"))["error"].is_string());
    drop(server);

    let escrow = Escrow::builder(fdescrow_stores::open(&store).unwrap(), "example.com".parse().unwrap())
        .randomness(Arc::new(rng))
        .build()
        .unwrap();
    let entries = escrow.audit_of(&DeviceId::new("MAC-1").unwrap(), 0, 1000).unwrap();
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action().as_str()).collect();
    assert!(actions.starts_with(&["device_created", "key_received"]), "{actions:?}");
    assert!(actions.contains(&"key_checked") && actions.ends_with(&["release_authorized", "released"]), "{actions:?}");
    assert!(escrow.verify_audit(&[], None).unwrap().is_intact());
}
