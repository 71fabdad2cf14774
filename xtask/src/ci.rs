//! `cargo xtask ci`: what `.ci/run` does, for a working tree with changes in it too.

use std::io;
use std::process::ExitCode;

use crate::steps::Steps;
use crate::{lint, loom, nostd, publish, test};

/// Tests, lints, checks core and models, and packs every crate as if to publish it.
pub(crate) fn run() -> io::Result<ExitCode> {
    let mut steps = Steps::default();
    steps.run("test", || Ok(test::run()? == ExitCode::SUCCESS));
    steps.run("lint", || Ok(lint::run()? == ExitCode::SUCCESS));
    steps.run("nostd", || Ok(nostd::run()? == ExitCode::SUCCESS));
    steps.run("loom", || Ok(loom::all()? == ExitCode::SUCCESS));
    steps.run("publish", || Ok(publish::run()? == ExitCode::SUCCESS));
    Ok(steps.finish("ci"))
}
