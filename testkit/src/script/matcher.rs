//! Which requests a step is for.

use crate::Headers;

use super::glob::fits;

/// Which requests a step answers: those that fit all that is set. Nothing set fits every request.
///
/// Patterns use `*` for any run of characters. Method, device, provider and header patterns must fit the whole text; a
/// path pattern without `*` fits every path that starts with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matcher {
    method: Option<String>,
    path: Option<String>,
    headers: Vec<(String, String)>,
    device: Option<String>,
    provider: Option<String>,
    share: Option<(f64, f64)>,
}

impl Matcher {
    /// Fits every request.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only this method; case does not matter.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Only paths that start with this text, or fit it where it has a `*`. The query is not part of the path, and in a
    /// fleet the path starts after the device's address.
    #[must_use]
    pub fn path(mut self, pattern: impl Into<String>) -> Self {
        self.path = Some(pattern.into());
        self
    }

    /// Only requests with a field of this name whose value fits the pattern. May be called several times.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.headers.push((name.into(), pattern.into()));
        self
    }

    /// Only devices of a [`FleetSim`](crate::FleetSim) whose id fits the pattern.
    #[must_use]
    pub fn device(mut self, pattern: impl Into<String>) -> Self {
        self.device = Some(pattern.into());
        self
    }

    /// Only this provider of an [`LlmSim`](crate::LlmSim): `openai` or `anthropic`.
    #[must_use]
    pub fn provider(mut self, pattern: impl Into<String>) -> Self {
        self.provider = Some(pattern.into());
        self
    }

    /// Only this share of a fleet's devices, 0.0 ..= 1.0: the first of them when ordered by a hash of their ids, so the
    /// same ones in every run, and exactly as many as the share says, rounded.
    #[must_use]
    pub fn share(self, share: f64) -> Self {
        self.share_from(0.0, share)
    }

    /// A share of a fleet's devices that begins after the first `from` of them, so that several shares do not overlap:
    /// `share(0.01)` and `share_from(0.01, 0.03)` have no device in common.
    #[must_use]
    pub fn share_from(mut self, from: f64, share: f64) -> Self {
        self.share = Some((from, share));
        self
    }

    pub(crate) fn asks_device(&self) -> bool {
        self.device.is_some() || self.share.is_some()
    }

    pub(crate) fn asks_provider(&self) -> bool {
        self.provider.is_some()
    }

    pub(crate) fn matches(&self, facts: &Facts<'_>) -> bool {
        let method = self.method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(facts.method));
        let path = self.path.as_deref().is_none_or(|pattern| match pattern.contains('*') {
            true => fits(pattern, facts.path),
            false => facts.path.starts_with(pattern),
        });
        let headers = || {
            let has =
                |(name, pattern): &(String, String)| facts.headers.get_all(name).any(|value| fits(pattern, value));
            self.headers.iter().all(has)
        };
        method && path && headers() && self.matches_target(facts.target)
    }

    /// Whether it fits whom a request is for.
    pub(crate) fn matches_target(&self, target: Target<'_>) -> bool {
        match target {
            Target::Server => !self.asks_device() && !self.asks_provider(),
            Target::Provider(name) => {
                !self.asks_device() && self.provider.as_deref().is_none_or(|pattern| fits(pattern, name))
            }
            Target::Device { id, rank, of } => {
                !self.asks_provider()
                    && self.device.as_deref().is_none_or(|pattern| fits(pattern, id))
                    && self
                        .share
                        .is_none_or(|(from, share)| (boundary(from, of)..boundary(from + share, of)).contains(&rank))
            }
        }
    }
}

/// What a matcher looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a Headers,
    pub(crate) target: Target<'a>,
}

/// Whom a request is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    Server,
    Provider(&'a str),
    /// `rank` is the device's place, from 0, when all `of` devices are ordered by the hash of their ids.
    Device {
        id: &'a str,
        rank: usize,
        of: usize,
    },
}

/// The rank at which a share ends.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "casts from floats saturate, and fleets are far below 2^52 devices"
)]
fn boundary(share: f64, of: usize) -> usize {
    (share * of as f64).round() as usize
}
