//! How does a program without a JSON library read and write documents?

use serde_json::Value;

use crate::{
    boundary::{Errors, Output, document, produce},
    failure::{Failure, fdescrow_result},
    owned::fdescrow_text,
    view::fdescrow_str,
};

/// One member of a JSON document, by its JSON Pointer (RFC 6901): `/situation`, `/items/0/device`.
///
/// `member_out` receives a string without its quotes, anything else as JSON; the empty text where there is no such member, or null.
/// Errors: `REQUEST_SYNTAX` if the document is not JSON; `MISUSE` if a pointer that is not empty does not begin with `/`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_document_member(
    document_json: fdescrow_str,
    pointer: fdescrow_str,
    member_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(member_out, error_out, || {
        let whole: Value = serde_json::from_str(document_json.read()?).map_err(|error| Failure::request(&error))?;
        let pointer = pointer.read()?;
        if !(pointer.is_empty() || pointer.starts_with('/')) {
            return Err(Failure::misuse("a JSON pointer begins with a slash"));
        }
        match whole.pointer(pointer) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => document(other),
        }
    })
}

/// A text as a JSON string with its quotes, to be put into a document.
///
/// Errors: `NOT_UTF8`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_document_quote(
    text: fdescrow_str,
    json_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    produce(json_out, error_out, || document(&text.read()?))
}
