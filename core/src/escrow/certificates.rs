//! Which certificates are keys sealed to, and may one go?
//!
//! Certificates are registered when a key comes that is sealed to one of them. A certificate that was retired and for
//! which a key comes all the same is taken back into use: no key is turned away for that.

use std::collections::BTreeSet;

use super::{Error, Escrow, Page, Paged, transaction::Change};
use crate::{
    audit::{Action, Draft, Text},
    envelope::{Certificate, Envelope, Fingerprint},
    ids::{Actor, Digest, KeyId},
    store::{
        ChangeId, CommitError, Index, ReadRecords, Revision, RowQuery, Subject,
        records::{CertificateRecord, CertificateState, ChangeSetBuilder, OrganizationRecord},
    },
    time::Timestamp,
    verification::KeyChange,
};

/// The known certificates that an envelope is sealed to.
pub(super) struct Recipients {
    pub(super) known: Vec<Fingerprint>,
    certificates: Vec<Certificate>,
}

impl Recipients {
    pub(super) fn of(envelope: &Envelope, known: &[Certificate]) -> Self {
        let recipients = envelope.known_recipients(known);
        let certificates =
            known.iter().filter(|certificate| recipients.contains(&certificate.fingerprint())).cloned().collect();
        Self { known: recipients, certificates }
    }

    /// As audit entries name them.
    pub(super) fn digests(&self) -> Vec<Digest> {
        self.known.iter().map(|fingerprint| Digest::from_bytes(*fingerprint.as_bytes())).collect()
    }
}

impl Escrow {
    /// Sees to it that the recipients are registered and in use, and that none is retired while this change is
    /// committed.
    pub(super) fn guard_certificates(
        &self,
        change: &mut Change,
        recipients: &Recipients,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), Error> {
        if recipients.certificates.is_empty() {
            return Ok(());
        }
        let revision = self.use_certificates(&recipients.certificates, by, now)?;
        change.edit(move |builder| {
            builder.if_still_at(Subject::Organization, revision);
        });
        Ok(())
    }

    /// Registers certificates that are not there, and takes back those that were retired. Gives the revision at
    /// which all of them are in use.
    fn use_certificates(&self, certificates: &[Certificate], by: &Actor, now: Timestamp) -> Result<Revision, Error> {
        self.change_organization(now, |organization, builder| {
            let mut drafts = Vec::new();
            for certificate in certificates {
                let key = CertificateRecord::row_key(&self.organization, &certificate.fingerprint());
                match self.store.as_ref().read::<CertificateRecord>(&key)? {
                    None => {
                        builder.insert(&CertificateRecord::new(certificate, by.clone(), now));
                        drafts.push(certificate_draft(by, Action::CertificateRegistered, &certificate.fingerprint()));
                    }
                    Some(mut record) if record.state == CertificateState::Retired => {
                        let reason = Text::new("a key came that is sealed to it").ok();
                        let draft = restate(&mut record, CertificateState::DecryptOnly, by, reason, now);
                        builder.replace(&record);
                        drafts.push(draft);
                    }
                    Some(_) => {}
                }
            }
            Ok((drafts, organization.revision))
        })
        .map(|(committed, read)| if committed { read.next() } else { read })
    }

    /// Changes what concerns no device; again from the start if somebody else was faster. Says whether there was
    /// anything to commit.
    fn change_organization<T>(
        &self,
        now: Timestamp,
        mut decide: impl FnMut(&OrganizationRecord, &mut ChangeSetBuilder) -> Result<(Vec<Draft>, T), Error>,
    ) -> Result<(bool, T), Error> {
        for _ in 0..64 {
            let organization = self.organization_record()?;
            let id = ChangeId::generate(self.rng())?;
            let mut builder = ChangeSetBuilder::of_organization(id, &self.organization, organization);
            let (drafts, value) = decide(&organization, &mut builder)?;
            if drafts.is_empty() {
                return Ok((false, value));
            }
            let changes = builder.build(drafts, now, self.mac_key.as_ref())?;
            match self.commit(&changes) {
                Ok(()) => return Ok((true, value)),
                Err(CommitError::Conflict(_)) => {}
                Err(error) => return Err(Error::of_commit(error, id)),
            }
        }
        Err(Error::Conflict)
    }

    /// The certificates that keys were sealed to, by fingerprint.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn registered_certificates(&self) -> Result<Vec<CertificateRecord>, Error> {
        let mut found = Vec::new();
        let mut query = RowQuery::new(&self.organization, Index::CERTIFICATES_BY_KEY);
        loop {
            let page = self.store.as_ref().read_page::<CertificateRecord>(&query)?;
            found.extend(page.records);
            match page.next {
                Some(next) => query = query.after(next),
                None => return Ok(found),
            }
        }
    }

    /// Retires a certificate that no envelope in use is sealed to any more. Its private key can then go.
    ///
    /// # Errors
    /// [`Error::CertificateInUse`] with the number of envelopes that are still sealed to it; [`Error::KeyUnknown`] if it
    /// was never registered; [`Error::ReasonMissing`]; [`Error::Store`].
    pub fn retire_certificate(
        &self,
        fingerprint: &Fingerprint,
        by: &Actor,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let reason = Text::new(reason).map_err(|_| Error::ReasonMissing)?;
        self.change_organization(now, |_, builder| {
            let key = CertificateRecord::row_key(&self.organization, fingerprint);
            let mut record: CertificateRecord = self.store.as_ref().read(&key)?.ok_or(Error::KeyUnknown)?;
            if record.state == CertificateState::Retired {
                return Ok((Vec::new(), ()));
            }
            let live = self.live_envelopes(fingerprint);
            let count = self.store.count(&live)?;
            if count > 0 {
                return Err(Error::CertificateInUse { count });
            }
            let draft = restate(&mut record, CertificateState::Retired, by, Some(reason.clone()), now);
            builder.replace(&record);
            builder.unless_there(live);
            Ok((vec![draft], ()))
        })
        .map(|_| ())
    }

    /// Says that the private key of a certificate is in wrong hands: every key that was ever sealed to it is exposed
    /// until it is replaced. Follow with [`expose_keys`](Self::expose_keys) until nothing is left.
    ///
    /// # Errors
    /// [`Error::KeyUnknown`] if it was never registered; [`Error::ReasonMissing`]; [`Error::Store`].
    pub fn compromise_certificate(
        &self,
        fingerprint: &Fingerprint,
        by: &Actor,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let reason = Text::new(reason).map_err(|_| Error::ReasonMissing)?;
        self.change_organization(now, |_, builder| {
            let key = CertificateRecord::row_key(&self.organization, fingerprint);
            let mut record: CertificateRecord = self.store.as_ref().read(&key)?.ok_or(Error::KeyUnknown)?;
            if record.state == CertificateState::Compromised {
                return Ok((Vec::new(), ()));
            }
            let draft = restate(&mut record, CertificateState::Compromised, by, Some(reason.clone()), now);
            builder.replace(&record);
            Ok((vec![draft], ()))
        })
        .map(|_| ())
    }

    /// Marks keys that were sealed to a compromised certificate as exposed, envelopes that are used no more included: up
    /// to `limit` envelopes are looked at. Gives where to go on, none at the end; doing it again does no harm. Its policy
    /// then has each replaced.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn expose_keys(
        &self,
        fingerprint: &Fingerprint,
        page: &Page,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Paged<KeyId>, Error> {
        let query = RowQuery::new(&self.organization, Index::RECIPIENTS_BY_KEY).equal(fingerprint.to_string());
        let found = self.store.list(&page.query(query))?;
        let keys: BTreeSet<&str> = found.rows.iter().filter_map(|row| row.text("key_id")).collect();
        let mut exposed = Vec::new();
        for key in keys {
            if let Ok(key) = key.parse()
                && self.expose(&key, fingerprint, by, now)?
            {
                exposed.push(key);
            }
        }
        Ok(Paged::new(exposed, found.corrupt.len(), found.next))
    }

    fn expose(&self, key: &KeyId, fingerprint: &Fingerprint, by: &Actor, now: Timestamp) -> Result<bool, Error> {
        let Some(record) = self.key_record(key)? else { return Ok(false) };
        let certificate = Digest::from_bytes(*fingerprint.as_bytes());
        let id = ChangeId::generate(self.rng())?;
        self.transact(&record.device, id, now, |change| {
            let mut record = self.key_within(change, key)?.ok_or(Error::KeyUnknown)?;
            if record.facts.exposed().is_some() {
                return Ok(false);
            }
            change.change_key(&mut record, KeyChange::Exposed { certificate, at: now })?;
            let mut draft = Draft::new(by.clone(), Action::KeyExposed);
            draft.references.key = Some(*key);
            draft.references.certificate = Some(certificate);
            change.audit(draft);
            change.replace_key(record);
            Ok(true)
        })
    }

    /// The envelopes in use that are sealed to a certificate.
    pub(super) fn live_envelopes(&self, fingerprint: &Fingerprint) -> RowQuery {
        RowQuery::new(&self.organization, Index::RECIPIENTS_BY_LIVE).equal(fingerprint.to_string()).equal(1)
    }
}

/// Puts a certificate into another state; gives what the audit says of that.
fn restate(
    record: &mut CertificateRecord,
    state: CertificateState,
    by: &Actor,
    reason: Option<Text>,
    now: Timestamp,
) -> Draft {
    (record.state, record.since, record.by, record.reason) = (state, now, by.clone(), reason);
    let mut draft = certificate_draft(by, Action::CertificateChanged, &record.fingerprint);
    draft.reason.clone_from(&record.reason);
    draft
}

fn certificate_draft(by: &Actor, action: Action, fingerprint: &Fingerprint) -> Draft {
    let mut draft = Draft::new(by.clone(), action);
    draft.references.certificate = Some(Digest::from_bytes(*fingerprint.as_bytes()));
    draft
}
