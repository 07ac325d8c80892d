//! What is left of two documents when one goes over the other?

use serde_json::{Map, Value};

/// The first without these places, and the second over it: tables member by member, everything else whole.
pub(super) fn merged(below: &Map<String, Value>, above: &Map<String, Value>, without: &[String]) -> Map<String, Value> {
    let mut result = below.clone();
    for path in without {
        remove(&mut result, path);
    }
    put_over(&mut result, above);
    result
}

fn put_over(below: &mut Map<String, Value>, above: &Map<String, Value>) {
    for (name, value) in above {
        match (below.get_mut(name), value) {
            (Some(Value::Object(below)), Value::Object(above)) => put_over(below, above),
            _ => drop(below.insert(name.clone(), value.clone())),
        }
    }
}

fn remove(document: &mut Map<String, Value>, path: &str) {
    match path.split_once('.') {
        None => drop(document.remove(path)),
        Some((table, rest)) => {
            if let Some(Value::Object(table)) = document.get_mut(table) {
                remove(table, rest);
            }
        }
    }
}

/// The value at a place.
pub(super) fn at<'a>(document: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => document.get(path),
        Some((table, rest)) => at(document.get(table)?.as_object()?, rest),
    }
}
