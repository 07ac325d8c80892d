//! How are rows of somebody else's table judged in C?

use base64::{Engine, engine::general_purpose::STANDARD};
use fdescrow::{
    Kind,
    envelope::{
        Owner, Suite,
        judge::{Row, judge},
    },
};
use fdescrow_identities::SystemRandomness;
use serde::Deserialize;

use crate::{
    boundary::{Errors, Output, answer, request},
    failure::{Failure, fdescrow_result},
    handle::borrow,
    keyring::fdescrow_keyring,
    owned::fdescrow_text,
    view::fdescrow_str,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judging {
    rows: Vec<Judged>,
    suite: Suite,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    envelope: String,
    kind: Kind,
    #[serde(default)]
    owner: Owner,
}

/// Judges the rows of a table that is not the library's: whether each opens with this keyring and holds a key of its kind.
///
/// `request` is JSON: `rows`, each with `envelope` (base64 of the message; what is no base64 is judged as the bytes that it is),
/// `kind` and, where the message was sealed by this library, `owner`; and `suite`, as for `fdescrow_envelope_open`.
/// `verdicts_out` receives a JSON array, one for each row in its order: `verdict` is `opens` (with `identity`, `authenticated`, `bound`),
/// `does_not_open` (with `code`, `reason`, `inspection`) or `unavailable`: then nothing is known about the row. A bad row stops no other.
/// Errors: `REQUEST_SYNTAX`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_judge(
    keyring: Option<&fdescrow_keyring>,
    request_json: fdescrow_str,
    verdicts_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    answer(verdicts_out, error_out, || {
        let Judging { rows, suite } = request(request_json)?;
        let decoded =
            |row: &Judged| STANDARD.decode(&row.envelope).unwrap_or_else(|_| row.envelope.clone().into_bytes());
        let envelopes: Vec<Vec<u8>> = rows.iter().map(decoded).collect();
        let rows =
            rows.into_iter().zip(&envelopes).map(|(row, envelope)| Row::new(envelope, row.kind).owner(row.owner));
        Ok::<_, Failure>(judge(&rows.collect::<Vec<_>>(), borrow(keyring)?, suite, &SystemRandomness::new()))
    })
}
