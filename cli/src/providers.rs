//! `steadfast providers`: who can be asked, and whether they answer.

use std::io::Write;
use std::sync::Arc;

use serde::Serialize;
use steadfast_pool::{Observer, Pool};
use steadfast_providers::admission::AdmissionSnapshot;
use steadfast_providers::{Client, Health, Vendor};

use crate::exit::Failure;
use crate::say::Say;
use crate::vendor::{self, Known, WhoArgs};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the vendors that are known, and whether their keys are set.
    List {
        /// Print one JSON list.
        #[arg(long)]
        json: bool,
    },
    /// See whether providers can be asked: is the key there, does the endpoint answer, what limits does it tell. Asks no
    /// question. Fails when one of them fails.
    Check(CheckArgs),
}

#[derive(clap::Args, Debug)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// Print one JSON list.
    #[arg(long)]
    json: bool,
}

/// A vendor, as `list --json` tells it.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    name: &'a str,
    title: &'a str,
    api: &'a str,
    base_url: &'a str,
    model: Option<&'a str>,
    key_variable: &'a str,
    url_variable: &'a str,
    has_key: bool,
}

/// A provider, as `check --json` tells it.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    provider: &'a str,
    url: &'a str,
    ok: bool,
    error: Option<String>,
    has_key: Option<bool>,
    models: Option<usize>,
    elapsed_s: f64,
    limits: &'a [AdmissionSnapshot],
}

pub(crate) async fn run(command: Command, say: &Arc<Say>) -> Result<(), Failure> {
    match command {
        Command::List { json } => list(json),
        Command::Check(args) => check(args, say).await,
    }
}

fn list(json: bool) -> Result<(), Failure> {
    let vendors: Vec<Vendor> = Vendor::all().collect();
    let mut out = std::io::stdout().lock();
    if json {
        let listed: Vec<Listed<'_>> = vendors
            .iter()
            .map(|vendor| Listed {
                name: &vendor.name,
                title: &vendor.title,
                api: vendor.api.as_str(),
                base_url: &vendor.base_url,
                model: vendor.model.as_deref(),
                key_variable: &vendor.key_variable,
                url_variable: &vendor.url_variable,
                has_key: vendor::has_key(vendor),
            })
            .collect();
        return print_json(&listed);
    }
    for vendor in &vendors {
        let key = match (vendor::has_key(vendor), &*vendor.key_variable) {
            (_, "") => String::from("no key"),
            (true, variable) => format!("{variable} is set"),
            (false, variable) => format!("{variable} is not set"),
        };
        let model = vendor.model.as_deref().unwrap_or("-");
        writeln!(out, "{:<13} {key:<32} {model:<48} {}", vendor.name, vendor.base_url)?;
    }
    Ok(())
}

async fn check(args: CheckArgs, say: &Arc<Say>) -> Result<(), Failure> {
    let observer: Arc<dyn Observer> = Arc::clone(say) as Arc<dyn Observer>;
    let pool = Pool::builder().observer(observer).build().map_err(|error| Failure::usage(error.to_string()))?;
    let names: Vec<String> = args.who.provider.clone().into_iter().collect();
    let clients = Known::new(&args.who, &pool)?.to_check(&names)?;
    let mut looks = Vec::new();
    for client in clients {
        looks.push(tokio::spawn(async move { Client::check(&client).await }));
    }
    let mut healths: Vec<Health> = Vec::new();
    for look in looks {
        healths.push(look.await.map_err(|error| Failure::work(error.to_string()))?);
    }
    if args.json {
        let checked: Vec<Checked<'_>> = healths
            .iter()
            .map(|health| Checked {
                provider: &health.provider,
                url: &health.url,
                ok: health.is_good(),
                error: health.error.as_ref().map(ToString::to_string),
                has_key: health.has_key,
                models: health.models,
                elapsed_s: health.elapsed.as_secs_f64(),
                limits: &health.limits,
            })
            .collect();
        print_json(&checked)?;
    } else {
        let mut out = std::io::stdout().lock();
        for health in &healths {
            writeln!(out, "{}", line(health))?;
        }
    }
    match healths.iter().filter(|health| !health.is_good()).count() {
        0 => Ok(()),
        failed => Err(Failure::work(format!("{failed} of {} cannot be asked", healths.len()))),
    }
}

/// A provider in one line.
fn line(health: &Health) -> String {
    let name = &health.provider;
    if let Some(error) = &health.error {
        let told = error.to_string();
        let told = told.strip_prefix(&format!("{name}: ")).unwrap_or(&told);
        return format!("{name}: failed: {told}");
    }
    let mut said = Vec::new();
    said.push(String::from(match health.has_key {
        Some(true) => "the key is there",
        Some(false) => "there is no key",
        None => "no key is needed",
    }));
    said.push(match health.models {
        Some(1) => format!("1 model in {} ms", health.elapsed.as_millis()),
        Some(models) => format!("{models} models in {} ms", health.elapsed.as_millis()),
        None => String::from("it lists no models, and was not asked"),
    });
    for limit in health.limits.iter().flat_map(|snapshot| &snapshot.book.limits) {
        let (measure, left, most) = (limit.measure.name(), limit.left, limit.limit);
        said.push(format!("{left} of {most} {measure} left in {} s", limit.seconds));
    }
    format!("{name}: ok: {}", said.join(", "))
}

fn print_json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::work(error.to_string()))?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
