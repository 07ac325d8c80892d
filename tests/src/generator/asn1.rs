//! ASN.1 as a tree whose every length form is chosen, X.690.
//!
//! Shapes are built from it and messages of others are taken apart into it, so that one message can
//! be written in every way that BER allows. It shares nothing with the library under test. Tags of
//! one octet only: CMS has no others.

/// How a constructed value says where it ends.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Length {
    /// The shortest form, as in DER.
    #[default]
    Definite,
    /// End-of-contents octets.
    Indefinite,
    /// A definite form, two octets longer than it need be.
    Long,
}

/// A value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Node {
    /// The identifier octet.
    pub tag: u8,
    /// The form of its length.
    pub length: Length,
    /// What it holds.
    pub body: Body,
}

/// What a value holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Body {
    /// Primitive: octets.
    Octets(Vec<u8>),
    /// Constructed: values.
    Nodes(Vec<Node>),
}

/// SEQUENCE.
pub const SEQUENCE: u8 = 0x30;
/// SET.
pub const SET: u8 = 0x31;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// The bit that says constructed.
pub const CONSTRUCTED: u8 = 0x20;
/// The bits of a context-specific tag.
pub const CONTEXT: u8 = 0x80;

impl Node {
    /// A primitive value.
    pub fn octets(tag: u8, octets: impl Into<Vec<u8>>) -> Self {
        Self { tag, length: Length::Definite, body: Body::Octets(octets.into()) }
    }

    /// A constructed value.
    pub fn nodes(tag: u8, nodes: impl Into<Vec<Self>>) -> Self {
        Self { tag, length: Length::Definite, body: Body::Nodes(nodes.into()) }
    }

    /// A SEQUENCE.
    pub fn sequence(nodes: impl Into<Vec<Self>>) -> Self {
        Self::nodes(SEQUENCE, nodes)
    }

    /// A SET.
    pub fn set(nodes: impl Into<Vec<Self>>) -> Self {
        Self::nodes(SET, nodes)
    }

    /// An INTEGER of these content octets.
    pub fn integer(octets: impl Into<Vec<u8>>) -> Self {
        Self::octets(INTEGER, octets)
    }

    /// An OCTET STRING.
    pub fn octet_string(octets: impl Into<Vec<u8>>) -> Self {
        Self::octets(OCTET_STRING, octets)
    }

    /// A BIT STRING with no unused bits.
    pub fn bit_string(octets: &[u8]) -> Self {
        Self::octets(BIT_STRING, [&[0], octets].concat())
    }

    /// NULL.
    pub fn null() -> Self {
        Self::octets(0x05, [])
    }

    /// BOOLEAN TRUE.
    pub fn yes() -> Self {
        Self::octets(0x01, [0xFF])
    }

    /// `[number] EXPLICIT`.
    pub fn explicit(number: u8, node: Self) -> Self {
        Self::nodes(CONTEXT | CONSTRUCTED | number, [node])
    }

    /// An OBJECT IDENTIFIER, written with dots.
    pub fn oid(dotted: &str) -> Self {
        let arcs: Vec<u32> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
        let mut octets = Vec::new();
        let first = [&[arcs[0] * 40 + arcs[1]], &arcs[2..]].concat();
        for arc in first {
            let mut groups = vec![(arc & 0x7F) as u8];
            let mut rest = arc >> 7;
            while rest > 0 {
                groups.push((rest & 0x7F) as u8 | 0x80);
                rest >>= 7;
            }
            octets.extend(groups.iter().rev());
        }
        Self::octets(0x06, octets)
    }

    /// An AlgorithmIdentifier.
    pub fn algorithm(dotted: &str, parameters: Option<Self>) -> Self {
        let mut nodes = vec![Self::oid(dotted)];
        nodes.extend(parameters);
        Self::sequence(nodes)
    }

    /// The same with another form of length.
    #[must_use]
    pub fn with_length(mut self, length: Length) -> Self {
        self.length = length;
        self
    }

    /// The values inside; none if it is primitive.
    pub fn children(&self) -> &[Self] {
        match &self.body {
            Body::Nodes(nodes) => nodes,
            Body::Octets(_) => &[],
        }
    }

    /// The values inside, to change.
    ///
    /// # Panics
    /// If it is primitive.
    pub fn children_mut(&mut self) -> &mut Vec<Self> {
        match &mut self.body {
            Body::Nodes(nodes) => nodes,
            Body::Octets(_) => panic!("tag {:#04x} is primitive", self.tag),
        }
    }

    /// The octets of a primitive value, or of all chunks of a constructed string.
    pub fn content(&self) -> Vec<u8> {
        match &self.body {
            Body::Octets(octets) => octets.clone(),
            Body::Nodes(nodes) => nodes.iter().flat_map(Self::content).collect(),
        }
    }

    /// Calls `change` on this value and every value in it, inner ones first.
    pub fn for_each(&mut self, change: &mut impl FnMut(&mut Self)) {
        if let Body::Nodes(nodes) = &mut self.body {
            for node in nodes {
                node.for_each(change);
            }
        }
        change(self);
    }

    /// Reads one value and nothing behind it.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (node, rest) = Self::read(bytes)?;
        rest.is_empty().then_some(node)
    }

    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&tag, rest) = bytes.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let constructed = tag & CONSTRUCTED != 0;
        if first == 0x80 {
            let (nodes, rest) = Self::read_until_end(constructed.then_some(rest)?)?;
            return Some((Self { tag, length: Length::Indefinite, body: Body::Nodes(nodes) }, rest));
        }
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
        };
        let (mut inside, rest) = rest.split_at_checked(length)?;
        if !constructed {
            return Some((Self::octets(tag, inside), rest));
        }
        let mut nodes = Vec::new();
        while !inside.is_empty() {
            let (node, after) = Self::read(inside)?;
            nodes.push(node);
            inside = after;
        }
        Some((Self::nodes(tag, nodes), rest))
    }

    fn read_until_end(mut bytes: &[u8]) -> Option<(Vec<Self>, &[u8])> {
        let mut nodes = Vec::new();
        loop {
            if let Some(rest) = bytes.strip_prefix(&[0, 0]) {
                return Some((nodes, rest));
            }
            let (node, rest) = Self::read(bytes)?;
            nodes.push(node);
            bytes = rest;
        }
    }

    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        let inside = match &self.body {
            Body::Octets(octets) => octets.clone(),
            Body::Nodes(nodes) => nodes.iter().flat_map(Self::encode).collect(),
        };
        let mut bytes = vec![self.tag];
        if self.length == Length::Indefinite {
            bytes.push(0x80);
            bytes.extend(inside);
            bytes.extend([0, 0]);
            return bytes;
        }
        let octets = inside.len().to_be_bytes();
        let significant = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
        let mut shortest = octets[significant..].to_vec();
        if self.length == Length::Long {
            shortest.splice(0..0, [0, 0]);
        }
        match shortest.as_slice() {
            [] => bytes.push(0),
            [one] if *one < 0x80 => bytes.push(*one),
            many => {
                bytes.push(0x80 | many.len() as u8);
                bytes.extend(many);
            }
        }
        bytes.extend(inside);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_identifiers_are_those_of_the_standard() {
        assert_eq!(Node::oid("1.2.840.113549.1.7.3").encode(), b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03");
        assert_eq!(Node::oid("2.5.4.13").encode(), b"\x06\x03\x55\x04\x0d");
    }

    #[test]
    fn every_form_of_length_reads_back() {
        for size in [0, 1, 127, 128, 255, 256, 70_000] {
            for length in [Length::Definite, Length::Indefinite, Length::Long] {
                let inside = Node::octet_string(vec![7; size]);
                let node = Node::sequence([inside.clone(), Node::null()]).with_length(length);
                let read = Node::parse(&node.encode()).unwrap();
                assert_eq!(read.children(), [inside, Node::null()], "{size} {length:?}");
            }
        }
    }

    #[test]
    fn what_is_cut_or_followed_does_not_read() {
        let bytes = Node::sequence([Node::oid("1.2.3"), Node::yes()]).encode();
        assert!(Node::parse(&bytes).is_some());
        assert!(Node::parse(&bytes[..bytes.len() - 1]).is_none());
        assert!(Node::parse(&[&bytes[..], &[0]].concat()).is_none());
    }
}
