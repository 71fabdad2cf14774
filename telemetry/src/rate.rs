//! A share of a total.

/// `part / total`; `None` of nothing, because a rate of nothing is neither zero nor one.
///
/// ```
/// use steadfast_telemetry::rate;
///
/// assert_eq!(rate(2, 8), Some(0.25));
/// assert_eq!(rate(0, 0), None);
/// ```
#[must_use]
pub fn rate(part: u64, total: u64) -> Option<f64> {
    (total > 0).then(|| part as f64 / total as f64)
}
