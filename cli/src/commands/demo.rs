//! What is all this for?
//!
//! The whole story of recovery keys in one run: told step by step to somebody who never saw it, done with the
//! library as any server would do it, and verified at every step.

mod audit;
mod first_act;
mod linux;
mod mac;
mod scratch;
mod second_act;
mod stage;
mod windows;

use clap::Args;
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    world::World,
};
use first_act::FirstAct;
use scratch::Scratch;
use second_act::SecondAct;
use stage::Stage;

#[derive(Args, Debug)]
#[command(
    after_help = "Without --store, the story plays in a folder of its own that is removed afterwards. With it, it \
                        leaves an organization of its own in that store, which the other commands can look at."
)]
pub(crate) struct Arguments {
    /// The store to play in: sqlite:PATH, or memory:
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

#[derive(Serialize)]
struct Document {
    organization: String,
    steps: Vec<String>,
    verified: bool,
}

pub(crate) fn run(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    // The folder goes when this function ends, however it ends.
    let scratch = arguments.store.is_none().then(|| Scratch::new(world)).transpose()?;
    let url = match (&arguments.store, &scratch) {
        (Some(url), _) => url.clone(),
        (None, Some(scratch)) => format!("sqlite:{}", scratch.join("keys.db").display()),
        (None, None) => "memory:".to_owned(),
    };
    let mut stage = Stage::set(&url, world)?;
    let mac = FirstAct::play(&mut stage)?;
    SecondAct::play(&mut stage, mac)?;
    audit::verify(&mut stage)?;
    let (organization, steps) = stage.clear();
    let document = Document { organization, steps, verified: true };
    // As text, every step was told when it was done.
    if world.output.is_json() {
        world.output.answer(&document, "")?;
    } else if let Some(url) = arguments.store.as_ref().filter(|url| *url != "memory:") {
        world
            .output
            .note(format_args!("look around: fdescrow status --store {url} --organization {}", document.organization));
    }
    Ok(Exit::Yes)
}
