//! Any sequence of calls of the C ABI, with any handles: what was made before, of the right kind or of another, or NULL. Nothing
//! crashes, and whatever fails hands out nothing.
#![no_main]
#![allow(unsafe_code, reason = "it holds what C would hold")]

use std::{mem::MaybeUninit, ptr, sync::LazyLock};

use fdescrow_ffi::*;
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary, Unstructured},
    fuzz_target,
};

/// Something that was made and is not freed yet.
type Handle = (Kind, *mut u8);

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Kind {
    Buffer,
    Certificates,
    Envelope,
    Escrow,
    Key,
    Keyring,
    Policy,
    Secret,
    Store,
    Text,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Call {
    Assess,
    AuditOf,
    Certificates,
    Check,
    Checkpoint,
    Describe,
    Escrow,
    Events,
    Find,
    Free,
    Generate,
    Inspect,
    Judge,
    Key,
    Keyring,
    Lint,
    List,
    Observe,
    Open,
    PlanLuks,
    Policy,
    Profile,
    ReadEnvelope,
    Receive,
    ReceivePlaintext,
    Reveal,
    Rewrap,
    Seal,
    Secret,
    SecretOfKey,
    SetPolicy,
    Store,
    Verify,
}

/// A certificate and its private key, made when the target starts.
static ESCROW: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let request = br#"{"subject":"CN=Fuzz","algorithm":"p-256","not_before":"2026-01-01T00:00:00Z","not_after":"2036-01-01T00:00:00Z"}"#;
    let (mut certificates, mut key) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let request = std::str::from_utf8(request).expect("text");
    assert_eq!(
        fdescrow_certificates_generate(fdescrow_str::of(request), Some(&mut certificates), Some(&mut key), None),
        0
    );
    // SAFETY: the call succeeded, so that both are handles.
    unsafe {
        let (certificates, key) = (Box::from_raw(certificates.assume_init()), Box::from_raw(key.assume_init()));
        let der = bytes(fdescrow_certificates_der(Some(&certificates), 0));
        let pem = bytes(fdescrow_secret_expose(Some(&key)));
        fdescrow_certificates_free(Some(certificates));
        fdescrow_secret_free(Some(key));
        (der, pem)
    }
});

/// What a view shows, which has the layout that the header says.
unsafe fn bytes(view: fdescrow_bytes) -> Vec<u8> {
    // SAFETY: a pointer and a length, `repr(C)`, of memory that lives still.
    unsafe {
        let (data, length): (*const u8, usize) = std::mem::transmute(view);
        if length == 0 { Vec::new() } else { std::slice::from_raw_parts(data, length).to_vec() }
    }
}

struct Session {
    made: Vec<Handle>,
}

impl Session {
    /// A handle as if it were of a type, whatever it is; or none.
    fn any<'a, T>(&self, input: &mut Unstructured<'_>, kind: Kind) -> arbitrary::Result<Option<&'a T>> {
        let of_kind: Vec<&Handle> = self.made.iter().filter(|(made, _)| *made == kind).collect();
        let pointer: *mut T = match (input.ratio(1, 16)?, input.ratio(1, 16)?) {
            (true, _) => ptr::null_mut(),
            (_, true) if !self.made.is_empty() => input.choose(&self.made)?.1.cast(),
            _ if of_kind.is_empty() => ptr::null_mut(),
            _ => input.choose(&of_kind)?.1.cast(),
        };
        // SAFETY: everything in `made` is a handle that was not freed; all handles have one layout, and the library looks at
        // the tag before anything else.
        Ok(unsafe { pointer.as_ref() })
    }

    fn take<T>(&mut self, kind: Kind, result: i32, made: MaybeUninit<*mut T>) {
        // SAFETY: every call writes its outputs, before anything else.
        let made = unsafe { made.assume_init() };
        assert_eq!(result == 0, !made.is_null(), "what fails hands out nothing");
        if !made.is_null() {
            self.made.push((kind, made.cast()));
        }
    }

    fn free(&mut self, index: usize) {
        let (kind, pointer) = self.made.swap_remove(index);
        // SAFETY: it was handed out as this kind, and is freed once.
        unsafe {
            match kind {
                Kind::Buffer => fdescrow_buffer_free(Some(Box::from_raw(pointer.cast()))),
                Kind::Certificates => fdescrow_certificates_free(Some(Box::from_raw(pointer.cast()))),
                Kind::Envelope => fdescrow_envelope_free(Some(Box::from_raw(pointer.cast()))),
                Kind::Escrow => fdescrow_escrow_free(Some(Box::from_raw(pointer.cast()))),
                Kind::Key => fdescrow_key_free(Some(Box::from_raw(pointer.cast()))),
                Kind::Keyring => fdescrow_keyring_free(Some(Box::from_raw(pointer.cast()))),
                Kind::Policy => fdescrow_policy_free(Some(Box::from_raw(pointer.cast()))),
                Kind::Secret => fdescrow_secret_free(Some(Box::from_raw(pointer.cast()))),
                Kind::Store => fdescrow_store_free(Some(Box::from_raw(pointer.cast()))),
                Kind::Text => fdescrow_text_free(Some(Box::from_raw(pointer.cast()))),
            }
        }
    }

    fn step(&mut self, input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
        macro_rules! given {
            ($kind:ident) => {
                self.any(input, Kind::$kind)?
            };
        }
        macro_rules! made {
            ($kind:ident, |$out:ident| $call:expr) => {{
                let mut made = MaybeUninit::uninit();
                let $out = &mut made;
                let result = $call;
                self.take(Kind::$kind, result, made);
            }};
        }
        let call: Call = input.arbitrary()?;
        let documents = [
            r#"{"device":"pc","kind":"luks","by":"fuzz"}"#,
            r#"{"device":"pc","by":"fuzz","reason":"why"}"#,
            r#"{"device":"pc"}"#,
            r#"{"organization":"example.com"}"#,
            r#"{"kind":"luks"}"#,
            r#"{"text":"pc"}"#,
            r#"{"by":"fuzz"}"#,
            r#"{"rows":[{"envelope":"AAAA","kind":"luks"}],"suite":"legacy"}"#,
            "{}",
            "",
        ];
        let own = input.ratio(1, 4)?;
        let free_text: &str = input.arbitrary()?;
        let document = fdescrow_str::of(if own { free_text } else { input.choose(&documents)? });
        let data: &[u8] = input.arbitrary()?;
        let now: i64 = if input.ratio(1, 8)? { input.arbitrary()? } else { 1_795_500_000 };
        match call {
            Call::Assess => made!(Text, |out| fdescrow_escrow_assess(given!(Escrow), document, now, Some(out), None)),
            Call::AuditOf => made!(Text, |out| fdescrow_escrow_audit_of(given!(Escrow), document, Some(out), None)),
            Call::Certificates => {
                let der = if input.ratio(3, 4)? { &ESCROW.0 } else { data };
                made!(Certificates, |out| fdescrow_certificates_parse(fdescrow_bytes::of(der), Some(out), None));
            }
            Call::Check => {
                let (escrow, keyring, to) = (given!(Escrow), given!(Keyring), given!(Certificates));
                made!(Text, |out| fdescrow_escrow_check(escrow, keyring, document, to, now, Some(out), None));
            }
            Call::Checkpoint => {
                let (mut buffer, mut text) = (MaybeUninit::uninit(), MaybeUninit::uninit());
                let previous = fdescrow_bytes::of(if own { data } else { &[] });
                let result = fdescrow_escrow_checkpoint(given!(Escrow), previous, now, Some(&mut buffer), Some(&mut text), None);
                self.take(Kind::Buffer, result, buffer);
                self.take(Kind::Text, result, text);
            }
            Call::Describe => {
                made!(Text, |out| fdescrow_certificates_describe(given!(Certificates), Some(out), None));
            }
            Call::Escrow => {
                let (store, policy) = (given!(Store), given!(Policy));
                let (certificates, mac_key) = (given!(Certificates), given!(Secret));
                made!(Escrow, |out| fdescrow_escrow_open(
                    store, document, policy, certificates, mac_key, Some(out), None
                ));
            }
            Call::Events => made!(Text, |out| fdescrow_escrow_events(given!(Escrow), document, Some(out), None)),
            Call::Find => made!(Text, |out| fdescrow_escrow_find(given!(Escrow), document, now, Some(out), None)),
            Call::Free => {
                if !self.made.is_empty() {
                    let index = input.choose_index(self.made.len())?;
                    self.free(index);
                }
            }
            Call::Generate => {
                let kind = input.choose(&["luks", "systemd", "filevault", "bitlocker", "snapd", "x"])?;
                made!(Key, |out| fdescrow_key_generate(fdescrow_str::of(kind), Some(out), None));
            }
            Call::Inspect => {
                let (envelope, known) = (given!(Envelope), given!(Certificates));
                made!(Text, |out| fdescrow_envelope_inspect(envelope, known, Some(out), None));
            }
            Call::Judge => made!(Text, |out| fdescrow_judge(given!(Keyring), document, Some(out), None)),
            Call::Key => {
                let kind = input.choose(&["luks", "systemd", "filevault", "bitlocker", "snapd"])?;
                made!(Key, |out| fdescrow_key_parse_typed(fdescrow_str::of(kind), given!(Secret), Some(out), None));
            }
            Call::Keyring => {
                let mut out = MaybeUninit::uninit();
                let result = fdescrow_keyring_new(Some(&mut out), None);
                let file = if own { data } else { &ESCROW.1 };
                let (password, certificates) = (given!(Secret), given!(Certificates));
                // SAFETY: it was made a moment ago, and nobody else has it.
                let keyring = unsafe { out.assume_init().as_mut() };
                fdescrow_keyring_add_private_keys(keyring, fdescrow_bytes::of(file), password, certificates, None);
                self.take(Kind::Keyring, result, out);
            }
            Call::Lint => {
                let known = given!(Certificates);
                made!(Text, |out| fdescrow_profile_lint(fdescrow_bytes::of(data), known, now, Some(out), None));
            }
            Call::List => made!(Text, |out| fdescrow_escrow_list(given!(Escrow), document, now, Some(out), None)),
            Call::Observe => {
                let report = fdescrow_bytes::of(data);
                made!(Text, |out| fdescrow_escrow_observe(given!(Escrow), report, document, now, Some(out), None));
            }
            Call::Open => {
                let (mut key, mut text) = (MaybeUninit::uninit(), MaybeUninit::uninit());
                let (envelope, keyring) = (given!(Envelope), given!(Keyring));
                let result = fdescrow_envelope_open(envelope, keyring, document, Some(&mut key), Some(&mut text), None);
                self.take(Kind::Key, result, key);
                self.take(Kind::Text, result, text);
            }
            Call::PlanLuks => {
                let (policy, certificates) = (given!(Policy), given!(Certificates));
                made!(Text, |out| fdescrow_profile_luks(policy, document, certificates, Some(out), None));
            }
            Call::Policy => {
                let text = if own { free_text } else { "[organization]\nid='example.com'\nidentifier='x'\n[luks]\n" };
                made!(Policy, |out| fdescrow_policy_parse(fdescrow_str::of(text), Some(out), None));
            }
            Call::Profile => made!(Buffer, |out| fdescrow_escrow_profile(given!(Escrow), document, now, Some(out), None)),
            Call::ReadEnvelope => {
                made!(Envelope, |out| fdescrow_envelope_parse(fdescrow_bytes::of(data), Some(out), None));
            }
            Call::Receive => {
                let (escrow, envelope) = (given!(Escrow), given!(Envelope));
                let message = if own { fdescrow_bytes::of(data) } else { fdescrow_envelope_der(envelope) };
                made!(Text, |out| fdescrow_escrow_receive(escrow, message, document, now, Some(out), None));
            }
            Call::ReceivePlaintext => {
                let (escrow, secret) = (given!(Escrow), given!(Secret));
                made!(Text, |out| fdescrow_escrow_receive_plaintext(escrow, secret, document, now, Some(out), None));
            }
            Call::Reveal => {
                let (mut key, mut text) = (MaybeUninit::uninit(), MaybeUninit::uninit());
                let (escrow, keyring) = (given!(Escrow), given!(Keyring));
                let result = fdescrow_escrow_reveal(escrow, keyring, document, now, Some(&mut key), Some(&mut text), None);
                self.take(Kind::Key, result, key);
                self.take(Kind::Text, result, text);
            }
            Call::Rewrap => {
                let (escrow, keyring, to) = (given!(Escrow), given!(Keyring), given!(Certificates));
                made!(Text, |out| fdescrow_escrow_rewrap(escrow, keyring, to, document, now, Some(out), None));
            }
            Call::Seal => {
                let (key, to) = (given!(Key), given!(Certificates));
                made!(Envelope, |out| fdescrow_envelope_seal(key, to, document, Some(out), None));
            }
            Call::Secret => made!(Secret, |out| fdescrow_secret_new(fdescrow_bytes::of(data), Some(out), None)),
            Call::SecretOfKey => made!(Secret, |out| fdescrow_key_secret(given!(Key), Some(out), None)),
            Call::SetPolicy => drop(fdescrow_escrow_set_policy(given!(Escrow), given!(Policy), None)),
            Call::Store => made!(Store, |out| fdescrow_store_open(fdescrow_str::of("memory:"), Some(out), None)),
            Call::Verify => {
                let (escrow, mac_key) = (given!(Escrow), given!(Secret));
                let checkpoint = fdescrow_bytes::of(if own { data } else { &[] });
                made!(Text, |out| fdescrow_escrow_verify_audit(escrow, mac_key, checkpoint, Some(out), None));
            }
        }
        Ok(())
    }
}

fuzz_target!(|data: &[u8]| {
    let mut input = Unstructured::new(data);
    let mut session = Session { made: Vec::new() };
    for _ in 0..64 {
        if input.is_empty() || session.step(&mut input).is_err() {
            break;
        }
    }
    while !session.made.is_empty() {
        session.free(session.made.len() - 1);
    }
});
