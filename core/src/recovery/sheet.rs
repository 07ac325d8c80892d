//! How is a key written down for a person who has to type it?
//!
//! A [`Sheet`] is the text to read out on the phone, or the page to print: the key in groups, each spelled by an
//! alphabet, the ID to compare before anything is typed, and what to do at the screen that asks for it. It is a
//! [`Secret`] like the key itself, written into memory that is wiped; where it is printed, it is a key on paper.

mod html;
mod qr;
mod spelling;

use zeroize::Zeroize;

use crate::{
    audit::Text,
    key::{Kind, RecoveryKey},
    secret::{Secret, on_wiped_stack},
    time::Timestamp,
    verification::Place,
};

/// A key and what belongs to it, to be written down.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sheet<'a> {
    /// The key.
    pub key: &'a RecoveryKey,
    /// Where it belongs: volume and protector are the ID that the screen shows.
    pub place: &'a Place,
    /// What people call the device: its name, serial number.
    pub device: Option<Text>,
    /// Whose device it is.
    pub organization: Option<Text>,
    /// When it was handed out.
    pub at: Timestamp,
}

impl<'a> Sheet<'a> {
    /// A sheet; what people call the device and its owner are fields.
    pub fn new(key: &'a RecoveryKey, place: &'a Place, at: Timestamp) -> Self {
        Self { key, place, device: None, organization: None, at }
    }

    /// As plain text: to read out, or to show in a terminal.
    pub fn to_text(&self) -> Secret<str> {
        on_wiped_stack(|| {
            let mut page = Page::new();
            page.line(&[self.key.kind().description()]);
            for (name, value) in self.facts() {
                page.line(&[name, ": ", &value]);
            }
            page.line(&[]);
            for group in self.key.expose_groups() {
                page.push(&[group, "   "]);
                spelling::spell(group, &mut page);
                page.line(&[]);
            }
            page.line(&[]);
            page.line(&["As it is typed: ", self.key.expose()]);
            page.line(&[]);
            for (number, step) in (1..).zip(instructions(self.key.kind())) {
                page.line(&[&format!("{number}. {step}")]);
            }
            page.line(&[]);
            page.line(&[WARNING]);
            page.into_secret()
        })
    }

    /// As a page of HTML 5 to print, which loads nothing: the text, and the key as a QR code. Names are escaped.
    pub fn to_html(&self) -> Secret<str> {
        on_wiped_stack(|| html::page(self))
    }

    /// What is in that page below its heading, for a page of the embedder's own with a style of its own: it has neither
    /// styles nor scripts. The tables have the classes `facts` and `key`, the key as it is typed `typed`, the QR code `code`.
    pub fn to_html_fragment(&self) -> Secret<str> {
        on_wiped_stack(|| html::fragment(self))
    }

    /// What is said of the key besides itself, in the order in which it is asked for.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        let mut fact = |name, value: Option<String>| facts.extend(value.map(|value| (name, value)));
        fact("Organization", self.organization.as_ref().map(ToString::to_string));
        fact("Device", self.device.as_ref().map(ToString::to_string));
        fact(id_name(self.key.kind()), self.place.protector.as_ref().map(ToString::to_string));
        fact("Volume", self.place.volume.as_ref().map(ToString::to_string));
        fact("Written", Some(self.at.to_string()));
        facts
    }
}

/// What the screen that asks for a key calls the protector.
fn id_name(kind: Kind) -> &'static str {
    match kind {
        Kind::BitLocker => "Recovery key ID",
        Kind::FileVault => "User",
        Kind::Luks | Kind::Snapd | Kind::Systemd => "Key slot",
    }
}

const WARNING: &str = "Whoever has this page can unlock the disk. Destroy it when the disk is unlocked.";

/// What to do at the screen that asks for the key, in the words that it uses.
fn instructions(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::BitLocker => &[
            "The blue screen says \"BitLocker recovery\" and shows a recovery key ID. Its first 8 characters must be those \
             of the ID above. If they differ, this is the key of another drive: stop.",
            "Type the 48 digits. The dashes appear by themselves; the digit keys and the function keys F1 to F10 work.",
            "Press Enter. Windows starts; nothing on the drive is changed by this.",
        ],
        Kind::FileVault => &[
            "At the login window choose the user, and click the question mark in the password field. On a Mac without one, \
             type a wrong password three times.",
            "Choose to reset the password with the recovery key. The Mac may restart and ask for it then.",
            "Type the 24 capital letters and digits, with the dashes. Where a letter looks like a digit, its word above \
             says which it is.",
            "The Mac unlocks and lets you choose a new password.",
        ],
        Kind::Luks => &[
            "The screen asks to unlock a disk, or for a passphrase. While you type, nothing or only dots may appear.",
            "Type the 40 letters, all small and without spaces. They are at the same place on English, German and French \
             keyboards.",
            "Press Enter.",
        ],
        Kind::Snapd => &[
            "The screen asks for the recovery key of the disk. While you type, nothing or only dots may appear.",
            "Type the 40 digits. The dashes may be typed or left out.",
            "Press Enter.",
        ],
        Kind::Systemd => &[
            "The screen asks to unlock a disk, or for a passphrase or recovery key. While you type, nothing or only dots may \
             appear.",
            "Type the 64 letters, all small, with the dashes. They are at the same place on most keyboards.",
            "Press Enter.",
        ],
    }
}

/// Text that grows without leaving copies behind.
struct Page(String);

impl Page {
    fn new() -> Self {
        Self(String::with_capacity(1 << 13))
    }

    fn push(&mut self, parts: &[&str]) {
        for part in parts {
            if self.0.capacity().saturating_sub(self.0.len()) < part.len() {
                // A string that grows by itself leaves its old buffer as it is.
                let mut larger = String::with_capacity(self.0.capacity().saturating_add(part.len()).saturating_mul(2));
                larger.push_str(&self.0);
                self.0.zeroize();
                self.0 = larger;
            }
            self.0.push_str(part);
        }
    }

    fn line(&mut self, parts: &[&str]) {
        self.push(parts);
        self.push(&["\n"]);
    }

    fn into_secret(self) -> Secret<str> {
        Secret::from_string(self.0)
    }
}
