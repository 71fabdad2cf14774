//! The transports there are, for tests that each of them has to pass.

use std::sync::Arc;

use steadfast_clock::{TokioTimer, shared};
use steadfast_pool::{Error, HyperTransport, PoolConfig, ReqwestTransport, Transport};

pub(crate) type Make = fn(&PoolConfig) -> Result<Arc<dyn Transport>, Error>;

pub(crate) const ALL: &[Make] = &[
    |config| Ok(Arc::new(HyperTransport::new(config, shared(TokioTimer::new()))?)),
    |config| Ok(Arc::new(ReqwestTransport::new(config)?)),
];
