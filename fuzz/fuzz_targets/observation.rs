//! Any bytes as a report of a device; the first octet says of which kind. What is read is read again the same, and
//! what was understood can be written and read in this library's own form.
#![no_main]

use fdescrow::Timestamp;
use fdescrow::verification::observation::{Context, MAX_BYTES, Source, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = data.split_first() else { return };
    let source = Source::ALL[usize::from(*kind) % Source::ALL.len()];
    let context = Context::new(Timestamp::MIN);
    let Ok(report) = read(source, bytes, &context) else { return };
    assert!(bytes.len() <= MAX_BYTES);
    assert_eq!(read(source, bytes, &context).as_ref(), Ok(&report));
    assert!(report.observation.volumes.len() <= 256 && report.envelopes.len() <= 16 && report.ignored.len() <= 256);
    for sealed in &report.envelopes {
        assert!((1..=64 * 1024).contains(&sealed.bytes.len()));
    }
    let document = serde_json::to_vec(&report.observation).expect("an observation is written");
    if !report.observation.volumes.is_empty() && document.len() <= MAX_BYTES {
        let again = read(Source::Snapshot, &document, &context).expect("and read");
        assert_eq!(again.observation, report.observation);
    }
});
