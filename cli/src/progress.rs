//! How a rollout is shown while it runs: a bar for each phase on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use steadfast_delivery::{Handle, Hold, Phase, RolloutStatus};
use tokio::task::JoinHandle;

use crate::rollout::{hold, places, time_left};
use crate::say::{Say, Volume};
use crate::when::rest;

/// How often a bar is drawn.
const FRAME: Duration = Duration::from_millis(100);

/// Shows a rollout until it is finished with.
pub(crate) struct Shown {
    task: Option<JoinHandle<()>>,
    bars: Option<MultiProgress>,
    say: Arc<Say>,
}

/// Starts to show a rollout of these phases.
pub(crate) fn show(handle: Handle, phases: &[Phase], say: &Arc<Say>) -> Shown {
    let say = Arc::clone(say);
    if say.volume() == Volume::Quiet {
        return Shown { task: None, bars: None, say };
    }
    if !std::io::stderr().is_terminal() {
        let task = tokio::spawn(lines(handle, Arc::clone(&say)));
        return Shown { task: Some(task), bars: None, say };
    }
    let bars = Bars::new(phases);
    say.attach(bars.all.clone());
    let all = bars.all.clone();
    let task = tokio::spawn(frames(handle, bars));
    Shown { task: Some(task), bars: Some(all), say }
}

impl Shown {
    /// The rollout is over.
    pub(crate) fn finish(self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.say.detach();
        if let Some(bars) = &self.bars {
            // Nobody is left to see it when the terminal is gone.
            drop(bars.clear());
        }
    }
}

/// A bar for each phase that has begun.
struct Bars {
    all: MultiProgress,
    steps: Vec<Step>,
    drawn: Vec<ProgressBar>,
}

/// A phase: its name, and the share of all devices that is reached when it is done.
struct Step {
    name: String,
    percent: f64,
}

impl Bars {
    fn new(phases: &[Phase]) -> Self {
        let step = |(at, phase): (usize, &Phase)| Step {
            name: phase.name.clone().unwrap_or_else(|| format!("phase {}", at + 1)),
            percent: phase.percent,
        };
        let mut steps: Vec<Step> = phases.iter().enumerate().map(step).collect();
        if steps.is_empty() {
            steps.push(Step { name: String::new(), percent: 100.0 });
        }
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Self { all, steps, drawn: Vec::new() }
    }

    fn draw(&mut self, status: &RolloutStatus) {
        // What it is about is not read yet.
        if status.total == 0 {
            return;
        }
        let now = status.phase.map_or(1, |phase| phase as usize).clamp(1, self.steps.len());
        let ends = self.steps.iter().map(|step| places(step.percent, status.total));
        let begins = std::iter::once(0).chain(ends.clone());
        for (at, ((step, begin), end)) in self.steps.iter().zip(begins).zip(ends).take(now).enumerate() {
            if self.drawn.len() == at {
                self.drawn.push(self.all.add(bar(&step.name, end - begin)));
            }
            let Some(bar) = self.drawn.get(at) else { return };
            bar.set_length(end - begin);
            bar.set_position(done(status).clamp(begin, end) - begin);
            bar.set_message(if at + 1 == now { figures(status) } else { String::new() });
        }
    }
}

/// A bar that is not shown yet.
fn bar(name: &str, devices: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(devices), ProgressDrawTarget::hidden());
    let template = "{prefix:12!} {bar:30} {pos}/{len} devices  {msg}";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(name.to_owned());
    bar
}

async fn frames(handle: Handle, mut bars: Bars) {
    loop {
        bars.draw(&handle.status());
        rest(FRAME).await;
    }
}

/// A line at every tenth of the way, and where it stops for a while.
async fn lines(handle: Handle, say: Arc<Say>) {
    let (mut told, mut held) = (0, None);
    loop {
        let status = handle.status();
        let tenths = (done(&status) * 10).checked_div(status.total).unwrap_or(0);
        if tenths > told {
            told = tenths;
            say.note(&format!("{}/{} devices  {}", done(&status), status.total, figures(&status)));
        }
        if status.hold != held {
            held = status.hold;
            // Of a pause there is an event, which says why.
            if let Some(held) = held.as_ref().filter(|held| **held != Hold::Paused) {
                say.note(&hold(held));
            }
        }
        rest(FRAME).await;
    }
}

/// Devices in a final state.
fn done(status: &RolloutStatus) -> u64 {
    status.succeeded + status.failed + status.skipped + status.cancelled
}

/// `3 failed, 64 in flight, 210/s, left: 4 s`, or what holds it up.
fn figures(status: &RolloutStatus) -> String {
    let mut text = format!("{} failed, {} in flight", status.failed, status.in_flight);
    if status.deferred > 0 {
        text += &format!(", {} deferred", status.deferred);
    }
    if let Some(held) = &status.hold {
        return format!("{text}, {}", hold(held));
    }
    if let Some(rate) = status.rate_per_s {
        text += &format!(", {rate:.0}/s");
    }
    if let Some(left) = time_left(status) {
        text += &format!(", left: {left}");
    }
    text
}
