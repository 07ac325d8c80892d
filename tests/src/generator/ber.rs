//! One message in every other way that BER allows, X.690 §8.
//!
//! The bytes differ, the value does not: whoever reads BER must get the same plaintext out of each.

use super::asn1::{Body, CONSTRUCTED, CONTEXT, Length, Node, OCTET_STRING, SET};

/// What is written otherwise than in DER.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Manner {
    /// ContentInfo, EnvelopedData, EncryptedContentInfo and the content without lengths, as macOS and
    /// `openssl cms -stream` do.
    AppleShape,
    /// The content in chunks, with a length.
    ChunkedDefinite,
    /// The content in chunks, without a length.
    ChunkedIndefinite,
    /// All of the others that can stand together.
    Everything,
    /// Every constructed value without a length.
    IndefiniteEverywhere,
    /// Every length longer than it need be.
    LongLengths,
    /// The content in chunks that are themselves in chunks.
    NestedChunks,
    /// Recipients in the reverse order.
    RecipientsReversed,
    /// Every OCTET STRING (wrapped key, initialization vector, tag, key identifier) in two parts, with
    /// a length.
    SplitStringsDefinite,
    /// The same without a length.
    SplitStringsIndefinite,
    /// A line feed behind the message, as files have it.
    TrailingNewline,
    /// Two NUL octets behind the message, as fixed-size buffers leave them.
    TrailingNul,
}

impl Manner {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::AppleShape,
        Self::ChunkedDefinite,
        Self::ChunkedIndefinite,
        Self::Everything,
        Self::IndefiniteEverywhere,
        Self::LongLengths,
        Self::NestedChunks,
        Self::RecipientsReversed,
        Self::SplitStringsDefinite,
        Self::SplitStringsIndefinite,
        Self::TrailingNewline,
        Self::TrailingNul,
    ];
}

/// Writes an EnvelopedData or AuthEnvelopedData message in this manner.
///
/// # Panics
/// If the bytes are no such message.
pub fn berify(message: &[u8], manner: Manner) -> Vec<u8> {
    let mut root = Node::parse(message).expect("one BER value");
    match manner {
        Manner::AppleShape => {
            chunk_content(&mut root, Length::Indefinite);
            root.length = Length::Indefinite;
            root.children_mut()[1].length = Length::Indefinite;
            data(&mut root).length = Length::Indefinite;
            encrypted_content_info(&mut root).length = Length::Indefinite;
        }
        Manner::ChunkedDefinite => chunk_content(&mut root, Length::Definite),
        Manner::ChunkedIndefinite => chunk_content(&mut root, Length::Indefinite),
        Manner::Everything => {
            reverse_recipients(&mut root);
            split_strings(&mut root, Length::Indefinite);
            nest_chunks(&mut root);
            lengthen(&mut root, Length::Indefinite);
        }
        Manner::IndefiniteEverywhere => lengthen(&mut root, Length::Indefinite),
        Manner::LongLengths => lengthen(&mut root, Length::Long),
        Manner::NestedChunks => nest_chunks(&mut root),
        Manner::RecipientsReversed => reverse_recipients(&mut root),
        Manner::SplitStringsDefinite => split_strings(&mut root, Length::Definite),
        Manner::SplitStringsIndefinite => split_strings(&mut root, Length::Indefinite),
        Manner::TrailingNewline | Manner::TrailingNul => {}
    }
    let mut bytes = root.encode();
    match manner {
        Manner::TrailingNewline => bytes.push(b'\n'),
        Manner::TrailingNul => bytes.extend([0, 0]),
        _ => {}
    }
    bytes
}

/// The EnvelopedData or AuthEnvelopedData in a ContentInfo.
pub(super) fn data(root: &mut Node) -> &mut Node {
    &mut root.children_mut()[1].children_mut()[0]
}

/// Its RecipientInfos.
pub(super) fn recipients(root: &mut Node) -> &mut Node {
    data(root).children_mut().iter_mut().find(|field| field.tag == SET).expect("RecipientInfos")
}

/// Its EncryptedContentInfo: what follows the recipients.
pub(super) fn encrypted_content_info(root: &mut Node) -> &mut Node {
    let fields = data(root).children_mut();
    let recipients = fields.iter().position(|field| field.tag == SET).expect("RecipientInfos");
    &mut fields[recipients + 1]
}

/// Sets the form of every length there is a choice for.
fn lengthen(root: &mut Node, length: Length) {
    root.for_each(&mut |node| {
        if length == Length::Long || matches!(node.body, Body::Nodes(_)) {
            node.length = length;
        }
    });
}

fn reverse_recipients(root: &mut Node) {
    recipients(root).children_mut().reverse();
}

/// The content in chunks of 7 octets: no multiple of a block.
fn chunk_content(root: &mut Node, length: Length) {
    let content = &mut encrypted_content_info(root).children_mut()[2];
    let chunks: Vec<Node> = content.content().chunks(7).map(Node::octet_string).collect();
    *content = Node::nodes(CONTEXT | CONSTRUCTED, chunks).with_length(length);
}

/// Chunks in a constructed OCTET STRING beside a primitive one, one with a length and one without.
fn nest_chunks(root: &mut Node) {
    let content = &mut encrypted_content_info(root).children_mut()[2];
    let octets = content.content();
    let (first, second) = octets.split_at(octets.len() / 2);
    let inner: Vec<Node> = first.chunks(5).map(Node::octet_string).collect();
    let innermost = Node::nodes(OCTET_STRING | CONSTRUCTED, [Node::octet_string(second)]);
    let chunks = [
        Node::nodes(OCTET_STRING | CONSTRUCTED, inner).with_length(Length::Indefinite),
        Node::octet_string([]),
        Node::nodes(OCTET_STRING | CONSTRUCTED, [innermost]),
    ];
    *content = Node::nodes(CONTEXT | CONSTRUCTED, chunks).with_length(Length::Indefinite);
}

/// Splits every universal OCTET STRING, and key identifiers under `[0]`.
fn split_strings(root: &mut Node, length: Length) {
    let split = |node: &mut Node, tag: u8| {
        let octets = node.content();
        let (first, second) = octets.split_at(octets.len() / 2);
        *node = Node::nodes(tag, [Node::octet_string(first), Node::octet_string(second)]).with_length(length);
    };
    for recipient in recipients(root).children_mut() {
        for field in recipient.children_mut() {
            if field.tag == CONTEXT {
                split(field, CONTEXT | CONSTRUCTED);
            }
        }
    }
    data(root).for_each(&mut |node| {
        // The parts that were just made are whole.
        if node.tag == CONTEXT | CONSTRUCTED
            && node.children().iter().all(|part| part.tag & !CONSTRUCTED == OCTET_STRING)
        {
            for part in node.children_mut() {
                *part = Node::octet_string(part.content());
            }
        } else if node.tag == OCTET_STRING {
            split(node, OCTET_STRING | CONSTRUCTED);
        }
    });
}
