//! Which words does each enumeration have?
//!
//! `fdescrow.words` writes them as enums; a test compares them with these, which core's own types tell.

use std::collections::BTreeMap;

use fdescrow::{
    ErrorCode,
    policy::Level,
    recovery::{Outcome, RecoveryState},
    rotation::Phase,
    store::records::{CertificateState, Trust},
    verification::{Delivery, Operation, Reason, ReceiptStatus, Status, observation::Source},
};
use pyo3::prelude::*;
use serde::{
    Deserialize, Deserializer,
    de::{Visitor, value::Error},
    forward_to_deserialize_any,
};

use crate::document::plain;

/// Asks a type which variants it has.
struct Asking<'a>(&'a mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Asking<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("only variants are asked for"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(variants);
        Err(serde::de::Error::custom("only variants are asked for"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

fn words<'de, T: Deserialize<'de>>() -> Vec<&'static str> {
    let mut words = Vec::new();
    let _ = T::deserialize(Asking(&mut words));
    words
}

/// The words of each enumeration.
#[pyfunction]
pub(crate) fn enumerations(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let all = BTreeMap::from([
        ("CertificateState", words::<CertificateState>()),
        ("Delivery", words::<Delivery>()),
        ("Format", words::<crate::envelope::Form>()),
        ("Kind", words::<fdescrow::Kind>()),
        ("Level", words::<Level>()),
        ("Operation", words::<Operation>()),
        ("Outcome", words::<Outcome>()),
        ("Padding", words::<crate::identity::Padding>()),
        ("Phase", words::<Phase>()),
        ("Reason", words::<Reason>()),
        ("ReceiptStatus", words::<ReceiptStatus>()),
        ("RecoveryState", words::<RecoveryState>()),
        ("RotationEvent", words::<crate::escrow::Answer>()),
        ("SheetFormat", words::<crate::place::SheetFormat>()),
        ("Source", words::<Source>()),
        ("Status", words::<Status>()),
        ("Suite", words::<fdescrow::envelope::Suite>()),
        ("Trust", words::<Trust>()),
    ]);
    plain(py, &all)
}

/// The error table of core: number, name, fault, summary, remedy.
#[pyfunction]
pub(crate) fn error_table() -> Vec<(i32, &'static str, &'static str, &'static str, &'static str)> {
    let row = |code: &ErrorCode| (code.number(), code.name(), code.fault().as_str(), code.summary(), code.remedy());
    ErrorCode::ALL.iter().map(row).collect()
}
