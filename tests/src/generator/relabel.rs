//! Messages that claim another algorithm than they were made with.
//!
//! Whoever can change a message, but not the keys, can have a reader run another algorithm over the
//! same bytes: an authenticated content read as CBC or a stream cipher turns the reader into an oracle.
//! Everything is relabelled, nothing encrypted anew.

use super::asn1::{CONSTRUCTED, CONTEXT, Node, OCTET_STRING, SEQUENCE};
use super::ber::{data, encrypted_content_info, recipients};
use super::{AUTH_ENVELOPED_DATA, ENVELOPED_DATA, RSA_ENCRYPTION, RSAES_OAEP};

/// One change of what a message says about itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Relabel {
    /// EnvelopedData becomes AuthEnvelopedData, with a tag of zeros.
    ToAuthEnveloped,
    /// AuthEnvelopedData becomes EnvelopedData; tag and authenticated attributes are dropped.
    ToEnveloped,
    /// AuthEnvelopedData becomes EnvelopedData; the tag goes behind the ciphertext.
    ToEnvelopedWithTag,
    /// RSAES-OAEP becomes RSAES-PKCS1-v1_5.
    KeyToPkcs1,
    /// RSAES-PKCS1-v1_5 becomes RSAES-OAEP with its defaults.
    KeyToOaep,
    /// The content cipher becomes AES, with the key size it had, in this mode.
    Content(Mode),
}

/// A mode of AES with an object identifier of its own (NIST's arc has none for CTR).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// CBC, over the whole blocks there are.
    Cbc,
    /// CCM, with the nonce as it was.
    Ccm,
    /// CFB, under the counter block that GCM's first block has.
    Cfb,
    /// ECB, over the whole blocks there are.
    Ecb,
    /// GCM.
    Gcm,
    /// OFB, under the counter block that GCM's first block has.
    Ofb,
}

/// The combinations that a downgrade test tries: each changes something, and none may open.
pub const DOWNGRADES: [&[Relabel]; 16] = [
    &[Relabel::KeyToPkcs1],
    &[Relabel::KeyToOaep],
    &[Relabel::ToEnveloped],
    &[Relabel::ToEnvelopedWithTag],
    &[Relabel::ToAuthEnveloped],
    &[Relabel::Content(Mode::Cbc)],
    &[Relabel::Content(Mode::Ccm)],
    &[Relabel::Content(Mode::Cfb)],
    &[Relabel::Content(Mode::Ecb)],
    &[Relabel::Content(Mode::Ofb)],
    &[Relabel::ToEnveloped, Relabel::Content(Mode::Cbc)],
    &[Relabel::ToEnveloped, Relabel::Content(Mode::Cfb)],
    &[Relabel::ToEnveloped, Relabel::Content(Mode::Ofb)],
    &[Relabel::KeyToPkcs1, Relabel::ToEnveloped, Relabel::Content(Mode::Cbc)],
    &[Relabel::KeyToPkcs1, Relabel::Content(Mode::Ofb)],
    &[Relabel::ToAuthEnveloped, Relabel::Content(Mode::Gcm)],
];

/// The message with these changes, one after the other; `None` where one changes nothing.
///
/// # Panics
/// If the bytes are no EnvelopedData or AuthEnvelopedData.
pub fn relabel(message: &[u8], changes: &[Relabel]) -> Option<Vec<u8>> {
    let mut root = Node::parse(message).expect("one BER value");
    for change in changes {
        let before = root.clone();
        match change {
            Relabel::ToAuthEnveloped => to_auth_enveloped(&mut root)?,
            Relabel::ToEnveloped => drop(to_enveloped(&mut root)?),
            Relabel::ToEnvelopedWithTag => {
                let tag = to_enveloped(&mut root)?;
                let content = &mut encrypted_content_info(&mut root).children_mut()[2];
                *content = Node::octets(CONTEXT, [content.content(), tag].concat());
            }
            Relabel::KeyToPkcs1 => key_to(&mut root, &Node::algorithm(RSA_ENCRYPTION, Some(Node::null()))),
            Relabel::KeyToOaep => key_to(&mut root, &Node::algorithm(RSAES_OAEP, Some(Node::sequence([])))),
            Relabel::Content(mode) => content_to(&mut root, *mode)?,
        }
        if root == before {
            return None;
        }
    }
    Some(root.encode())
}

fn is(root: &Node, content_type: &str) -> bool {
    root.children()[0] == Node::oid(content_type)
}

fn to_auth_enveloped(root: &mut Node) -> Option<()> {
    if !is(root, ENVELOPED_DATA) {
        return None;
    }
    root.children_mut()[0] = Node::oid(AUTH_ENVELOPED_DATA);
    // RFC 5083 §2.1: version 0, and [1] here would be authenticated attributes.
    let fields = data(root).children_mut();
    fields[0] = Node::integer([0]);
    fields.retain(|field| field.tag != CONTEXT | CONSTRUCTED | 1);
    fields.push(Node::octet_string([0; 16]));
    Some(())
}

/// The tag that was there.
fn to_enveloped(root: &mut Node) -> Option<Vec<u8>> {
    if !is(root, AUTH_ENVELOPED_DATA) {
        return None;
    }
    root.children_mut()[0] = Node::oid(ENVELOPED_DATA);
    let fields = data(root).children_mut();
    let tag = fields.iter().find(|field| field.tag & !CONSTRUCTED == OCTET_STRING)?.content();
    let end = fields.iter().position(|field| field.tag == SEQUENCE)? + 1;
    fields.truncate(end);
    Some(tag)
}

fn key_to(root: &mut Node, algorithm: &Node) {
    for recipient in recipients(root).children_mut() {
        // Another NULL beside the same object identifier is no other algorithm.
        if recipient.tag == SEQUENCE && recipient.children()[2].children()[0] != algorithm.children()[0] {
            recipient.children_mut()[2] = algorithm.clone();
        }
    }
}

fn content_to(root: &mut Node, mode: Mode) -> Option<()> {
    let fields = encrypted_content_info(root).children_mut();
    let oid = fields[1].children()[0].encode();
    // 2.16.840.1.101.3.4.1.n: n is 1, 21 or 41 for ECB with 128, 192 or 256 bits, other modes follow.
    let arc = Node::oid("2.16.840.1.101.3.4.1.1").encode();
    let (number, prefix) = oid.split_last()?;
    let base = (arc.split_last()?.1 == prefix).then_some(number / 20 * 20)?;
    let iv = match fields[1].children().get(1) {
        Some(parameters) if parameters.tag == SEQUENCE => parameters.children()[0].content(),
        Some(parameters) => parameters.content(),
        None => return None,
    };
    let counter = if iv.len() == 12 { [&iv[..], &[0, 0, 0, 2]].concat() } else { iv.clone() };
    let nonce = iv.get(..12)?;
    let aead = Node::sequence([Node::octet_string(nonce), Node::integer([16])]);
    let (offset, parameters) = match mode {
        Mode::Ecb => (1, None),
        Mode::Cbc => (2, Some(Node::octet_string(counter))),
        Mode::Ofb => (3, Some(Node::octet_string(counter))),
        Mode::Cfb => (4, Some(Node::octet_string(counter))),
        Mode::Gcm => (6, Some(aead)),
        Mode::Ccm => (7, Some(aead)),
    };
    fields[1] = Node::algorithm(&format!("2.16.840.1.101.3.4.1.{}", base + offset), parameters);
    if matches!(mode, Mode::Cbc | Mode::Ecb) {
        let mut ciphertext = fields[2].content();
        ciphertext.truncate(ciphertext.len() / 16 * 16);
        fields[2] = Node::octets(CONTEXT, ciphertext);
    }
    Some(())
}
