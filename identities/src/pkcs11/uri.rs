//! What does a `pkcs11:` URI mean?
//!
//! RFC 7512, for a private key: `pkcs11:token=…;object=…?module-path=…&pin-source=…`. An attribute that is not known
//! is an error, not something to pass over: it may be what tells two keys apart. A PIN in the URI itself is refused:
//! it would stand in the list of processes and in the shell's history.

use std::{path::PathBuf, str::FromStr};

use super::{TokenError, TokenKey};

/// A private key in a token, as a URI names it, and where its PIN is.
///
/// ```
/// use fdescrow_identities::pkcs11::TokenUri;
///
/// let uri: TokenUri = "pkcs11:token=escrow;object=fleet%202026?module-path=/usr/lib/softhsm/libsofthsm2.so".parse()?;
/// assert!(uri.pin_source.is_none());
/// assert!("pkcs11:object=fleet?module-path=/m.so&pin-value=1234".parse::<TokenUri>().is_err());
/// # Ok::<(), fdescrow_identities::pkcs11::TokenError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenUri {
    /// The key.
    pub key: TokenKey,
    /// `pin-source`: the file with the PIN.
    pub pin_source: Option<PathBuf>,
}

impl TokenUri {
    /// Whether a text means to be such a URI.
    pub fn is_one(text: &str) -> bool {
        text.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
    }
}

const SCHEME: &str = "pkcs11:";

impl FromStr for TokenUri {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let rest = text.get(SCHEME.len()..).filter(|_| Self::is_one(text));
        let rest = rest.ok_or_else(|| wrong("it does not begin with `pkcs11:`"))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut key = TokenKey::new(PathBuf::new());
        let mut seen = Vec::new();
        for (name, value) in attributes(path, ';', &mut seen)? {
            let text = |value: Vec<u8>| String::from_utf8(value).map_err(|_| wrong(&format!("`{name}` is not UTF-8")));
            match name {
                "token" => key.token = Some(text(value)?),
                "serial" => key.serial = Some(text(value)?),
                "manufacturer" => key.manufacturer = Some(text(value)?),
                "model" => key.model = Some(text(value)?),
                "object" => key.label = Some(text(value)?),
                "id" => key.id = Some(value),
                "slot-id" => {
                    let number = text(value)?.parse().map_err(|_| wrong("`slot-id` is no number"))?;
                    key.slot = Some(number);
                }
                "type" if value == b"private" => {}
                "type" => return Err(wrong("`type` must be `private`, or be left out")),
                _ => return Err(wrong(&format!("`{name}` is not known here"))),
            }
        }
        let (mut module, mut pin_source) = (None, None);
        for (name, value) in attributes(query, '&', &mut seen)? {
            let text = String::from_utf8(value).map_err(|_| wrong(&format!("`{name}` is not UTF-8")))?;
            match name {
                "module-path" => module = Some(PathBuf::from(text)),
                "pin-source" => pin_source = Some(file(&text)?),
                "pin-value" => {
                    return Err(wrong(
                        "a PIN (`pin-value`) is not taken from an argument, where others see it: leave it out to be \
                         asked, or name a file with `pin-source`",
                    ));
                }
                "module-name" => return Err(wrong("give the path of the module (`module-path`), not its name")),
                _ => return Err(wrong(&format!("`{name}` is not known here"))),
            }
        }
        key.module = module.ok_or_else(|| wrong("it names no module: add `?module-path=…`"))?;
        Ok(Self { key, pin_source })
    }
}

/// The attributes of one part, percent-decoded (RFC 3986 §2.1); each may stand once.
fn attributes<'a>(
    part: &'a str,
    separator: char,
    seen: &mut Vec<&'a str>,
) -> Result<Vec<(&'a str, Vec<u8>)>, TokenError> {
    let mut attributes = Vec::new();
    for attribute in part.split(separator).filter(|attribute| !attribute.is_empty()) {
        let (name, value) =
            attribute.split_once('=').ok_or_else(|| wrong("an attribute is not written as `name=value`"))?;
        if seen.contains(&name) {
            return Err(wrong(&format!("`{name}` stands twice")));
        }
        seen.push(name);
        attributes.push((name, decode(value)?));
    }
    Ok(attributes)
}

fn decode(value: &str) -> Result<Vec<u8>, TokenError> {
    let mut octets = value.bytes();
    let mut decoded = Vec::with_capacity(value.len());
    while let Some(octet) = octets.next() {
        if octet != b'%' {
            decoded.push(octet);
            continue;
        }
        let digits = [octets.next(), octets.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
        let [Some(high), Some(low)] = digits else { return Err(wrong("a `%` is not followed by two hex digits")) };
        decoded.extend(u8::try_from(high << 4 | low));
    }
    Ok(decoded)
}

/// The file that a `pin-source` names: a path, or a URI of a file (RFC 8089). Programs (`|…`) are not run.
fn file(source: &str) -> Result<PathBuf, TokenError> {
    let path = match source.strip_prefix("file:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None => source,
    };
    if path.is_empty() || path.starts_with('|') || (path.contains("://") && !path.starts_with('/')) {
        return Err(wrong("`pin-source` must be the path of a file"));
    }
    Ok(PathBuf::from(path))
}

/// Says what is wrong; values are never repeated, since one of them may be a PIN.
fn wrong(what: &str) -> TokenError {
    TokenError::Uri(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<TokenUri, String> {
        text.parse().map_err(|error: TokenError| error.to_string())
    }

    #[test]
    fn what_p11tool_prints_is_understood() {
        let uri = parse(
            "pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=67fb;token=esc%3Brow;id=%01%fF;\
             object=fleet;type=private?module-path=/m.so&pin-source=file:/run/pin",
        )
        .unwrap();
        let mut key = TokenKey::new("/m.so").token("esc;row").serial("67fb").label("fleet").id([1, 0xFF]);
        key.model = Some("SoftHSM v2".to_owned());
        key.manufacturer = Some("SoftHSM project".to_owned());
        assert_eq!(uri, TokenUri { key, pin_source: Some("/run/pin".into()) });
    }

    #[test]
    fn a_pin_in_the_uri_is_refused_and_not_repeated() {
        let error = parse("pkcs11:token=a?module-path=/m.so&pin-value=48151623").unwrap_err();
        assert!(error.contains("pin-source") && !error.contains("48151623"), "{error}");
    }

    #[test]
    fn what_is_not_known_or_does_not_fit_is_an_error() {
        for (text, word) in [
            ("http:token=a", "begin"),
            ("pkcs11:token=a", "module-path"),
            ("pkcs11:token=a?module-name=softhsm2", "not its name"),
            ("pkcs11:tokn=a?module-path=/m.so", "`tokn`"),
            ("pkcs11:token=a?module-path=/m.so&pin-sorce=b", "`pin-sorce`"),
            ("pkcs11:token=a;token=b?module-path=/m.so", "twice"),
            ("pkcs11:token?module-path=/m.so", "name=value"),
            ("pkcs11:token=%4?module-path=/m.so", "hex"),
            ("pkcs11:token=%ff?module-path=/m.so", "UTF-8"),
            ("pkcs11:type=cert?module-path=/m.so", "private"),
            ("pkcs11:slot-id=x?module-path=/m.so", "number"),
            ("pkcs11:object=a?module-path=/m.so&pin-source=|cat", "path of a file"),
            ("pkcs11:object=a?module-path=/m.so&pin-source=https://a/b", "path of a file"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
