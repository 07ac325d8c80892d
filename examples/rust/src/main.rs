//! How does a server embed fdescrow?
//!
//! Devices send their keys, people ask for one, and a thread checks what came. One request is one line of JSON, one
//! answer too:
//!
//! ```text
//! {"token":"…","escrow":{"kind":"filevault","sealed":"MIAG…"}}
//! {"token":"…","reveal":{"device":"MAC-1","reason":"lost passphrase"}}
//! ```
//!
//! What is yours in it: the network (here without TLS, on this machine alone), who somebody is (here a table of
//! tokens), who may see a key (here every person), and where the private key lies (here in this process, which a
//! larger organization would not do: whoever receives keys need not be able to open them).
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its terminal")]

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::{Arc, mpsc},
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use fdescrow::{
    Actor, DeviceId, Escrow, Kind, Organization, Secret, Timestamp,
    envelope::{Bundle, Certificate, Keyring, identity::software_identity, pair},
    escrow::{CheckOptions, Reveal, Upload},
};
use fdescrow_identities::SystemRandomness;
use serde::Deserialize;
use serde_json::json;

/// The configuration, a JSON file that the command line names.
#[derive(Deserialize)]
struct Configuration {
    organization: Organization,
    /// `sqlite:PATH`.
    store: String,
    /// Private keys and certificates, the primary certificate first.
    identities: Vec<PathBuf>,
    /// Who is who.
    tokens: BTreeMap<String, Who>,
}

/// Somebody who was authenticated.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Who {
    Device(DeviceId),
    Person(Actor),
}

#[derive(Deserialize)]
struct Request {
    token: String,
    #[serde(flatten)]
    wish: Wish,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wish {
    Escrow { kind: Kind, sealed: String },
    Reveal { device: DeviceId, reason: String },
}

/// What every thread has.
struct Server {
    escrow: Escrow,
    keyring: Keyring,
    tokens: BTreeMap<String, Who>,
    /// Wakes the thread that checks.
    arrived: mpsc::SyncSender<()>,
}

type Failure = Box<dyn Error + Send + Sync>;

/// A request is a blob of some hundred bytes in base64.
const LONGEST_REQUEST: u64 = 128 * 1024;

/// How long a client may take over a line.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the checks rest if nothing comes.
const REST: Duration = Duration::from_secs(3600);

fn main() -> Result<(), Failure> {
    let file = std::env::args_os().nth(1).ok_or("usage: fdescrow-example CONFIGURATION")?;
    let configuration: Configuration = serde_json::from_slice(&fs::read(file)?)?;
    let (arrived, wake) = mpsc::sync_channel(1);
    let server = Arc::new(Server::new(configuration, arrived)?);

    let checker = Arc::clone(&server);
    std::thread::spawn(move || {
        loop {
            if let Err(error) = checker.check() {
                eprintln!("check: {error}");
            }
            // A full channel is a wake-up that is still to be seen.
            if let Err(mpsc::RecvTimeoutError::Disconnected) = wake.recv_timeout(REST) {
                return;
            }
        }
    });

    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("listening on {}", listener.local_addr()?);
    for connection in listener.incoming() {
        let server = Arc::clone(&server);
        std::thread::spawn(move || {
            if let Err(error) = connection.map_err(Failure::from).and_then(|stream| server.serve(&stream)) {
                eprintln!("connection: {error}");
            }
        });
    }
    Ok(())
}

impl Server {
    fn new(configuration: Configuration, arrived: mpsc::SyncSender<()>) -> Result<Self, Failure> {
        let rng = Arc::new(SystemRandomness::new());
        let mut bundles = Vec::new();
        for file in &configuration.identities {
            bundles.push(Bundle::parse(&fs::read(file)?, None)?);
        }
        let certificates: Vec<Certificate> = bundles.iter().flat_map(|bundle| bundle.certificates.clone()).collect();
        let identities = pair(bundles)?.into_iter();
        let keyring = identities.map(|(key, certificates)| software_identity(key, certificates, rng.clone())).collect();
        let store = fdescrow_stores::open(&configuration.store)?;
        let escrow =
            Escrow::builder(store, configuration.organization).randomness(rng).certificates(certificates).build()?;
        Ok(Self { escrow, keyring, tokens: configuration.tokens, arrived })
    }

    /// Checks batch after batch, each with the time that it then is.
    fn check(&self) -> Result<(), Failure> {
        loop {
            let report = self.escrow.check(&self.keyring, &CheckOptions::default(), now()?)?;
            // What is unavailable stays due: to go on at once would be to ask the same again.
            if !report.more || report.unavailable > 0 {
                return Ok(());
            }
        }
    }

    /// Answers the requests of one connection.
    fn serve(&self, stream: &TcpStream) -> Result<(), Failure> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        while reader.by_ref().take(LONGEST_REQUEST).read_line(&mut line)? > 0 {
            // What the library says is meant to be shown; it holds no key.
            let answer = match serde_json::from_str(&line).map_err(Failure::from).and_then(|it| self.answer(it)) {
                Ok(answer) => answer,
                Err(error) => Secret::from_string(json!({ "error": error.to_string() }).to_string()),
            };
            writeln!(&*stream, "{}", answer.expose())?;
            line.clear();
        }
        Ok(())
    }

    fn answer(&self, request: Request) -> Result<Secret<str>, Failure> {
        let who = self.tokens.get(&request.token).ok_or("nobody has this token")?;
        let text = match (who, request.wish) {
            (Who::Device(device), Wish::Escrow { kind, sealed }) => {
                // The device is who it was authenticated as, never who it says it is.
                let upload = Upload::sealed(device.clone(), kind, STANDARD.decode(sealed)?);
                let receipt = self.escrow.receive(upload.by(&Actor::new(device.as_str())?), now()?)?;
                let _ = self.arrived.try_send(());
                serde_json::to_string(&receipt)?
            }
            (Who::Person(person), Wish::Reveal { device, reason }) => {
                let reveal = Reveal::of(&device).by(person).reason(reason);
                let revealed = self.escrow.reveal(reveal, &self.keyring, now()?)?;
                json!({ "key": revealed.expose(), "level": revealed.level }).to_string()
            }
            _ => return Err("that is not for you".into()),
        };
        Ok(Secret::from_string(text))
    }
}

/// The only place where the time is read.
fn now() -> Result<Timestamp, Failure> {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(Timestamp::from_unix_seconds(i64::try_from(elapsed.as_secs())?)?)
}
