//! Is the table of algorithms on the page the one that the suites are?
//!
//! Every combination of content type, key algorithm and content algorithm is asked for; what is allowed is then
//! written as products of sets, so that the page can be read, and the products are held against the answers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fdescrow::envelope::{ContentAlgorithm, ContentType, HashAlgorithm, KeyAlgorithm, Suite};
use fdescrow_tests::documents::hold;

const HASHES: [HashAlgorithm; 7] = [
    HashAlgorithm::Sha1,
    HashAlgorithm::Sha224,
    HashAlgorithm::Sha256,
    HashAlgorithm::Sha384,
    HashAlgorithm::Sha512,
    HashAlgorithm::Sha512_224,
    HashAlgorithm::Sha512_256,
];

/// The hashes that a message can name for a key derivation: RFC 5753 §7.1.4 has no others.
const KDF_HASHES: &[HashAlgorithm] = HASHES.split_at(5).0;

const BITS: [u16; 3] = [128, 192, 256];

const CONTENT_TYPES: [ContentType; 2] = [ContentType::AuthEnvelopedData, ContentType::EnvelopedData];

fn content_algorithms() -> Vec<ContentAlgorithm> {
    let mut all: Vec<ContentAlgorithm> = BITS.into_iter().map(ContentAlgorithm::AesGcm).collect();
    all.extend(BITS.into_iter().map(ContentAlgorithm::AesCbc));
    all.extend([ContentAlgorithm::TripleDesCbc, ContentAlgorithm::DesCbc]);
    all.extend([128, 256].map(ContentAlgorithm::AesGcmGo));
    all
}

/// A key algorithm as a place in a table of three dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    Oaep,
    Ecdh,
    Pkcs1v15,
}

/// The choices of a family in each dimension, in words, and the algorithm of each combination.
fn dimensions(family: Family) -> [Vec<String>; 3] {
    let words = |hashes: &[HashAlgorithm]| hashes.iter().map(ToString::to_string).collect();
    match family {
        Family::Oaep => [words(&HASHES), words(&HASHES), vec!["without a label".into(), "with one".into()]],
        Family::Ecdh => [
            vec!["ECDH".into(), "cofactor ECDH".into()],
            words(KDF_HASHES),
            BITS.iter().map(|bits| format!("AES-{bits}")).collect(),
        ],
        Family::Pkcs1v15 => [vec![String::new()], vec![String::new()], vec![String::new()]],
    }
}

fn algorithm(family: Family, [one, two, three]: [usize; 3]) -> KeyAlgorithm {
    match family {
        Family::Oaep => {
            let label = if three == 0 { Vec::new() } else { b"label".to_vec() };
            KeyAlgorithm::RsaOaep { hash: HASHES[one], mgf: HASHES[two], label }
        }
        Family::Ecdh => KeyAlgorithm::Ecdh { cofactor: one == 1, kdf: KDF_HASHES[two], wrap_bits: BITS[three] },
        Family::Pkcs1v15 => KeyAlgorithm::RsaPkcs1v15,
    }
}

/// The algorithms of a family that are allowed, as one choice of sets; none if no algorithm is.
///
/// # Panics
/// Where they are no product of sets: then the page needs another form.
fn allowed(
    suite: Suite,
    content_type: ContentType,
    content: &ContentAlgorithm,
    family: Family,
) -> Option<[Vec<usize>; 3]> {
    let sizes = dimensions(family).map(|words| words.len());
    let mut sets = [Vec::new(), Vec::new(), Vec::new()];
    let mut count = 0;
    let all = (0..sizes[0]).flat_map(|one| (0..sizes[1]).map(move |two| (one, two)));
    for place in all.flat_map(|(one, two)| (0..sizes[2]).map(move |three| [one, two, three])) {
        if suite.allows(content_type, &algorithm(family, place), content) {
            count += 1;
            for (set, index) in sets.iter_mut().zip(place) {
                if !set.contains(&index) {
                    set.push(index);
                }
            }
        }
    }
    sets.iter_mut().for_each(|set| set.sort_unstable());
    let product: usize = sets.iter().map(Vec::len).product();
    assert_eq!(product, count, "{suite}: what is allowed of {family:?} is no product of sets");
    (count > 0).then_some(sets)
}

/// A set in words.
fn one_of(words: &[String], set: &[usize], all: &str) -> String {
    let chosen: Vec<&str> = set.iter().map(|index| words[*index].as_str()).collect();
    match chosen.as_slice() {
        _ if set.len() == words.len() && set.len() > 3 => all.to_owned(),
        [rest @ .., before, last] => {
            let rest: String = rest.iter().map(|word| format!("{word}, ")).collect();
            format!("{rest}{before} or {last}")
        }
        _ => chosen.join(""),
    }
}

fn words(family: Family, sets: &[Vec<usize>; 3]) -> String {
    let names = dimensions(family);
    let part = |index: usize, all: &str| one_of(&names[index], &sets[index], all);
    match family {
        Family::Oaep => {
            format!("RSAES-OAEP with {}, MGF1 with {}, {}", part(0, "any hash"), part(1, "any hash"), part(2, ""))
        }
        Family::Ecdh => {
            format!("{}, KDF with {}, {} key wrap", part(0, ""), part(1, "any hash"), part(2, ""))
        }
        Family::Pkcs1v15 => "RSAES-PKCS1-v1_5".into(),
    }
}

#[test]
fn the_suites_are_documented() {
    let mut page = String::from("| suite | content type | content algorithm | key algorithm |\n|---|---|---|---|\n");
    for suite in Suite::ALL {
        for content_type in CONTENT_TYPES {
            let mut rows: BTreeMap<(Family, [Vec<usize>; 3]), Vec<String>> = BTreeMap::new();
            for content in content_algorithms() {
                for family in [Family::Oaep, Family::Ecdh, Family::Pkcs1v15] {
                    if let Some(sets) = allowed(*suite, content_type, &content, family) {
                        rows.entry((family, sets)).or_default().push(content.to_string());
                    }
                }
            }
            for ((family, sets), contents) in rows {
                let (contents, key) = (contents.join(", "), words(family, &sets));
                writeln!(page, "| `{suite}` | {content_type} | {contents} | {key} |").unwrap();
            }
        }
    }
    hold("docs/envelope.md", "suites", &page);
}

#[test]
fn what_is_not_supported_is_allowed_by_no_suite() {
    let unsupported = KeyAlgorithm::Unsupported("RC2 key wrap".into());
    for suite in Suite::ALL {
        for content_type in CONTENT_TYPES {
            for content in content_algorithms() {
                assert!(!suite.allows(content_type, &unsupported, &content), "{suite}, {content}");
            }
            let content = ContentAlgorithm::Unsupported("RC4".into());
            assert!(!suite.allows(content_type, &KeyAlgorithm::RsaPkcs1v15, &content), "{suite}");
        }
    }
}
