//! `steadfast demo`: the real clients against simulated providers and devices that fail on script.

mod canary;
mod fleet;
mod llm;
mod report;

use std::io::Write;
use std::sync::Arc;

use crate::exit::Failure;
use crate::say::Say;

use report::Report;

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Print the report as one JSON object on stdout, and everything else on stderr.
    #[arg(long)]
    json: bool,
}

/// Where the show goes: stdout, or stderr when stdout is for the report alone.
#[derive(Clone, Copy)]
struct Stage {
    on_stderr: bool,
    silent: bool,
}

impl Stage {
    fn write(self, text: &str) -> Result<(), Failure> {
        if self.silent {
            return Ok(());
        }
        if self.on_stderr {
            let mut stderr = std::io::stderr();
            stderr.write_all(text.as_bytes())?;
            stderr.flush()?;
        } else {
            let mut stdout = std::io::stdout();
            stdout.write_all(text.as_bytes())?;
            stdout.flush()?;
        }
        Ok(())
    }

    fn line(self, text: &str) -> Result<(), Failure> {
        self.write(&format!("{text}\n"))
    }
}

pub(crate) async fn run(args: Args, say: &Arc<Say>) -> Result<(), Failure> {
    let silent = say.volume() == crate::say::Volume::Quiet;
    let stage = Stage { on_stderr: args.json, silent };
    let llm = llm::run(stage, say).await?;
    let fleet = fleet::run(stage, say).await?;
    let canary = canary::run(stage, say).await?;
    let report = Report { llm, fleet, canary };
    if args.json {
        let text = serde_json::to_string(&report).map_err(|error| Failure::work(error.to_string()))?;
        writeln!(std::io::stdout(), "{text}")?;
    } else {
        stage.write(&report.to_string())?;
    }
    match report.surprises() {
        surprises if surprises.is_empty() => Ok(()),
        surprises => Err(Failure::work(format!("not as scripted: {}", surprises.join("; ")))),
    }
}
