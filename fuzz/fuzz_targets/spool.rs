//! Any bytes as a spool, and as lines of one. What is read is written and read again the same.
#![no_main]

use fdescrow::agent::spool::Spool;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let lines = [b"fdescrow-spool 1\n", data].concat();
    for bytes in [data, &lines] {
        let Ok(spool) = Spool::read(bytes) else { continue };
        let again = Spool::read(&spool.compact()).expect("what is written is read");
        assert_eq!((again.entries(), again.damaged()), (spool.entries(), 0));
    }
});
