//! What has to be judged anew although nothing happened?
//!
//! Time passes, and policies change. A device says itself when it is to be looked at again, and keeps by which policy it was
//! judged; what follows from that, the beginning of a rotation included, is committed like any other change.

use std::time::Duration;

use serde::Serialize;

use super::{
    Error, Escrow, Page,
    trace::{Operation, traced},
};
use crate::{
    audit::{Action, Draft},
    ids::{Actor, DeviceId},
    store::{ChangeId, Holder, Record, RowCursor, Work, records::DeviceRecord},
    time::Timestamp,
};

/// For how long claimed devices are left to us.
const LEASE: Duration = Duration::from_secs(60);

/// What was judged anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AssessReport {
    /// Devices that were judged anew.
    pub judged: u64,
    /// Rows that cannot be read.
    pub unreadable: u64,
    /// Whether there may be more.
    pub more: bool,
}

impl Escrow {
    /// Judges one batch of the devices whose time has come.
    ///
    /// # Errors
    /// [`Error::Store`] if the store cannot be reached; what was committed before stays.
    pub fn assess_due(&self, limit: u32, by: &Actor, now: Timestamp) -> Result<AssessReport, Error> {
        traced(Operation::AssessDue, None, || self.judge_due(limit, by, now))
    }

    fn judge_due(&self, limit: u32, by: &Actor, now: Timestamp) -> Result<AssessReport, Error> {
        let holder = Holder::new(format!("assess {}", ChangeId::generate(self.rng())?))?;
        let claims = self.store.claim(&self.organization, Work::Assess, &holder, limit.clamp(1, 1000), LEASE, now)?;
        let mut report = AssessReport { more: !claims.rows.is_empty(), ..AssessReport::default() };
        report.unreadable = u64::try_from(claims.corrupt.len()).unwrap_or(u64::MAX);
        for row in &claims.rows {
            match DeviceRecord::from_row(row) {
                Ok(record) => report.judged += u64::from(self.judge_anew(&record.device, by, now)?),
                Err(_) => report.unreadable += 1,
            }
        }
        self.store.release(Work::Assess, &holder, &claims.keys())?;
        Ok(report)
    }

    /// Judges the devices of one page whose policy is not the one that they were judged by. Gives where to go on.
    ///
    /// # Errors
    /// As [`assess_due`](Self::assess_due).
    pub fn assess_changed(
        &self,
        page: &Page,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(AssessReport, Option<RowCursor>), Error> {
        traced(Operation::AssessChanged, None, || self.judge_changed(page, by, now))
    }

    fn judge_changed(
        &self,
        page: &Page,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(AssessReport, Option<RowCursor>), Error> {
        let records = self.device_page(page)?;
        let mut report = AssessReport { more: records.next.is_some(), ..AssessReport::default() };
        report.unreadable = u64::try_from(records.unreadable).unwrap_or(u64::MAX);
        for record in &records.items {
            let digest = self.policies.policy(record.group.as_deref()).digest();
            let judged = record.judged.as_ref().filter(|_| record.assessment().is_some());
            if judged.is_none_or(|judged| judged.policy != Some(digest)) {
                report.judged += u64::from(self.judge_anew(&record.device, by, now)?);
            }
        }
        Ok((report, records.next))
    }

    fn judge_anew(&self, device: &DeviceId, by: &Actor, now: Timestamp) -> Result<bool, Error> {
        let id = ChangeId::generate(self.rng())?;
        self.transact(device, id, now, |change| {
            if change.known {
                change.audit(Draft::new(by.clone(), Action::DeviceJudged));
            }
            Ok(change.known)
        })
    }
}
