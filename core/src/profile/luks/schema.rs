//! What does somebody need to know who reads plans without this library?

use serde_json::{Value, json};

use super::{KdfHash, PLAN_VERSION, token_type};
use crate::{
    key::Kind,
    policy::luks::{Authorization, MAX_ITERATIONS, MIN_ITERATIONS, SLOTS},
};

/// The kinds of key that open a LUKS volume.
const KINDS: [Kind; 3] = [Kind::Luks, Kind::Systemd, Kind::Snapd];

/// The JSON Schema (draft 2020-12) of a [`LuksPlan`](super::LuksPlan).
pub fn plan_schema() -> Value {
    let words = |words: &[&str]| json!({ "enum": words });
    let list = |items: Value| json!({ "type": "array", "items": items, "uniqueItems": true });
    let kinds = KINDS.map(Kind::as_str);
    let mut tokens = KINDS.map(token_type).to_vec();
    tokens.sort_unstable();
    tokens.dedup();
    let hashes = [KdfHash::Sha256, KdfHash::Sha512].map(KdfHash::as_str);
    let ways: Vec<&str> = Authorization::ALL.iter().map(|way| way.as_str()).collect();
    let mut volumes = list(json!({
        "type": "string",
        "description": "A mount point, UUID= and that of the LUKS header, or all.",
    }));
    let mut authorize = list(words(&ways));
    let mut seal_to = list(json!({ "type": "string", "description": "The DER of an X.509 certificate, base64." }));
    for least_one in [&mut volumes, &mut authorize, &mut seal_to] {
        if let Some(members) = least_one.as_object_mut() {
            members.insert("minItems".to_owned(), 1.into());
        }
    }
    let kdf = object(
        json!({
            "type": words(&["pbkdf2"]),
            "hash": words(&hashes),
            "iterations": { "type": "integer", "minimum": MIN_ITERATIONS, "maximum": MAX_ITERATIONS },
        }),
        &["type", "hash", "iterations"],
    );
    let slot = object(json!({ "kind": words(&kinds), "kdf": kdf, "token": words(&tokens) }), &["kind", "token"]);
    let never_touch = object(
        json!({
            "slots": list(json!({ "type": "integer", "minimum": 0, "maximum": SLOTS - 1 })),
            "token_types": list(json!({ "type": "string" })),
        }),
        &["slots", "token_types"],
    );
    let mut schema = object(
        json!({
            "version": { "const": PLAN_VERSION },
            "organization": { "type": "string", "description": "Whose plan it is.", "minLength": 1, "maxLength": 255 },
            "volumes": volumes,
            "slot": slot,
            "authorize": authorize,
            "key_file": { "type": "string", "description": "An absolute path." },
            "seal_to": seal_to,
            "never_touch": never_touch,
            "backup_directory": { "type": "string", "description": "An absolute path." },
        }),
        &["version", "organization", "volumes", "slot", "authorize", "seal_to", "never_touch", "backup_directory"],
    );
    if let Some(members) = schema.as_object_mut() {
        members.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        members.insert("title".to_owned(), "fdescrow LUKS plan".into());
    }
    schema
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
