//! `steadfast push`: one artifact, one device.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use steadfast_delivery::{
    Artifact, Device, DeviceState, FailureClass, HttpPush, Outcome, Place, Plan, PushContext, Rollout, Stage,
};
use url::Url;

use crate::exit::Failure;
use crate::how::How;
use crate::rollout::telling;
use crate::say::Say;
use crate::store::told;
use crate::trust::Trust;

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    file: FileArgs,
    /// The device's base URL; the paths are appended to it.
    #[arg(long, value_name = "URL")]
    device: String,
    /// The version that the device is told (X-Update-Version) and must report afterwards.
    #[arg(long, value_name = "VERSION")]
    expect_version: Option<String>,
    /// Push only if the device does not report the expected version already.
    #[arg(long, requires = "expect_version")]
    if_needed: bool,
    /// Print one JSON object: device, outcome, attempts, bytes, version.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    how: How,
}

/// The file to push.
#[derive(clap::Args, Debug)]
pub(crate) struct FileArgs {
    /// The file to push.
    #[arg(long, value_name = "FILE")]
    artifact: PathBuf,
    /// Push the file even if it is empty.
    #[arg(long)]
    allow_empty: bool,
}

/// Opens an artifact.
pub(crate) async fn open(path: &Path, allow_empty: bool) -> Result<Artifact, Failure> {
    let artifact = Artifact::open(path).await.map_err(|error| Failure::usage(error.to_string()))?;
    if artifact.is_empty() && !allow_empty {
        let message = format!("the artifact {} is empty: give --allow-empty if that is meant", path.display());
        return Err(Failure::usage(message));
    }
    Ok(artifact)
}

/// The object of `--json`.
#[derive(Debug, Serialize)]
struct Output<'a> {
    device: &'a str,
    outcome: &'a str,
    attempts: u32,
    bytes: u64,
    version: Option<&'a str>,
}

pub(crate) async fn run(args: Args, say: &Arc<Say>) -> Result<(), Failure> {
    let device = Device::new(id(&args.device), &args.device).map_err(|error| Failure::usage(error.to_string()))?;
    let push = Arc::new(args.how.client(say)?);
    let artifact = open(&args.file.artifact, args.file.allow_empty).await?;
    args.trust.verify(&artifact, &args.file.artifact, say).await?;
    if args.if_needed && is_installed(&push, &device, args.expect_version.as_deref(), say).await {
        let output = Output {
            device: &args.device,
            outcome: "already_installed",
            attempts: 0,
            bytes: 0,
            version: args.expect_version.as_deref(),
        };
        return tell(&args, &output);
    }
    let bytes = artifact.len();
    let outcome = deliver(Arc::clone(&push), device.clone(), artifact, args.expect_version.as_deref(), say).await?;
    let reported = match (&outcome.version, outcome.state) {
        (None, DeviceState::Succeeded) => reported(&push, &device, say).await,
        (version, _) => version.clone(),
    };
    let name = outcome.state.to_string();
    let output = Output {
        device: &args.device,
        outcome: &name,
        attempts: pushes(&outcome),
        bytes: if outcome.state == DeviceState::Succeeded { bytes } else { outcome.bytes_sent },
        version: reported.as_deref(),
    };
    if args.json || outcome.state == DeviceState::Succeeded {
        tell(&args, &output)?;
    }
    match &outcome.failure {
        None => Ok(()),
        Some(_) => Err(Failure::work(reason(&outcome))),
    }
}

/// `till-7: pushing (server_error): POST http://10.0.0.7/update: HTTP 500, after 3 attempts: look at …`.
pub(crate) fn reason(outcome: &Outcome) -> String {
    match &outcome.failure {
        Some(failure) => {
            let told = failure.to_string().replace("allow_plain_http()", "--allow-plain-http");
            format!("{}: {told}: {}", outcome.device, advice(failure.class))
        }
        None => format!("{}: {}", outcome.device, outcome.state),
    }
}

/// A rollout of one.
async fn deliver(
    push: Arc<HttpPush>,
    device: Device,
    artifact: Artifact,
    version: Option<&str>,
    say: &Arc<Say>,
) -> Result<Outcome, Failure> {
    let mut plan = Plan::builder(artifact).devices([device]).ask_first(false);
    if let Some(version) = version {
        plan = plan.version(version);
    }
    let plan = plan.build().map_err(|error| Failure::usage(error.to_string()))?;
    let rollout = Rollout::builder(plan, push).observer(telling(say)).build();
    let handle = rollout.handle();
    rollout.execute().await.map_err(|error| told(&error))?;
    let outcomes = handle.outcomes(Place(0), 1).await.map_err(|error| told(&error))?;
    outcomes.into_iter().next().ok_or_else(|| Failure::work("the device was not reached"))
}

/// What to do about a failure.
fn advice(class: FailureClass) -> &'static str {
    match class {
        FailureClass::Unreachable => "check the address, and that the device is on",
        FailureClass::Tls => "check the device's certificate",
        FailureClass::Rejected => "check the paths, the headers and the artifact",
        FailureClass::ServerError => "look at the device's own log",
        FailureClass::TimedOut => "try again when the device has time",
        FailureClass::Cut => "check the network, and push again",
        FailureClass::VerifyFailed => "see what the device made of the artifact",
        FailureClass::BreakerOpen => "the device failed too often: wait, then push again",
        FailureClass::ArtifactChanged => "do not change the file while it is pushed",
        _ => "push again",
    }
}

/// How often the artifact was sent; a push that was put off is not an attempt.
fn pushes(outcome: &Outcome) -> u32 {
    let pushes = outcome.attempts().iter().filter(|attempt| attempt.stage == Stage::Pushing && !attempt.deferred);
    u32::try_from(pushes.count()).unwrap_or(u32::MAX)
}

async fn is_installed(push: &HttpPush, device: &Device, expected: Option<&str>, say: &Say) -> bool {
    match push.version(&PushContext::new(), device).await {
        Ok(verified) => verified.version.as_deref() == expected,
        Err(error) => {
            say.note(&format!("cannot tell the installed version, pushing: {error}"));
            false
        }
    }
}

/// What a device that was not told a version reports.
async fn reported(push: &HttpPush, device: &Device, say: &Say) -> Option<String> {
    match push.version(&PushContext::new(), device).await {
        Ok(verified) => verified.version,
        Err(error) => {
            say.note(&format!("pushed, but not verified (give --expect-version to require it): {error}"));
            None
        }
    }
}

fn tell(args: &Args, output: &Output<'_>) -> Result<(), Failure> {
    let mut stdout = std::io::stdout();
    if args.json {
        let text = serde_json::to_string(output).map_err(|error| Failure::work(error.to_string()))?;
        writeln!(stdout, "{text}")?;
        return Ok(());
    }
    let Output { device, outcome, attempts, bytes, version } = output;
    let version = version.map_or(String::new(), |version| format!(", reports version {version}"));
    writeln!(stdout, "{device}: {outcome}: {bytes} bytes, attempt {attempts}{version}")?;
    Ok(())
}

/// A device that is only known by its URL is called by its host and path.
fn id(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => {
            let port = url.port().map_or(String::new(), |port| format!(":{port}"));
            format!("{}{port}{}", url.host_str().unwrap_or("device"), url.path().trim_end_matches('/'))
        }
        Err(_) => Path::new(url).display().to_string(),
    }
}
