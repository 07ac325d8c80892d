//! What does a Windows device receive so that a BitLocker policy becomes true?
//!
//! Values of nodes of the BitLocker configuration service provider, all in one SyncML `Atomic`: Microsoft asks for
//! the whole set in one body, and Windows takes a group of data whole or not at all. A node is written exactly where
//! the policy says something; one that another policy set, and this one does not name, stays as it is.
//!
//! What comes out is one command, to be put into the `SyncBody` of a message: the header of a message belongs to a
//! session, which the server has. Command ids begin at 1; a server that sends more renumbers them.

mod admx;
mod lint;
mod nodes;

#[cfg(test)]
mod tests;

use std::io;

use quick_xml::{Writer, events::BytesText};

pub use lint::{Advice, AdviceCode, LintedPolicy, lint, lint_document};

use super::ProfileError;
use crate::policy::{BitLockerPolicy, bitlocker::schema::Node};

/// One node and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CspItem {
    /// The node.
    pub node: &'static Node,
    /// Its value, not escaped: for administrative templates, XML of its own.
    pub data: String,
}

/// The configuration of a Windows device, ready to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncMl {
    bytes: Vec<u8>,
    items: Vec<CspItem>,
}

impl SyncMl {
    /// The `Atomic` command, UTF-8, a line feed at the end.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The nodes and values in it, for servers that write SyncML themselves.
    pub fn items(&self) -> &[CspItem] {
        &self.items
    }
}

/// Renders the configuration: the same policy, the same bytes.
///
/// # Errors
/// [`ProfileError::Empty`] if the policy says nothing to Windows itself: an agent does all of it.
pub fn render(policy: &BitLockerPolicy) -> Result<SyncMl, ProfileError> {
    let items = nodes::items(policy);
    if items.is_empty() {
        return Err(ProfileError::Empty);
    }
    let bytes = write(&items).map_err(|_| ProfileError::Syntax("the commands cannot be written as XML"))?;
    Ok(SyncMl { bytes, items })
}

fn write(items: &[CspItem]) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.create_element("Atomic").write_inner_content(|writer| {
        text(writer, "CmdID", "1")?;
        for (item, id) in items.iter().zip(2u32..) {
            writer.create_element("Replace").write_inner_content(|writer| {
                text(writer, "CmdID", &id.to_string())?;
                writer.create_element("Item").write_inner_content(|writer| {
                    let target = writer.create_element("Target");
                    target.write_inner_content(|writer| text(writer, "LocURI", &item.node.loc_uri()))?;
                    writer.create_element("Meta").write_inner_content(|writer| {
                        let format = writer.create_element("Format").with_attribute(("xmlns", "syncml:metinf"));
                        format.write_text_content(BytesText::new(item.node.format.as_str()))?;
                        let kind = writer.create_element("Type").with_attribute(("xmlns", "syncml:metinf"));
                        kind.write_text_content(BytesText::new("text/plain"))?;
                        Ok(())
                    })?;
                    text(writer, "Data", &item.data)
                })?;
                Ok(())
            })?;
        }
        Ok(())
    })?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn text(writer: &mut Writer<Vec<u8>>, element: &str, text: &str) -> io::Result<()> {
    writer.create_element(element).write_text_content(BytesText::new(text)).map(drop)
}
