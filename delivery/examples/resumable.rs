//! An upload that breaks off twice and goes on where it stood. With the address of a device as argument, a delivery to
//! that one, by whatever it offers.

use std::io::Write;
use std::time::Duration;

use steadfast_delivery::backoff::{Exponential, Policy};
use steadfast_delivery::{Artifact, Device, HttpPush, Push, PushContext, Resumable};
use steadfast_testkit::{DeviceSim, Matcher, Reply, Script};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let patch = || Matcher::new().method("PATCH");
    let cuts = Script::new().when(patch(), 1, Reply::pass().take_only(3_000_000)).when(
        patch(),
        1,
        Reply::pass().take_only(4_000_000),
    );
    let sim = DeviceSim::tus().faults(cuts).start().await?;
    let address = std::env::args().nth(1).unwrap_or_else(|| sim.url().to_owned());

    // Shorter waits than a real device gets, so that this is over soon.
    let schedule = Exponential::builder().base(Duration::from_millis(20)).cap(Duration::from_secs(1)).build()?;
    let push = HttpPush::builder().resumable(Resumable::Probe).retry(Policy::new(schedule, 3)?).build()?;
    let artifact = Artifact::from_bytes(vec![42; 10_000_000]);
    let context = PushContext::new().version("2.0.0");
    let pushed = push.push(&context, &Device::new("till-7", &address)?, &artifact).await?;

    for attempt in &pushed.attempts {
        writeln!(std::io::stdout(), "{attempt}, from byte {}", attempt.resumed_at.unwrap_or(0))?;
    }
    writeln!(std::io::stdout(), "{} of {} bytes sent", context.bytes_sent(), artifact.len())?;
    Ok(())
}
