//! Both ways between a registry and the [`metrics`] facade, for programs where some libraries use one and
//! some the other.
//!
//! [`Publisher`] pushes what a recorder holds into the facade's recorder, whichever exporter that is. [`Facade`] is such a
//! recorder itself: what libraries count through the facade lands in a registry here. One of them at a time: together
//! they would go round in circles.
//!
//! ```
//! use steadfast_telemetry::export::metrics::Facade;
//! use steadfast_telemetry::{Key, Recorder, Registry};
//!
//! let registry = Registry::new();
//! // In a program: metrics::set_global_recorder(Facade::new(registry.clone()))
//! metrics::with_local_recorder(&Facade::new(registry.clone()), || {
//!     metrics::counter!("requests", "host" => "a").increment(3);
//! });
//! assert_eq!(registry.snapshot().counter(&Key::new("requests").label("host", "a")), 3);
//! ```

mod facade;
mod publisher;

pub use facade::Facade;
pub use publisher::Publisher;
