//! `steadfast rollout run`: from settings to a rollout that is driven to its end.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use steadfast_delivery::{
    Artifact, Device, Filter, Plan, PlanBuilder, Rollout, RolloutRecord, SignaturePolicy, Store, Strategy, WhenOffline,
};

use super::probe::Probing;
use super::settings::Settings;
use super::{conduct, file, strategy};
use crate::exit::Failure;
use crate::how::How;
use crate::push::open;
use crate::say::Say;
use crate::store::{StoreArgs, told};
use crate::{files, fleet, inventory};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A file with all of the settings below (TOML); options that are given as well override it.
    #[arg(long = "plan", value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Print the rollout's final state as one JSON object.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) store: StoreArgs,
    #[command(flatten)]
    pub(super) settings: Settings,
}

/// What this program wants to find again when it goes on with a rollout.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Extra {
    /// How devices are reached.
    pub(super) how: How,
}

impl Extra {
    pub(super) fn of(record: &RolloutRecord) -> Self {
        serde_json::from_value(record.spec.extra.clone()).unwrap_or_default()
    }
}

/// Settings that were read, with what they name.
pub(super) struct Ready {
    pub(super) settings: Settings,
    pub(super) artifact: Artifact,
    /// The devices to choose from.
    pub(super) fleet: Vec<Device>,
    pub(super) strategy: Strategy,
    pub(super) rollback: Option<(Artifact, String)>,
    policy: Option<SignaturePolicy>,
}

impl Ready {
    /// Reads everything that the settings name.
    pub(super) async fn read(
        file: Option<&Path>,
        settings: Settings,
        store: &StoreArgs,
        say: &Say,
    ) -> Result<Self, Failure> {
        let settings = match file {
            Some(path) => settings.over(file::read(path)?),
            None => settings,
        };
        // Whoever goes on with it may do so in another folder.
        let here = std::env::current_dir().map_err(|error| Failure::usage(format!("where are we? {error}")))?;
        let settings = settings.below(&here);
        let strategy = strategy::strategy(&settings)?;
        let Some(path) = &settings.artifact else {
            return Err(Failure::usage("what is to be pushed? give --artifact FILE"));
        };
        if settings.version.is_none() {
            return Err(Failure::usage("which version is it? give --version, which devices must report afterwards"));
        }
        let artifact = open(path, settings.allow_empty).await?;
        let policy = settings.signature.verify(&artifact, path, say).await?;
        let rollback = match (&settings.rollback_artifact, &settings.rollback_version) {
            (Some(path), Some(version)) => {
                let artifact = open(path, settings.allow_empty).await?;
                settings.signature.verify_other(&artifact, path, say).await?;
                Some((artifact, version.clone()))
            }
            (None, None) => None,
            _ => return Err(Failure::usage("--rollback-artifact and --rollback-version: each needs the other")),
        };
        let fleet = fleet(&settings, &strategy.select, store).await?;
        Ok(Self { settings, artifact, fleet, strategy, rollback, policy })
    }

    /// The devices that are meant.
    pub(super) fn devices(&self) -> impl Iterator<Item = &Device> {
        self.strategy.select.select(&self.fleet)
    }

    /// The plan for these devices, as far as it is the same for all that want one.
    pub(super) fn plan(&self, fleet: Vec<Device>, concurrency: usize) -> Result<PlanBuilder, Failure> {
        let how = self.settings.push.clone();
        let extra = serde_json::to_value(Extra { how }).map_err(|error| Failure::work(error.to_string()))?;
        let mut plan = Plan::builder(self.artifact.clone())
            .devices(fleet)
            .strategy(self.strategy.clone())
            .concurrency(NonZeroUsize::new(concurrency).unwrap_or(NonZeroUsize::MIN))
            .extra(extra);
        if let Some(id) = &self.settings.id {
            plan = plan.id(id);
        }
        if let Some(version) = &self.settings.version {
            plan = plan.version(version);
        }
        if let Some(policy) = &self.policy {
            plan = plan.require_signature(policy.clone());
        }
        if let Some((artifact, version)) = &self.rollback {
            plan = plan.rollback(artifact.clone(), version);
        }
        Ok(plan)
    }

    /// How many devices are to be worked on at once.
    pub(super) fn concurrency(&self) -> usize {
        self.settings.concurrency.map_or(64, NonZeroUsize::get)
    }
}

pub(super) async fn run(args: Args, say: &Arc<Say>) -> Result<(), Failure> {
    let mut ready = Ready::read(args.file.as_deref(), args.settings, &args.store, say).await?;
    let push = Arc::new(ready.settings.push.client(say)?);
    let store = args.store.open().await?;
    if ready.strategy.offline == WhenOffline::Wait {
        hear(&*store, &ready, say).await?;
    }
    // Nobody needs them twice.
    let fleet = std::mem::take(&mut ready.fleet);
    let plan = ready.plan(fleet, files::fit(ready.concurrency(), 1, say))?.build().map_err(|error| told(&error))?;
    let id = plan.id().to_owned();
    let probing = probing(&ready.settings.push, &ready.strategy, &store, say)?;
    let rollout = Rollout::builder(plan, push).store(store);
    conduct::to_the_end(&id, rollout, &ready.strategy.phases, probing, &args.store, args.json, say).await
}

/// Who asks the devices that are waited for, if anybody is to.
pub(super) fn probing(
    how: &How,
    strategy: &Strategy,
    store: &Arc<dyn Store>,
    say: &Arc<Say>,
) -> Result<Option<Probing>, Failure> {
    let Some(every) = strategy.probe_every.filter(|_| strategy.offline == WhenOffline::Wait) else { return Ok(None) };
    let how = How { retries: Some(0), ..how.clone() };
    let push = Arc::new(how.quiet_client()?);
    Ok(Some(Probing { every, push, store: Arc::clone(store), say: Arc::clone(say) }))
}

/// Has the store know the devices of an inventory that are waited for: what is heard of others has no effect.
async fn hear(store: &dyn Store, ready: &Ready, say: &Say) -> Result<(), Failure> {
    let Some(path) = &ready.settings.inventory else { return Ok(()) };
    let mut unknown = Vec::new();
    for device in ready.devices() {
        if store.device(device.id()).await.map_err(|error| told(&error))?.is_none() {
            unknown.push(device.clone());
        }
    }
    if !unknown.is_empty() {
        say.note(&format!(
            "{} devices of {} are in the fleet now, so that they are heard",
            unknown.len(),
            path.display()
        ));
        store.import(unknown).await.map_err(|error| told(&error))?;
    }
    Ok(())
}

/// The devices to choose from, of which at least one is meant.
async fn fleet(settings: &Settings, filter: &Filter, store: &StoreArgs) -> Result<Vec<Device>, Failure> {
    let (devices, whence) = match &settings.inventory {
        Some(path) => (inventory::read(path)?, path.display().to_string()),
        None => {
            let Some(store) = store.existing().await? else {
                let hint = "give --inventory FILE, or `steadfast fleet import FILE` first";
                return Err(Failure::usage(format!("which devices? {hint}")));
            };
            (fleet::selected(&*store, &Filter::new()).await?, String::from("the fleet"))
        }
    };
    if filter.select(&devices).next().is_some() {
        return Ok(devices);
    }
    let why = match devices.len() {
        0 => format!("there is no device in {whence}: `steadfast fleet import FILE` adds them"),
        known => format!("no device of {whence} matches `{filter}`: there are {known}"),
    };
    Err(Failure::usage(why))
}
