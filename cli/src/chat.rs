//! `steadfast chat`: one question, one answer.

use std::io::{IsTerminal, Read, Write};
use std::sync::Arc;

use serde::Serialize;
use steadfast_pool::{Observer, Pool};
use steadfast_providers::{Attempt, Call, Error, ErrorKind, Event, Provider, Reply, Router, Usage};

use crate::cache;
use crate::exit::Failure;
use crate::say::Say;
use crate::vendor::{self, Target, Vendor};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Who is asked: openai or anthropic. Default: the one whose key is set in OPENAI_API_KEY or ANTHROPIC_API_KEY.
    #[arg(long, value_name = "NAME")]
    provider: Option<Vendor>,
    /// The API's base: with its version for OpenAI-shaped APIs (https://api.openai.com/v1), without for Anthropic
    /// (https://api.anthropic.com). Default: OPENAI_BASE_URL or ANTHROPIC_BASE_URL, then the vendor's own.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The model to ask. Default: gpt-5.4 or claude-sonnet-4-5.
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// What the model is told before the question.
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// The most tokens that the answer may have.
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    max_tokens: u32,
    /// Who is asked when the provider cannot answer, in this order: provider or provider/model.
    #[arg(long, value_name = "PROVIDER[/MODEL]", value_delimiter = ',')]
    fallback: Vec<Target>,
    /// Send the key over http:// too, to hosts other than this machine.
    #[arg(long)]
    allow_plain_http: bool,
    #[command(flatten)]
    cache: cache::CacheArgs,
    /// Print the answer when it is whole.
    #[arg(long)]
    no_stream: bool,
    /// Print one JSON object: answer, provider, model, usage, cost, attempts, cached.
    #[arg(long)]
    json: bool,
    /// The question; `-` reads it from stdin.
    #[arg(required = true, value_name = "PROMPT")]
    prompt: Vec<String>,
}

/// The object of `--json`.
#[derive(Debug, Serialize)]
struct Output<'a> {
    answer: &'a str,
    provider: &'a str,
    model: &'a str,
    /// `None` when the provider did not say.
    usage: Option<&'a Usage>,
    /// Prices are not known to this version.
    cost: Option<f64>,
    attempts: &'a [Attempt],
    /// Nobody was asked.
    cached: bool,
}

pub(crate) async fn run(args: Args, say: &Arc<Say>) -> Result<(), Failure> {
    let prompt = prompt(&args.prompt)?;
    let vendor = match args.provider {
        Some(vendor) => vendor,
        None => Vendor::by_key(args.base_url.as_deref())?,
    };
    let observer: Arc<dyn Observer> = Arc::clone(say) as Arc<dyn Observer>;
    let pool = Pool::builder().observer(observer).build().map_err(|error| Failure::usage(error.to_string()))?;
    let first = Target { vendor, model: args.model.clone() };
    let mut chain = vec![vendor::client(&first, args.base_url.as_deref(), args.allow_plain_http, &pool)?];
    for target in &args.fallback {
        chain.push(vendor::client(target, None, args.allow_plain_http, &pool)?);
    }
    let provider = cache::around(in_order(chain, say)?, &args.cache, say);
    let mut call = Call::new(prompt).max_tokens(args.max_tokens);
    if let Some(system) = args.system {
        call = call.system(system);
    }
    if args.json || args.no_stream {
        let reply = provider.complete(call).await.map_err(|error| failed(&error))?;
        if let Some(hit) = &reply.cached {
            cache::tell(hit, say);
        }
        if args.json {
            return print_json(&reply);
        }
        writeln!(std::io::stdout(), "{}", reply.text())?;
        return Ok(());
    }
    stream(&*provider, call, say).await
}

/// One provider, or several in order.
pub(crate) fn in_order(chain: Vec<Arc<dyn Provider>>, say: &Arc<Say>) -> Result<Arc<dyn Provider>, Failure> {
    let mut chain = chain;
    if chain.len() == 1 {
        return Ok(chain.remove(0));
    }
    let say = Arc::clone(say);
    let mut router = Router::builder().on_switch(move |switch| {
        say.note(&format!("falling back from {} to {}: {}", switch.from, switch.to, switch.why));
    });
    for provider in chain {
        router = router.target(provider);
    }
    Ok(Arc::new(router.build().map_err(|error| Failure::usage(error.to_string()))?))
}

async fn stream(provider: &dyn Provider, call: Call, say: &Say) -> Result<(), Failure> {
    let mut stdout = std::io::stdout();
    let mut stream = provider.stream(call).await.map_err(|error| failed(&error))?;
    if let Some(hit) = stream.cached() {
        cache::tell(hit, say);
    }
    let mut ends_with_newline = true;
    while let Some(event) = stream.next().await {
        match event {
            Ok(Event::Text(text)) => {
                stdout.write_all(text.as_bytes())?;
                stdout.flush()?;
                ends_with_newline = text.ends_with('\n');
            }
            Ok(_) => {}
            Err(error) => {
                // The shell's prompt, and our error, begin on a line of their own.
                if !ends_with_newline {
                    writeln!(stdout)?;
                }
                return Err(failed(&error));
            }
        }
    }
    if !ends_with_newline {
        writeln!(stdout)?;
    }
    Ok(())
}

fn print_json(reply: &Reply) -> Result<(), Failure> {
    let output = Output {
        answer: &reply.text(),
        provider: &reply.provider,
        model: &reply.model,
        usage: Some(&reply.usage).filter(|usage| usage.is_known()),
        cost: None,
        attempts: &reply.attempts,
        cached: reply.cached.is_some(),
    };
    let text = serde_json::to_string(&output).map_err(|error| Failure::work(error.to_string()))?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

fn failed(error: &Error) -> Failure {
    match error.kind() {
        ErrorKind::Config | ErrorKind::MissingKey => Failure::usage(error.to_string()),
        _ => Failure::work(error.to_string()),
    }
}

fn prompt(words: &[String]) -> Result<String, Failure> {
    let text = if words == ["-"] {
        let mut stdin = std::io::stdin();
        if stdin.is_terminal() {
            return Err(Failure::usage("the prompt `-` reads stdin, which is a terminal: pipe the question in"));
        }
        let mut text = String::new();
        stdin.read_to_string(&mut text).map_err(|error| Failure::usage(format!("cannot read stdin: {error}")))?;
        text
    } else {
        words.join(" ")
    };
    if text.trim().is_empty() {
        return Err(Failure::usage("the prompt is empty"));
    }
    Ok(text)
}
