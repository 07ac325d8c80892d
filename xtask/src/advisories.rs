//! What may stand in the tree of dependencies: cargo-deny over `deny.toml`, without network.
//!
//! The advisories come from a copy of the RustSec database beside the workspace, an archive of its
//! files; cargo-deny wants a git repository of them in a folder of a name that it derives itself.

use std::fs;
use std::path::Path;

use crate::place::Place;
use crate::steps::{Failure, Outcome, run};

/// The folder of the RustSec database below cargo-deny's `db-path`: its name, a dash, and
/// cargo-deny's own hash of where it comes from.
const DATABASE: &str = "advisory-db-3157b0e258782691";

pub(crate) fn check(place: &Place) -> Result<Outcome, Failure> {
    let archive = place.shared()?.map(|shared| shared.join("advisory-db.tar.xz"));
    let databases = place.tools.join("advisory-dbs");
    let config = place.tools.join("deny.toml");
    let rules = fs::read_to_string(place.root.join("deny.toml")).map_err(|error| Failure::io("deny.toml", &error))?;
    fs::write(&config, with_databases(&rules, &databases)?).map_err(|error| Failure::io(config.display(), &error))?;

    let mut deny = place.cargo(&["deny", "--offline", "--locked", "--config"]);
    deny.arg(&config)
        .args(["check", "--hide-inclusion-graph"])
        // a crate may be banned outside the one that wraps it before that one exists
        .args(["--allow", "unused-wrapper"])
        .args(["bans", "licenses", "sources"]);
    match archive {
        Some(archive) => {
            unpack(place, &archive, &databases.join(DATABASE))?;
            run(deny.arg("advisories"))
        }
        None => {
            run(&mut deny)?;
            Ok(Outcome::PassedWith("without advisories: the shared folder is missing".into()))
        }
    }
}

/// The rules with the place of the databases, which differs from checkout to checkout.
fn with_databases(rules: &str, databases: &Path) -> Result<String, Failure> {
    let section = "[advisories]\n";
    let (before, after) =
        rules.split_once(section).ok_or_else(|| Failure("deny.toml has no section [advisories]".into()))?;
    // a TOML string and Rust's debug form agree on quotes and backslashes
    let databases = databases.display().to_string();
    Ok(format!("{before}{section}db-path = {databases:?}\n{after}"))
}

/// Makes the repository anew, so that a newer archive is never hidden by an older copy.
fn unpack(place: &Place, archive: &Path, database: &Path) -> Result<(), Failure> {
    if database.exists() {
        fs::remove_dir_all(database).map_err(|error| Failure::io(database.display(), &error))?;
    }
    fs::create_dir_all(database).map_err(|error| Failure::io(database.display(), &error))?;
    let mut tar = place.command("tar");
    tar.arg("-xJf").arg(archive).arg("-C").arg(database);
    run(&mut tar)?;
    let identity = ["-c", "user.name=xtask", "-c", "user.email=xtask@localhost"];
    let plain = ["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"];
    for arguments in [
        ["init", "--quiet", "."].as_slice(),
        &["add", "--all"],
        &["commit", "--quiet", "--message", "the database as it was archived"],
    ] {
        let mut git = place.command("git");
        git.args(identity).args(plain).args(arguments);
        // a hook that calls us would have git look at the repository it works on
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            git.env_remove(variable);
        }
        run(git.current_dir(database))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_databases_are_named_in_their_section() {
        let rules = "[graph]\n[advisories]\nyanked = \"deny\"\n";
        let with = with_databases(rules, Path::new("/a b")).unwrap();
        assert_eq!(with, "[graph]\n[advisories]\ndb-path = \"/a b\"\nyanked = \"deny\"\n");
        assert!(with_databases("[graph]\n", Path::new("/a")).is_err());
    }
}
