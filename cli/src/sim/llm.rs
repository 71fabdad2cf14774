//! `steadfast sim llm`: simulated providers.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use steadfast_testkit::{LlmLimits, LlmSim};

use crate::exit::Failure;

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// A script of faults (TOML).
    #[arg(long, value_name = "SCRIPT")]
    faults: Option<PathBuf>,
    /// The text of every answer.
    #[arg(long, value_name = "TEXT")]
    answer: Option<String>,
    /// The answer to requests for JSON.
    #[arg(long, value_name = "JSON")]
    structured: Option<String>,
    /// What is thought before the answer where a request asks for reasoning.
    #[arg(long, value_name = "TEXT")]
    reasoning: Option<String>,
    /// A call of this tool, with these arguments (JSON), wherever a request offers the tool; several are parallel calls.
    #[arg(long, value_name = "NAME=ARGUMENTS", value_parser = tool_call)]
    tool_call: Vec<(String, String)>,
    /// The wait before each token of a stream, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    token_delay_ms: u64,
    /// Requests a minute, for each key.
    #[arg(long, value_name = "N")]
    requests_per_minute: Option<u64>,
    /// Tokens a minute, for each key: of OpenAI in sum, of Anthropic in and out each.
    #[arg(long, value_name = "N")]
    tokens_per_minute: Option<u64>,
}

fn tool_call(text: &str) -> Result<(String, String), String> {
    let (name, arguments) = text.split_once('=').ok_or("write it as NAME=ARGUMENTS")?;
    Ok((name.to_owned(), arguments.to_owned()))
}

fn limits(args: &Args) -> LlmLimits {
    let mut limits = LlmLimits::new();
    if let Some(n) = args.requests_per_minute {
        limits = limits.requests_per_minute(n);
    }
    if let Some(n) = args.tokens_per_minute {
        limits = limits.tokens_per_minute(n).input_tokens_per_minute(n).output_tokens_per_minute(n);
    }
    limits
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let faults = super::script(args.faults.as_deref())?;
    let mut builder = LlmSim::builder().bind(args.bind).faults(faults).limits(limits(&args));
    builder = builder.token_delay(Duration::from_millis(args.token_delay_ms));
    if let Some(text) = args.answer {
        builder = builder.answer(text);
    }
    if let Some(json) = args.structured {
        builder = builder.structured(json);
    }
    if let Some(text) = args.reasoning {
        builder = builder.reasoning(text);
    }
    for (name, arguments) in args.tool_call {
        builder = builder.tool_call(name, arguments);
    }
    let sim = builder.start().await.map_err(|error| super::cannot_start("providers", &error))?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "openai {}\nanthropic {}", sim.openai_url(), sim.anthropic_url())?;
    stdout.flush()?;
    super::serve().await
}
