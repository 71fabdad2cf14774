//! One law: a property test of one crate, which its test program can run alone.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use crate::cargo::output;
use crate::workspace::Package;

/// A test of a module `laws`.
#[derive(Debug)]
pub(crate) struct Law {
    package: String,
    folder: PathBuf,
    program: PathBuf,
    test: String,
}

/// What cargo says about a program that it built.
#[derive(Deserialize)]
struct Built {
    manifest_path: PathBuf,
    executable: Option<PathBuf>,
}

/// The laws of the programs among the messages of a `cargo test --no-run --message-format=json`.
pub(crate) fn all(messages: &str, packages: &[&Package]) -> io::Result<Vec<Law>> {
    let mut laws = Vec::new();
    for built in messages.lines().filter_map(|line| serde_json::from_str::<Built>(line).ok()) {
        let package = packages.iter().find(|package| built.manifest_path.as_os_str() == package.manifest_path.as_str());
        let (Some(program), Some(package)) = (built.executable, package) else { continue };
        let list = output(Command::new(&program).args(["laws::", "--list", "--format", "terse"]))?;
        laws.extend(tests(&list).map(|test| Law {
            package: package.name.clone(),
            folder: package.folder().to_owned(),
            program: program.clone(),
            test: test.to_owned(),
        }));
    }
    Ok(laws)
}

/// The names in a list of tests, one `laws::name: test` a line.
fn tests(list: &str) -> impl Iterator<Item = &str> {
    list.lines().filter_map(|line| line.strip_suffix(": test")).filter(|test| test.starts_with("laws::"))
}

impl Law {
    /// Crate and test.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.package, self.test)
    }

    /// Tries it `cases` times, as `cargo test` would.
    pub(crate) fn command(&self, cases: u32) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args([&self.test, "--exact"])
            .current_dir(&self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .env("PROPTEST_CASES", cases.to_string())
            // The bounds on inputs that a law has no use for are absolute, made for 256 cases: let them grow along.
            .env("PROPTEST_MAX_GLOBAL_REJECTS", cases.saturating_mul(4).to_string())
            .env("PROPTEST_MAX_LOCAL_REJECTS", cases.saturating_mul(256).to_string());
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_are_those_of_the_module_and_below() {
        let list = "laws::never_wraps: test\nlaws::keyed::is_bounded: test\nmore_laws::x: test\nlaws::y: benchmark\n";
        assert_eq!(tests(list).collect::<Vec<_>>(), ["laws::never_wraps", "laws::keyed::is_bounded"]);
    }
}
