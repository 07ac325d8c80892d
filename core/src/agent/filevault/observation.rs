//! What is known of the Mac?

use crate::{ids::Digest, time::Timestamp, verification::Reading};

/// What Escrow Buddy is set up to do. It is an authorization plug-in: at the next log-in it makes a new key, which it
/// can because macOS has the user's password at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EscrowBuddy {
    /// Whether its bundle is in `/Library/Security/SecurityAgentPlugins`.
    pub installed: Reading,
    /// Whether `security authorizationdb read system.login.console` names it. Upgrades of macOS put the database back.
    pub in_authorization_database: Reading,
    /// Whether `GenerateNewKey` is set in `com.netflix.Escrow-Buddy`. It takes it back when it made a key, and when it
    /// failed.
    pub generate_new_key: Reading,
}

impl EscrowBuddy {
    /// Nothing is known.
    pub fn unknown() -> Self {
        Self {
            installed: Reading::Unknown,
            in_authorization_database: Reading::Unknown,
            generate_new_key: Reading::Unknown,
        }
    }
}

/// One look at a Mac, by its agent or by what it answered to its MDM server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// When.
    pub at: Timestamp,
    /// Whether FileVault is on: `fdesetup isactive`, `FDE_Enabled`.
    pub enabled: Reading,
    /// Whether a profile with `com.apple.security.FDERecoveryKeyEscrow` is installed.
    pub escrow_profile: Reading,
    /// SHA-256, as DER, of the newest envelope that came from this Mac: `/var/db/FileVaultPRK.dat`,
    /// `FDE_PersonalRecoveryKeyCMS`, or the reply to `RotateFileVaultKey`.
    pub envelope: Option<Digest>,
    /// Escrow Buddy.
    pub escrow_buddy: EscrowBuddy,
    /// When somebody logged in last, after a log-out or a start: only then Escrow Buddy runs.
    pub last_login: Option<Timestamp>,
    /// Whether something is at hand that may change the key: the key itself, released to this command, or the password
    /// of a user with a secure token.
    pub authorized: bool,
    /// Whether the present key was released to this device, to be tried.
    pub key_at_hand: bool,
}

impl Observation {
    /// Nothing is known; the rest are fields.
    pub fn new(at: Timestamp) -> Self {
        Self {
            at,
            enabled: Reading::Unknown,
            escrow_profile: Reading::Unknown,
            envelope: None,
            escrow_buddy: EscrowBuddy::unknown(),
            last_login: None,
            authorized: false,
            key_at_hand: false,
        }
    }
}
