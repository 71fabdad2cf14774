//! One cell of the matrix, measured: one call over real sockets, on a manual clock.

use std::fmt;
use std::time::Duration;

use steadfast_clock::shared;
use steadfast_providers::{ApiKey, Attempt, Call, Client, Error, Provider, Reply, Vendor};
use steadfast_testkit::{DeadPort, LlmSim, Script};

use super::faults::Fault;
use super::words::Mode;
use crate::rig::{Rig, patient, rig};

/// What came of a call, in the words of the matrix.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    /// `ok`, or the kind of the error.
    word: &'static str,
    /// What was waited for in vain.
    waited_for: Option<&'static str>,
    requests: usize,
    /// Each wait between two requests, and whether the server asked for it.
    waits: Vec<(Duration, bool)>,
    /// Whether an attempt waited in line for a limit that was learned.
    in_line: bool,
    /// Whether a request that brought no answer may have been billed.
    may_be_billed: bool,
}

/// Calls a provider that does this, and tells what came of it; the reply, too, if there is one.
pub(super) async fn run(vendor: Vendor, mode: Mode, fault: Fault) -> (Outcome, Option<Reply>) {
    let rig = rig();
    let call = patient(&rig.clock, measured(&rig, vendor, mode, fault)).await;
    let (result, requests) = call;
    told(&rig, result, requests)
}

/// The call alone: what came of it, and how many requests it took where that can be counted.
async fn measured(rig: &Rig, vendor: Vendor, mode: Mode, fault: Fault) -> (Result<Reply, Error>, Option<usize>) {
    let (script, skipped) = match fault {
        Fault::DeadPort => {
            let port = DeadPort::refusing().unwrap();
            return (ask(&client(rig, vendor, &port.url()), mode).await, None);
        }
        Fault::Script(script) => (script, 0),
        Fault::Stale(script) => (script, 1),
    };
    let sim = simulator(rig, script).await;
    let client = client(rig, vendor, sim.anthropic_url());
    for _ in 0..skipped {
        ask(&client, mode).await.unwrap();
    }
    let result = ask(&client, mode).await;
    (result, Some(sim.seen().len() - skipped))
}

async fn simulator(rig: &Rig, script: Script) -> LlmSim {
    LlmSim::builder().timer(shared(rig.clock.clone())).faults(script).start().await.unwrap()
}

/// A client whose API is at the root of this URL.
fn client(rig: &Rig, vendor: Vendor, root: &str) -> Client {
    let base = match vendor.base_url.ends_with("/v1") {
        true => format!("{root}/v1"),
        false => root.to_owned(),
    };
    Client::builder(rig.pool.clone(), vendor)
        .base_url(base)
        .api_key(ApiKey::new("sk-outcomes"))
        .model("m")
        .build()
        .unwrap()
}

async fn ask(client: &Client, mode: Mode) -> Result<Reply, Error> {
    let call = Call::new("What keeps bees in the air?");
    match mode {
        Mode::Plain => client.complete(call).await,
        Mode::Stream => client.stream(call).await?.collect().await,
    }
}

fn told(rig: &Rig, result: Result<Reply, Error>, requests: Option<usize>) -> (Outcome, Option<Reply>) {
    let mut attempts: Vec<Attempt> = match &result {
        Ok(reply) => reply.attempts.clone(),
        Err(error) => error.attempts().to_vec(),
    };
    // Where nobody listens, what was tried is what was sent.
    let requests = requests.unwrap_or(attempts.len());
    if result.is_ok() {
        attempts.pop();
    }
    let outcome = Outcome {
        word: result.as_ref().map_or_else(|error| error.kind().as_str(), |_| "ok"),
        waited_for: result.as_ref().err().and_then(Error::waited_for).map(|wait| wait.as_str()),
        requests,
        waits: rig.waits.all(),
        in_line: rig.waits.told.lock().unwrap().iter().any(|event| event.starts_with("LimitWaited")),
        may_be_billed: attempts.iter().any(|attempt| attempt.http.maybe_executed),
    };
    (outcome, result.ok())
}

/// `ok ×2, told 1 s, may be billed`
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)?;
        if let Some(waited_for) = self.waited_for {
            write!(f, " ({waited_for})")?;
        }
        write!(f, " ×{}", self.requests)?;
        for (i, (wait, hinted)) in self.waits.iter().enumerate() {
            let who = if *hinted { "told" } else { "own" };
            match i.checked_sub(1).map(|before| self.waits[before].1) {
                Some(before) if before == *hinted => write!(f, " + {}", seconds(i, *wait, *hinted))?,
                _ => write!(f, ", {who} {}", seconds(i, *wait, *hinted))?,
            }
        }
        if !self.waits.is_empty() {
            f.write_str(" s")?;
        }
        if self.in_line {
            f.write_str(", in line")?;
        }
        if self.may_be_billed {
            f.write_str(", may be billed")?;
        }
        Ok(())
    }
}

/// A wait without its jitter: our own by the schedule of 1, 2, 4 s ± 20 %, one that was asked for at most a tenth longer
/// than that, in steps of half a second. A wait that is neither is told as it was.
fn seconds(i: usize, wait: Duration, hinted: bool) -> String {
    let secs = wait.as_secs_f64();
    let nominal = match hinted {
        true => (secs * 2.0).floor() / 2.0,
        false => f64::from(1u32 << i),
    };
    let fits = match hinted {
        true => secs <= nominal * 1.1,
        false => (nominal * 0.8..=nominal * 1.2).contains(&secs),
    };
    if fits { format!("{nominal}") } else { format!("{secs:.3}") }
}
