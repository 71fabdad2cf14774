//! The task that installs what was pushed: where it is asked for, and what its answers mean (DSP0266, "Asynchronous
//! operations").

use std::time::Duration;

use http::{Method, header};
use serde::Deserialize;
use steadfast_clock::UnixNanos;
use steadfast_pool::Response;
use url::Url;

use super::message::{Message, read as message_of};
use crate::artifact::Artifact;
use crate::device::{Device, told_url};
use crate::failure::{Failure, FailureClass, Stage};
use crate::http::{Call, Order};

/// A task monitor, and since when it is asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Monitor {
    pub(super) url: Url,
    pub(super) since: UnixNanos,
}

impl Monitor {
    /// The question what became of the task: one of many.
    pub(super) fn order(&self) -> Order {
        Order::new(Stage::Pushing, Method::GET, self.url.clone()).once(true)
    }

    /// As a text that outlives the process.
    pub(super) fn write(&self, artifact: &Artifact) -> String {
        format!("redfish {} {} {}", artifact.digest_hex(), self.since.as_nanos(), self.url)
    }

    /// The monitor that a text is about; none when it is of another artifact or device, or no such text at all.
    pub(super) fn read(token: &str, artifact: &Artifact, device: &Device) -> Option<Self> {
        let mut words = token.split(' ');
        let same = words.next()? == "redfish" && words.next()? == artifact.digest_hex();
        let since = UnixNanos::from_nanos(words.next()?.parse().ok()?);
        let url = told_url(device, device.address(), words.next()?)?;
        (same && words.next().is_none()).then_some(Self { url, since })
    }
}

/// What has become of a task.
#[derive(Debug)]
pub(super) enum Ended {
    Done,
    Failed(Failure),
    /// It runs; ask again after this time, if the device says.
    NotYet(Option<Duration>),
}

/// What we read of a task.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Task {
    #[serde(default)]
    task_state: Option<String>,
    #[serde(default)]
    task_status: Option<String>,
    #[serde(default)]
    task_monitor: Option<String>,
    #[serde(default)]
    messages: Vec<Message>,
    #[serde(default, rename = "@odata.id")]
    id: Option<String>,
}

/// Where the answer to a push says that its task is asked for.
pub(super) fn told(response: &Response) -> Option<String> {
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    location.map(str::to_owned).or_else(|| {
        let task: Task = serde_json::from_slice(response.body()).ok()?;
        task.task_monitor.or(task.id)
    })
}

/// What an answer of the monitor means. With `verified`, the device is asked for its version afterwards.
pub(super) fn read(call: &Call, response: &Response, verified: bool) -> Ended {
    let status = response.status().as_u16();
    let failed = |class: FailureClass, what: &str| {
        let message = format!("{}: {what}", call.place());
        Ended::Failed(Failure::new(Stage::Pushing, class, message).status(status))
    };
    match status {
        202 => Ended::NotYet(response.retry_after()),
        200..=299 => match serde_json::from_slice::<Task>(response.body()) {
            Ok(task) => task.judge(response, failed),
            // The answer that the push itself would have got.
            Err(_) => Ended::Done,
        },
        429 | 502..=504 => Ended::NotYet(response.retry_after()),
        // It is over, and was forgotten: over the restart of the controller, say.
        404 | 410 if verified => Ended::Done,
        404 | 410 => failed(FailureClass::ServerError, "the task is gone, and nothing tells what became of it"),
        _ => {
            let class = if status >= 500 { FailureClass::ServerError } else { FailureClass::Rejected };
            let said = message_of(response.body()).map(|said| format!(" ({said})")).unwrap_or_default();
            failed(class, &format!("HTTP {status}{said}"))
        }
    }
}

impl Task {
    fn judge(&self, response: &Response, failed: impl Fn(FailureClass, &str) -> Ended) -> Ended {
        match self.task_state.as_deref() {
            Some("Completed") if self.task_status.as_deref() != Some("Critical") => Ended::Done,
            Some(state @ ("Completed" | "Exception" | "Killed" | "Cancelled" | "Interrupted")) => {
                let said = self.messages.iter().rev().find_map(Message::told);
                let said = said.map(|said| format!(" ({said})")).unwrap_or_default();
                failed(FailureClass::ServerError, &format!("the task ended as {state}{said}"))
            }
            Some(_) => Ended::NotYet(response.retry_after()),
            None => Ended::Done,
        }
    }
}

/// Whether the restart of a controller may explain it.
pub(super) fn may_pass(class: FailureClass) -> bool {
    use FailureClass::{BreakerOpen, Cut, ServerError, TimedOut, Tls, Unreachable};
    matches!(class, Unreachable | Tls | ServerError | TimedOut | Cut | BreakerOpen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_monitor_is_read_back_for_its_own_artifact_and_device() {
        let (artifact, other) = (Artifact::from_bytes("a"), Artifact::from_bytes("b"));
        let device = Device::new("d", "https://10.0.0.7").unwrap();
        let url = "https://10.0.0.7/redfish/v1/TaskService/TaskMonitors/1".parse().unwrap();
        let monitor = Monitor { url, since: UnixNanos::from_nanos(1_700_000_000_000_000_000) };
        let token = monitor.write(&artifact);
        assert_eq!(Monitor::read(&token, &artifact, &device), Some(monitor));
        assert_eq!(Monitor::read(&token, &other, &device), None);
        assert_eq!(Monitor::read(&token, &artifact, &Device::new("d", "https://10.0.0.8").unwrap()), None);
        assert_eq!(Monitor::read("tus x https://10.0.0.7/", &artifact, &device), None);
    }
}
