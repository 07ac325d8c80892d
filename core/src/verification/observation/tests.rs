//! Reports as they come, and what was understood of them.

mod apple;
mod linux;
mod osquery;
mod properties;
mod snapshot;
mod windows;

use super::*;
use crate::{ids::Platform, key::Kind};

fn context() -> Context {
    Context::new(Timestamp::from_unix_seconds(1_795_505_000).unwrap())
}

fn understood(source: Source, report: &str) -> Report {
    let read = read(source, report.as_bytes(), &context()).unwrap();
    assert_eq!((read.source, read.observation.at), (Some(source), context().at));
    read
}

fn refused(source: Source, report: &[u8]) -> ObservationError {
    read(source, report, &context()).unwrap_err()
}

fn boot(report: &Report) -> &VolumeReading {
    report.observation.volumes.iter().find(|volume| volume.volume.is_none()).unwrap()
}

fn named<'a>(report: &'a Report, name: &str) -> &'a VolumeReading {
    let is_it = |volume: &&VolumeReading| volume.volume.as_ref().is_some_and(|volume| volume.as_str() == name);
    report.observation.volumes.iter().find(is_it).unwrap()
}

fn ignored(report: &Report) -> Vec<String> {
    report.ignored.iter().map(ToString::to_string).collect()
}

#[test]
fn a_source_has_one_word() {
    for source in Source::ALL {
        assert_eq!(source.as_str().parse(), Ok(*source));
        assert_eq!(serde_json::to_string(source).unwrap(), format!("\"{source}\""));
        assert!(!source.description().is_empty());
    }
    assert_eq!("manage-bde".parse::<Source>(), Err(UnknownSource));
}

#[test]
fn the_words_of_numbers_are_those_that_are_written() {
    let words = Conversion::ALL.iter().map(|value| (serde_json::to_string(value).unwrap(), value.to_string()));
    let methods = EncryptionMethod::ALL.iter().map(|value| (serde_json::to_string(value).unwrap(), value.to_string()));
    let kinds = ProtectorKind::ALL.iter().map(|value| (serde_json::to_string(value).unwrap(), value.to_string()));
    for (written, shown) in words.chain(methods).chain(kinds) {
        assert_eq!(written, format!("\"{shown}\""));
    }
    for number in 0..=8 {
        assert_eq!(
            EncryptionMethod::from_number(number).map(EncryptionMethod::number),
            Some(number).filter(|n| *n < 8)
        );
    }
    assert_eq!(EncryptionMethod::from_number(u32::MAX), None);
}

#[test]
fn what_is_too_large_or_no_report_at_all_is_refused_for_every_source() {
    let large = vec![b' '; MAX_BYTES + 1];
    for source in Source::ALL {
        let error = refused(*source, &large);
        assert_eq!(
            (error, error.code()),
            (ObservationError::Limit("is larger than 1 MiB"), ErrorCode::ObservationLimit)
        );
        for bytes in
            [&b""[..], b"\0", b"\xFF\xFE\x00", b"\xFF\xFF", b"nonsense", b"7", b"\"text\"", b"bplist00", b"<", b"{"]
        {
            let error = refused(*source, bytes);
            assert_eq!(error.code(), ErrorCode::ObservationSyntax, "{source}: {bytes:?}");
        }
    }
}

#[test]
fn depth_and_number_of_values_are_limited() {
    let deep = "[".repeat(40) + &"]".repeat(40);
    let wide = format!("[{}0]", "0,".repeat(100_000));
    let bottomless = "[".repeat(500_000);
    for text in [deep, wide, bottomless] {
        assert_eq!(
            refused(Source::Osquery, text.as_bytes()),
            ObservationError::Limit("is deeper or has more values than is read")
        );
    }
    let rows = format!("[{}{{}}]", "{},".repeat(4096));
    assert_eq!(refused(Source::Osquery, rows.as_bytes()), ObservationError::Limit("has more than 4096 rows"));
}

#[test]
fn text_of_powershell_is_read_with_its_byte_order_mark() {
    let json = r#"{"DeviceID":"\\\\?\\Volume{00112233-4455-6677-8899-aabbccddeeff}\\","ConversionStatus":1}"#;
    let little: Vec<u8> = [0xFF, 0xFE].into_iter().chain(json.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = [0xFE, 0xFF].into_iter().chain(json.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let marked = format!("\u{FEFF}{json}").into_bytes();
    for bytes in [json.as_bytes().to_vec(), little, big, marked] {
        let report = read(Source::Wmi, &bytes, &context()).unwrap();
        assert_eq!(report.observation.volumes[0].encrypted, Reading::Yes);
    }
}
