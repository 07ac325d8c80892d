//! What does the library call back?
//!
//! Functions of the embedder: the private operations of a key that lives elsewhere, and the methods of a store of its own. What
//! they are given is borrowed for the call; what they answer is copied before they are called again.

mod watch;

pub(crate) use watch::Watcher;
pub use watch::{FDESCROW_LOG_DEBUG, FDESCROW_LOG_INFO, FDESCROW_LOG_WARN, fdescrow_watch_functions};

use std::ffi::c_void;

use fdescrow::{
    Secret,
    envelope::{
        HashAlgorithm, KeyAlgorithm, PublicKey, RsaPublicKey, Unavailable,
        identity::{PeerPoint, RawEcdh, RawRsa, UnpaddingRsa},
    },
};

use crate::{
    failure::{Failure, fdescrow_result},
    handle::lend,
    store::{Reply, fdescrow_reply},
    view::{fdescrow_bytes, fdescrow_str},
};

/// What a callback answers when it did what it was asked.
pub const FDESCROW_CALLBACK_DONE: i32 = 0;
/// What a callback answers when the key was reached and did not take the input: a bad padding, a point on no curve.
pub const FDESCROW_CALLBACK_REFUSED: i32 = 1;
/// What a callback answers when the key cannot be reached. Nothing is then believed about any message. So is every other number.
pub const FDESCROW_CALLBACK_UNAVAILABLE: i32 = 2;

/// A bit of `fdescrow_identity_functions.unpads`: RSAES-PKCS1-v1_5, which a Mac's own envelopes need.
pub const FDESCROW_UNPADS_PKCS1V15: u32 = 1;
/// A bit of `fdescrow_identity_functions.unpads`: RSAES-OAEP with SHA-256 for label and mask, as this library seals.
pub const FDESCROW_UNPADS_OAEP_SHA256: u32 = 2;
/// A bit of `fdescrow_identity_functions.unpads`: RSAES-OAEP with SHA-1 for label and mask, as older tools seal.
pub const FDESCROW_UNPADS_OAEP_SHA1: u32 = 4;

/// The private operations of a key in an HSM or key service.
///
/// Exactly one of `raw_private` (RSA), `decrypt` (RSA) and `agree` (P-256, P-384) is given; a device that can do the bare
/// operation gives that, for then the library takes the padding off in constant time. They are called from any thread, several
/// at a time. They answer FDESCROW_CALLBACK_…, and must not throw, jump or unwind.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(clippy::exhaustive_structs, reason = "C fills it in; its version tells its shape")]
pub struct fdescrow_identity_functions {
    /// FDESCROW_ABI_VERSION.
    pub version: u32,
    /// Which paddings `decrypt` takes off: FDESCROW_UNPADS_…, or-ed. 0 for the other two.
    pub unpads: u32,
    /// Handed to every function. It must be good from any thread until `free` is called.
    pub context: *mut c_void,
    /// Called once, when nothing uses the key any more: when the last keyring with it was freed, or if it was not taken. May be NULL.
    pub free: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// The bare RSA private operation (RFC 8017 §5.1.2): `input` and `output` have as many octets as the modulus.
    pub raw_private: Option<unsafe extern "C" fn(context: *mut c_void, input: fdescrow_bytes, output: *mut u8) -> i32>,
    /// RSA decryption with the padding taken off. `padding` is one of FDESCROW_UNPADS_…; at most `capacity` octets are written to
    /// `output`, and how many to `length`. `capacity` is how long the key of this message is: nothing of another length is one.
    /// FDESCROW_CALLBACK_REFUSED where the padding was bad or the length is another; a device that can be told the length and
    /// then answers a bad padding with random octets (RFC 3218 §2.3.2) gives those.
    pub decrypt: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            padding: u32,
            ciphertext: fdescrow_bytes,
            output: *mut u8,
            capacity: usize,
            length: *mut usize,
        ) -> i32,
    >,
    /// The bare key agreement (SEC 1 §3.3.1): the x-coordinate of the private key times `point`, an uncompressed SEC 1 point of
    /// the curve, into `output` of `capacity` octets, all of them.
    pub agree: Option<
        unsafe extern "C" fn(context: *mut c_void, point: fdescrow_bytes, output: *mut u8, capacity: usize) -> i32,
    >,
}

/// The functions, until nobody needs them any more.
#[derive(Debug)]
struct Functions(fdescrow_identity_functions);

// SAFETY: rule 10 of docs/c-abi.md: context and functions are good from any thread, several at a time.
unsafe impl Send for Functions {}
// SAFETY: as above.
unsafe impl Sync for Functions {}

impl Drop for Functions {
    fn drop(&mut self) {
        if let Some(free) = self.0.free {
            // SAFETY: rule 10: `free` takes the context, and is called this once.
            unsafe { free(self.0.context) }
        }
    }
}

/// A key whose private operation C does.
#[derive(Debug)]
pub(crate) struct CallbackRsa {
    functions: Functions,
    public_key: RsaPublicKey,
}

/// A key whose key agreement C does.
#[derive(Debug)]
pub(crate) struct CallbackEcdh {
    functions: Functions,
    public_key: PublicKey,
}

/// What the functions can be made into.
pub(crate) enum Callback {
    Raw(CallbackRsa),
    Unpadding(CallbackRsa),
    Agreement(CallbackEcdh),
}

impl Callback {
    /// The functions of the key of this certificate. They are freed if they are not taken.
    pub(crate) fn new(functions: fdescrow_identity_functions, public_key: &PublicKey) -> Result<Self, &'static str> {
        let given = [functions.raw_private.is_some(), functions.decrypt.is_some(), functions.agree.is_some()];
        let functions = Functions(functions);
        match (public_key, given) {
            (PublicKey::Rsa(key), [true, false, false]) => {
                Ok(Self::Raw(CallbackRsa { functions, public_key: key.clone() }))
            }
            (PublicKey::Rsa(_), [false, true, false]) if functions.0.unpads == 0 => {
                Err("a function `decrypt` takes off no padding: set `unpads`")
            }
            (PublicKey::Rsa(key), [false, true, false]) => {
                Ok(Self::Unpadding(CallbackRsa { functions, public_key: key.clone() }))
            }
            (PublicKey::P256(_) | PublicKey::P384(_), [false, false, true]) => {
                Ok(Self::Agreement(CallbackEcdh { functions, public_key: public_key.clone() }))
            }
            _ => Err(
                "exactly one of raw_private, decrypt (RSA) and agree (P-256, P-384) is given, as the certificate needs it",
            ),
        }
    }
}

impl RawRsa for CallbackRsa {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public_key
    }

    fn raw_private(&self, input: &[u8]) -> Result<Secret<[u8]>, Unavailable> {
        let Functions(functions) = &self.functions;
        let call = functions.raw_private.ok_or(Unavailable::new())?;
        let mut answer = FDESCROW_CALLBACK_UNAVAILABLE;
        let output = Secret::filled(input.len(), |output| {
            // SAFETY: rule 10: the function writes as many octets as it is given, which is as many as are here.
            answer = unsafe { call(functions.context, fdescrow_bytes::of(input), output.as_mut_ptr()) };
        });
        match answer {
            FDESCROW_CALLBACK_DONE => Ok(output),
            // Zeros are no padding; some devices refuse 0, 1 and n - 1.
            FDESCROW_CALLBACK_REFUSED => Ok(Secret::filled(input.len(), |_| ())),
            _ => Err(Unavailable::new()),
        }
    }
}

impl UnpaddingRsa for CallbackRsa {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public_key
    }

    fn permits(&self, algorithm: &KeyAlgorithm) -> bool {
        padding(algorithm).is_some_and(|padding| self.functions.0.unpads & padding != 0)
    }

    fn decrypt(
        &self,
        algorithm: &KeyAlgorithm,
        ciphertext: &[u8],
        capacity: usize,
    ) -> Result<Option<Secret<[u8]>>, Unavailable> {
        let Functions(functions) = &self.functions;
        let (Some(call), Some(padding)) = (functions.decrypt, padding(algorithm)) else { return Ok(None) };
        let (mut answer, mut length) = (FDESCROW_CALLBACK_UNAVAILABLE, 0);
        let output = Secret::filled(capacity, |output| {
            // SAFETY: rule 10: the function writes no more than `capacity` octets, and one length.
            answer = unsafe {
                let ciphertext = fdescrow_bytes::of(ciphertext);
                call(functions.context, padding, ciphertext, output.as_mut_ptr(), capacity, &raw mut length)
            };
        });
        match answer {
            FDESCROW_CALLBACK_DONE => Ok(output.expose().get(..length).map(Secret::<[u8]>::copy_from)),
            FDESCROW_CALLBACK_REFUSED => Ok(None),
            _ => Err(Unavailable::new()),
        }
    }
}

impl RawEcdh for CallbackEcdh {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn agree(&self, point: &[u8]) -> Result<Option<Secret<[u8]>>, Unavailable> {
        let Functions(functions) = &self.functions;
        let call = functions.agree.ok_or(Unavailable::new())?;
        let Some(peer) = PeerPoint::on_the_curve_of(&self.public_key, point) else { return Ok(None) };
        let capacity = peer.shared_length;
        let mut answer = FDESCROW_CALLBACK_UNAVAILABLE;
        let output = Secret::filled(capacity, |output| {
            // SAFETY: rule 10: the function writes `capacity` octets.
            answer = unsafe { call(functions.context, fdescrow_bytes::of(&peer.sec1), output.as_mut_ptr(), capacity) };
        });
        match answer {
            FDESCROW_CALLBACK_DONE => Ok(Some(output)),
            FDESCROW_CALLBACK_REFUSED => Ok(None),
            _ => Err(Unavailable::new()),
        }
    }
}

fn padding(algorithm: &KeyAlgorithm) -> Option<u32> {
    match algorithm {
        KeyAlgorithm::RsaPkcs1v15 => Some(FDESCROW_UNPADS_PKCS1V15),
        KeyAlgorithm::RsaOaep { hash, mgf, label } if label.is_empty() && hash == mgf => match hash {
            HashAlgorithm::Sha1 => Some(FDESCROW_UNPADS_OAEP_SHA1),
            HashAlgorithm::Sha256 => Some(FDESCROW_UNPADS_OAEP_SHA256),
            _ => None,
        },
        _ => None,
    }
}

/// One method of a store: what is asked, as JSON, and where the answer goes. It returns 0 or `FDESCROW_RESULT_STORE_UNAVAILABLE`,
/// `_CONFLICT`, `_UNKNOWN`, `_CORRUPT`, `_SCHEMA`, `_DURABILITY` or `FDESCROW_RESULT_MISUSE`; another number means *unavailable*.
pub type fdescrow_store_function = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        request_json: fdescrow_str,
        reply: *const fdescrow_reply,
    ) -> fdescrow_result,
>;

/// A store of your own, over the rows of your database. docs/storage.md has the promises, docs/c-abi.md the documents.
///
/// The functions are called from any thread, several at a time.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(clippy::exhaustive_structs, reason = "C fills it in; its version tells its shape")]
pub struct fdescrow_store_functions {
    /// FDESCROW_ABI_VERSION.
    pub version: u32,
    /// Handed to every function. It must be good from any thread until `free` is called.
    pub context: *mut c_void,
    /// Called once, when nothing uses the store any more, or if it was not taken. May be NULL.
    pub free: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Reads one row: the request is its `table` and `key`; answers `row`, null if it is not there.
    pub get: fdescrow_store_function,
    /// Lists rows by an index: answers `rows`, and `more`, whether there are further ones.
    pub list: fdescrow_store_function,
    /// Counts rows: answers `count`.
    pub count: fdescrow_store_function,
    /// Claims rows that are due: answers `rows`.
    pub claim: fdescrow_store_function,
    /// Gives claimed rows back.
    pub release: fdescrow_store_function,
    /// Writes a change set, all of it and durably, or nothing: answers `revision`; with `_CONFLICT`, `current`, `cause` (`revision`,
    /// `guard`, `absent`, `present`) and `table`.
    pub commit: fdescrow_store_function,
    /// Writes several, each for itself: answers `results`, each with `result` and what `commit` answers. May be NULL.
    pub commit_batch: fdescrow_store_function,
    /// Whether a change was committed: answers `revision`, or null.
    pub committed: fdescrow_store_function,
    /// Reads audit entries in the order of their commits: answers `events`, each with `cursor` and `row`, and `next`.
    pub events: fdescrow_store_function,
    /// Reads tables as they were at one moment, each row by `fdescrow_reply_row`.
    pub snapshot: fdescrow_store_function,
}

/// A method of a store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum StoreMethod {
    Get,
    List,
    Count,
    Claim,
    Release,
    Commit,
    CommitBatch,
    Committed,
    Events,
    Snapshot,
}

/// The functions of a store, until nobody needs them any more.
pub(crate) struct StoreFunctions(fdescrow_store_functions);

// SAFETY: rule 10 of docs/c-abi.md: context and functions are good from any thread, several at a time.
unsafe impl Send for StoreFunctions {}
// SAFETY: as above.
unsafe impl Sync for StoreFunctions {}

impl Drop for StoreFunctions {
    fn drop(&mut self) {
        if let Some(free) = self.0.free {
            // SAFETY: rule 10: `free` takes the context, and is called this once.
            unsafe { free(self.0.context) }
        }
    }
}

impl StoreFunctions {
    pub(crate) fn new(functions: fdescrow_store_functions) -> Self {
        Self(functions)
    }

    pub(crate) fn version(&self) -> u32 {
        self.0.version
    }

    pub(crate) fn has(&self, method: StoreMethod) -> bool {
        self.function(method).is_some()
    }

    /// Whether it has all that it must have.
    pub(crate) fn is_whole(&self) -> bool {
        use StoreMethod::{Claim, Commit, Committed, Count, Events, Get, List, Release, Snapshot};
        [Get, List, Count, Claim, Release, Commit, Committed, Events, Snapshot]
            .into_iter()
            .all(|method| self.has(method))
    }

    fn function(&self, method: StoreMethod) -> fdescrow_store_function {
        match method {
            StoreMethod::Get => self.0.get,
            StoreMethod::List => self.0.list,
            StoreMethod::Count => self.0.count,
            StoreMethod::Claim => self.0.claim,
            StoreMethod::Release => self.0.release,
            StoreMethod::Commit => self.0.commit,
            StoreMethod::CommitBatch => self.0.commit_batch,
            StoreMethod::Committed => self.0.committed,
            StoreMethod::Events => self.0.events,
            StoreMethod::Snapshot => self.0.snapshot,
        }
    }

    /// Calls a method; the reply is given back with what was written to it.
    pub(crate) fn call(&self, method: StoreMethod, request: &str, reply: Reply) -> (fdescrow_result, Reply) {
        let Some(function) = self.function(method) else { return (i32::MAX, reply) };
        lend(reply, |reply: *const fdescrow_reply| {
            // SAFETY: rule 10: the function uses what it is given until it returns.
            unsafe { function(self.0.context, fdescrow_str::of(request), reply) }
        })
    }
}

/// Opens stores for the conformance suite.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(clippy::exhaustive_structs, reason = "C fills it in; its version tells its shape")]
pub struct fdescrow_store_factory {
    /// FDESCROW_ABI_VERSION.
    pub version: u32,
    /// Handed to every function.
    pub context: *mut c_void,
    /// Fills in the functions of a store: an empty one, or, where `again` is true, the one that was opened last as another process would
    /// find it.
    pub open: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            again: bool,
            functions: *mut fdescrow_store_functions,
        ) -> fdescrow_result,
    >,
    /// Lets the store's own clock go on by so many seconds. NULL if it has none.
    pub wait: Option<unsafe extern "C" fn(context: *mut c_void, seconds: u32)>,
}

/// A factory that is whole.
pub(crate) struct StoreFactory(fdescrow_store_factory);

// SAFETY: rule 10 of docs/c-abi.md.
unsafe impl Sync for StoreFactory {}

impl StoreFactory {
    pub(crate) fn new(factory: fdescrow_store_factory) -> Result<Self, &'static str> {
        match (factory.version == crate::version::FDESCROW_ABI_VERSION, factory.open) {
            (true, Some(_)) => Ok(Self(factory)),
            _ => Err("the factory is of another version of the C ABI, or cannot open a store"),
        }
    }

    pub(crate) fn open(&self, again: bool) -> Result<fdescrow_store_functions, Failure> {
        let open = self.0.open.ok_or(Failure::NULL)?;
        let mut functions = fdescrow_store_functions {
            version: 0,
            context: std::ptr::null_mut(),
            free: None,
            get: None,
            list: None,
            count: None,
            claim: None,
            release: None,
            commit: None,
            commit_batch: None,
            committed: None,
            events: None,
            snapshot: None,
        };
        // SAFETY: rule 10: the function fills in what it is given.
        match unsafe { open(self.0.context, again, &raw mut functions) } {
            0 => Ok(functions),
            _ => Err(Failure::misuse("the factory opened no store")),
        }
    }

    pub(crate) fn wait(&self, seconds: u32) {
        if let Some(wait) = self.0.wait {
            // SAFETY: rule 10.
            unsafe { wait(self.0.context, seconds) }
        }
    }
}
