//! The library for C as packages install it: header, libraries, and what pkg-config and CMake ask for.
//!
//! The static library is one object in which everything but our own functions is local: a program that has its own SQLite,
//! or another copy of Rust's standard library, links with it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::place::Place;
use crate::steps::{Failure, Outcome, Steps, output, run};
use crate::tools;

/// What a program that links statically needs of the system.
pub(crate) const SYSTEM_LIBRARIES: &str = "-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc";

/// Installs below a folder.
pub(crate) fn install(steps: &mut Steps, place: &Place, prefix: &Path) -> Result<(), Failure> {
    steps.run("build", || build(place))?;
    steps.run("install", || {
        let installed = Installed::lay_out(place, prefix)?;
        Ok(Outcome::PassedWith(format!("{} below {}", installed.sizes()?, prefix.display())))
    })
}

/// Installs below the target folder, and shows that programs find, link and run what is there.
pub(crate) fn check(steps: &mut Steps, place: &Place) -> Result<(), Failure> {
    steps.run("tools", || tools::install(place, &[tools::INSTALL]))?;
    steps.run("install: build", || build(place))?;
    steps.run("install", || {
        let prefix = place.target.join("prefix");
        drop(fs::remove_dir_all(&prefix));
        let installed = Installed::lay_out(place, &prefix)?;
        installed.exports_only_ours(place)?;
        installed.is_found_by_pkg_config(place)?;
        installed.is_found_by_cmake(place)?;
        Ok(Outcome::PassedWith(installed.sizes()?))
    })
}

/// The number of the C ABI, as the header says it: part of the library's name.
fn abi(place: &Place) -> Result<String, Failure> {
    let header = read(&place.root.join("include/fdescrow.h"))?;
    let line = header.lines().find_map(|line| line.strip_prefix("#define FDESCROW_ABI_VERSION "));
    line.map(str::to_owned).ok_or_else(|| Failure("the header has no ABI version".into()))
}

fn build(place: &Place) -> Result<Outcome, Failure> {
    let name = format!("-Clink-arg=-Wl,-soname,libfdescrow.so.{}", abi(place)?);
    let rustc = ["rustc", "--release", "--locked", "--package", "fdescrow-ffi", "--lib", "--crate-type"];
    run(place.cargo(&rustc).args(["cdylib", "--", &name]))?;
    run(place.cargo(&rustc).arg("staticlib"))
}

struct Installed {
    prefix: PathBuf,
    abi: String,
}

impl Installed {
    /// Puts every file where it belongs.
    fn lay_out(place: &Place, prefix: &Path) -> Result<Self, Failure> {
        let prefix = std::path::absolute(prefix).map_err(|error| Failure::io(prefix.display(), &error))?;
        let installed = Self { prefix, abi: abi(place)? };
        let built = place.target.join("release");
        installed.copy(&place.root.join("include/fdescrow.h"), "include/fdescrow.h")?;
        let shared = format!("lib/libfdescrow.so.{}", installed.abi);
        installed.copy(&built.join("libfdescrow_ffi.so"), &shared)?;
        run(Command::new("strip").arg("--strip-unneeded").arg(installed.path(&shared)))?;
        let link = installed.path("lib/libfdescrow.so");
        drop(fs::remove_file(&link));
        symlink(format!("libfdescrow.so.{}", installed.abi), &link)
            .map_err(|error| Failure::io("libfdescrow.so", &error))?;
        make_static(place, &built.join("libfdescrow_ffi.a"), &installed.path("lib/libfdescrow.a"))?;
        installed.describe()?;
        Ok(installed)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.prefix.join(name)
    }

    fn copy(&self, from: &Path, to: &str) -> Result<(), Failure> {
        let to = self.path(to);
        folder_of(&to)?;
        fs::copy(from, &to).map(drop).map_err(|error| Failure::io(from.display(), &error))
    }

    /// What pkg-config and CMake ask for. The folder may be moved: each file finds the others from where it is.
    fn describe(&self) -> Result<(), Failure> {
        let version = env!("CARGO_PKG_VERSION");
        self.write(
            "lib/pkgconfig/fdescrow.pc",
            &format!(
                "prefix=${{pcfiledir}}/../..\nincludedir=${{prefix}}/include\nlibdir=${{prefix}}/lib\n\n\
                 Name: fdescrow\nDescription: Recovery keys of encrypted disks\nVersion: {version}\n\
                 Cflags: -I${{includedir}}\nLibs: -L${{libdir}} -lfdescrow\nLibs.private: {SYSTEM_LIBRARIES}\n"
            ),
        )?;
        self.write(
            "lib/cmake/fdescrow/fdescrow-config.cmake",
            "get_filename_component(_fdescrow \"${CMAKE_CURRENT_LIST_DIR}/../../..\" ABSOLUTE)\n\
             if(NOT TARGET fdescrow::fdescrow)\n\
             \x20 add_library(fdescrow::fdescrow SHARED IMPORTED)\n\
             \x20 set_target_properties(fdescrow::fdescrow PROPERTIES\n\
             \x20   IMPORTED_LOCATION \"${_fdescrow}/lib/libfdescrow.so\"\n\
             \x20   INTERFACE_INCLUDE_DIRECTORIES \"${_fdescrow}/include\")\n\
             \x20 add_library(fdescrow::static STATIC IMPORTED)\n\
             \x20 set_target_properties(fdescrow::static PROPERTIES\n\
             \x20   IMPORTED_LOCATION \"${_fdescrow}/lib/libfdescrow.a\"\n\
             \x20   INTERFACE_LINK_LIBRARIES \"gcc_s;util;rt;pthread;m;dl\"\n\
             \x20   INTERFACE_INCLUDE_DIRECTORIES \"${_fdescrow}/include\")\n\
             endif()\nunset(_fdescrow)\n",
        )?;
        self.write(
            "lib/cmake/fdescrow/fdescrow-config-version.cmake",
            &format!(
                "set(PACKAGE_VERSION \"{version}\")\nif(PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION)\n\
                 \x20 set(PACKAGE_VERSION_COMPATIBLE FALSE)\nelse()\n  set(PACKAGE_VERSION_COMPATIBLE TRUE)\nendif()\n"
            ),
        )
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.path(name);
        folder_of(&path)?;
        fs::write(&path, text).map_err(|error| Failure::io(path.display(), &error))
    }

    fn sizes(&self) -> Result<String, Failure> {
        let megabytes = |name: &str| {
            let size = fs::metadata(self.path(name)).map_err(|error| Failure::io(name, &error))?.len();
            #[expect(clippy::cast_precision_loss, reason = "a size to be read by people")]
            Ok::<_, Failure>(format!("{:.1} MiB", size as f64 / f64::from(1 << 20)))
        };
        let shared = megabytes(&format!("lib/libfdescrow.so.{}", self.abi))?;
        Ok(format!("shared {shared}, static {}", megabytes("lib/libfdescrow.a")?))
    }

    /// Neither library shows a name that is not of the header, and both show all of those.
    fn exports_only_ours(&self, place: &Place) -> Result<(), Failure> {
        let ours = functions(place)?;
        for (library, dynamic) in [("lib/libfdescrow.so", true), ("lib/libfdescrow.a", false)] {
            let mut nm = Command::new("nm");
            nm.args(["--defined-only", "--extern-only", "--format=posix"]);
            if dynamic {
                nm.arg("--dynamic");
            }
            let listed = output(nm.arg(self.path(library)))?;
            let symbols = listed.lines().filter(|line| !line.ends_with(':'));
            let shown: BTreeSet<String> =
                symbols.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
            let shown: BTreeSet<String> = shown.into_iter().filter(|name| !name.is_empty()).collect();
            if shown != ours {
                let other: Vec<_> = shown.symmetric_difference(&ours).take(5).collect();
                return Err(Failure(format!("{library} shows other names than the header: {other:?}")));
            }
        }
        println!("{} functions, and nothing else", ours.len());
        Ok(())
    }

    /// A program with its own SQLite, linked both ways as pkg-config says.
    fn is_found_by_pkg_config(&self, place: &Place) -> Result<(), Failure> {
        for (name, options) in
            [("shared", &["--cflags", "--libs"][..]), ("static", &["--static", "--cflags", "--libs"])]
        {
            let mut asked = Command::new("pkg-config");
            asked.args(options).arg("fdescrow").env("PKG_CONFIG_PATH", self.path("lib/pkgconfig"));
            let flags = output(&mut asked)?;
            let program = place.target.join(format!("story-{name}"));
            let mut compiler = Command::new("gcc");
            compiler.arg("-std=c99").arg("-I").arg(place.root.join("ffi/tests/c")).arg("-o").arg(&program);
            compiler.arg(place.root.join("ffi/tests/c/story.c")).arg(place.root.join("ffi/tests/c/own_sqlite.c"));
            // The linker would take the shared one of the two.
            let only = format!("-l:libfdescrow.{}", if name == "static" { "a" } else { "so" });
            compiler.args(flags.split_whitespace().map(|flag| if flag == "-lfdescrow" { only.as_str() } else { flag }));
            run(&mut compiler)?;
            run(Command::new(&program).arg("memory:").env("LD_LIBRARY_PATH", self.path("lib")))?;
        }
        Ok(())
    }

    fn is_found_by_cmake(&self, place: &Place) -> Result<(), Failure> {
        let project = place.target.join("cmake-project");
        drop(fs::remove_dir_all(&project));
        fs::create_dir_all(&project).map_err(|error| Failure::io(project.display(), &error))?;
        let sources = place.root.join("ffi/tests/c");
        let text = format!(
            "cmake_minimum_required(VERSION 3.20)\nproject(story C)\nfind_package(fdescrow {} CONFIG REQUIRED)\n\
             foreach(kind fdescrow static)\n  add_executable(story_${{kind}} {sources}/story.c {sources}/own_sqlite.c)\n\
             \x20 target_include_directories(story_${{kind}} PRIVATE {sources})\n\
             \x20 target_link_libraries(story_${{kind}} PRIVATE fdescrow::${{kind}})\nendforeach()\n",
            env!("CARGO_PKG_VERSION"),
            sources = sources.display(),
        );
        fs::write(project.join("CMakeLists.txt"), text).map_err(|error| Failure::io("CMakeLists.txt", &error))?;
        let build = project.join("build");
        let mut configure = place.command("cmake");
        configure.arg("-S").arg(&project).arg("-B").arg(&build);
        run(configure.arg(format!("-DCMAKE_PREFIX_PATH={}", self.prefix.display())))?;
        run(place.command("cmake").arg("--build").arg(&build))?;
        for kind in ["fdescrow", "static"] {
            run(Command::new(build.join(format!("story_{kind}"))).arg("memory:"))?;
        }
        Ok(())
    }
}

/// One object of all that our functions need, in which nothing else is to be seen.
pub(crate) fn make_static(place: &Place, archive: &Path, library: &Path) -> Result<(), Failure> {
    let object = place.target.join("fdescrow.o");
    let names = place.target.join("fdescrow.symbols");
    let ours = functions(place)?;
    fs::write(&names, ours.iter().map(|name| format!("{name}\n")).collect::<String>())
        .map_err(|error| Failure::io(names.display(), &error))?;
    let mut link = Command::new("ld");
    link.args(["-r", "--gc-sections", "-o"])
        .arg(&object)
        .args(ours.iter().map(|name| format!("--undefined={name}")))
        .arg(archive);
    run_quietly(&mut link)?;
    let mut localize = Command::new("objcopy");
    localize.arg("--strip-debug").arg(format!("--keep-global-symbols={}", names.display()));
    // The compiler's own form of the code, of no use to a linker; put together, some tools stumble over it.
    localize.args(["--remove-section=.llvmbc", "--remove-section=.llvmcmd"]);
    run(localize.arg(&object))?;
    drop(fs::remove_file(library));
    run(Command::new("ar").arg("rcs").arg(library).arg(&object)).map(drop)
}

/// The functions that the header declares.
fn functions(place: &Place) -> Result<BTreeSet<String>, Failure> {
    let header = read(&place.root.join("include/fdescrow.h"))?;
    // A declaration begins in the first column with what it returns.
    let declared = header.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()));
    let declared = declared.filter(|line| !line.starts_with("typedef") && !line.starts_with("static"));
    let names = declared.filter_map(|line| {
        let (before, _) = line.split_once('(')?;
        Some(before.rsplit([' ', '*']).next()?.to_owned())
    });
    Ok(names.filter(|name| name.starts_with("fdescrow_")).collect())
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::io(path.display(), &error))
}

fn folder_of(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|error| Failure::io(folder.display(), &error))
}

/// As [`run`], without its long list of arguments.
fn run_quietly(command: &mut Command) -> Result<(), Failure> {
    output(command).map(drop)
}
