//! Where does the story play, so that it leaves nothing behind?

use std::{
    fs::{self, DirBuilder},
    path::{Path, PathBuf},
};

use fdescrow::KeyId;

use crate::{exit::Failure, world::World};

/// A new folder of the owner's alone, removed with all that is in it when this is dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new(world: &World<'_>) -> Result<Self, Failure> {
        // 128 random bits, as a name: nobody else has made that folder.
        let path = std::env::temp_dir().join(format!("fdescrow-demo-{}", KeyId::generate(world.randomness())?));
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(|error| Failure::file(format!("{}: {error}", path.display())))?;
        Ok(Self(path))
    }

    pub(super) fn join(&self, file: &str) -> PathBuf {
        Path::join(&self.0, file)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing but example keys is left if this fails.
        let _ = fs::remove_dir_all(&self.0);
    }
}
