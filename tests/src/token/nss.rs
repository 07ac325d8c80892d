//! A second token in software: NSS's, which Firefox has. Unlike SoftHSM's it unpads RSAES-OAEP with SHA-2.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use fdescrow::envelope::Certificate;

use super::{PIN, front::Front, run};
use crate::present;

/// The label of the token with the private keys.
pub const NSS_LABEL: &str = "NSS Certificate DB";

/// A database of NSS, and a module in front of NSS's that starts it with this database.
#[derive(Debug)]
pub struct NssToken {
    folder: PathBuf,
    /// The module.
    pub front: Front,
}

impl NssToken {
    /// A fresh database in a new folder; `None`, with the reason, where something is missing.
    ///
    /// # Panics
    /// Where something is missing and `CI` is set.
    pub fn new(folder: &Path) -> Option<Self> {
        let lack = "no certutil of NSS: install libnss3-tools (a name of Debian)";
        present(PathBuf::from("/usr/bin/certutil"), lack)?;
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("pin"), PIN).unwrap();
        let parameters =
            format!("configdir=sql:{} certPrefix= keyPrefix= secmod=secmod.db flags=noModDB", folder.display());
        let front = Front::new(folder, Path::new("libsoftokn3.so"), Some(&parameters))?;
        let token = Self { folder: folder.to_path_buf(), front };
        token.certutil(&["-N"]);
        Some(token)
    }

    /// Lets the token make a key pair and sign a certificate for it; gives the certificate and the key's `CKA_ID`.
    /// `kind`: the options of `certutil`.
    ///
    /// # Panics
    /// Where `certutil` does not.
    pub fn generate(&self, kind: &[&str], name: &str, usage: &str) -> (Certificate, Vec<u8>) {
        fs::write(self.folder.join("noise"), [0x5A; 64]).unwrap();
        let subject = format!("CN={name}");
        // A serial number of its own: NSS takes the time's, which two may share.
        let serial = name.len().to_string();
        let new = ["-S", "-n", name, "-s", &subject, "-x", "-t", ",,", "-m", &serial, "-z", "noise"];
        self.certutil(&[&new[..], kind, &["--keyUsage", usage]].concat());
        let certificate = Certificate::parse(self.certutil(&["-L", "-a", "-n", name]).as_bytes()).unwrap();
        let keys = self.certutil(&["-K"]);
        let line = keys.lines().find(|line| line.trim_end().ends_with(name)).unwrap();
        let id = line.split_whitespace().find(|word| word.len() == 40).unwrap();
        let id = (0..20).map(|at| u8::from_str_radix(&id[2 * at..2 * at + 2], 16).unwrap()).collect();
        (certificate, id)
    }

    fn certutil(&self, arguments: &[&str]) -> String {
        let mut certutil = Command::new("certutil");
        certutil.current_dir(&self.folder).args(arguments).args(["-d", "sql:.", "-f", "pin"]);
        String::from_utf8(run(&mut certutil).stdout).unwrap()
    }
}
