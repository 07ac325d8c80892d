//! Whose key is it that somebody reads from a screen?

use std::fmt;

use clap::Args;
use fdescrow::{escrow::Found, recovery::search::Search};
use serde::Serialize;

use super::store::StoreArguments;
use crate::{
    exit::{Exit, Failure},
    output::Visible,
    world::World,
};

#[derive(Args, Debug)]
#[command(after_help = "Exit status 1 if nothing was found. A search gives candidates, never keys.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// The recovery key ID of a BitLocker screen (8 digits, or all), a volume's UUID, a device or one of its names
    text: String,
}

#[derive(Serialize)]
struct Document {
    candidates: Vec<Found>,
}

pub(crate) fn run(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let search = Search::parse(&arguments.text).map_err(|error| Failure::of(error.code(), error.to_string()))?;
    let escrow = arguments.store.escrow(Vec::new(), world)?;
    let document = Document { candidates: escrow.find(&search)? };
    world.output.answer(&document, &document)?;
    Ok(if document.candidates.is_empty() { Exit::No } else { Exit::Yes })
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.candidates.is_empty() {
            return writeln!(f, "nothing was found");
        }
        self.candidates.iter().try_for_each(|found| {
            write!(f, "{}", Visible(&found.device))?;
            if let (Some(key), Some(place)) = (found.key, &found.place) {
                write!(f, ", key {key}: {}", Visible(place))?;
            }
            writeln!(f, "{}", if found.retired { " (retired)" } else { "" })
        })
    }
}
