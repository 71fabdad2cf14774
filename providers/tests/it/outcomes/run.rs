//! One cell of the matrix, measured: one call over real sockets, on a manual clock.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use steadfast_clock::{ManualClock, shared};
use steadfast_providers::{ApiKey, Attempt, Call, Client, Error, Provider, Reply, Vendor};
use steadfast_testkit::{DeadPort, LlmSim, Script};

use super::faults::Fault;
use super::words::Mode;
use crate::rig::{Rig, rig};

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
    /// Whether a request that brought no answer may have been billed.
    may_be_billed: bool,
}

/// Calls a provider that does this, and tells what came of it; the reply, too, if there is one.
pub(super) async fn run(vendor: Vendor, mode: Mode, fault: Fault) -> (Outcome, Option<Reply>) {
    let rig = rig();
    let (script, skipped) = match &fault {
        Fault::DeadPort => {
            let port = DeadPort::refusing().unwrap();
            let result = ask(&client(&rig, vendor, &port.url()), mode).await;
            return told(&rig, result, None);
        }
        Fault::Script(script) | Fault::Silent(script) => (script.clone(), 0),
        Fault::Stale(script) => (script.clone(), 1),
    };
    let sim = simulator(&rig, script).await;
    let client = client(&rig, vendor, sim.anthropic_url());
    let result = match fault {
        Fault::Silent(_) => patient(&rig.clock, ask(&client, mode)).await,
        Fault::Stale(_) => {
            ask(&client, mode).await.unwrap();
            ask(&client, mode).await
        }
        _ => ask(&client, mode).await,
    };
    told(&rig, result, Some(sim.seen().len() - skipped))
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

/// How often both sides get a turn before time passes: many times what an exchange takes.
const TURNS: usize = 400;

/// Lets time pass whenever nothing else happens.
async fn patient<T>(clock: &ManualClock, call: impl Future<Output = T>) -> T {
    let mut call = pin!(call);
    for _ in 0..200 {
        for _ in 0..TURNS {
            if let Poll::Ready(result) = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await {
                return result;
            }
            tokio::task::yield_now().await;
        }
        clock.advance_to_next();
    }
    panic!("the call waits for ever");
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
