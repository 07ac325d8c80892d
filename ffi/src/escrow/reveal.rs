//! How does a person get a key, in C?

use fdescrow::{
    Actor, DeviceId, KeyId, Kind, Person, ProtectorId, Timestamp, VolumeId,
    audit::Text,
    escrow::{Candidate, Reveal, Revealed},
    policy::Level,
    recovery::{RecoveryId, sheet::Sheet},
    verification::Place,
};
use serde::{Deserialize, Serialize};

use super::fdescrow_escrow;
use crate::{
    boundary::{Errors, Output, document, produce, produce_two, request},
    certificate::fdescrow_certificates,
    envelope::fdescrow_envelope,
    failure::{Failure, fdescrow_result},
    handle::borrow,
    key::fdescrow_key,
    keyring::fdescrow_keyring,
    owned::fdescrow_text,
    secret::{bytes_of, fdescrow_secret},
    view::fdescrow_str,
};

/// Who wants which key, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    pub(super) device: DeviceId,
    by: Actor,
    reason: String,
    kind: Option<Kind>,
    volume: Option<VolumeId>,
    protector: Option<ProtectorId>,
    key: Option<KeyId>,
    person: Option<Person>,
    ticket: Option<String>,
    #[serde(default)]
    break_glass: bool,
    recovery: Option<RecoveryId>,
    command: Option<String>,
}

impl Wish {
    pub(super) fn reveal(self) -> Reveal {
        let mut reveal = Reveal::of(&self.device).by(&self.by).reason(self.reason);
        reveal = match self.kind {
            Some(kind) => reveal.kind(kind),
            None => reveal,
        };
        reveal = match self.volume {
            Some(volume) => reveal.volume(volume),
            None => reveal,
        };
        reveal = match self.protector {
            Some(protector) => reveal.protector(protector),
            None => reveal,
        };
        reveal = match self.key {
            Some(key) => reveal.key(key),
            None => reveal,
        };
        reveal = match self.person {
            Some(person) => reveal.person(person),
            None => reveal,
        };
        reveal = match self.ticket {
            Some(ticket) => reveal.ticket(ticket),
            None => reveal,
        };
        reveal = match self.recovery {
            Some(recovery) => reveal.under(recovery),
            None => reveal,
        };
        if self.break_glass { reveal.break_glass() } else { reveal }
    }
}

#[derive(Serialize)]
struct Handed<'a> {
    key: KeyId,
    #[serde(flatten)]
    place: &'a Place,
    level: Level,
    recovery: RecoveryId,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    candidates: &'a [Candidate],
}

impl<'a> Handed<'a> {
    fn of(revealed: &'a Revealed) -> Self {
        let Revealed { id, place, level, recovery, candidates, .. } = revealed;
        Self { key: *id, place, level: *level, recovery: *recovery, candidates }
    }
}

/// Method of `fdescrow_escrow`: hands out a key, for a reason, and leaves a trace. That it may be handed out, and that it was, are in
/// the audit before the function returns it.
///
/// `request` is JSON: `device`, `by`, `reason`; optional `kind`, `volume`, `protector` and `key` (which one); `person` (who that is, by
/// what never changes: `issuer` and `subject`; where the policy asks for approvals), `ticket`, `break_glass`, `recovery` (under which
/// approved request), and `command`: the key is for this command of the device itself, where the policy allows that.
/// `revealed_out` receives JSON: `key` (its id), the place, `level`, `recovery`, `candidates`.
/// Errors: `DEVICE_UNKNOWN`, `RECOVERY_…`, `IDENTITY_UNAVAILABLE`, `STORE_…`. After `IDENTITY_UNAVAILABLE` and `STORE_UNKNOWN` asking again goes
/// on under the same authorisation.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_reveal(
    escrow: Option<&fdescrow_escrow>,
    keyring: Option<&fdescrow_keyring>,
    request_json: fdescrow_str,
    now: i64,
    key_out: Output<'_, fdescrow_key>,
    revealed_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce_two(key_out, revealed_out, error_out, || {
        let (revealed, _) = reveal(escrow, keyring, request_json, now)?;
        let about = document(&Handed::of(&revealed))?;
        Ok((revealed.into_key(), about))
    })
}

/// Method of `fdescrow_escrow`: hands out a key as a page to read out or to print: in groups, with a spelling alphabet and what to do.
/// It is as secret as the key.
///
/// `html`: true for HTML with a QR code, false for text. The rest, and errors, as for `fdescrow_escrow_reveal`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_reveal_sheet(
    escrow: Option<&fdescrow_escrow>,
    keyring: Option<&fdescrow_keyring>,
    request_json: fdescrow_str,
    html: bool,
    now: i64,
    sheet_out: Output<'_, fdescrow_secret>,
    revealed_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce_two(sheet_out, revealed_out, error_out, || {
        let (revealed, device) = reveal(escrow, keyring, request_json, now)?;
        let mut sheet = Sheet::new(revealed.key(), &revealed.place, Timestamp::from_unix_seconds(now)?);
        sheet.device = Text::new(device.as_str()).ok();
        let page = if html { sheet.to_html() } else { sheet.to_text() };
        Ok((bytes_of(page.expose()), document(&Handed::of(&revealed))?))
    })
}

/// Method of `fdescrow_escrow`: hands out a key sealed to a technician's certificate, so that nobody on the way sees it.
///
/// `to`: the first of them. The rest, and errors, as for `fdescrow_escrow_reveal`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_reveal_to(
    escrow: Option<&fdescrow_escrow>,
    keyring: Option<&fdescrow_keyring>,
    to: Option<&fdescrow_certificates>,
    request_json: fdescrow_str,
    now: i64,
    envelope_out: Output<'_, fdescrow_envelope>,
    revealed_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce_two(envelope_out, revealed_out, error_out, || {
        let wish: Wish = request(request_json)?;
        if wish.command.is_some() {
            return Err(Failure::misuse("a command of the device gets its key in clear, by fdescrow_escrow_reveal"));
        }
        let to = borrow(to)?.first().ok_or_else(|| Failure::misuse("there is no certificate to seal to"))?;
        let (keyring, now) = (borrow(keyring)?, Timestamp::from_unix_seconds(now)?);
        let handed = borrow(escrow)?.watched(|escrow| escrow.reveal_to(wish.reveal(), to, keyring, now))?;
        let about = document(&Handed {
            key: handed.id,
            place: &handed.place,
            level: handed.level,
            recovery: handed.recovery,
            candidates: &[],
        })?;
        Ok((handed.envelope, about))
    })
}

fn reveal(
    escrow: Option<&fdescrow_escrow>,
    keyring: Option<&fdescrow_keyring>,
    request_json: fdescrow_str,
    now: i64,
) -> Result<(Revealed, DeviceId), Failure> {
    let mut wish: Wish = request(request_json)?;
    let (device, command) = (wish.device.clone(), wish.command.take());
    let (escrow, keyring, now) = (borrow(escrow)?, borrow(keyring)?, Timestamp::from_unix_seconds(now)?);
    let revealed = escrow.watched(|escrow| match command {
        Some(command) => escrow.release_to_device(wish.reveal(), &command, keyring, now),
        None => escrow.reveal(wish.reveal(), keyring, now),
    })?;
    Ok((revealed, device))
}

/// Shows a key as a page, as `fdescrow_escrow_reveal_sheet` does, for a key that was handed out before. `place` is JSON with its `kind` and,
/// where there are, `volume` and `protector`.
///
/// Errors: `REQUEST_SYNTAX`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_key_sheet(
    key: Option<&fdescrow_key>,
    place_json: fdescrow_str,
    html: bool,
    now: i64,
    sheet_out: Output<'_, fdescrow_secret>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(sheet_out, error_out, || {
        let place: Place = request(place_json)?;
        let sheet = Sheet::new(borrow(key)?, &place, Timestamp::from_unix_seconds(now)?);
        let page = if html { sheet.to_html() } else { sheet.to_text() };
        Ok(bytes_of(page.expose()))
    })
}
