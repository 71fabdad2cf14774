//! One law: a property test of one crate, which its test program can run alone.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::cargo::output;
use crate::program::Program;

/// A test of a module `laws`.
#[derive(Debug)]
pub(crate) struct Law {
    package: String,
    folder: PathBuf,
    program: PathBuf,
    test: String,
}

/// The laws of `programs`.
pub(crate) fn all(programs: &[Program<'_>]) -> io::Result<Vec<Law>> {
    let mut laws = Vec::new();
    for Program { package, path } in programs {
        let list = output(Command::new(path).args(["laws::", "--list", "--format", "terse"]))?;
        laws.extend(tests(&list).map(|test| Law {
            package: package.name.clone(),
            folder: package.folder().to_owned(),
            program: path.clone(),
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
