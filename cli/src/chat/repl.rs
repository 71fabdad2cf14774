//! A conversation at the terminal.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use steadfast_providers::{Call, History, Image, Provider};

use super::Manner;
use super::editor::{Line, Terminal};
use super::order::{self, HELP, Order};
use super::show::{self, Unanswered};
use super::talk::Talk;
use crate::exit::Failure;
use crate::say::Say;

#[derive(clap::Args, Debug)]
pub(crate) struct ReplArgs {
    /// About how many tokens of a conversation are sent: the oldest are left out first.
    #[arg(long, value_name = "TOKENS", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    context: u64,
    /// Keep no history of the lines of a conversation. They are kept in STEADFAST_STATE_DIR, or in `steadfast` in the
    /// user's folder for state; a line that begins with a space is not.
    #[arg(long)]
    no_history: bool,
}

/// What a conversation begins with.
pub(super) struct Start {
    pub(super) model: Option<String>,
    pub(super) system: Option<String>,
    pub(super) images: Vec<Image>,
}

/// The largest conversation that is loaded.
const MOST: u64 = 256 * 1024 * 1024;

pub(super) async fn run(
    provider: &dyn Provider,
    manner: &Manner,
    start: Start,
    args: &ReplArgs,
    say: &Say,
) -> Result<(), Failure> {
    let mut talk = Talk::new(args.context);
    talk.model = start.model;
    talk.system = start.system;
    talk.attach(start.images);
    let mut terminal = Terminal::open(!args.no_history, say)?;
    say.note(&format!("{}/{}: /help tells what there is, Ctrl-D ends", provider.name(), model(&talk, provider)));
    let ended = converse(provider, manner, &mut talk, &mut terminal, args, say).await;
    terminal.keep(say);
    ended
}

async fn converse(
    provider: &dyn Provider,
    manner: &Manner,
    talk: &mut Talk,
    terminal: &mut Terminal,
    args: &ReplArgs,
    say: &Say,
) -> Result<(), Failure> {
    loop {
        let line = match tokio::task::block_in_place(|| terminal.read("> "))? {
            Line::Said(line) => line,
            Line::Interrupted => {
                say.note("(Ctrl-D ends)");
                continue;
            }
            Line::End => return Ok(()),
        };
        let order = match order::read(&line) {
            Ok(order) => order,
            Err(told) => {
                say.error(&told);
                continue;
            }
        };
        let call = match order {
            Order::Quit => return Ok(()),
            Order::Ask(question) => Some(talk.ask(question)),
            Order::Retry => match talk.again() {
                Some(call) => Some(call),
                None => {
                    say.error("nothing was asked so far");
                    None
                }
            },
            other => {
                obey(other, talk, provider, say)?;
                None
            }
        };
        if let Some(call) = call {
            if let Some(dropped) = talk.newly_left_out().filter(|dropped| *dropped > 0) {
                let what = plural(dropped as u64, "message");
                say.note(&format!("left out, the oldest: {what} beyond {} tokens (--context)", args.context));
            }
            answer(provider, manner.of(call), talk, say).await?;
        }
    }
}

/// Shows the answer, unless Ctrl-C comes.
async fn answer(provider: &dyn Provider, call: Call, talk: &mut Talk, say: &Say) -> Result<(), Failure> {
    let answered = tokio::select! {
        answered = show::stream(provider, call, say) => Some(answered),
        _ = tokio::signal::ctrl_c() => None,
    };
    match answered {
        Some(Ok(reply)) => talk.answered(reply),
        Some(Err(Unanswered { failure, cost })) => {
            talk.failed(cost);
            // Without a message, nobody reads what is written.
            let Some(message) = failure.message else { return Err(failure) };
            say.error(&message);
        }
        None => {
            talk.cancelled();
            say.note("cancelled (/retry asks again)");
        }
    }
    Ok(())
}

fn obey(order: Order, talk: &mut Talk, provider: &dyn Provider, say: &Say) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    match order {
        Order::Help => writeln!(out, "{HELP}")?,
        Order::Model(None) => writeln!(out, "{}", model(talk, provider))?,
        Order::Model(name) => talk.model = name,
        Order::System(None) => writeln!(out, "{}", talk.system.as_deref().unwrap_or("(nothing)"))?,
        Order::System(text) => talk.system = text.filter(|text| text != "-"),
        Order::Clear => talk.clear(),
        Order::Usage => writeln!(out, "{}", usage(talk))?,
        Order::Save(file) => match save(talk, Path::new(&file)) {
            Ok(()) => writeln!(out, "{} saved", plural(talk.len() as u64, "message"))?,
            Err(error) => say.error(&format!("cannot save {file}: {error}")),
        },
        Order::Load(file) => match load(talk, Path::new(&file)) {
            Ok(messages) => writeln!(out, "{} loaded", plural(messages as u64, "message"))?,
            Err(error) => say.error(&format!("cannot load {file}: {error}")),
        },
        Order::Nothing | Order::Ask(_) | Order::Retry | Order::Quit => {}
    }
    Ok(())
}

fn model<'a>(talk: &'a Talk, provider: &'a dyn Provider) -> &'a str {
    talk.model.as_deref().unwrap_or_else(|| provider.model())
}

fn usage(talk: &Talk) -> String {
    let spent = talk.spent();
    let cost = match (spent.cost.exact(), spent.cost.unknown) {
        (Some(cost), _) => cost.to_string(),
        (None, unknown) => {
            format!("at least {}, and {} of unknown cost", spent.cost.known, plural(unknown.into(), "attempt"))
        }
    };
    let answers = plural(spent.answers, "answer");
    format!("{answers}, {} tokens read, {} written, {cost}", spent.input, spent.output)
}

fn plural(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

/// Writes a file for its owner alone. One that is there is replaced only when it is a saved conversation itself.
fn save(talk: &Talk, file: &Path) -> Result<(), String> {
    let saved = talk.save().map_err(|error| error.to_string())?;
    if file.exists() && read(file).is_ok_and(|text| !text.trim().is_empty() && History::load(&text).is_err()) {
        return Err(String::from("there is another file of that name"));
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file).map_err(|error| error.to_string())?;
    file.write_all(saved.as_bytes()).map_err(|error| error.to_string())
}

fn load(talk: &mut Talk, file: &Path) -> Result<usize, String> {
    talk.load(&read(file)?).map_err(|error| error.to_string())
}

fn read(file: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = fs::File::open(file).map_err(|error| error.to_string())?;
    let read = file.take(MOST + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if read as u64 > MOST { Err(format!("it is larger than {} MiB", MOST / 1024 / 1024)) } else { Ok(text) }
}
