//! What every transport does alike: the same scenarios, run for each.

mod answers;
mod failures;
mod reuse;
mod uploads;

use std::sync::Arc;

use steadfast_clock::{TokioTimer, shared};
use steadfast_pool::{PoolConfig, Transport};

/// The transports, with what is known to differ.
pub(crate) fn transports() -> Vec<Under> {
    let config = PoolConfig::new();
    vec![
        Under {
            name: "hyper",
            transport: Arc::new(steadfast_pool::HyperTransport::new(&config, shared(TokioTimer::new())).unwrap()),
            exact: true,
        },
        #[cfg(feature = "reqwest")]
        Under {
            name: "reqwest",
            transport: Arc::new(steadfast_pool::ReqwestTransport::new(&config).unwrap()),
            exact: false,
        },
    ]
}

/// A transport under test.
pub(crate) struct Under {
    pub(crate) name: &'static str,
    pub(crate) transport: Arc<dyn Transport>,
    /// It tells each step of an exchange, its connections, and a request that cannot have been written.
    pub(crate) exact: bool,
}
