//! How is a message opened?
//!
//! Recipient first, then the allow-list, then the private key, then the content; and one answer for all that can go
//! wrong once the private key was used.

mod search;

use search::{Candidate, Wanted, find_many};

use super::{
    Allowed, Envelope, EnvelopeError, KeyAlgorithm, Payload, Suite,
    certificate::PublicKey,
    cms::{Message, Recipient},
    content,
    identity::{ContentKey, WrappedKey},
    keyring::Keyring,
    payload::Owner,
};
use crate::{key::Kind, secret::Secret};

/// What a caller expects of a message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenOptions {
    pub(super) allowed: Allowed,
    pub(super) kind: Option<Kind>,
    pub(super) owner: Owner,
    pub(super) unmatched: bool,
}

impl OpenOptions {
    /// Opens messages of this suite.
    pub fn new(allowed: impl Into<Allowed>) -> Self {
        Self { allowed: allowed.into(), kind: None, owner: Owner::default(), unmatched: false }
    }

    /// The key must be of this kind. Without it, only authenticated content is released.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// A payload that names an owner must name this one: what is given here has to be there and the same.
    /// A bare payload names nobody, and passes.
    #[must_use]
    pub fn owner(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }

    /// Also tries identities that the message does not name, if it has exactly one recipient: for keys without
    /// their certificates, and for certificates that were minted anew with the same key.
    #[must_use]
    pub fn try_unmatched(mut self) -> Self {
        self.unmatched = true;
        self
    }
}

/// A message that opened.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// The key and its owner.
    pub payload: Payload,
    /// Whether a tag authenticated the content. If not, anybody could have changed the message, within the
    /// form of the kind.
    pub authenticated: bool,
    /// Whether the payload names the owner that the caller expected, and was authenticated: so that it cannot have
    /// been moved here from another device.
    pub bound: bool,
    /// Which identity opened it: its index in the keyring.
    pub identity: usize,
}

/// The content of a message as it is, for diagnosis.
#[derive(Debug)]
#[non_exhaustive]
pub struct RawContent {
    /// The content.
    pub content: Secret<[u8]>,
    /// Whether a tag authenticated it. If not, it may be garbage.
    pub authenticated: bool,
    /// Which identity opened it: its index in the keyring.
    pub identity: usize,
}

/// What was found by trying candidates, and with which key.
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) content_key: ContentKey,
    pub(super) identity: usize,
}

impl Envelope {
    /// Opens the message and reads the recovery key in it.
    ///
    /// # Errors
    /// Before any private key is used: [`EnvelopeError::NoRecipient`], [`EnvelopeError::Suite`],
    /// [`EnvelopeError::KindNeeded`]. After: [`EnvelopeError::Open`], whatever was wrong, or
    /// [`EnvelopeError::Unavailable`], which says nothing about the message.
    pub fn open(&self, keyring: &Keyring, options: &OpenOptions) -> Result<Opened, EnvelopeError> {
        Self::open_many(&[(self, options)], keyring).pop().unwrap_or(Err(EnvelopeError::Open))
    }

    /// Opens many messages, each for itself: an identity is asked for all that it may open at once
    /// ([`Identity::unwrap_many`](super::Identity::unwrap_many)). The answers are in the order of the messages.
    ///
    /// # Errors
    /// Of each message as of [`open`](Self::open).
    pub fn open_many(messages: &[(&Self, &OpenOptions)], keyring: &Keyring) -> Vec<Result<Opened, EnvelopeError>> {
        let kind_needed =
            |(envelope, options): &(&Self, &OpenOptions)| !envelope.is_authenticated() && options.kind.is_none();
        let askable = messages.iter().filter(|message| !kind_needed(message));
        let (wanted, asked): (Vec<_>, Vec<_>) = askable
            .map(|message| {
                let (envelope, options) = *message;
                (Wanted { envelope, allowed: &options.allowed, unmatched: options.unmatched }, message)
            })
            .unzip();
        let found = find_many(&wanted, keyring, |place, content| {
            let (_, options) = asked.get(place)?;
            let payload = Payload::decode(content, options.kind)?;
            (payload.bare || payload.owner.is(&options.owner)).then_some(payload)
        });
        let mut found = asked.iter().zip(found).map(|((envelope, options), found)| {
            let Found { value: payload, identity, .. } = found?;
            let authenticated = envelope.is_authenticated();
            let bound = authenticated && !payload.bare && options.owner.device.is_some();
            Ok(Opened { payload, authenticated, bound, identity })
        });
        let answers = messages.iter().map(|message| match kind_needed(message) {
            true => Err(EnvelopeError::KindNeeded),
            false => found.next().unwrap_or(Err(EnvelopeError::Open)),
        });
        answers.collect()
    }

    fn is_authenticated(&self) -> bool {
        self.message.content.is_authenticated()
    }

    /// Opens the message and gives its content as it is, also where nothing authenticates it: with a wrong key,
    /// about one message in 256 of the CBC kind "opens" to garbage. For diagnosis only.
    ///
    /// # Errors
    /// As [`open`](Self::open), but for [`EnvelopeError::KindNeeded`].
    pub fn danger_open_raw(&self, keyring: &Keyring, options: &OpenOptions) -> Result<RawContent, EnvelopeError> {
        let found = self
            .find(keyring, &options.allowed, options.unmatched, |content| Some(Secret::<[u8]>::copy_from(content)))?;
        let authenticated = self.is_authenticated();
        Ok(RawContent { content: found.value, authenticated, identity: found.identity })
    }

    /// The first candidate whose content `accept` takes.
    pub(super) fn find<T>(
        &self,
        keyring: &Keyring,
        allowed: &Allowed,
        unmatched: bool,
        accept: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Found<T>, EnvelopeError> {
        let wanted = [Wanted { envelope: self, allowed, unmatched }];
        find_many(&wanted, keyring, |_, content| accept(content)).pop().unwrap_or(Err(EnvelopeError::Open))
    }

    /// What the content is to `accept` under this content key, if tag or padding hold.
    pub(super) fn accept<T>(&self, content_key: &ContentKey, accept: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        let decrypted = content::decrypt(&self.message, content_key);
        // The content is looked at in any case: a wrong padding costs what a wrong content costs.
        let accepted = accept(decrypted.plaintext.expose());
        accepted.filter(|_| decrypted.held)
    }

    /// The recipients and identities to try. Everything that is wrong here is public.
    pub(super) fn candidates<'a>(
        &'a self,
        keyring: &'a Keyring,
        allowed: &Allowed,
        unmatched: bool,
    ) -> Result<Vec<Candidate<'a>>, EnvelopeError> {
        let message = &self.message;
        let mut refused = None;
        let mut candidates = Vec::new();
        for (recipient, identity_index) in keyring.candidates(message, unmatched)? {
            let (Some(recipient), Some(identity)) =
                (message.recipients.get(recipient), keyring.identities().get(identity_index))
            else {
                continue;
            };
            let key = identity.public_key();
            let suite_allows = allowed.allows(message.content_type, &recipient.algorithm, &message.content)
                && (allowed.allows_short_rsa() || !is_short_rsa(key));
            if !suite_allows || message.other_recipients > 0 {
                refused = Some(recipient);
            } else if identity.permits(&recipient.algorithm) {
                candidates.push((recipient, identity_index, identity.as_ref()));
            }
        }
        match (candidates.is_empty(), refused) {
            (false, _) => Ok(candidates),
            (true, Some(recipient)) => Err(self.suite_error(&recipient.algorithm, allowed)),
            (true, None) => {
                // Nobody is named; but if nobody could be allowed, that is the more useful answer.
                match message.recipients.first() {
                    None => Err(self.suite_error(&KeyAlgorithm::Unsupported("no certificate".to_owned()), allowed)),
                    Some(first)
                        if message.other_recipients > 0
                            || message.recipients.iter().all(|recipient| {
                                !allowed.allows(message.content_type, &recipient.algorithm, &message.content)
                            }) =>
                    {
                        Err(self.suite_error(&first.algorithm, allowed))
                    }
                    Some(_) => Err(EnvelopeError::NoRecipient),
                }
            }
        }
    }

    fn suite_error(&self, key: &KeyAlgorithm, allowed: &Allowed) -> EnvelopeError {
        let others =
            if self.message.other_recipients > 0 { ", also sealed to something that is no certificate," } else { "" };
        let short = if allowed.allows(self.message.content_type, key, &self.message.content) && others.is_empty() {
            ", to an RSA key of fewer than 2048 bits,"
        } else {
            ""
        };
        EnvelopeError::Suite {
            message: format!("{} with {key} and {}{others}{short}", self.message.content_type, self.message.content),
            allowed: allowed.to_string(),
        }
    }

    /// The suite that an envelope of this form takes if a device sealed it.
    pub fn received_suite(kind: Kind) -> Suite {
        if kind == Kind::FileVault { Suite::FileVault } else { Suite::Modern }
    }
}

fn is_short_rsa(key: &PublicKey) -> bool {
    matches!(key, PublicKey::Rsa(key) if key.bits() < 2048)
}

/// The wrapped key of one recipient.
pub(super) fn wrapped<'a>(message: &Message, recipient: &'a Recipient) -> WrappedKey<'a> {
    let length = message.content.key_length();
    match &recipient.agreement {
        None => WrappedKey::transported(&recipient.algorithm, &recipient.encrypted_key, length),
        Some(agreement) => WrappedKey::agreed(
            &recipient.algorithm,
            &recipient.encrypted_key,
            &agreement.ephemeral,
            &agreement.shared_info,
            length,
        ),
    }
}
