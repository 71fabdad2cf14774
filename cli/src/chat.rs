//! `steadfast chat`: one question and its answer, or a conversation at the terminal.

mod editor;
mod input;
mod order;
mod repl;
mod show;
mod talk;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use steadfast_pool::{Observer, Pool};
use steadfast_providers::{Call, Effort, Error, ErrorKind, Message, OutputFormat, Part, Provider, Router};

use crate::cache;
use crate::exit::{Failure, interruptible};
use crate::say::Say;
use crate::vendor::{Known, WhoArgs};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    who: WhoArgs,
    /// The model to ask. Default: the vendor's usual one (`steadfast providers list` has them).
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// What the model is told before the question.
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// The most tokens that the answer may have.
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    max_tokens: u32,
    /// How hard the model thinks, where it does: none, minimal, low, medium, high, xhigh or max.
    #[arg(long, value_name = "EFFORT", value_parser = effort)]
    effort: Option<Effort>,
    /// How freely words are drawn: 0 is not at all.
    #[arg(long, value_name = "T", value_parser = temperature)]
    temperature: Option<f64>,
    /// An image that belongs to the question: PNG, JPEG, GIF or WebP, at most 20 MiB. May be given several times.
    #[arg(long, value_name = "FILE")]
    image: Vec<PathBuf>,
    /// A JSON Schema that the answer has to fit; the answer is checked, and printed when it is whole.
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Who is asked when the provider cannot answer, in this order: provider or provider/model.
    #[arg(long, value_name = "PROVIDER[/MODEL]", value_delimiter = ',')]
    fallback: Vec<String>,
    #[command(flatten)]
    cache: cache::CacheArgs,
    /// Print the answer when it is whole.
    #[arg(long)]
    no_stream: bool,
    /// Print one JSON object: answer, provider, model, usage, cost, attempts, cached, and more.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    repl: repl::ReplArgs,
    /// The question; `-`, or nothing where stdin is no terminal, reads it from stdin. Nothing at a terminal begins a
    /// conversation.
    #[arg(value_name = "PROMPT")]
    prompt: Vec<String>,
}

/// What is the same for all questions of a run.
#[derive(Debug)]
struct Manner {
    max_tokens: u32,
    effort: Option<Effort>,
    temperature: Option<f64>,
    format: Option<OutputFormat>,
}

impl Manner {
    fn of(&self, call: Call) -> Call {
        let mut call = call.max_tokens(self.max_tokens);
        if let Some(effort) = &self.effort {
            call = call.effort(effort.clone());
        }
        if let Some(temperature) = self.temperature {
            call = call.temperature(temperature);
        }
        if let Some(format) = &self.format {
            call = call.format(format.clone());
        }
        call
    }
}

pub(crate) async fn run(args: Args, say: &Arc<Say>) -> Result<(), Failure> {
    let converses = args.prompt.is_empty() && std::io::stdin().is_terminal();
    if converses {
        if args.json || args.no_stream || args.schema.is_some() {
            return Err(Failure::usage("--json, --no-stream and --schema need a prompt"));
        }
        if !std::io::stdout().is_terminal() {
            return Err(Failure::usage("no prompt: give one, or pipe it in"));
        }
    }
    let schema = args.schema.as_deref().map(input::schema).transpose()?;
    let images = args.image.iter().map(|file| input::image(file)).collect::<Result<Vec<_>, _>>()?;
    let prompt = if converses { String::new() } else { input::prompt(&args.prompt)? };
    let observer: Arc<dyn Observer> = Arc::clone(say) as Arc<dyn Observer>;
    let pool = Pool::builder().observer(observer).build().map_err(|error| Failure::usage(error.to_string()))?;
    let known = Known::new(&args.who, &pool)?;
    let (first, configured) = known.first(args.model.as_deref())?;
    let mut chain = vec![first];
    for target in &args.fallback {
        chain.push(known.other(target)?);
    }
    let provider = cache::around(in_order(chain, say)?, &args.cache, say);
    let manner = Manner {
        max_tokens: args.max_tokens,
        effort: args.effort,
        temperature: args.temperature,
        format: schema.as_ref().map(input::Schema::format),
    };
    // A client of a vendor has been told its model.
    let model = args.model.filter(|_| configured);
    if converses {
        return repl::run(&*provider, &manner, repl::Start { model, system: args.system, images }, &args.repl, say)
            .await;
    }
    let message = images.into_iter().fold(Message::user(prompt), |message, image| message.part(Part::Image(image)));
    let mut call = manner.of(Call::of([message]));
    if let Some(system) = args.system {
        call = call.system(system);
    }
    if let Some(model) = model {
        call = call.model(model);
    }
    let streams = !args.json && !args.no_stream && schema.is_none();
    let ask = async {
        if streams {
            return show::stream(&*provider, call, say).await.map(drop).map_err(|unanswered| unanswered.failure);
        }
        let reply = provider.complete(call).await.map_err(|error| failed(&error))?;
        if let Some(hit) = &reply.cached {
            cache::tell(hit, say);
        }
        if let Some(schema) = &schema {
            schema.check(&reply)?;
        }
        if args.json { show::json(&reply) } else { show::whole(&reply, say) }
    };
    interruptible(ask).await
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

fn failed(error: &Error) -> Failure {
    match error.kind() {
        ErrorKind::Config | ErrorKind::MissingKey => Failure::usage(error.to_string()),
        _ => Failure::work(error.to_string()),
    }
}

fn effort(word: &str) -> Result<Effort, String> {
    use Effort::{ExtraHigh, High, Low, Max, Medium, Minimal, None};
    let known = [None, Minimal, Low, Medium, High, ExtraHigh, Max];
    let words = known.iter().map(Effort::as_str).collect::<Vec<_>>().join(", ");
    known.into_iter().find(|effort| effort.as_str() == word).ok_or_else(|| format!("there are {words}"))
}

fn temperature(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(temperature) if (0.0..=2.0).contains(&temperature) => Ok(temperature),
        _ => Err(String::from("it is a number from 0 to 2")),
    }
}
