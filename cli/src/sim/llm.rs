//! `steadfast sim llm`: simulated providers.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use steadfast_testkit::LlmSim;

use crate::exit::Failure;

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// A script of faults (TOML).
    #[arg(long, value_name = "SCRIPT")]
    faults: Option<PathBuf>,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let faults = super::script(args.faults.as_deref())?;
    let sim = LlmSim::builder()
        .bind(args.bind)
        .faults(faults)
        .start()
        .await
        .map_err(|error| super::cannot_start("providers", &error))?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "openai {}\nanthropic {}", sim.openai_url(), sim.anthropic_url())?;
    stdout.flush()?;
    super::serve().await
}
