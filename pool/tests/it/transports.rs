//! The transports there are, for tests of settings that each of them has to honour.

use std::sync::Arc;

use steadfast_clock::{TokioTimer, shared};
use steadfast_pool::backoff::Policy;
use steadfast_pool::{Error, Pool, PoolConfig, Transport};

pub(crate) type Make = fn(&PoolConfig) -> Result<Arc<dyn Transport>, Error>;

pub(crate) const ALL: &[Make] = &[
    |config| Ok(Arc::new(steadfast_pool::HyperTransport::new(config, shared(TokioTimer::new()))?)),
    #[cfg(feature = "reqwest")]
    |config| Ok(Arc::new(steadfast_pool::ReqwestTransport::new(config)?)),
];

/// A pool that tries once, over each transport.
pub(crate) fn pools(config: &PoolConfig) -> Vec<Pool> {
    let pool = |make: &Make| {
        let builder = Pool::builder().transport(make(config).unwrap()).config(config.clone());
        builder.retry(Policy::disabled()).build().unwrap()
    };
    ALL.iter().map(pool).collect()
}
