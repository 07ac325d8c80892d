//! Are two names those of one person?

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::{IdError, checked};

/// A person or a program, by what never changes of it: who vouches for it (`iss` of OpenID Connect, a domain's
/// SID) and the identifier that it has there (`sub`, an object id). Not a display name, and better not an e-mail address.
///
/// Two are equal exactly when their bytes are. Where two people are demanded, [`may_be`](Self::may_be) is asked, which
/// sees one person behind several spellings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Names", into = "Names")]
pub struct Person {
    issuer: String,
    subject: String,
}

#[derive(Serialize, Deserialize)]
struct Names {
    issuer: String,
    subject: String,
}

impl Person {
    /// Takes two names of 1 to 255 bytes without control characters.
    ///
    /// # Errors
    /// [`IdError`] if one is empty, longer, or has control characters.
    pub fn new(issuer: impl Into<String>, subject: impl Into<String>) -> Result<Self, IdError> {
        let issuer = checked("issuer", issuer.into())?;
        Ok(Self { issuer, subject: checked("subject", subject.into())? })
    }

    /// Who vouches for the person.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The identifier that the person has there.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Whether the two may be one person, spelt in another way: other case, width, accents, composed or not, spaces and
    /// invisible characters, an e-mail address with another display name, with dots or with a `+tag`; and whether two
    /// issuers vouch for one e-mail address.
    ///
    /// It is a guard behind immutable identifiers, not instead of them: it knows no letters of another script that look
    /// alike, no nicknames, no aliases that only a directory knows. Who has two accounts is two people to it. On the
    /// other side it takes some people for one, and a third has to approve then.
    pub fn may_be(&self, other: &Self) -> bool {
        let (ours, theirs) = (subject(&self.subject), subject(&other.subject));
        ours == theirs && (ours.contains('@') || issuer(&self.issuer) == issuer(&other.issuer))
    }
}

impl TryFrom<Names> for Person {
    type Error = IdError;

    fn try_from(names: Names) -> Result<Self, IdError> {
        Self::new(names.issuer, names.subject)
    }
}

impl From<Person> for Names {
    fn from(person: Person) -> Self {
        Self { issuer: person.issuer, subject: person.subject }
    }
}

/// What remains of an issuer when its spelling does not count.
fn issuer(text: &str) -> String {
    let folded = folded(text);
    let bare = folded.strip_prefix("https://").or_else(|| folded.strip_prefix("http://")).unwrap_or(&folded);
    bare.trim_end_matches('/').to_owned()
}

/// What remains of a subject when its spelling does not count.
fn subject(text: &str) -> String {
    let folded = folded(text);
    let bare = match folded.rsplit_once('<') {
        Some((_, address)) if address.contains('@') => address.trim_end_matches('>'),
        _ => &folded,
    };
    let bare = bare.strip_prefix("mailto:").or_else(|| bare.strip_prefix("acct:")).unwrap_or(bare);
    let Some((local, domain)) = bare.rsplit_once('@') else {
        return bare.to_owned();
    };
    let untagged = local.split_once('+').map_or(local, |(name, _)| name);
    let name: String = untagged.chars().filter(|c| !matches!(c, '.' | '"')).collect();
    let domain = domain.trim_end_matches('.');
    let domain = if domain == "googlemail.com" { "gmail.com" } else { domain };
    format!("{name}@{domain}")
}

/// Without case, width, accents, spaces and what cannot be seen: compatibility decomposition (UAX #15) before and after
/// folding, which brings new characters to decompose.
fn folded(text: &str) -> String {
    let upper: String = text.nfkd().flat_map(char::to_uppercase).collect();
    let lower: String = upper.chars().flat_map(char::to_lowercase).collect();
    lower.nfkd().filter(|c| !c.is_whitespace() && !c.is_control() && !is_accent(*c) && !is_invisible(*c)).collect()
}

/// Combining Diacritical Marks. The marks of other scripts make other letters, and count.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}')
}

/// Default_Ignorable_Code_Point (UAX #44), as far as it is in use.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(issuer: &str, subject: &str) -> Person {
        Person::new(issuer, subject).unwrap()
    }

    #[test]
    fn one_person_in_other_spellings_is_one_person() {
        let anna = person("https://idp.example.com", "Ann\u{e9} Strau\u{df}");
        for subject in [
            "ann\u{e9} strau\u{df}",
            "ANN\u{c9} STRAUSS",
            "Anne\u{301} Strau\u{df}",
            "Anne Strauss",
            "  Ann\u{e9}\u{a0}Strau\u{df} ",
            "Ann\u{e9}\u{200b}Strau\u{df}\u{feff}",
            "\u{ff21}\u{ff4e}\u{ff4e}\u{ff45}\u{3000}\u{ff33}trauss",
            "\u{1d400}nne Strauss",
        ] {
            for issuer in ["https://idp.example.com", "https://IDP.example.com/", "idp.example.com"] {
                let other = person(issuer, subject);
                assert!(anna.may_be(&other) && other.may_be(&anna), "{subject:?} {issuer}");
            }
            // the same name elsewhere is somebody else
            assert!(!anna.may_be(&person("https://idp.example.org", subject)));
        }
    }

    #[test]
    fn one_address_is_one_person_whatever_stands_around_it() {
        let anna = person("https://idp.example.com", "anna.adams@gmail.com");
        for subject in [
            "Anna.Adams@GMail.com",
            "annaadams@gmail.com",
            "anna.adams+approver@gmail.com",
            "Anna Adams <anna.adams@gmail.com>",
            "The Boss <annaadams+x@googlemail.com.>",
            "mailto:anna.adams@gmail.com",
            "acct:anna.adams@gmail.com",
            "\"anna.adams\"@gmail.com",
        ] {
            assert!(anna.may_be(&person("https://another.example.org", subject)), "{subject}");
        }
        for subject in ["anna.adam@gmail.com", "anna.adams@gmail.org", "anna.adams"] {
            assert!(!anna.may_be(&person("https://idp.example.com", subject)), "{subject}");
        }
    }

    #[test]
    fn two_people_are_two() {
        let people = [
            person("https://idp.example.com", "248289761001"),
            person("https://idp.example.com", "248289761002"),
            person("https://idp.example.org", "248289761001"),
            person("https://idp.example.com", "\u{738b}"),
            person("https://idp.example.com", "\u{674e}"),
            person("https://idp.example.com", "\u{915}\u{93f}"),
            person("https://idp.example.com", "\u{915}\u{940}"),
        ];
        for (index, one) in people.iter().enumerate() {
            for (other, another) in people.iter().enumerate() {
                assert_eq!(one.may_be(another), index == other, "{one:?} {another:?}");
            }
        }
        // equality is of bytes: the guard is asked apart from it
        assert_ne!(person("a", "anna"), person("a", "Anna"));
    }

    #[test]
    fn a_person_is_stored_and_what_is_no_name_is_refused() {
        let anna = person("https://idp.example.com", "1001");
        let text = serde_json::to_string(&anna).unwrap();
        assert_eq!(text, r#"{"issuer":"https://idp.example.com","subject":"1001"}"#);
        assert_eq!(serde_json::from_str::<Person>(&text).unwrap(), anna);
        assert_eq!((anna.issuer(), anna.subject()), ("https://idp.example.com", "1001"));
        assert!(Person::new("", "a").is_err() && Person::new("a", "b\n").is_err());
        assert!(serde_json::from_str::<Person>(r#"{"issuer":"","subject":"1"}"#).is_err());
    }
}
