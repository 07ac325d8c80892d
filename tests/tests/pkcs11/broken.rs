//! A token that is gone, locked or out of order: nothing is learned of any key, and nothing is recorded.

use std::{
    fmt, fs,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

use fdescrow::{
    ErrorCode, Kind, Secret,
    envelope::{
        Certificate, Envelope, Identity, KeyAlgorithm, Keyring, Limits, OpenOptions, PublicKey, Suite, Unavailable,
        identity::{ContentKey, WrappedKey},
    },
    escrow::CheckOptions,
};
use fdescrow_identities::pkcs11::TokenError;
use fdescrow_tests::{
    fleet::{at, device},
    token::{PIN, SoftToken, in_its_own_process},
};

use super::{
    UNPADS, after_a_while, broken_from_a_mac, changed, door, fill, fleet_in_memory, key, open, receive_from_a_mac,
    rows, vault,
};

/// An identity during whose use something happens to the token.
struct Interrupted<F> {
    inner: Arc<dyn Identity>,
    left: AtomicUsize,
    then: F,
}

impl<F: Fn() + Send + Sync + 'static> Interrupted<F> {
    fn after(calls: usize, inner: &Arc<dyn Identity>, then: F) -> Keyring {
        Keyring::new().with(Arc::new(Self { inner: Arc::clone(inner), left: AtomicUsize::new(calls), then }))
    }
}

impl<F> fmt::Debug for Interrupted<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupted").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<F: Fn() + Send + Sync> Identity for Interrupted<F> {
    fn public_key(&self) -> &PublicKey {
        self.inner.public_key()
    }

    fn certificates(&self) -> &[Certificate] {
        self.inner.certificates()
    }

    fn permits(&self, algorithm: &KeyAlgorithm) -> bool {
        self.inner.permits(algorithm)
    }

    fn unwrap(&self, wrapped: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            (self.then)();
        }
        self.inner.unwrap(wrapped)
    }
}

/// The token is taken out while keys are checked, and put in again.
fn taken_out(token: &SoftToken) {
    let certificate = door(token);
    let fleet = fleet_in_memory(&certificate);
    fill(&fleet, &certificate, 200);
    let identity = open("door", &certificate);

    // In the middle of the second batch of 64, of which so nothing is believed but what opened.
    let mut before = rows(&fleet);
    let folder = (token.tokens(), token.file("drawer"));
    let keyring = Interrupted::after(100, &identity, move || {
        fs::rename(&folder.0, &folder.1).unwrap();
        fs::create_dir(&folder.0).unwrap();
    });
    let first = fleet.check(&keyring, at(10));
    assert_eq!((first.failed(), first.stale, first.unreadable), (0, 0, 0), "{first:?}");
    assert!(first.unavailable > 0 && first.opened >= 64 && first.opened < 200, "{first:?}");
    assert_eq!(changed(&before, &rows(&fleet)), usize::try_from(first.opened).unwrap());

    // While it is out nothing changes at all.
    before = rows(&fleet);
    let keyring = Keyring::new().with(Arc::clone(&identity));
    for _ in 0..3 {
        after_a_while();
        let report = fleet.check(&keyring, at(20));
        assert!(report.unavailable > 0 && report.opened == 0 && report.failed() == 0, "{report:?}");
    }
    assert!(rows(&fleet) == before);
    let refused = fleet.reveal(&device("MAC-199"), &keyring, at(20)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::IdentityUnavailable);

    token.put_in();
    after_a_while();
    let last = fleet.check(&keyring, at(30));
    assert_eq!((last.opened + first.opened, last.failed(), last.unavailable), (200, 0, 0), "{last:?}");
    fleet.reveal(&device("MAC-199"), &keyring, at(40)).unwrap();
    fleet.assert_intact();
    println!("token: taken out after {} keys, {} opened after it was put in again", first.opened, last.opened);
}

#[test]
fn a_token_that_is_taken_out_in_the_middle_changes_nothing_and_the_run_resumes() {
    let name = "broken::a_token_that_is_taken_out_in_the_middle_changes_nothing_and_the_run_resumes";
    in_its_own_process(name, "ALL", taken_out);
}

#[test]
fn the_same_holds_for_a_token_that_unpads_by_itself() {
    in_its_own_process("broken::the_same_holds_for_a_token_that_unpads_by_itself", UNPADS, taken_out);
}

#[test]
fn a_wrong_pin_is_tried_once_and_changes_nothing() {
    in_its_own_process("broken::a_wrong_pin_is_tried_once_and_changes_nothing", "ALL", |token| {
        let certificate = vault(token);
        let own = std::slice::from_ref(&certificate);
        let tries = Arc::new(AtomicU32::new(0));
        let counted = |pins: [&'static str; 2]| {
            let tries = Arc::clone(&tries);
            move |_: &str| {
                let pin = pins[usize::from(tries.fetch_add(1, Ordering::SeqCst) > 0)];
                Some(Secret::<str>::copy_from(pin))
            }
        };
        let refused = key("vault").open(own, counted(["00000000"; 2])).unwrap_err();
        assert!(matches!(refused, TokenError::PinRefused(_)), "{refused}");
        assert_eq!((refused.code(), tries.swap(0, Ordering::SeqCst)), (ErrorCode::IdentityPassword, 1));
        assert!(!refused.to_string().contains("00000000"));

        // The PIN is changed while the token is out: it is asked for once, and refused once, however often it is tried.
        let fleet = fleet_in_memory(&certificate);
        let custodian = fdescrow_tests::fleet::Custodian {
            certificate: certificate.clone(),
            identity: key("vault").open(own, counted([PIN, "00000000"])).unwrap(),
            authority: None,
        };
        for number in 0..50 {
            let pc = device(format!("PC-{number}"));
            fleet.receive(fdescrow_tests::fleet::agent(&pc, "{A}", &custodian).upload(&pc), at(0));
        }
        let before = rows(&fleet);
        token.take_out();
        assert!(fleet.check(&custodian.keyring(), at(10)).unavailable > 0);
        token.put_in();
        for _ in 0..3 {
            after_a_while();
            let report = fleet.check(&custodian.keyring(), at(10));
            assert!(report.unavailable > 0 && report.opened == 0 && report.failed() == 0, "{report:?}");
        }
        assert!(rows(&fleet) == before);
        assert_eq!(tries.load(Ordering::SeqCst), 2, "one log-in, and one refusal");
        // Somebody opens the identity with the right PIN: the run goes on.
        let keyring = Keyring::new().with(open("vault", &certificate));
        assert_eq!(fleet.check(&keyring, at(20)).opened, 50);
    });
}

/// SoftHSM answers `CKR_GENERAL_ERROR` to bad padding, and to everything if its key is another one.
fn bad_rows_and_a_broken_token(token: &SoftToken) {
    let certificate = door(token);
    let fleet = fleet_in_memory(&certificate);
    fill(&fleet, &certificate, 60);
    for number in 0..20 {
        receive_from_a_mac(&fleet, &device(format!("BAD-{number}")), broken_from_a_mac(&certificate));
    }
    let identity = open("door", &certificate);
    let keyring = Keyring::new().with(Arc::clone(&identity));

    // Another key under the same name: it refuses everything, the bad and the good.
    let before = rows(&fleet);
    let copied = |from: &str, to: &str| {
        let copied = Command::new("cp").args(["-a", from, to]).current_dir(token.file("")).status().unwrap();
        assert!(copied.success());
    };
    copied("tokens", "kept");
    for kind in ["privkey", "pubkey"] {
        token.tool(&["--delete-object", "--type", kind, "--id", "01"]);
    }
    token.generate("rsa:2048", "door", "01");
    for _ in 0..5 {
        let report = fleet.check(&keyring, at(10));
        assert!(report.unavailable > 0 && report.opened == 0 && report.failed() == 0, "{report:?}");
    }
    assert!(rows(&fleet) == before);
    let report = fleet.rewrap(&keyring, fdescrow_tests::fleet::Custodian::curve(), at(10));
    assert_eq!((report.unavailable, report.failures.len(), report.rewrapped), (80, 0, 0));
    assert!(rows(&fleet).keys().eq(before.keys()));

    // The right key is back: the bad rows are bad, and they alone.
    fs::remove_dir_all(token.tokens()).unwrap();
    fs::rename(token.file("kept"), token.tokens()).unwrap();
    after_a_while();
    let report = fleet.check(&keyring, at(20));
    assert_eq!((report.opened, report.failed(), report.unavailable), (60, 20, 0), "{report:?}");
    assert_eq!(report.not_opened.get("did_not_open"), Some(&20), "{report:?}");

    // Nor does the token break while it meets bad ones: what they give is a substitute, each time the same.
    let message = Envelope::parse(&broken_from_a_mac(&certificate), &Limits::default()).unwrap();
    let options = OpenOptions::new(Suite::FileVault).kind(Kind::FileVault);
    for _ in 0..10 {
        assert_eq!(message.open(&keyring, &options).unwrap_err().code(), ErrorCode::EnvelopeOpen);
    }
    let noise = [0x5A; 256];
    let wrapped = WrappedKey::transported(&KeyAlgorithm::RsaPkcs1v15, &noise, 32);
    let substitute = identity.unwrap(&wrapped).unwrap();
    assert!(substitute.len() == 32 && identity.unwrap(&wrapped).unwrap().constant_time_eq(substitute.expose()));
    fleet.assert_intact();
}

#[test]
fn a_bad_row_is_told_from_a_broken_token_where_the_token_unpads() {
    let name = "broken::a_bad_row_is_told_from_a_broken_token_where_the_token_unpads";
    in_its_own_process(name, UNPADS, bad_rows_and_a_broken_token);
}

#[test]
fn a_bad_row_is_told_from_a_broken_token_where_we_unpad() {
    let name = "broken::a_bad_row_is_told_from_a_broken_token_where_we_unpad";
    in_its_own_process(name, "ALL", bad_rows_and_a_broken_token);
}

#[test]
fn several_threads_share_a_token_that_comes_and_goes() {
    in_its_own_process("broken::several_threads_share_a_token_that_comes_and_goes", "ALL", |token| {
        let certificate = door(token);
        let fleet = fleet_in_memory(&certificate);
        fill(&fleet, &certificate, 300);
        let identity = open("door", &certificate);
        let folder = (token.tokens(), token.file("drawer"));
        let keyring = Interrupted::after(50, &identity, move || {
            fs::rename(&folder.0, &folder.1).unwrap();
            fs::create_dir(&folder.0).unwrap();
        });
        let options = CheckOptions::default().workers(8);
        let mut opened = 0;
        for round in 0..20 {
            let report = fleet.escrow.check(&keyring, &options, at(10 + round)).unwrap();
            assert_eq!(report.failed(), 0, "{report:?}");
            opened += report.opened;
            if opened == 300 {
                break;
            }
            if report.unavailable > 0 && token.file("drawer").exists() {
                token.put_in();
                after_a_while();
            }
        }
        assert_eq!(opened, 300);
        fleet.assert_intact();
    });
}
