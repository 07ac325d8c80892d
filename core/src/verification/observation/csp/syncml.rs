//! Which nodes, with which data, are in a SyncML message?
//!
//! OMA SyncML: `Item` elements with a `LocURI` (in `Source` or `Target`) and `Data`, wherever they stand. Elements are
//! known by their local names. Entities of its own, and more elements inside each other than any message has, are
//! refused.

use quick_xml::{Reader, events::Event};

use crate::verification::observation::ObservationError;

/// Elements inside each other.
const MAX_DEPTH: usize = 32;
/// Items in all.
const MAX_ITEMS: usize = 1024;

const NOT_XML: ObservationError = ObservationError::Syntax("it is no well-formed XML");

/// What an item says so far.
#[derive(Default)]
struct Item {
    uri: String,
    data: String,
}

/// The items, each as its LocURI and its data.
pub(super) fn items(text: &str) -> Result<Vec<(String, String)>, ObservationError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut open, mut items, mut item): (Vec<String>, _, _) = (Vec::new(), Vec::new(), Item::default());
    loop {
        match reader.read_event().map_err(|_| NOT_XML)? {
            Event::Start(element) => {
                if open.len() >= MAX_DEPTH {
                    return Err(ObservationError::Limit("is deeper than is read"));
                }
                open.push(element.local_name().as_ref().to_owned());
                if open.last().is_some_and(|name| name == "Item") {
                    item = Item::default();
                }
            }
            Event::End(_) => {
                if open.pop().is_some_and(|name| name == "Item") && !item.uri.is_empty() {
                    if items.len() >= MAX_ITEMS {
                        return Err(ObservationError::Limit("has more than 1024 items"));
                    }
                    let Item { uri, data } = std::mem::take(&mut item);
                    items.push((uri.trim().to_owned(), data.trim().to_owned()));
                }
            }
            Event::Text(content) => put(&open, &mut item, &content),
            Event::CData(content) => put(&open, &mut item, &content),
            // No node that is read has one: what has one is no number and no id.
            Event::GeneralRef(_) => put(&open, &mut item, "&"),
            Event::DocType(_) => return Err(ObservationError::Syntax("it has a document type")),
            Event::Eof if open.is_empty() => return Ok(items),
            Event::Eof => return Err(NOT_XML),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
        }
    }
}

fn put(open: &[String], item: &mut Item, content: &str) {
    let Some((element, around)) = open.split_last() else { return };
    let inside = |name: &str| around.iter().any(|open| open == name);
    match element.as_str() {
        "LocURI" if inside("Item") => item.uri.push_str(content),
        "Data" if inside("Item") => item.data.push_str(content),
        _ => {}
    }
}
