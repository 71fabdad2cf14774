//! `cargo xtask fuzz`: what reads foreign bytes, run on bytes that an engine makes up, for as long as one likes.

mod engine;
mod outcome;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::cargo::{root, succeeds};
use crate::say;

use engine::Engine;
use outcome::Outcome;

/// What to run, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this target, a program of `fuzz/src/bin`; all of them unless given.
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Executions of each target; without a limit on time unless that is given too.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    runs: Option<u64>,
    /// Seconds for each target; 30 unless this or a number of executions is given.
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
    /// Run a target once, on the bytes of this file.
    #[arg(long, value_name = "FILE", requires = "target")]
    repro: Option<PathBuf>,
    /// Take the engine that needs no C++ compiler and is not guided by coverage.
    #[arg(long)]
    plain: bool,
}

/// Seconds for each target, unless told otherwise.
const SECONDS: u64 = 30;

/// Runs the targets one after the other; a finding in one does not keep the others from running.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let targets = chosen(all(&root().join("fuzz/src/bin"))?, args.target.as_deref());
    if targets.is_empty() {
        say::note("fuzz: no target is called so: they are the programs of fuzz/src/bin");
        return Ok(ExitCode::from(2));
    }
    let engine = if args.plain { Engine::Plain } else { Engine::find() };
    if engine == Engine::Plain {
        say::note(
            "fuzz: on the plain engine, which mutates the corpus at random; guided by coverage it needs a C++ compiler",
        );
    }
    let Some(programs) = engine.build(&targets)? else { return Ok(ExitCode::FAILURE) };
    let mut found = false;
    for target in &targets {
        let mut program = Command::new(programs.join(format!("{target}{}", std::env::consts::EXE_SUFFIX)));
        if let Some(file) = &args.repro {
            let holds = succeeds(program.arg(file))?;
            say::line(&format!("{target} {} {}", if holds { "holds for" } else { "is broken by" }, file.display()));
            return Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        let outcome = fuzz(program, target, args)?;
        say::line(&outcome.to_string());
        if !outcome.nothing_found {
            tell(&outcome);
            found = true;
        }
    }
    Ok(if found { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Runs one target on its corpus; what is new in it lands beside the build, for the next run to start from.
fn fuzz(mut program: Command, target: &str, args: &Args) -> io::Result<Outcome> {
    let grown = root().join("target/fuzz/corpus").join(target);
    let artifacts = root().join("fuzz/artifacts").join(target);
    for folder in [&grown, &artifacts] {
        std::fs::create_dir_all(folder)?;
    }
    // Small inputs are fast, and what reads them has nothing that only a large one reaches.
    program.args(["-max_len=512", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]);
    program.arg(format!("-artifact_prefix={}/", artifacts.display()));
    let words = root().join("fuzz/words").join(target);
    if words.exists() {
        program.arg(format!("-dict={}", words.display()));
    }
    if let Some(runs) = args.runs {
        program.arg(format!("-runs={runs}"));
    }
    if let Some(seconds) = args.seconds.or(args.runs.is_none().then_some(SECONDS)) {
        program.arg(format!("-max_total_time={seconds}"));
    }
    let ran = program.arg(grown).arg(root().join("fuzz/corpus").join(target)).output()?;
    Ok(Outcome::read(target, ran.status.success(), &String::from_utf8_lossy(&ran.stderr)))
}

/// What broke it, and how to see that again.
fn tell(outcome: &Outcome) {
    say::note(&outcome.why);
    let target = &outcome.target;
    match &outcome.artifact {
        Some(file) => {
            let file = file.strip_prefix(root()).unwrap_or(file).display();
            say::note(&format!("fuzz: {target} is broken by {file}"));
            say::note(&format!("fuzz: again with: cargo xtask fuzz --target {target} --repro {file}"));
        }
        None => say::note(&format!("fuzz: {target} failed and left no input behind")),
    }
}

/// The programs of a folder, by name.
fn all(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if let (Some(name), Some("rs")) = (path.file_stem(), path.extension().and_then(|extension| extension.to_str()))
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn chosen(mut targets: Vec<String>, name: Option<&str>) -> Vec<String> {
    targets.retain(|target| name.is_none_or(|name| target == name));
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_programs_of_the_folder() {
        let targets = all(&root().join("fuzz/src/bin")).unwrap();
        assert!(targets.is_sorted() && targets.iter().any(|target| target == "retry_after"), "{targets:?}");
        assert_eq!(chosen(targets.clone(), Some("sse")), ["sse"]);
        assert_eq!(chosen(targets.clone(), Some("ss")), [""; 0]);
        assert_eq!(chosen(targets.clone(), None), targets);
    }

    #[test]
    fn every_target_has_a_corpus() {
        for target in all(&root().join("fuzz/src/bin")).unwrap() {
            let corpus = root().join("fuzz/corpus").join(&target);
            assert!(std::fs::read_dir(&corpus).unwrap().next().is_some(), "{target}");
        }
    }
}
