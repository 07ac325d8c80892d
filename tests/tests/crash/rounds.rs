//! One round: work, kill, look, go on.

use std::{
    fmt, fs,
    io::{BufRead, BufReader},
    ops::ControlFlow,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ChildStdout, Command, Stdio},
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use fdescrow::{
    Digest, Escrow, KeyId,
    audit::{Checkpoint, CheckpointLimits},
    escrow::{CheckOptions, ReceiptStatus, Reveal, RewrapOptions},
};
use fdescrow_stores::SqliteStore;
use fdescrow_tests::crash::{Credentials, Dice, Line, Party, actor, at};
use rusqlite::Connection;

use crate::{
    checker::{file_violations, violations},
    ledger::{Interrupted, Ledger},
};

/// What happened, in numbers.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kills: u64,
    pub(crate) acknowledged: u64,
    before_open: u64,
    logs: u64,
    uploads: u64,
    verified: u64,
    reveals: u64,
    cut_uploads: [u64; 2],
    cut_reveals: [u64; 2],
    entries: u64,
    working: Duration,
    looking: Duration,
    slowest: Duration,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [lost, stored] = self.cut_uploads;
        let [unauthorised, authorised] = self.cut_reveals;
        writeln!(f, "{} killed, {} of them before the file was open", self.kills, self.before_open)?;
        writeln!(f, "{} commits were acknowledged and are there", self.acknowledged)?;
        writeln!(f, "{} uploads, {} keys verified, {} reveals", self.uploads, self.verified, self.reveals)?;
        writeln!(f, "{} write-ahead logs were recovered, {} audit entries verified", self.logs, self.entries)?;
        writeln!(f, "uploads that were cut off: {stored} stored, {lost} not; each was sent again and is there once")?;
        writeln!(
            f,
            "reveals that were cut off: {authorised} authorised, {unauthorised} not; each was asked for again"
        )?;
        let [working, looking, slowest] = [self.working, self.looking, self.slowest].map(|time| time.as_secs_f64());
        write!(
            f,
            "{working:.1} s of work, {looking:.1} s of looks, the slowest {slowest:.3} s; the rest is work after them"
        )
    }
}

/// One SQLite file, and what was promised over it.
pub(crate) struct File<'a> {
    path: PathBuf,
    credentials: &'a Credentials,
    party: &'a Party,
    ledger: Ledger,
    /// Of the round before: no entry that was there then may be gone.
    checkpoint: Option<Checkpoint>,
}

/// When the kill comes.
struct Moment {
    /// After so many lines.
    lines: u64,
    /// And then so much later.
    delay: Duration,
}

impl Moment {
    fn roll(round: u32, dice: &mut Dice) -> Self {
        // the first rounds over a file have its creation to interrupt
        let early = dice.roll(if round < 3 { 3 } else { 10 }) == 0;
        let (lines, microseconds) = if early { (0, dice.roll(20_000)) } else { (2 + dice.roll(24), dice.roll(15_000)) };
        Self { lines, delay: Duration::from_micros(microseconds) }
    }
}

impl<'a> File<'a> {
    pub(crate) fn new(path: PathBuf, credentials: &'a Credentials, party: &'a Party) -> Self {
        Self { path, credentials, party, ledger: Ledger::default(), checkpoint: None }
    }

    pub(crate) fn remove(self) {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", self.path.display()));
        }
    }

    /// Lets the program work, kills it, and says what is wrong with what it left.
    pub(crate) fn round(&mut self, round: u32, dice: &mut Dice, tally: &mut Tally) -> Vec<String> {
        let moment = Moment::roll(round, dice);
        let before = self.ledger.commits;
        let start = Instant::now();
        if let Err(wrong) = self.work_and_kill(round, dice, &moment, tally) {
            return vec![wrong];
        }
        tally.working += start.elapsed();
        tally.acknowledged += self.ledger.commits - before;

        let start = Instant::now();
        tally.logs += u64::from(fs::metadata(wal(&self.path)).is_ok_and(|log| log.len() > 0));
        let mut found = file_violations(&self.path);
        if !found.is_empty() {
            return found;
        }
        let store = Arc::new(SqliteStore::open(&self.path).unwrap());
        let escrow = self.party.escrow(store.clone());
        found.extend(violations(store.as_ref(), &escrow, self.party, &self.ledger, self.checkpoint.as_ref()));
        self.ledger.looked();
        tally.slowest = tally.slowest.max(start.elapsed());
        tally.looking += start.elapsed();
        if found.is_empty() {
            found.extend(self.go_on(&escrow, round, tally));
            self.checkpoint = Some(self.new_checkpoint(&escrow, round));
        }
        found
    }

    fn work_and_kill(&mut self, round: u32, dice: &mut Dice, moment: &Moment, tally: &mut Tally) -> Result<(), String> {
        let mut writer = writer(self.credentials, &self.path, round, dice.roll(u64::MAX), u32::MAX);
        let mut child = writer.stdout(Stdio::piped()).spawn().unwrap();
        let lines = read_lines(child.stdout.take().unwrap());
        let (mut seen, mut opened) = (0, false);
        while seen < moment.lines {
            match lines.recv_timeout(Duration::from_secs(60)) {
                Ok(line) => {
                    seen += 1;
                    opened |= line == Line::Opened;
                    self.ledger.note(line);
                }
                Err(RecvTimeoutError::Timeout) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err("the program stands still".to_owned());
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        thread::sleep(moment.delay);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        // what the pipe still holds was acknowledged too
        for line in lines {
            opened |= line == Line::Opened;
            self.ledger.note(line);
        }
        if status.signal() != Some(9) {
            return Err(format!("the program ended by itself: {status}"));
        }
        tally.kills += 1;
        tally.before_open += u64::from(!opened);
        Ok(())
    }

    /// Does again what was cut off, checks all that is due, and looks at a sample of what is there.
    fn go_on(&mut self, escrow: &Escrow, round: u32, tally: &mut Tally) -> Vec<String> {
        let now = at(round, 5000);
        let mut found = Vec::new();
        match self.ledger.interrupted.take() {
            Some(Interrupted::Upload(request)) => found.extend(self.send_again(escrow, &request, round, tally)),
            Some(Interrupted::Reveal(device, kind, reason)) => {
                let authorised = count(&self.path, "fdescrow_recoveries WHERE state = 'release_authorized'");
                tally.cut_reveals[usize::from(authorised > 0)] += 1;
                // in the same hour, by the same actor and for the same reason: the authorisation that is there is used
                let wanted = Reveal::of(&device).kind(kind).by(&actor("ana")).reason(reason);
                let revealed = escrow.reveal(wanted, &self.party.keyring, at(round, 3000)).unwrap();
                let text = Digest::of(revealed.expose().as_bytes());
                self.ledger.note(Line::Revealed(revealed.id, revealed.recovery, text));
                let left = count(&self.path, "fdescrow_recoveries WHERE state = 'release_authorized'");
                if left > 0 {
                    found.push(format!("{left} authorisations are left over"));
                }
                tally.reveals += 1;
            }
            None => {}
        }
        // An acknowledged request that comes again is answered as before, and stored once.
        if let Some((key, promised)) = self.ledger.received.iter().next_back() {
            let sent = &self.ledger.sent[&promised.request];
            let (before, receipt) = (key_count(&self.path), escrow.receive(sent.upload(), now).unwrap());
            if receipt.key != *key || receipt.envelope != promised.envelope || key_count(&self.path) != before {
                found.push(format!("{} was sent again and stored anew", promised.request));
            }
        }
        found.extend(self.check_all(escrow, round, tally));
        found
    }

    /// The sender did not get its answer, and tries again; twice, because the second answer may be lost too.
    fn send_again(&mut self, escrow: &Escrow, request: &str, round: u32, tally: &mut Tally) -> Vec<String> {
        let sent = self.ledger.sent[request].clone();
        let before = key_count(&self.path);
        let first = escrow.receive(sent.upload(), at(round, 5000)).unwrap();
        let between = key_count(&self.path);
        let second = escrow.receive(sent.upload(), at(round, 5001)).unwrap();
        let stored = before == between;
        tally.cut_uploads[usize::from(stored)] += 1;
        let mut found = Vec::new();
        if first != second || between > before + 1 || key_count(&self.path) != between {
            found.push(format!("{request} was cut off, and sent again gave {first:?}, then {second:?}"));
        }
        let apart = first.status == ReceiptStatus::Quarantined;
        self.ledger.note(Line::Received(request.to_owned(), first.key, first.envelope, apart));
        found
    }

    /// The leases of a process that is dead run out; then everything that is due is checked.
    fn check_all(&mut self, escrow: &Escrow, round: u32, tally: &mut Tally) -> Vec<String> {
        let connection = Connection::open(&self.path).unwrap();
        connection.execute("UPDATE fdescrow_devices SET check_until = check_until - 301", []).unwrap();
        drop(connection);
        let mut step = 6000;
        while escrow.check_total(at(round, step)).unwrap() > 0 {
            if step > 6100 {
                return vec!["checking does not end".to_owned()];
            }
            let report = escrow.check(&self.party.keyring, &CheckOptions::default(), at(round, step)).unwrap();
            if report.failed() + report.unavailable + report.stale + report.unreadable > 0 {
                return vec![format!("keys could not be checked: {report:?}")];
            }
            step += 1;
        }
        let mut found = Vec::new();
        for (key, promised) in self.ledger.received.iter().filter(|(_, promised)| !promised.apart) {
            if self.ledger.verified.contains(key) {
                continue;
            }
            let status = escrow.receipt(key).unwrap().status;
            if status == ReceiptStatus::Verified {
                self.ledger.verified.insert(*key);
                tally.verified += 1;
            } else {
                found.push(format!("{} was checked, and is {}", promised.request, status.as_str()));
            }
        }
        found
    }

    fn new_checkpoint(&self, escrow: &Escrow, round: u32) -> Checkpoint {
        let mut text = String::new();
        let predecessor = self.checkpoint.as_ref().map(Checkpoint::digest);
        let mut write = |line: &str| {
            text.push_str(line);
            ControlFlow::Continue(())
        };
        escrow.checkpoint(predecessor, at(round, 9000), &mut write).unwrap();
        Checkpoint::parse(text.as_bytes(), &CheckpointLimits::default()).unwrap()
    }

    /// At the end of a file: every key that was ever verified is handed out, all re-wrapped, and handed out again.
    pub(crate) fn reveal_all(&mut self, round: u32, tally: &mut Tally) -> Vec<String> {
        let store = Arc::new(SqliteStore::open(&self.path).unwrap());
        let escrow = self.party.escrow(store.clone());
        tally.uploads += u64::try_from(self.ledger.received.len()).unwrap();
        let mut options = RewrapOptions::default();
        loop {
            let report =
                escrow.rewrap(&self.party.keyring, self.party.next_certificate(), &options, at(round, 0)).unwrap();
            assert_eq!((report.unavailable, report.failures.len()), (0, 0), "{report:?}");
            match report.next {
                Some(next) => options = options.after(Some(next)),
                None => break,
            }
        }
        let verified: Vec<KeyId> = self.ledger.verified.iter().copied().collect();
        for key in verified {
            let device = &self.ledger.sent[&self.ledger.received[&key].request].device;
            let wanted = Reveal::of(device).key(key).by(&actor("ana")).reason("the end");
            let revealed = escrow.reveal(wanted, &self.party.keyring, at(round, 1)).unwrap();
            self.ledger.revealed(revealed.id, revealed.recovery, Digest::of(revealed.expose().as_bytes()));
            if revealed.id != key {
                self.ledger.wrong.push(format!("{} was handed out for {key}", revealed.id));
            }
            tally.reveals += 1;
        }
        tally.entries += escrow.verify_audit(&[self.party.mac_key()], None).unwrap().entries;
        violations(store.as_ref(), &escrow, self.party, &self.ledger, self.checkpoint.as_ref())
    }
}

/// The program, with this much to do.
pub(crate) fn writer(credentials: &Credentials, path: &Path, round: u32, seed: u64, steps: u32) -> Command {
    let mut writer = Command::new(env!("CARGO_BIN_EXE_crash_writer"));
    writer.arg(credentials.folder()).arg(path).args([round.to_string(), seed.to_string(), steps.to_string()]);
    writer.stdin(Stdio::null());
    writer
}

/// The whole lines that the program writes. A last one without its end was not said.
fn read_lines(out: ChildStdout) -> Receiver<Line> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut out = BufReader::new(out);
        let mut line = String::new();
        while out.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            let Some(whole) = line.strip_suffix('\n') else { break };
            sender.send(whole.parse().unwrap()).unwrap();
            line.clear();
        }
    });
    receiver
}

fn wal(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", path.display()))
}

fn key_count(path: &Path) -> i64 {
    count(path, "fdescrow_keys")
}

fn count(path: &Path, what: &str) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| row.get(0)).unwrap()
}
