//! The named policies.

use core::time::Duration;

use crate::{Exponential, Jitter, Policy};

/// The presets.
///
/// | preset | waits | cap | jitter | attempts |
/// |---|---|---|---|---|
/// | [`provider`](Self::provider) | 1 s, doubled | 60 s | × 0.8 to 1.2 | 4 |
/// | [`http`](Self::http) | 1 s, doubled | 30 s | + 0 to 10 % | 4 |
/// | [`api_client`](Self::api_client) | 1 s, doubled | 30 s | ± 20 % | 4 |
/// | [`production`](Self::production) | 50 ms, doubled | 500 ms | ± 25 % | 4 |
/// | [`aggressive`](Self::aggressive) | 25 ms, × 1.5 | 1 s | ± 25 % | 6 |
/// | [`delivery`](Self::delivery) | 1 s, doubled | 30 s | none | 3 |
/// | [`disabled`](Self::disabled) | – | – | – | 1 |
///
/// All of them sleep up to 60 s when a server asks for it.
impl Policy {
    /// For LLM providers: 4 attempts; 1 s, doubled up to 60 s, times 0.8 to 1.2.
    pub const fn provider() -> Self {
        preset(1000, 2.0, 60_000, Jitter::Fraction(0.2), 3)
    }

    /// For HTTP pools: 4 attempts; 1 s, doubled up to 30 s, plus 0 to 10 %.
    pub const fn http() -> Self {
        preset(1000, 2.0, 30_000, Jitter::Additive(0.1), 3)
    }

    /// For API clients: 4 attempts; 1 s, doubled up to 30 s, ± 20 %.
    pub const fn api_client() -> Self {
        preset(1000, 2.0, 30_000, Jitter::Fraction(0.2), 3)
    }

    /// For calls inside a data centre: 4 attempts; 50 ms, doubled up to 500 ms, ± 25 %.
    pub const fn production() -> Self {
        preset(50, 2.0, 500, Jitter::Fraction(0.25), 3)
    }

    /// More attempts at shorter distances: 6 attempts; 25 ms, times 1.5 up to 1 s, ± 25 %.
    pub const fn aggressive() -> Self {
        preset(25, 1.5, 1000, Jitter::Fraction(0.25), 5)
    }

    /// One attempt, no retries.
    pub const fn disabled() -> Self {
        preset(1000, 2.0, 60_000, Jitter::Full, 0)
    }

    /// For pushes to devices: 3 attempts; 1 s, doubled up to 30 s, exactly: 1, 2, 4, 8, 16 s for who sets more
    /// attempts. [`with_jitter`](Policy::with_jitter) spreads them.
    pub const fn delivery() -> Self {
        preset(1000, 2.0, 30_000, Jitter::None, 2)
    }
}

const fn preset(base_ms: u64, factor: f64, cap_ms: u64, jitter: Jitter, retries: u32) -> Policy {
    let schedule = Exponential::trusted(Duration::from_millis(base_ms), factor, Duration::from_millis(cap_ms), jitter);
    Policy::trusted(schedule, retries)
}
