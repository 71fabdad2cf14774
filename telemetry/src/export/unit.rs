//! The unit of a series, told by what its name ends in.

/// What the values of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    /// Nanoseconds here, seconds elsewhere.
    Duration,
    Bytes,
    None,
}

impl Unit {
    /// The unit, and the name without it.
    pub(super) fn of(name: &str) -> (Self, &str) {
        if let Some(stem) = name.strip_suffix("_ns") {
            (Self::Duration, stem)
        } else if let Some(stem) = name.strip_suffix("_bytes") {
            (Self::Bytes, stem)
        } else {
            (Self::None, name)
        }
    }

    /// A sum or a bound, as the unit is counted elsewhere.
    pub(super) fn scale(self, value: u64) -> f64 {
        self.scale_float(value as f64)
    }

    /// The same for a level.
    pub(super) fn scale_level(self, value: i64) -> f64 {
        self.scale_float(value as f64)
    }

    fn scale_float(self, value: f64) -> f64 {
        // Divided, not multiplied by 1e-9, which is no `f64`: 5 ms are 0.005 s and nothing beside it.
        if self == Self::Duration { value / 1e9 } else { value }
    }
}
