//! What happens at the edge between C and Rust?
//!
//! Every function that can fail is one call of [`boundary`] or of a function over it: outputs are NULL first, a panic becomes a
//! result, and an error is handed out if somebody wants it.

use std::{
    mem::MaybeUninit,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    failure::{Failure, fdescrow_error, fdescrow_result},
    handle::{Opaque, Slot, give},
    owned::fdescrow_text,
    view::fdescrow_str,
};

/// Where a function puts what it makes: `T **` in C.
pub type Output<'a, T> = Option<&'a mut MaybeUninit<*mut T>>;

/// Where a function puts what went wrong; NULL if nobody wants to know.
pub type Errors<'a> = Output<'a, fdescrow_error>;

/// Runs the body of a function without outputs.
pub(crate) fn boundary(error_out: Errors<'_>, body: impl FnOnce() -> Result<(), Failure>) -> fdescrow_result {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure),
        Err(panic) => Some(Failure::of_panic(panic.as_ref())),
    };
    let result = failure.as_ref().map_or(0, Failure::number);
    if let Some(slot) = error_out {
        slot.write(failure.map_or(std::ptr::null_mut(), give));
    }
    result
}

/// Runs the body of a function that makes one thing.
pub(crate) fn produce<H: Opaque>(
    out: Output<'_, H>,
    error_out: Errors<'_>,
    body: impl FnOnce() -> Result<H::Value, Failure>,
) -> fdescrow_result {
    let out = cleared(out);
    boundary(error_out, || {
        let out = out?;
        out.write(give::<H>(body()?));
        Ok(())
    })
}

/// Runs the body of a function that makes two things, both or none.
pub(crate) fn produce_two<A: Opaque, B: Opaque>(
    first_out: Output<'_, A>,
    second_out: Output<'_, B>,
    error_out: Errors<'_>,
    body: impl FnOnce() -> Result<(A::Value, B::Value), Failure>,
) -> fdescrow_result {
    let (first, second) = (cleared(first_out), cleared(second_out));
    boundary(error_out, || {
        let (first, second) = (first?, second?);
        let (a, b) = body()?;
        first.write(give::<A>(a));
        second.write(give::<B>(b));
        Ok(())
    })
}

/// Runs the body of a function that answers with a document.
pub(crate) fn answer<T: Serialize>(
    answer_out: Output<'_, fdescrow_text>,
    error_out: Errors<'_>,
    body: impl FnOnce() -> Result<T, Failure>,
) -> fdescrow_result {
    produce(answer_out, error_out, || document(&body()?))
}

/// A document as it goes out.
pub(crate) fn document(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|_| Failure::library("a document could not be written"))
}

/// A document as the caller wrote it.
pub(crate) fn request<T: DeserializeOwned>(text: fdescrow_str) -> Result<T, Failure> {
    let text = text.read()?;
    // What is not said is what is said by nothing.
    let text = if text.is_empty() { "{}" } else { text };
    serde_json::from_str(text).map_err(|error| Failure::request(&error))
}

/// An output that holds NULL until there is something better; none is an error.
fn cleared<T>(out: Slot<'_, T>) -> Result<&mut MaybeUninit<*mut T>, Failure> {
    let out = out.ok_or(Failure::NULL)?;
    out.write(std::ptr::null_mut());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{failure::fdescrow_error_message, owned::fdescrow_text_free};

    #[test]
    fn a_panic_becomes_a_number_and_leaves_null() {
        let (mut out, mut error) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        let result = produce::<fdescrow_text>(Some(&mut out), Some(&mut error), || {
            let nothing: Option<String> = None;
            Ok(nothing.expect("the test wants it"))
        });
        assert_eq!(result, fdescrow::ErrorCode::Panic.number());
        // SAFETY: the function writes its outputs, whatever happens.
        let (out, error) = unsafe { (out.assume_init(), Box::from_raw(error.assume_init())) };
        assert!(out.is_null());
        assert_eq!(fdescrow_error_message(Some(&error)).read().unwrap(), "the library stopped in the middle of a call");
        crate::failure::fdescrow_error_free(Some(error));
    }

    #[test]
    fn a_document_of_the_caller_that_is_not_as_documented_is_said_so_in_bounds() {
        let long = format!("{{\"{}\": 1}}", "x".repeat(5000));
        let mut error = MaybeUninit::uninit();
        let mut out = MaybeUninit::uninit();
        let result = answer(Some(&mut out), Some(&mut error), || {
            request::<std::collections::BTreeMap<String, String>>(fdescrow_str::of(&long))
        });
        assert_eq!(result, fdescrow::ErrorCode::RequestSyntax.number());
        // SAFETY: as above.
        let (out, error) = unsafe { (out.assume_init(), Box::from_raw(error.assume_init())) };
        assert!(out.is_null());
        let message = fdescrow_error_message(Some(&error)).read().unwrap();
        assert!(message.contains("not as documented") && message.len() <= 1024, "{message}");
        crate::failure::fdescrow_error_free(Some(error));
        fdescrow_text_free(None);
    }
}
