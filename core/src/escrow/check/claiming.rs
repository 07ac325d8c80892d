//! Which devices are claimed for a batch, and when?
//!
//! Where several threads try keys, a few first, so that the threads have something to do while the others are claimed.

use std::vec;

use super::{CheckOptions, LEASE, count};
use crate::{
    escrow::{Error, Escrow},
    store::{Holder, Row, RowKey, Work},
    time::Timestamp,
};

/// The part of a batch that is claimed first.
const FIRST: u32 = 8;

/// The devices of a batch, as they are claimed.
pub(super) struct Claiming<'a> {
    escrow: &'a Escrow,
    holder: &'a Holder,
    now: Timestamp,
    /// What is claimed first, and what after it.
    pieces: vec::IntoIter<u32>,
    rows: vec::IntoIter<Row>,
    claimed: Vec<RowKey>,
    corrupt: u64,
}

impl<'a> Claiming<'a> {
    pub(super) fn new(escrow: &'a Escrow, holder: &'a Holder, options: &CheckOptions, now: Timestamp) -> Self {
        let devices = options.devices.clamp(1, 1000);
        let first = devices / FIRST;
        let pieces = if options.workers > 1 && first > 0 { vec![first, devices - first] } else { vec![devices] };
        let (pieces, rows) = (pieces.into_iter(), Vec::new().into_iter());
        Self { escrow, holder, now, pieces, rows, claimed: Vec::new(), corrupt: 0 }
    }

    /// Claims the first ones.
    pub(super) fn first(&mut self) -> Result<(), Error> {
        match self.pieces.next() {
            Some(limit) => self.claim(limit),
            None => Ok(()),
        }
    }

    /// Whether nothing was to be claimed.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.as_slice().is_empty()
    }

    /// All that was claimed, and how many rows could not be read.
    pub(super) fn end(self) -> (Vec<RowKey>, u64) {
        (self.claimed, self.corrupt)
    }

    fn claim(&mut self, limit: u32) -> Result<(), Error> {
        let organization = &self.escrow.organization;
        let claims = self.escrow.store.claim(organization, Work::Check, self.holder, limit, LEASE, self.now)?;
        self.claimed.extend(claims.keys());
        self.corrupt += count(claims.corrupt.len());
        if count(claims.rows.len()) < u64::from(limit) {
            // There are no more.
            self.pieces = Vec::new().into_iter();
        }
        self.rows = claims.rows.into_iter();
        Ok(())
    }
}

impl Iterator for Claiming<'_> {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(Ok(row));
            }
            let piece = self.pieces.next()?;
            if let Err(error) = self.claim(piece) {
                return Some(Err(error));
            }
        }
    }
}
