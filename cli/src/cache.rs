//! Answers that are kept between runs: where they are, and how it is told that nobody was asked.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
use steadfast_cache::{DiskCache, Rule};
use steadfast_providers::{CacheHit, Cached, Provider};

use crate::say::Say;
use crate::when::age;

#[derive(clap::Args, Debug)]
pub(crate) struct CacheArgs {
    /// Keep the answer, and give the one that is kept when the very same was asked before.
    #[arg(long)]
    cache: bool,
    /// Where answers are kept. Default: STEADFAST_CACHE_DIR, then `steadfast` in the user's folder for caches.
    #[arg(long, value_name = "DIR", requires = "cache")]
    cache_dir: Option<PathBuf>,
    /// How long an answer is kept, such as 90s, 24h or 30d.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = lifetime, requires = "cache")]
    cache_ttl: Duration,
}

/// The variable that stands in for `--cache-dir`.
const FOLDER: &str = "STEADFAST_CACHE_DIR";

/// The name of the file in the folder.
const FILE: &str = "answers.sqlite";

/// What all answers together may take on disk, about.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The provider behind a cache, if there is to be one and it can be had: an answer without a cache is better than none.
pub(crate) fn around(provider: Arc<dyn Provider>, args: &CacheArgs, say: &Arc<Say>) -> Arc<dyn Provider> {
    if !args.cache {
        return provider;
    }
    let cache = match open(args, say) {
        Ok(cache) => cache,
        Err(error) => {
            say.note(&format!("warning: asking without a cache: {}", chain(&*error)));
            return provider;
        }
    };
    let teller = Arc::clone(say);
    let cached = Cached::builder(provider, Arc::new(cache))
        // That is what the option asks for.
        .rule(Rule::everything())
        .on_cache_error(move |error| teller.note(&format!("warning: {}", chain(error))));
    Arc::new(cached.build())
}

fn open(args: &CacheArgs, say: &Arc<Say>) -> Result<DiskCache, Box<dyn Error>> {
    let folder = match (&args.cache_dir, std::env::var_os(FOLDER).filter(|folder| !folder.is_empty())) {
        (Some(folder), _) => folder.clone(),
        (None, Some(folder)) => PathBuf::from(folder),
        (None, None) => choose_native_strategy()?.cache_dir().join("steadfast"),
    };
    let say = Arc::clone(say);
    let builder = DiskCache::builder(folder.join(FILE)).ttl(args.cache_ttl).max_bytes(MAX_BYTES);
    Ok(builder.on_notice(move |notice| say.note(&format!("warning: {notice}"))).open()?)
}

/// Tells that nobody was asked.
pub(crate) fn tell(hit: &CacheHit, say: &Say) {
    let saved = match hit.tokens_saved {
        0 => String::new(),
        1 => String::from(", 1 token saved"),
        tokens => format!(", {tokens} tokens saved"),
    };
    say.note(&format!("answered from the cache: asked {} ago{saved}", age(hit.age)));
}

fn lifetime(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err(String::from("it must be longer than zero")),
        Ok(lifetime) => Ok(lifetime),
        Err(error) => Err(error.to_string()),
    }
}

/// The error and its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(&format!(": {error}"));
        cause = error.source();
    }
    line
}
