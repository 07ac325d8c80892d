//! How is a value of an administrative template written?
//!
//! As XML of its own, `<enabled/><data id="…" value="…"/>`, which the message then carries as text: what a person wrote
//! is escaped in the attribute, and all of it once more in the message.

use quick_xml::Writer;

/// `<enabled/>` with these data.
pub(super) fn enabled<'a>(data: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut writer = Writer::new(Vec::new());
    // a Vec takes every write
    let _ = writer.create_element("enabled").write_empty();
    for (id, value) in data {
        let _ = writer
            .create_element("data")
            .with_attribute(("id", id))
            .with_attribute(("value", value.as_str()))
            .write_empty();
    }
    String::from_utf8(writer.into_inner()).unwrap_or_default()
}

/// `<enabled/>` or `<disabled/>`.
pub(super) fn switch(on: bool) -> String {
    if on { enabled([]) } else { "<disabled/>".to_owned() }
}
