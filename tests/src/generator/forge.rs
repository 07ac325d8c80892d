//! A message of which one part is wrong.
//!
//! A good message is taken apart, the part is replaced, and it is written again. Parts are found by their place in
//! the structures of RFC 5652 and RFC 5083, for the first recipient.

use rsa::hazmat::rsa_encrypt;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, PublicKey};

use super::asn1::{CONSTRUCTED, CONTEXT, Node, OCTET_STRING, SEQUENCE, SET};
use super::ber;
use super::primitives::Cipher;

/// A message, taken apart.
#[derive(Clone, Debug)]
pub struct Forge {
    root: Node,
}

impl Forge {
    /// Of a good message in DER.
    ///
    /// # Panics
    /// If it is none.
    pub fn of(message: &[u8]) -> Self {
        Self { root: Node::parse(message).expect("one message") }
    }

    /// The message as it is now.
    pub fn encode(&self) -> Vec<u8> {
        self.root.encode()
    }

    /// The content type of the whole.
    pub fn content_type(&mut self) -> &mut Node {
        &mut self.root.children_mut()[0]
    }

    /// The fields of EnvelopedData or AuthEnvelopedData.
    pub fn fields(&mut self) -> &mut Vec<Node> {
        ber::data(&mut self.root).children_mut()
    }

    /// The RecipientInfos.
    pub fn recipients(&mut self) -> &mut Vec<Node> {
        self.fields().iter_mut().find(|field| field.tag == SET).expect("RecipientInfos").children_mut()
    }

    /// keyEncryptionAlgorithm.
    pub fn key_algorithm(&mut self) -> &mut Node {
        let recipient = &mut self.recipients()[0];
        let place = recipient.children().len() - 2;
        &mut recipient.children_mut()[place]
    }

    /// encryptedKey, an OCTET STRING.
    pub fn encrypted_key(&mut self) -> &mut Node {
        let recipient = &mut self.recipients()[0];
        let agreement = recipient.tag != SEQUENCE;
        let last = recipient.children_mut().last_mut().expect("encryptedKey");
        if agreement { &mut last.children_mut()[0].children_mut()[1] } else { last }
    }

    /// The recipient's identifier.
    pub fn identifier(&mut self) -> &mut Node {
        let recipient = &mut self.recipients()[0];
        if recipient.tag == SEQUENCE {
            return &mut recipient.children_mut()[1];
        }
        let last = recipient.children_mut().last_mut().expect("recipientEncryptedKeys");
        &mut last.children_mut()[0].children_mut()[0]
    }

    /// For ECDH: the sender's public key, a BIT STRING.
    pub fn ephemeral(&mut self) -> &mut Node {
        &mut self.recipients()[0].children_mut()[1].children_mut()[0].children_mut()[1]
    }

    /// contentEncryptionAlgorithm.
    pub fn content_algorithm(&mut self) -> &mut Node {
        &mut ber::encrypted_content_info(&mut self.root).children_mut()[1]
    }

    /// Initialization vector or nonce, an OCTET STRING.
    pub fn iv(&mut self) -> &mut Node {
        let parameters = &mut self.content_algorithm().children_mut()[1];
        if parameters.tag == OCTET_STRING { parameters } else { &mut parameters.children_mut()[0] }
    }

    /// encryptedContent.
    pub fn ciphertext(&mut self) -> &mut Node {
        &mut ber::encrypted_content_info(&mut self.root).children_mut()[2]
    }

    /// The tag of AuthEnvelopedData.
    pub fn mac(&mut self) -> &mut Node {
        self.fields().iter_mut().find(|field| field.tag == OCTET_STRING).expect("mac")
    }

    /// The authenticated attributes of AuthEnvelopedData: put in, or in the place of those that are there.
    pub fn set_authenticated_attributes(&mut self, attributes: &[Node]) {
        let tag = CONTEXT | CONSTRUCTED | 1;
        let fields = self.fields();
        fields.retain(|field| field.tag != tag);
        let mac = fields.iter().position(|field| field.tag == OCTET_STRING).expect("mac");
        fields.insert(mac, Node::nodes(tag, attributes));
    }

    /// Other content under this key, with a whole padding or a right tag.
    pub fn seal_content(&mut self, cipher: Cipher, content_key: &[u8], plaintext: &[u8]) {
        let iv = self.iv().content();
        let mut ciphertext = cipher.encrypt(content_key, &iv, plaintext);
        if matches!(cipher, Cipher::AesGcm(_)) {
            *self.mac() = Node::octet_string(ciphertext.split_off(ciphertext.len() - 16));
        }
        *self.ciphertext() = Node::octets(CONTEXT, ciphertext);
    }
}

/// The RSA public operation on an encoded message of the caller's making, RFC 8017 §5.1.1.
///
/// # Panics
/// If it is not as long as the modulus, or not smaller.
pub fn encrypt_encoded(key: &PublicKey, encoded: &[u8]) -> Vec<u8> {
    let message = BoxedUint::from_be_slice(encoded, key.n_bits_precision()).unwrap();
    assert!(encoded.len() == key.size() && message < *key.n().as_ref());
    let octets = rsa_encrypt(key, &message).unwrap().to_be_bytes();
    octets[octets.len() - key.size()..].to_vec()
}
