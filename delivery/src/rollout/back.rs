//! The way back: the devices that a rollout has pushed to get an earlier artifact, by a rollout of their own.

use std::sync::Arc;

use tokio::sync::watch;

use super::begin::{self, PAGE};
use super::board::Board;
use super::builder::{Setup, What};
use super::inbox::{Inbox, Note};
use super::shared::{Ending, Shared};
use crate::artifact::Artifact;
use crate::device::DeviceStatus;
use crate::error::{Error, ErrorKind};
use crate::plan::Plan;
use crate::record::{Command, Report};
use crate::store::{Place, RolloutRecord};

/// The id of the rollout that takes back the one of this id.
pub(super) fn id_of(rollout: &str) -> String {
    format!("{rollout}-rollback")
}

/// Brings the devices at these places back to the artifact that the plan names, and reports.
pub(super) async fn run(
    shared: &Arc<Shared>,
    mut setup: Setup,
    record: &RolloutRecord,
    places: &[Place],
) -> Result<Report, Error> {
    let id = id_of(&shared.id);
    let (artifact, version) = earlier(setup.rollback.take(), record).await?;
    let what = if shared.store.rollout(&id).await?.is_some() {
        What::Kept(artifact)
    } else {
        let mut devices = Vec::with_capacity(places.len());
        for page in places.chunks(PAGE) {
            for mut target in shared.store.targets(&shared.id, page).await? {
                // It was reached a moment ago.
                target.device.status = DeviceStatus::Unknown;
                devices.push(target.device);
            }
        }
        let mut plan = Plan::builder(artifact).id(id.clone()).version(version).devices(devices);
        plan = plan.extra(record.spec.extra.clone());
        let mut plan = plan.ask_first(setup.ask_first).memory_budget(setup.memory_budget).build()?;
        plan.concurrency = record.spec.concurrency.try_into().unwrap_or(plan.concurrency);
        plan.rollback_of = Some(Arc::clone(&shared.id));
        What::Plan(Box::new(plan))
    };
    let id: Arc<str> = id.into();
    let back = Arc::new(Shared {
        board: Board::new(Arc::clone(&id), places.len() as u64, record.spec.concurrency),
        id,
        store: Arc::clone(&shared.store),
        private: shared.private,
        timer: Arc::clone(&shared.timer),
        wall: Arc::clone(&shared.wall),
        observers: shared.observers.clone(),
        series: shared.series.clone(),
        inbox: Inbox::default(),
        kept: watch::Sender::new(0),
    });
    let _ending = Ending::of(&back);
    let mut running = Box::pin(begin::run(&back, what, setup));
    let mut notes = Vec::new();
    loop {
        tokio::select! {
            report = &mut running => return report,
            // Who holds a handle of the first one controls this one, too.
            () = shared.inbox.told() => {
                shared.inbox.take(&mut notes);
                for note in notes.drain(..) {
                    pass_on(note, &back);
                }
            }
        }
    }
}

fn pass_on(note: Note, back: &Shared) {
    match note {
        Note::Command(Command::Pause | Command::Resume | Command::Cancel, _) | Note::Leave | Note::Beat(_) => {
            back.inbox.tell(note);
        }
        // A retry, an approval: the rollout that they are for has ended, and who waits for an answer is told so.
        Note::Command(..) | Note::Verifying(..) | Note::Ended(_) => {}
    }
}

/// The artifact to go back to, and its version.
async fn earlier(given: Option<Artifact>, record: &RolloutRecord) -> Result<(Artifact, String), Error> {
    let Some((kept, version)) = &record.spec.rollback else {
        let message = format!("rollout {} is to be rolled back, but was not told to which artifact", record.id);
        return Err(Error::new(ErrorKind::Plan, message));
    };
    let artifact = match (given, &kept.path) {
        (Some(artifact), _) => artifact,
        (None, Some(path)) => Artifact::open(path).await?,
        (None, None) => {
            let message = format!("rollout {} goes back to an artifact that was in memory: give it again", record.id);
            return Err(Error::new(ErrorKind::Artifact, message));
        }
    };
    if artifact.digest_hex() != kept.sha256 {
        let message =
            format!("rollout {} goes back to the artifact of SHA-256 {}, not to this one", record.id, kept.sha256);
        return Err(Error::new(ErrorKind::Artifact, message));
    }
    Ok((artifact, version.clone()))
}
