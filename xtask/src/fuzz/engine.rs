//! What makes the bytes up: libFuzzer, guided by coverage, or where there is no C++ compiler the targets themselves.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::cargo::{cargo, output, root, succeeds};

/// What the programs of `fuzz/` run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// LLVM's, which `libfuzzer-sys` brings along as C++.
    LibFuzzer,
    /// That of `fuzz/src/plain.rs`.
    Plain,
}

/// What makes the stable compiler count the edges and comparisons that a run passes: LLVM's own pass, asked for by name,
/// where the nightly compiler would have a flag.
const COVERAGE: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    // Comparisons of strings stay calls, which libFuzzer listens in on: it learns the words that are compared with.
    "-Cllvm-args=-max-loads-per-memcmp=0",
    "-Ccodegen-units=1",
    "-Clto=off",
];

impl Engine {
    /// libFuzzer, where it can be built.
    pub(crate) fn find() -> Self {
        let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
        let mut version = Command::new(compiler);
        let is_there = version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        let is_known = cfg!(any(target_os = "linux", target_os = "macos"));
        if is_known && is_there.is_ok_and(|status| status.success()) { Self::LibFuzzer } else { Self::Plain }
    }

    /// Builds `targets` and tells the folder of their programs; `None` when they do not build.
    ///
    /// Everything lies in `target/fuzz`, so that the ordinary build stays as it is.
    pub(crate) fn build(self, targets: &[String]) -> io::Result<Option<PathBuf>> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let host = host(&output(Command::new(rustc).arg("-vV"))?)?;
        let folder = root().join("target/fuzz");
        let mut build = cargo(["build", "--quiet", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml"]);
        // With a target named, the flags are not for build scripts and macros.
        build.args(["--target", &host]).env("CARGO_TARGET_DIR", &folder);
        for target in targets {
            build.args(["--bin", target]);
        }
        if self == Self::LibFuzzer {
            let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
            build.args(["--features", "libfuzzer"]).env("RUSTFLAGS", format!("{flags} {}", COVERAGE.join(" ")));
        }
        Ok(succeeds(&mut build)?.then(|| folder.join(host).join("release")))
    }
}

/// The machine that a compiler says it runs on.
fn host(verbose: &str) -> io::Result<String> {
    let host = verbose.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| io::Error::other("rustc does not tell its host"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_the_compiler_says() {
        assert_eq!(
            host("rustc 1.95.0\nhost: x86_64-unknown-linux-gnu\nLLVM version: 22.1.2\n").unwrap(),
            "x86_64-unknown-linux-gnu"
        );
        assert!(host("rustc 1.95.0").is_err());
    }
}
