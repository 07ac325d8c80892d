//! Any bytes as a profile. What is read can be shown and judged; what is taken for a policy gives a profile that
//! asks the same.
#![no_main]

use std::sync::LazyLock;

use fdescrow::policy::{FileVaultPolicy, OrganizationDetails};
use fdescrow::profile::{FileVaultCertificate, LintContext, OpensWith, lint, parse, render};
use fdescrow::{Organization, Timestamp};
use fdescrow_fuzz::RECIPIENTS;
use libfuzzer_sys::fuzz_target;

static NOW: LazyLock<Timestamp> = LazyLock::new(|| "2026-11-24T01:00:00Z".parse().expect("a time"));
static CERTIFICATE: LazyLock<FileVaultCertificate> = LazyLock::new(|| {
    FileVaultCertificate::new(RECIPIENTS[2].certificate.clone(), OpensWith::Pkcs1v15, *NOW).expect("one for FileVault")
});
static ORGANIZATION: LazyLock<OrganizationDetails> = LazyLock::new(|| {
    OrganizationDetails::of(&Organization::new("example.com").expect("a name"), "com.example").expect("a prefix")
});

fuzz_target!(
    // Making keys is not what is timed.
    init: {
        LazyLock::force(&CERTIFICATE);
    },
    |data: &[u8]| {
        let Ok(profile) = parse(data, &Default::default()) else { return };
        let known: Vec<_> = RECIPIENTS.iter().map(|recipient| recipient.certificate.clone()).collect();
        for finding in lint(std::slice::from_ref(&profile), &LintContext::new(&known, *NOW)) {
            assert!(finding.to_string().len() < 1 << 20);
        }
        let _ = (profile.identifiers(), profile.escrow_certificate().map(<[u8]>::len));
        assert!(!profile.to_json().is_null());
        if let Ok(policy) = profile.policy() {
            says_the_same(&policy);
        }
    }
);

fn says_the_same(policy: &FileVaultPolicy) {
    let certificate = policy.escrows().then_some(&*CERTIFICATE);
    let rendered = render(policy, certificate, &ORGANIZATION).expect("a policy has a profile");
    let again = parse(rendered.as_bytes(), &Default::default()).expect("a profile of ours is read");
    let again = again.policy().expect("and is a policy");
    assert_eq!((again.enforces(), again.escrows()), (policy.enforces(), policy.escrows()));
    assert_eq!(again.settings().enforcement, policy.settings().enforcement);
    assert_eq!(again.settings().options, policy.settings().options);
}
