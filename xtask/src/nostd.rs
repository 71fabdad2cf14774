//! `cargo xtask nostd`: the core of the primitives in a program that has no standard library.

use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::cargo::{cargo, output, root, succeeds};
use crate::say;
use crate::steps::Steps;

/// A workspace of its own: a static library with its own panic handler. With a second one, the standard library's, in
/// the graph of crates, it does not compile.
const MANIFEST: &str = "xtask/nostd/Cargo.toml";

/// Targets without a standard library of their own, checked where they are installed.
const BARE: [&str; 4] =
    ["thumbv7em-none-eabihf", "thumbv8m.main-none-eabihf", "riscv32imac-unknown-none-elf", "x86_64-unknown-none"];

/// Builds it for this machine, and for each bare target that is installed.
pub(crate) fn run() -> io::Result<ExitCode> {
    let mut steps = Steps::default();
    steps.run("this machine", || build(None));
    let (here, absent): (Vec<&str>, Vec<&str>) = BARE.iter().partition(|target| is_installed(target));
    for target in &here {
        steps.run(target, || build(Some(target)));
    }
    if !absent.is_empty() {
        say::note(&format!("nostd: not installed, not checked: {}", absent.join(", ")));
    }
    Ok(steps.finish("nostd"))
}

fn build(target: Option<&str>) -> io::Result<bool> {
    let mut command = cargo(["build", "--quiet", "--release", "--locked", "--manifest-path", MANIFEST]);
    if let Some(target) = target {
        command.args(["--target", target]);
    }
    succeeds(command.env("CARGO_TARGET_DIR", root().join("target/nostd")))
}

/// Whether the libraries of `target` lie where this compiler would look for them.
fn is_installed(target: &str) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = output(Command::new(rustc).args(["--print", "target-libdir", "--target", target]));
    told.is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}
