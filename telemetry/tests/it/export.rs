//! The exporters: exact output, names, and that it reads as what it says it is.

#[cfg(feature = "json")]
mod json;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "prometheus")]
pub(crate) mod prometheus;
