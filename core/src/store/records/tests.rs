//! What goes in comes out, stands where it belongs, and holds no key.

mod changes;
mod samples;

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{MemberKind, body, members, *};
use crate::{
    ids::{Digest, ProtectorId},
    store::{
        MemoryStore,
        contract::{Row, Value},
    },
};
use samples::{full, sparse};

fn again<R: Stored>(row: &Row) -> Row {
    R::from_row(row).unwrap().to_row(&body::organization(row).unwrap()).unwrap()
}

/// Reads a row as the record of its table and writes it again.
fn written_again(row: &Row) -> Row {
    match row.table() {
        Table::Certificates => again::<CertificateRecord>(row),
        Table::Devices => again::<DeviceRecord>(row),
        Table::Envelopes => again::<EnvelopeRecord>(row),
        Table::Keys => again::<KeyRecord>(row),
        Table::Recoveries => again::<RecoveryRecord>(row),
        Table::Audit => AuditRecord::row_of(&AuditRecord::from_row(row).unwrap().entry),
        other => panic!("{other} has no body"),
    }
}

fn error_of(row: &Row) -> StoreError {
    match row.table() {
        Table::Certificates => CertificateRecord::from_row(row).unwrap_err(),
        Table::Devices => DeviceRecord::from_row(row).unwrap_err(),
        Table::Envelopes => EnvelopeRecord::from_row(row).unwrap_err(),
        Table::Keys => KeyRecord::from_row(row).unwrap_err(),
        Table::Recoveries => RecoveryRecord::from_row(row).unwrap_err(),
        Table::Audit => AuditRecord::from_row(row).unwrap_err(),
        other => panic!("{other} has no body"),
    }
}

/// The row with another body.
fn with_body(row: &Row, change: impl FnOnce(&mut serde_json::Map<String, Json>)) -> Row {
    let Json::Object(mut body) = serde_json::from_str(row.body().unwrap()).unwrap() else { panic!("not a map") };
    change(&mut body);
    let body = Some(Json::Object(body).to_string());
    Row::known(row.key().clone(), row.columns().to_vec(), body, row.bytes().map(<[u8]>::to_vec))
}

#[test]
fn what_was_written_is_read_and_written_the_same() {
    for row in full().iter().chain(&sparse()) {
        assert_eq!(row.problem(), None);
        assert_eq!(written_again(row), *row);
    }
}

#[test]
fn bodies_have_the_members_that_are_documented() {
    let body = |row: &Row| serde_json::from_str::<Json>(row.body().unwrap()).unwrap();
    let names = |body: &Json| body.as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    for row in full() {
        let documented: BTreeSet<String> = members(row.table()).iter().map(|member| member.name.to_owned()).collect();
        assert_eq!(names(&body(&row)), documented, "{}", row.table());
        for member in members(row.table()) {
            let value = &body(&row)[member.name];
            let text = value.as_str().unwrap_or_default();
            let fits = match member.kind {
                MemberKind::Digest => text.parse::<Digest>().is_ok(),
                MemberKind::Id => text.parse::<crate::ids::KeyId>().is_ok(),
                MemberKind::Integer => value.is_u64(),
                MemberKind::List => value.is_array(),
                MemberKind::Map => value.is_object(),
                MemberKind::Name => DeviceId::new(text).is_ok(),
                MemberKind::Text => value.is_string(),
                MemberKind::Time => text.parse::<Timestamp>().is_ok(),
                MemberKind::Word => crate::ids::Word::new(text).is_ok(),
            };
            assert!(fits, "{} of {} is {value}", member.name, row.table());
        }
    }
    for row in sparse() {
        let always = members(row.table()).iter().filter(|member| member.always);
        let always: BTreeSet<String> = always.map(|member| member.name.to_owned()).collect();
        assert_eq!(names(&body(&row)), always, "{}", row.table());
    }
    let with_bodies = Table::ALL.iter().filter(|table| table.description().body);
    assert!(with_bodies.eq(full().iter().map(Row::table).collect::<BTreeSet<_>>().iter()));
}

#[test]
fn members_of_a_newer_version_survive_being_read_and_written() {
    for row in full().iter().filter(|row| row.table() != Table::Audit) {
        let newer = with_body(row, |body| {
            body.insert("invented_later".to_owned(), serde_json::json!({"deep": [1, "two", null]}));
        });
        let kept: Json = serde_json::from_str(written_again(&newer).body().unwrap()).unwrap();
        assert_eq!(kept, serde_json::from_str::<Json>(newer.body().unwrap()).unwrap(), "{}", row.table());
        assert_eq!(written_again(&newer).columns(), newer.columns());
    }
    // An entry of the audit is never written again, so it is enough that it can be read.
    let entry = full().into_iter().find(|row| row.table() == Table::Audit).unwrap();
    let newer = with_body(&entry, |body| {
        body.insert("invented_later".to_owned(), Json::from(1));
    });
    assert!(AuditRecord::from_row(&newer).unwrap().entry.to_json().contains("invented_later"));
}

#[test]
fn a_body_of_a_higher_version_is_refused_as_such() {
    for row in full().iter().filter(|row| row.table() != Table::Audit) {
        let newer = with_body(row, |body| {
            body.insert("version".to_owned(), Json::from(2));
            body.insert("device".to_owned(), Json::from(7));
        });
        assert!(matches!(error_of(&newer), StoreError::Schema(_)), "{}", row.table());
        for version in [Json::from(0), Json::from("1"), Json::Null] {
            let odd = with_body(row, |body| {
                body.insert("version".to_owned(), version.clone());
            });
            assert!(matches!(error_of(&odd), StoreError::Corrupt(_)), "{} {version}", row.table());
        }
    }
}

#[test]
fn a_damaged_body_is_corrupt_and_never_a_panic() {
    for row in full() {
        let body = row.body().unwrap();
        let cut = body.char_indices().map(|(place, _)| body[..place].to_owned());
        let odd = ["", "{}", "[]", "null", "{\"version\":1}", "7", "\"", "{\"version\":1e99}"].map(str::to_owned);
        for body in cut.chain(odd) {
            let row =
                Row::known(row.key().clone(), row.columns().to_vec(), Some(body), row.bytes().map(<[u8]>::to_vec));
            assert!(matches!(error_of(&row), StoreError::Corrupt(_)));
        }
        // A member that is missing, or is something else.
        for member in members(row.table()) {
            let without = with_body(&row, |body| {
                body.remove(member.name);
            });
            if member.always && !matches!((row.table(), member.name), (Table::Keys, "sightings")) {
                assert!(matches!(error_of(&without), StoreError::Corrupt(_)), "{} {}", row.table(), member.name);
            }
            let odd = with_body(&row, |body| {
                body.insert(member.name.to_owned(), Json::from(7.5));
            });
            assert!(matches!(error_of(&odd), StoreError::Corrupt(_)), "{} {}", row.table(), member.name);
        }
    }
}

#[test]
fn a_body_in_another_row_is_not_believed() {
    for row in full() {
        let description = row.table().description();
        for place in 1..description.key.len() {
            let mut parts = row.key().parts().to_vec();
            parts[place] = match &parts[place] {
                Value::Integer(number) => Value::from(number + 1),
                Value::Text(text) => Value::from(text.replace(|c: char| c.is_ascii_alphanumeric(), "0")),
            };
            let key = RowKey::from_parts(row.table(), parts).unwrap();
            let moved =
                Row::known(key, row.columns().to_vec(), row.body().map(str::to_owned), row.bytes().map(<[u8]>::to_vec));
            assert!(matches!(error_of(&moved), StoreError::Corrupt(_)), "{}", row.table());
        }
        for (place, _) in description.columns.iter().enumerate().filter(|(_, column)| column.fixed) {
            let mut columns = row.columns().to_vec();
            columns[place] = Some(match &columns[place] {
                Some(Value::Integer(number)) => Value::from(number + 1),
                _ => Value::from("0"),
            });
            let bytes = row.bytes().map(<[u8]>::to_vec);
            let moved = Row::known(row.key().clone(), columns, row.body().map(str::to_owned), bytes);
            assert!(matches!(error_of(&moved), StoreError::Corrupt(_)), "{}", row.table());
        }
    }
    let row = full().into_iter().find(|row| row.table() == Table::Envelopes).unwrap();
    let mut bytes = row.bytes().unwrap().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let other = Row::known(row.key().clone(), row.columns().to_vec(), row.body().map(str::to_owned), Some(bytes));
    assert!(matches!(error_of(&other), StoreError::Corrupt(_)));
}

#[test]
fn an_assessment_in_newer_words_is_kept_and_not_believed() {
    let row = full().into_iter().find(|row| row.table() == Table::Devices).unwrap();
    assert!(DeviceRecord::from_row(&row).unwrap().assessment().is_some());
    let newer = with_body(&row, |body| body["judged"]["assessment"]["status"] = Json::from("levitating"));
    let record = DeviceRecord::from_row(&newer).unwrap();
    assert_eq!(record.assessment(), None);
    let kept: Json = serde_json::from_str(written_again(&newer).body().unwrap()).unwrap();
    assert_eq!(kept, serde_json::from_str::<Json>(newer.body().unwrap()).unwrap());
}

/// Everything that can differ between two records changes their digest, and nothing else does.
#[test]
fn a_row_has_one_digest() {
    let mut digests = BTreeSet::new();
    let mut count = 0;
    let mut add = |row: &Row| {
        count += 1;
        digests.insert(row.digest());
    };
    for row in full() {
        add(&row);
        for (place, column) in row.table().description().columns.iter().enumerate() {
            let mut columns = row.columns().to_vec();
            columns[place] = match &columns[place] {
                Some(Value::Integer(number)) => Some(Value::from(number + 1)),
                Some(Value::Text(text)) => Some(Value::from(format!("{text}0"))),
                None => Some(Value::from("x")),
            };
            let bytes = row.bytes().map(<[u8]>::to_vec);
            let other = Row::known(row.key().clone(), columns, row.body().map(str::to_owned), bytes);
            if column.digested {
                add(&other);
            } else {
                assert_eq!(other.digest(), row.digest(), "{}", column.name);
            }
        }
        add(&with_body(&row, |body| {
            body.insert("x".to_owned(), Json::Null);
        }));
    }
    assert_eq!(digests.len(), count);
}

#[test]
fn the_first_digits_of_a_protector_are_what_the_screen_shows() {
    let prefix = |id: &str| protector_prefix(&ProtectorId::new(id).unwrap());
    assert_eq!(prefix("{A1B2C3D4-0000-0000-0000-000000000000}").as_deref(), Some("a1b2c3d4"));
    assert_eq!(prefix("a1b2c3d4-0000-0000-0000-000000000000").as_deref(), Some("a1b2c3d4"));
    for other in ["0", "slot 1", "A1B2C3D", "{}", "G1B2C3D4-0000", "\u{ff11}\u{ff11}\u{ff11}\u{ff11}1111"] {
        assert_eq!(prefix(other), None, "{other}");
    }
}

#[test]
fn records_are_read_through_any_store() {
    let store = MemoryStore::new();
    let organization = samples::organization();
    let dynamic: &dyn Store = &store;
    let key = DeviceRecord::row_key(&organization, &samples::device());
    assert_eq!(dynamic.read::<DeviceRecord>(&key).unwrap(), None);
    assert!(matches!(dynamic.read::<KeyRecord>(&key), Err(StoreError::Misuse(_))));
    let query = RowQuery::new(&organization, Index::KEYS_BY_KEY);
    assert!(dynamic.read_page::<KeyRecord>(&query).unwrap().records.is_empty());
    assert!(matches!(dynamic.read_page::<DeviceRecord>(&query), Err(StoreError::Misuse(_))));
}
