//! `cargo xtask ci`: what `.ci/run` does, for a working tree with changes in it too.

use std::io;
use std::process::{Command, ExitCode};

use crate::cargo::{cargo, output, root, succeeds};
use crate::steps::Steps;
use crate::{lint, loom, nostd, say, test};

/// Tests, lints, checks core and models, and packs every crate as if to publish it.
pub(crate) fn run() -> io::Result<ExitCode> {
    let mut steps = Steps::default();
    steps.run("test", || Ok(test::run()? == ExitCode::SUCCESS));
    steps.run("lint", || Ok(lint::run()? == ExitCode::SUCCESS));
    steps.run("nostd", || Ok(nostd::run()? == ExitCode::SUCCESS));
    steps.run("loom", || Ok(loom::all()? == ExitCode::SUCCESS));
    steps.run("publish --dry-run", publish);
    Ok(steps.finish("ci"))
}

fn publish() -> io::Result<bool> {
    let mut command = cargo(["publish", "--workspace", "--dry-run"]);
    let mut status = Command::new("git");
    let changed = output(status.args(["status", "--porcelain"]).current_dir(root())).map_or(true, |s| !s.is_empty());
    if changed {
        say::note("uncommitted changes: packing them too (--allow-dirty); .ci/run will not");
        command.arg("--allow-dirty");
    }
    succeeds(&mut command)
}
