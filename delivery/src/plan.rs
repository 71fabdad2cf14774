//! What is to be delivered to whom: artifact, version, devices, and how many at once.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use serde_json::Value;

use crate::artifact::{Artifact, SignaturePolicy, chunk_size};
use crate::device::Device;
use crate::error::{Error, ErrorKind};
use crate::filter::Filter;
use crate::push::{MEMORY_BUDGET, fresh_id};
use crate::store::{ArtifactRecord, Spec};
use crate::strategy::{LateJoiners, OnFailure, Strategy};

/// A rollout before it starts. Unless a strategy is set it is immediate: every device that is not known to be offline is
/// pushed to as soon as a worker is free, in the order given; offline ones are skipped.
///
/// ```
/// use steadfast_delivery::{Artifact, Device, Plan};
///
/// let till = Device::new("till-7", "http://10.0.0.7")?;
/// let artifact = Artifact::from_bytes("firmware");
/// let plan = Plan::builder(artifact.clone()).version("2.0.0").devices([till.clone()]).build()?;
/// assert_eq!((plan.devices().len(), plan.concurrency().get()), (1, 64));
///
/// let twice = Plan::builder(artifact).version("2.0.0").devices([till.clone(), till]).build();
/// assert_eq!(twice.unwrap_err().to_string(), "duplicate device id `till-7` (devices 1 and 2)");
/// # Ok::<(), steadfast_delivery::Error>(())
/// ```
#[derive(Clone)]
pub struct Plan {
    pub(crate) id: Arc<str>,
    pub(crate) artifact: Artifact,
    pub(crate) version: Option<Arc<str>>,
    pub(crate) devices: Vec<Device>,
    pub(crate) concurrency: NonZeroUsize,
    pub(crate) memory_budget: usize,
    pub(crate) strategy: Strategy,
    pub(crate) rollback: Option<(Artifact, Arc<str>)>,
    pub(crate) rollback_of: Option<Arc<str>>,
    pub(crate) extra: Value,
    pub(crate) ask_first: bool,
}

impl Plan {
    /// Starts a plan to deliver `artifact`.
    pub fn builder(artifact: Artifact) -> PlanBuilder {
        PlanBuilder {
            id: None,
            artifact,
            version: None,
            devices: Vec::new(),
            concurrency: const { NonZeroUsize::new(64).unwrap() },
            memory_budget: MEMORY_BUDGET,
            policy: None,
            strategy: Strategy::immediate(),
            rollback: None,
            extra: Value::Null,
            ask_first: true,
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is delivered.
    #[must_use]
    pub fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    /// The version that devices report afterwards; `None` means that they are not asked.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The devices, in their order.
    #[must_use]
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// How many devices are worked on at once.
    #[must_use]
    pub fn concurrency(&self) -> NonZeroUsize {
        self.concurrency
    }

    /// Which devices, in which steps, when.
    #[must_use]
    pub fn strategy(&self) -> &Strategy {
        &self.strategy
    }

    /// What a store keeps of it, beside its devices.
    #[must_use]
    pub fn spec(&self) -> Spec {
        let mut spec = Spec::new(ArtifactRecord::of(&self.artifact));
        spec.version = self.version.as_deref().map(str::to_owned);
        spec.strategy = self.strategy.clone();
        spec.concurrency = self.concurrency.get();
        let rollback = self.rollback.as_ref();
        spec.rollback = rollback.map(|(artifact, version)| (ArtifactRecord::of(artifact), version.as_ref().to_owned()));
        spec.rollback_of = self.rollback_of.as_deref().map(str::to_owned);
        spec.extra = self.extra.clone();
        spec
    }

    /// How many bytes of the artifact are read for a device at a time.
    #[must_use]
    pub fn chunk_size(&self) -> usize {
        chunk_size(self.memory_budget, self.concurrency.get().min(self.devices.len()))
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("id", &self.id)
            .field("artifact", &self.artifact)
            .field("version", &self.version)
            .field("devices", &self.devices.len())
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// Puts a [`Plan`] together.
#[derive(Clone)]
#[must_use]
pub struct PlanBuilder {
    id: Option<String>,
    artifact: Artifact,
    version: Option<String>,
    devices: Vec<Device>,
    concurrency: NonZeroUsize,
    memory_budget: usize,
    policy: Option<SignaturePolicy>,
    strategy: Strategy,
    rollback: Option<(Artifact, String)>,
    extra: Value,
    ask_first: bool,
}

impl PlanBuilder {
    /// Names the rollout. Idempotency keys derive from this name; without it, it gets one that nothing else has.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the version, which devices are told, and which they must report afterwards. Without it they are not asked.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Adds devices. Of all that are added, the plan is for those that its [strategy](Self::strategy) selects.
    pub fn devices(mut self, devices: impl IntoIterator<Item = Device>) -> Self {
        self.devices.extend(devices);
        self
    }

    /// Sets how many devices are worked on at once; default 64.
    pub fn concurrency(mut self, devices: NonZeroUsize) -> Self {
        self.concurrency = devices;
        self
    }

    /// Sets how many bytes of the artifact may be in memory at once, over all devices; default 32 MiB. Each device has
    /// an equal share, but at least 64 KiB and at most 256 KiB.
    pub fn memory_budget(mut self, bytes: usize) -> Self {
        self.memory_budget = bytes;
        self
    }

    /// Refuses an artifact that has no signature by a key of `policy`: it has to be
    /// [verified](Artifact::verify_signature) before the plan is built.
    pub fn require_signature(mut self, policy: SignaturePolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Sets which devices it is for, in which steps, and when; the default is [`Strategy::immediate`]. Of the devices that
    /// are added, those that the strategy selects are the plan's.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Sets what devices get when a phase fails whose [`OnFailure`](crate::OnFailure) is to roll back, and its version.
    pub fn rollback(mut self, artifact: Artifact, version: impl Into<String>) -> Self {
        self.rollback = Some((artifact, version.into()));
        self
    }

    /// Sets what is kept for the program that starts it, such as how to reach devices; no secrets.
    pub fn extra(mut self, extra: Value) -> Self {
        self.extra = extra;
        self
    }

    /// Sets whether devices are asked what they run before anything is sent to them; those that run the version already
    /// have succeeded then. Default `true`; without effect when there is no version.
    pub fn ask_first(mut self, ask: bool) -> Self {
        self.ask_first = ask;
        self
    }

    /// The plan.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Plan`] when two devices have the same id, or the id or a version is empty or holds control
    /// characters, or a phase is to be rolled back and the plan does not say to what, or devices may join late a selection with an
    /// offset;
    /// [`ErrorKind::Signature`] when a signature is required and none was verified.
    pub fn build(self) -> Result<Plan, Error> {
        if let Some(policy) = &self.policy {
            policy.check(&self.artifact)?;
        }
        let id = match self.id {
            Some(id) => checked("rollout id", id)?,
            None => format!("rollout-{}", &fresh_id()[..16]),
        };
        let version = self.version.map(|version| checked("version", version)).transpose()?;
        let rollback = match self.rollback {
            Some((artifact, version)) => Some((artifact, checked("version to go back to", version)?.into())),
            None if self.strategy.phases.iter().any(|phase| phase.on_failure == OnFailure::RollBack) => {
                let message = "a phase is to be rolled back, but the plan does not say to which artifact";
                return Err(Error::new(ErrorKind::Plan, message));
            }
            None => None,
        };
        if self.strategy.late_joiners == LateJoiners::LastPhase && self.strategy.select.offset > 0 {
            let message = "devices that join later have no place before or after an offset: leave one of both out";
            return Err(Error::new(ErrorKind::Plan, message));
        }
        let mut places = HashMap::with_capacity(self.devices.len());
        for (place, device) in self.devices.iter().enumerate() {
            if let Some(first) = places.insert(device.id(), place) {
                let message =
                    format!("duplicate device id `{}` (devices {} and {})", device.id(), first + 1, place + 1);
                return Err(Error::new(ErrorKind::Plan, message));
            }
        }
        drop(places);
        let devices = match self.strategy.select == Filter::default() {
            true => self.devices,
            false => self.strategy.select.select(&self.devices).cloned().collect(),
        };
        Ok(Plan {
            id: id.into(),
            artifact: self.artifact,
            version: version.map(Arc::from),
            devices,
            concurrency: self.concurrency,
            memory_budget: self.memory_budget,
            strategy: self.strategy,
            rollback,
            rollback_of: None,
            extra: self.extra,
            ask_first: self.ask_first,
        })
    }
}

impl fmt::Debug for PlanBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanBuilder")
            .field("id", &self.id)
            .field("version", &self.version)
            .field("devices", &self.devices.len())
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

fn checked(what: &str, text: String) -> Result<String, Error> {
    let problem = if text.trim().is_empty() {
        "is empty"
    } else if text.chars().any(char::is_control) {
        "holds control characters"
    } else {
        return Ok(text);
    };
    Err(Error::new(ErrorKind::Plan, format!("the {what} {problem}")))
}
