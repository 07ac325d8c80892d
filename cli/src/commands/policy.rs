//! Is a policy sound, and what does it say for whom?

use std::{fmt, path::PathBuf};

use clap::{Args, Subcommand};
use fdescrow::{
    policy::{Explained, json_schema},
    profile::{
        Severity,
        bitlocker::{LintedPolicy, lint_document},
    },
};
use serde::Serialize;

use super::profile::read_policy;
use crate::{
    exit::{Exit, Failure},
    output::Visible,
    world::World,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tells whether a policy and each of its groups breaks a rule, or works against itself
    #[command(after_help = "Exit status 2 if a rule is broken, else 1 if there is advice of severity error.")]
    Check(Check),
    /// Shows every value of a policy and who decided it
    Show(Show),
    /// Writes the JSON Schema of policies, for editors
    Schema,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The policy, TOML or JSON
    file: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The policy, TOML or JSON
    file: PathBuf,
    /// The group of devices; without it, the organization's
    #[arg(long, value_name = "G")]
    group: Option<String>,
}

pub(crate) fn run(command: Command, world: &World<'_>) -> Result<Exit, Failure> {
    match command {
        Command::Check(Check { file }) => {
            let checked = Checked { policies: lint_document(&read_policy(&file)?) };
            world.output.answer(&checked, &checked)?;
            Ok(if checked.is_bad() { Exit::No } else { Exit::Yes })
        }
        Command::Show(Show { file, group }) => {
            let document = read_policy(&file)?;
            if let Some(group) = group.as_deref().filter(|group| !document.groups().any(|name| name == *group)) {
                return Err(Failure::usage(format!("{}: no group {group}", file.display())));
            }
            let shown = Shown { values: document.explain(group.as_deref()), group };
            world.output.answer(&shown, &shown)?;
            Ok(Exit::Yes)
        }
        Command::Schema => {
            let schema = json_schema();
            world.output.answer(&schema, format_args!("{schema:#}"))?;
            Ok(Exit::Yes)
        }
    }
}

#[derive(Serialize)]
struct Checked {
    policies: Vec<LintedPolicy>,
}

impl Checked {
    fn is_bad(&self) -> bool {
        self.policies.iter().flat_map(|policy| &policy.advice).any(|advice| advice.severity == Severity::Error)
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for LintedPolicy { group, advice, .. } in &self.policies {
            let name = group.as_deref().map_or_else(|| "organization".to_owned(), |group| format!("group {group}"));
            if advice.is_empty() {
                writeln!(f, "{}: ok", Visible(&name))?;
            }
            advice.iter().try_for_each(|advice| writeln!(f, "{}: {advice}", Visible(&name)))?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Shown {
    group: Option<String>,
    values: Vec<Explained>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.values.iter().try_for_each(|value| writeln!(f, "{}", Visible(value)))
    }
}
