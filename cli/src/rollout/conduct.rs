//! Driving a rollout: shown while it runs, paused by Ctrl-C, and told at its end.

use std::cell::Cell;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use steadfast_delivery::{
    DeviceState, Event, EventKind, Observer, Phase, Report, RolloutBuilder, RolloutState, RolloutStatus,
};
use tokio::sync::Notify;

use super::events;
use super::probe::Probing;
use crate::exit::{Failure, INTERRUPTED};
use crate::progress;
use crate::push::reason;
use crate::say::{Say, Volume};
use crate::store::{StoreArgs, told};
use crate::when::rest;

/// How many devices that failed are told one by one.
const TOLD: usize = 20;

/// How often is looked whether what a gate has stopped is at rest.
const GLANCE: Duration = Duration::from_millis(50);

/// Tells of the devices that say "later", and of what the rollout as a whole does.
pub(crate) fn telling(say: &Arc<Say>) -> Arc<dyn Observer> {
    let say = Arc::clone(say);
    Arc::new(move |event: &Event| match &event.kind {
        EventKind::Device { device, from, to: DeviceState::Deferred, after: Some(after), .. } => {
            let next = match from {
                DeviceState::Verifying => "does not report the version yet; asking",
                _ => "says \"later\"; pushing",
            };
            say.wait(&format!("{device}: {next} again in {:.1} s", after.as_secs_f64()));
        }
        EventKind::Device { .. }
        | EventKind::Started { .. }
        | EventKind::Finished { .. }
        // These are shown as long as they last.
        | EventKind::Soaking { .. }
        | EventKind::AwaitingApproval { .. }
        | EventKind::Driven { recovered: 0, .. } => {}
        kind => say.note(&events::line(kind)),
    })
}

/// What came of driving a rollout.
pub(crate) struct Driven {
    pub(crate) report: Report,
    /// Ctrl-C.
    pub(crate) interrupted: bool,
}

/// Runs a rollout to its end, or to where a gate pauses it, and shows it.
///
/// Ctrl-C pauses it: what is in flight ends, and so does this; a second one stops at once.
pub(crate) async fn drive(rollout: RolloutBuilder, phases: &[Phase], say: &Arc<Say>) -> Result<Driven, Failure> {
    probed(rollout, phases, None, say).await
}

/// The same, while devices that are waited for are asked whether they are there.
async fn probed(
    rollout: RolloutBuilder,
    phases: &[Phase],
    probing: Option<Probing>,
    say: &Arc<Say>,
) -> Result<Driven, Failure> {
    say.limit_waits(TOLD);
    let failed_gate = Arc::new(Notify::new());
    let gate = Arc::clone(&failed_gate);
    let on_gate = move |event: &Event| {
        if matches!(event.kind, EventKind::GateFailed { .. }) {
            gate.notify_one();
        }
    };
    let rollout = rollout.observer(telling(say)).observer(Arc::new(on_gate)).build();
    let handle = rollout.handle();
    let shown = progress::show(handle.clone(), phases, say);
    // Nobody waits at a terminal for somebody else to decide what a gate has stopped. One that is cancelled or taken back
    // ends by itself.
    let deciding = async {
        failed_gate.notified().await;
        while !matches!(handle.status().state, RolloutState::Paused) {
            rest(GLANCE).await;
        }
        handle.leave();
        std::future::pending().await
    };
    let asking = async {
        match probing {
            Some(probing) => probing.go_on(handle.clone()).await,
            None => std::future::pending().await,
        }
    };
    let pressed = Cell::new(false);
    let stopping = async {
        interrupted().await;
        pressed.set(true);
        let mut again = std::pin::pin!(interrupted());
        // Looked at once before it is told of, so that none is missed from then on.
        tokio::select! {
            biased;
            () = &mut again => return,
            () = std::future::ready(()) => {}
        }
        say.note("stopping: what is in flight ends first (Ctrl-C again stops at once)");
        handle.pause();
        handle.leave();
        again.await;
    };
    let report = tokio::select! {
        report = rollout.execute() => report.map_err(|error| told(&error)),
        () = stopping => Err(Failure::interrupted()),
        // These do not end.
        () = deciding => Err(Failure::interrupted()),
        () = asking => Err(Failure::interrupted()),
    };
    shown.finish();
    Ok(Driven { report: report?, interrupted: pressed.get() })
}

/// Ctrl-C. Does not return where there is no such thing.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// The same for the command: tells what came of it, and how to go on.
pub(super) async fn to_the_end(
    id: &str,
    rollout: RolloutBuilder,
    phases: &[Phase],
    probing: Option<Probing>,
    args: &StoreArgs,
    json: bool,
    say: &Arc<Say>,
) -> Result<(), Failure> {
    let again = format!("`steadfast rollout resume {id}{}` goes on", args.again());
    let Driven { report, interrupted } = match probed(rollout, phases, probing, say).await {
        Ok(driven) => driven,
        Err(failure) => {
            if failure.code == INTERRUPTED {
                say.note(&format!("stopped: {again}"));
            }
            return Err(failure);
        }
    };
    tell_failures(&report, say);
    if let Some(back) = &report.rollback {
        tell_failures(back, say);
        say.note(&format!("{} {}", back.status.id, super::figures(&back.status)));
    }
    print(&report.status, json)?;
    if interrupted && !report.status.state.is_final() {
        say.note(&format!("paused: {again}"));
        return Err(Failure::interrupted());
    }
    end(&report.status, &again)
}

fn print(status: &RolloutStatus, json: bool) -> Result<(), Failure> {
    let text = if json { super::json(status)? } else { format!("{} {}", status.id, super::figures(status)) };
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

fn tell_failures(report: &Report, say: &Say) {
    let most = if say.volume() == Volume::Verbose { usize::MAX } else { TOLD };
    let mut told = 0;
    for outcome in report.failures().take(most) {
        say.note(&reason(outcome));
        told += 1;
    }
    let more = report.status.failed.saturating_sub(told);
    if more > 0 {
        let id = &report.status.id;
        say.note(&format!("… and {more} more that failed (`steadfast rollout status {id} --device ID` tells of one)"));
    }
}

/// How the command ends.
fn end(status: &RolloutStatus, again: &str) -> Result<(), Failure> {
    match status.state {
        RolloutState::Completed => Ok(()),
        RolloutState::Failed => Err(Failure::work(format!("{} of {} devices failed", status.failed, status.total))),
        RolloutState::Cancelled => {
            let n = status.cancelled;
            Err(Failure::work(format!("the rollout was cancelled: {n} of {} devices were not updated", status.total)))
        }
        _ => Err(Failure::work(format!("the rollout is {}: {again}", status.state))),
    }
}
