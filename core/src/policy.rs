//! What must be true of a device?

pub mod escrow;
