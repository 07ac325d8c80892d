//! JSON Schema, as much of draft 2020-12 as our schemas use; a keyword that is not known here is a failure.

use serde_json::Value;

/// What is wrong with the document, each with its place.
pub(crate) fn problems(schema: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, document, "", &mut found);
    found
}

fn check(schema: &Value, document: &Value, place: &str, found: &mut Vec<String>) {
    let mut fail = |problem: String| found.push(format!("{place}: {problem}"));
    let keywords = match schema {
        Value::Bool(true) => return,
        Value::Bool(false) => return fail("is not allowed".to_owned()),
        schema => schema.as_object().unwrap(),
    };
    let empty = serde_json::Map::new();
    let known = keywords.get("properties").map_or(&empty, |properties| properties.as_object().unwrap());
    for (keyword, value) in keywords {
        match (keyword.as_str(), document) {
            ("$schema" | "title" | "description" | "default", _) => {}
            ("type", document) => {
                let holds = match value.as_str().unwrap() {
                    "object" => document.is_object(),
                    "array" => document.is_array(),
                    "string" => document.is_string(),
                    "boolean" => document.is_boolean(),
                    "integer" => document.is_i64() || document.is_u64(),
                    other => panic!("type {other}"),
                };
                if !holds {
                    fail(format!("is not of type {value}"));
                }
            }
            ("enum", document) if !value.as_array().unwrap().contains(document) => {
                fail(format!("is not one of {value}"))
            }
            ("const", document) if value != document => fail(format!("is not {value}")),
            ("minimum", Value::Number(number)) if number.as_i64() < value.as_i64() => fail(format!("is below {value}")),
            ("maximum", Value::Number(number)) if number.as_i64() > value.as_i64() => fail(format!("is above {value}")),
            ("minLength", Value::String(text)) if text.chars().count() < size(value) => fail("is too short".to_owned()),
            ("maxLength", Value::String(text)) if text.chars().count() > size(value) => fail("is too long".to_owned()),
            ("minItems", Value::Array(items)) if items.len() < size(value) => fail("has too few items".to_owned()),
            ("uniqueItems", Value::Array(items)) => {
                if items.iter().enumerate().any(|(index, item)| items[..index].contains(item)) {
                    fail("has an item twice".to_owned());
                }
            }
            ("required", Value::Object(members)) => {
                for name in
                    value.as_array().unwrap().iter().filter(|name| !members.contains_key(name.as_str().unwrap()))
                {
                    fail(format!("lacks {name}"));
                }
            }
            (
                "enum"
                | "const"
                | "minimum"
                | "maximum"
                | "minLength"
                | "maxLength"
                | "minItems"
                | "required"
                | "properties"
                | "additionalProperties"
                | "propertyNames"
                | "items"
                | "uniqueItems",
                _,
            ) => {}
            (other, _) => panic!("keyword {other}"),
        }
    }
    match document {
        Value::Object(members) => {
            for (name, member) in members {
                let place = format!("{place}/{name}");
                if let Some(names) = keywords.get("propertyNames") {
                    check(names, &Value::from(name.as_str()), &place, found);
                }
                let schema = known.get(name).or_else(|| keywords.get("additionalProperties"));
                check(schema.unwrap_or(&Value::Bool(true)), member, &place, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let schema = keywords.get("items").unwrap_or(&Value::Bool(true));
                check(schema, item, &format!("{place}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn size(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}
