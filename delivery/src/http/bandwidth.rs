//! How many bytes a second go out: to each device, to each site, and in all.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use steadfast_clock::Nanos;
use steadfast_pool::Pace;
use steadfast_ratelimit::{ConfigError, Decision, Keyed, Limiter, Quota, RateLimiter};

use crate::device::Device;
use crate::error::{Error, ErrorKind};

/// The largest piece that goes out at once.
const LARGEST_PIECE: u64 = 64 * 1024;
/// So many bytes may always go out at once: fewer are not worth a packet.
const SMALLEST_BURST: u64 = 4 * 1024;
/// For so long a limit may have been idle and be made up for: one part in this of a second.
const BURST_PART: u64 = 10;
/// How many sites, or devices, are told apart; beyond, some share a limit.
const MOST_KEYS: usize = 16 * 1024;

/// Limits of the bytes that go out, each in bytes a second. What is not limited is not slowed down.
///
/// Over any time `t` no more than `burst + rate · t` goes through a limit, where the burst is a tenth of a second's worth,
/// but at least 4 KiB. Bytes are counted as they are sent: compressed where they are, and again when they are sent again.
///
/// ```
/// use std::num::NonZeroU64;
/// use steadfast_delivery::{Bandwidth, HttpPush};
///
/// let rate = |bytes| NonZeroU64::new(bytes).unwrap();
/// // A store's line is not to be filled, nor ours.
/// let limits = Bandwidth::new().per_site("store", rate(250_000)).total(rate(100_000_000));
/// let push = HttpPush::builder().bandwidth(limits).build()?;
/// # Ok::<(), steadfast_delivery::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Bandwidth {
    device: Option<NonZeroU64>,
    site: Option<(Site, NonZeroU64)>,
    total: Option<NonZeroU64>,
}

/// What makes devices those of one site.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Site {
    /// The value of this tag.
    Tag(String),
    /// The host of the address.
    Host,
}

impl Bandwidth {
    /// No limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits what goes to one device, in bytes a second.
    pub fn per_device(mut self, rate: NonZeroU64) -> Self {
        self.device = Some(rate);
        self
    }

    /// Limits what goes to all devices that have the same value of a tag, in bytes a second. Those without the tag are not
    /// limited by it.
    pub fn per_site(mut self, tag: impl Into<String>, rate: NonZeroU64) -> Self {
        self.site = Some((Site::Tag(tag.into()), rate));
        self
    }

    /// Limits what goes to all devices behind one host, in bytes a second, in the place of those with one tag.
    pub fn per_host(mut self, rate: NonZeroU64) -> Self {
        self.site = Some((Site::Host, rate));
        self
    }

    /// Limits what goes to all devices together, in bytes a second.
    pub fn total(mut self, rate: NonZeroU64) -> Self {
        self.total = Some(rate);
        self
    }

    /// The limits at work; `None` when there are none.
    pub(super) fn shaper(&self) -> Result<Option<Shaper>, Error> {
        if *self == Self::default() {
            return Ok(None);
        }
        let rates = [self.device, self.site.as_ref().map(|(_, rate)| *rate), self.total];
        let piece = rates.into_iter().flatten().map(burst).min().unwrap_or(LARGEST_PIECE).min(LARGEST_PIECE);
        let shaper = || -> Result<Shaper, ConfigError> {
            let keyed = |rate| Ok::<_, ConfigError>(Arc::new(Keyed::with_capacity(quota(rate)?, MOST_KEYS)));
            Ok(Shaper {
                device: self.device.map(keyed).transpose()?,
                site: match &self.site {
                    Some((site, rate)) => Some((site.clone(), keyed(*rate)?)),
                    None => None,
                },
                total: self.total.map(|rate| quota(rate).map(|quota| Arc::new(RateLimiter::new(quota)))).transpose()?,
                // At most 64 KiB.
                piece: usize::try_from(piece).unwrap_or(1),
            })
        };
        let shaper = shaper().map_err(|error| {
            Error::new(ErrorKind::Config, format!("a limit of bandwidth cannot be kept: {error}")).caused_by(error)
        })?;
        Ok(Some(shaper))
    }
}

/// A tenth of a second's worth, unless that is very little.
fn burst(rate: NonZeroU64) -> u64 {
    (rate.get() / BURST_PART).max(SMALLEST_BURST)
}

fn quota(rate: NonZeroU64) -> Result<Quota, ConfigError> {
    Quota::per_second(rate.get())?.burst(burst(rate))
}

/// The limits at work, for all deliveries.
pub(super) struct Shaper {
    device: Option<Arc<Keyed<str>>>,
    site: Option<(Site, Arc<Keyed<str>>)>,
    total: Option<Arc<RateLimiter>>,
    piece: usize,
}

impl Shaper {
    /// What the bytes to one device have to pass.
    pub(super) fn lane(&self, device: &Device) -> Lane {
        let site = self.site.as_ref().and_then(|(site, keyed)| {
            let key = match site {
                Site::Tag(tag) => device.tags.get(tag)?.as_str(),
                Site::Host => device.address().host_str()?,
            };
            Some((Arc::clone(keyed), Arc::from(key)))
        });
        Lane {
            device: self.device.as_ref().map(|keyed| (Arc::clone(keyed), Arc::from(device.id()))),
            site,
            total: self.total.clone(),
            piece: self.piece,
        }
    }
}

impl fmt::Debug for Shaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shaper").field("piece", &self.piece).finish_non_exhaustive()
    }
}

/// The way of the bytes to one device.
pub(super) struct Lane {
    device: Option<(Arc<Keyed<str>>, Arc<str>)>,
    site: Option<(Arc<Keyed<str>>, Arc<str>)>,
    total: Option<Arc<RateLimiter>>,
    piece: usize,
}

impl Lane {
    /// Asks all limits, and takes from all or from none; otherwise when to ask again.
    fn take(&self, bytes: u64, now: Nanos) -> Result<(), Nanos> {
        let device = self.device.as_ref().map(|(keyed, key)| keyed.of(key));
        let site = self.site.as_ref().map(|(keyed, key)| keyed.of(key));
        let limits: [Option<&dyn Limiter>; 3] = [
            device.as_ref().map(|limit| limit as &dyn Limiter),
            site.as_ref().map(|limit| limit as &dyn Limiter),
            self.total.as_ref().map(|limit| &**limit as &dyn Limiter),
        ];
        let limits = || limits.iter().flatten();
        // Asking first leaves no trace in those that would have to give back.
        let denied = limits().filter_map(|limit| due(&limit.peek(bytes, now), now)).max();
        if let Some(at) = denied {
            return Err(at);
        }
        let mut taken = Vec::with_capacity(3);
        for limit in limits() {
            let decision = limit.take(bytes, now);
            if let Some(at) = due(&decision, now) {
                for (limit, grant) in taken {
                    let limit: &&dyn Limiter = limit;
                    limit.refund(grant, bytes, now);
                }
                return Err(at);
            }
            if let Decision::Allow(grant) = decision {
                taken.push((limit, grant));
            }
        }
        Ok(())
    }
}

/// When a denial is over.
fn due(decision: &Decision, now: Nanos) -> Option<Nanos> {
    match decision {
        Decision::Deny(denied) => Some(denied.after.map_or(Nanos::MAX, |after| now.saturating_add(after))),
        _ => None,
    }
}

impl Pace for Lane {
    fn most(&self) -> usize {
        self.piece
    }

    fn pass(&self, bytes: usize, now: Nanos) -> Result<(), Nanos> {
        self.take(bytes as u64, now)
    }
}

#[cfg(test)]
mod tests;
