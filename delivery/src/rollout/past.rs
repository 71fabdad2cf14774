//! What is known of a device from before: its attempts and deferrals, and how far it got.

use std::sync::Arc;
use std::time::Duration;

use crate::attempt::Attempt;
use crate::failure::Stage;
use crate::push::Polling;
use crate::record::DeviceState;
use crate::store::Target;

/// What is known of a device from before.
#[derive(Clone, Debug)]
pub(super) struct Past {
    /// The state that was written last.
    pub(super) state: DeviceState,
    /// What is to be done next.
    pub(super) stage: Stage,
    /// The attempts that this driver made, the deferred ones too.
    pub(super) ledger: Vec<Attempt>,
    /// The attempts that count of drivers before it, of which nothing else is known.
    pub(super) earlier: u32,
    pub(super) deferrals: u32,
    pub(super) first_deferred_ms: Option<u64>,
    pub(super) busy: Duration,
    pub(super) bytes: u64,
    /// How often it was put off because its host was down, and since when in milliseconds since 1970.
    pub(super) host_down: Option<(u32, u64)>,
    /// When it was asked for its version first, in milliseconds since 1970, and what came of it since.
    pub(super) verifying: Option<(u64, Polling)>,
    /// What its push wants to be told.
    pub(super) token: Option<Arc<str>>,
}

/// Marks a token of a device that took the artifact: since when it is asked, how often, and the push's own token.
const VERIFYING: &str = "v1 ";
/// Marks the push's own token of a device that did not take the artifact yet.
const PUSHING: &str = "p1 ";

impl Past {
    /// A device that was never tried.
    pub(super) fn none(state: DeviceState) -> Self {
        Self {
            state,
            stage: Stage::Pushing,
            ledger: Vec::new(),
            earlier: 0,
            deferrals: 0,
            first_deferred_ms: None,
            busy: Duration::ZERO,
            bytes: 0,
            host_down: None,
            verifying: None,
            token: None,
        }
    }

    /// What a store knows of it.
    pub(super) fn read(target: &Target) -> Self {
        let mut past = Self::none(target.state);
        (past.earlier, past.deferrals) = target.tried;
        past.first_deferred_ms = target.first_deferred_ms;
        let kept = target.token.as_deref().unwrap_or_default();
        past.token = kept.strip_prefix(PUSHING).map(Arc::from);
        if let Some(text) = kept.strip_prefix(VERIFYING) {
            let mut parts = text.splitn(3, ' ');
            let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok());
            if let (Some(since), Some(asked)) = (number(), number()) {
                past.stage = Stage::Verifying;
                let asked = u32::try_from(asked).unwrap_or(u32::MAX);
                past.verifying = Some((since, Polling::new().asked(asked)));
                past.token = parts.next().filter(|rest| !rest.is_empty()).map(Arc::from);
            }
        }
        // Without a token of this driver's making, the states tell.
        if target.state == DeviceState::Deferred && target.before == DeviceState::Verifying {
            past.stage = Stage::Verifying;
        }
        past
    }

    /// The attempts that count, and the deferrals.
    pub(super) fn tried(&self) -> (u32, u32) {
        (self.attempts(), self.deferrals)
    }

    pub(super) fn attempts(&self) -> u32 {
        self.earlier.saturating_add(Attempt::count(&self.ledger))
    }

    /// What a store keeps so that the next driver goes on from here.
    pub(super) fn kept_token(&self) -> Option<Arc<str>> {
        match (&self.stage, &self.verifying) {
            (Stage::Verifying, Some((since, polling))) => {
                let token = self.token.as_deref().unwrap_or_default();
                Some(format!("{VERIFYING}{since} {} {token}", polling.asked).into())
            }
            (Stage::Verifying, None) => None,
            (Stage::Pushing, _) => self.token.as_deref().map(|token| format!("{PUSHING}{token}").into()),
        }
    }
}
