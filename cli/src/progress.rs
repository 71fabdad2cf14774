//! How a rollout is shown while it runs: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use steadfast_clock::{Clock, Timer, TokioTimer};
use steadfast_delivery::{Handle, Progress};
use tokio::task::JoinHandle;

use crate::say::{Say, Volume};

/// How often a bar is drawn.
const FRAME: Duration = Duration::from_millis(100);

/// Shows a rollout until it is finished with.
pub(crate) struct Shown {
    task: Option<JoinHandle<()>>,
    bar: Option<ProgressBar>,
    say: Arc<Say>,
}

/// Starts to show the rollout.
pub(crate) fn show(handle: Handle, say: &Arc<Say>) -> Shown {
    let say = Arc::clone(say);
    if say.volume() == Volume::Quiet {
        return Shown { task: None, bar: None, say };
    }
    if !std::io::stderr().is_terminal() {
        let task = tokio::spawn(lines(handle, Arc::clone(&say)));
        return Shown { task: Some(task), bar: None, say };
    }
    let bar = ProgressBar::with_draw_target(Some(handle.progress().total), ProgressDrawTarget::stderr());
    let template = "{bar:30} {pos}/{len} devices  {msg}";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    say.attach(bar.clone());
    let task = tokio::spawn(frames(handle, bar.clone()));
    Shown { task: Some(task), bar: Some(bar), say }
}

impl Shown {
    /// The rollout is over.
    pub(crate) fn finish(self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.say.detach();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

async fn frames(handle: Handle, bar: ProgressBar) {
    loop {
        let progress = handle.progress();
        bar.set_position(progress.done());
        bar.set_message(figures(&progress));
        rest().await;
    }
}

/// A line at every tenth of the way.
async fn lines(handle: Handle, say: Arc<Say>) {
    let mut told = 0;
    loop {
        let progress = handle.progress();
        let tenths = (progress.done() * 10).checked_div(progress.total).unwrap_or(10);
        if tenths > told {
            told = tenths;
            say.note(&format!("{}/{} devices  {}", progress.done(), progress.total, figures(&progress)));
        }
        if tenths == 10 {
            return;
        }
        rest().await;
    }
}

async fn rest() {
    let timer = TokioTimer::new();
    timer.sleep_until(timer.now().saturating_add(FRAME)).await;
}

/// `3 failed, 64 in flight, 210/s, 4 s left`.
fn figures(progress: &Progress) -> String {
    let mut text = format!("{} failed, {} in flight", progress.failed, progress.in_flight());
    if progress.deferred > 0 {
        text += &format!(", {} deferred", progress.deferred);
    }
    if let Some(rate) = progress.devices_per_s() {
        text += &format!(", {rate:.0}/s");
    }
    match (progress.eta.p50, progress.eta.p90) {
        (Some(p50), Some(p90)) if progress.done() < progress.total => {
            let (p50, p90) = (p50.as_secs_f64().ceil(), p90.as_secs_f64().ceil());
            text += &if p50 == p90 { format!(", {p50:.0} s left") } else { format!(", {p50:.0}-{p90:.0} s left") };
        }
        _ => {}
    }
    text
}
