//! The Rust side of `cargo xtask interop`: a server with faults and a client, told what to do in JSON, line by line.

mod asked;
mod samples;
mod served;

use std::error::Error;
use std::io::{BufRead, Write};

use serde::Deserialize;
use serde_json::{Value, json};

use asked::Ask;
use samples::Samples;
use served::Served;

/// One line of stdin, which is answered by one line on stdout.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    /// Starts simulated providers that have these faults, in place of the ones before.
    Serve { faults: String },
    /// How many requests they have had.
    Count,
    /// Asks, and tells what came of it.
    Ask(Ask),
    /// Tells the requests that clients of an API write.
    Write(Samples),
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut served = None;
    for line in std::io::stdin().lock().lines() {
        let told = match serde_json::from_str(&line?)? {
            Order::Serve { faults } => json!({ "url": served.insert(Served::start(&faults).await?).url() }),
            Order::Count => json!({ "requests": served.as_ref().map_or(0, Served::requests) }),
            Order::Ask(ask) => json!({ "outcome": ask.outcome().await? }),
            Order::Write(samples) => Value::Array(samples.written().await?),
        };
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{told}")?;
        stdout.flush()?;
    }
    Ok(())
}
