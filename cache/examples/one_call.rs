//! A hundred ask the same question at once: it is asked once. Later the answer is stale: it is served, and asked anew.

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use steadfast_cache::{CacheKey, Entry, Fetched, Lifetime, MemoryCache, ReadThrough, Served};
use steadfast_clock::{ManualClock, Wall};

type Reader = ReadThrough<MemoryCache<ManualClock>, std::io::Error>;

async fn ask(reader: Reader, clock: ManualClock) -> Result<Served, Box<dyn Error + Send + Sync>> {
    let lifetime = Lifetime::fresh_for(Duration::from_secs(60)).stale_for(Duration::from_secs(600));
    let fetch = move || async move {
        tokio::task::yield_now().await; // here the request would be sent
        Ok(Fetched::Keep(Entry::new("42", clock.wall()).with_lifetime(lifetime)))
    };
    Ok(reader.get_or_fetch(CacheKey::from_bytes([7; 32]), fetch).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let clock = ManualClock::new();
    let cache = MemoryCache::builder().capacity(1000).clock(clock.clone()).build()?;
    let reader = Reader::builder(cache).clock(clock.clone()).build();
    let mut out = std::io::stdout();

    let callers: Vec<_> = (0..100).map(|_| tokio::spawn(ask(reader.clone(), clock.clone()))).collect();
    for caller in callers {
        caller.await??;
    }
    let stats = reader.stats();
    writeln!(out, "100 callers: {} call, {} joined it", stats.flights, stats.joined)?;

    clock.advance(Duration::from_secs(61));
    let served = ask(reader.clone(), clock.clone()).await?;
    writeln!(out, "a minute later: {:?}, {:?} old", served.how, served.age)?;
    while reader.refreshing() > 0 {
        tokio::task::yield_now().await;
    }
    let served = ask(reader.clone(), clock.clone()).await?;
    writeln!(out, "and then: {:?}, {:?} old", served.how, served.age)?;
    Ok(())
}
