//! Answers that are kept, and used again as their servers allow.

mod directives;
mod freshness;
mod kept;
mod key;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast_cache::{Cache, CacheKey, MemoryCache};

use crate::error::{Error, ErrorKind};

pub(crate) use self::directives::Directives;
pub(crate) use self::freshness::{Moments, Use, may_keep};
pub(crate) use self::kept::{Index, Kept};
pub(crate) use self::key::{of_answer, of_url, varies};

/// A cache of answers to GET and HEAD: a private one, as [RFC 9111](https://www.rfc-editor.org/rfc/rfc9111) has it, with the
/// `stale-while-revalidate` and `stale-if-error` of [RFC 5861](https://www.rfc-editor.org/rfc/rfc5861). For
/// [`PoolBuilder::cache`](crate::PoolBuilder::cache).
///
/// - Kept is what the server allows to keep: with `max-age` or `Expires`, or with a validator to ask by. Nothing is taken for
///   fresh that the server did not call so: there is no guessing by `Last-Modified`.
/// - What is fresh is answered without the server: neither limits nor breaker are asked. What is not is asked for with its
///   validator (`ETag`, `Last-Modified`), and a 304 makes it fresh again.
/// - An answer is found again by method and URL, by the headers that its `Vary` names, and by all credentials of the request
///   (their digest): it never goes to other credentials, whatever `Vary` says.
/// - Another method that succeeds, POST or DELETE, say, ends what is kept of its URL.
/// - Requests with `Range`, or with conditions of their own, go to the server. So do those with `no-store`, whose answers
///   are not kept.
/// - Streams are kept once they came whole, and given again in one piece.
///
/// What was kept is as it came, but for the fields of its connection, and with an `Age`. A store that fails is no store: the
/// server is asked.
///
/// ```
/// use steadfast_pool::mock::{MockPool, MockResponse, When};
/// use steadfast_pool::{Cached, Request, ResponseCache};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let pool = MockPool::build(|pool| pool.cache(ResponseCache::in_memory(16 << 20).unwrap()))?;
/// pool.when(When::any()).then(MockResponse::status(200).header("cache-control", "max-age=60").body("kept"));
/// for hit in [false, true] {
///     let answer = pool.execute(Request::get("http://host/")?).await?;
///     assert_eq!(answer.text(), "kept");
///     assert_eq!(matches!(answer.cached(), Some(Cached::Hit { .. })), hit);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
#[must_use]
pub struct ResponseCache {
    pub(crate) store: Arc<dyn Cache>,
    pub(crate) max_body: usize,
    /// What is being asked for in the background.
    pub(crate) refreshing: Arc<Mutex<HashSet<CacheKey>>>,
}

impl ResponseCache {
    /// A cache inside the process, of at most so many bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] for none.
    pub fn in_memory(max_bytes: u64) -> Result<Self, Error> {
        let store = MemoryCache::builder().max_bytes(max_bytes).build();
        let store = store.map_err(|error| Error::new(ErrorKind::Config, "no such cache").caused_by(error))?;
        Ok(Self::on(Arc::new(store)))
    }

    /// A cache on a store of your own. What is put there is a whole answer with its headers: it is as secret as what the
    /// credentials guard.
    pub fn on(store: Arc<dyn Cache>) -> Self {
        Self { store, max_body: 1 << 20, refreshing: Arc::default() }
    }

    /// Sets the largest body that is kept, decoded. Default 1 MiB.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }
}

impl fmt::Debug for ResponseCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseCache").field("max_body", &self.max_body).finish_non_exhaustive()
    }
}

/// How a request treats the cache of its pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheMode {
    /// Takes what is kept, and keeps what comes.
    #[default]
    Use,
    /// Asks the server whether what is kept is still right, and keeps what comes.
    Refresh,
    /// As if there were no cache.
    Bypass,
}

/// What the cache had to do with an answer. Ages are those of RFC 9111, section 4.2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cached {
    /// It came from the server.
    Miss,
    /// It was kept, and is fresh.
    Hit {
        /// How old it is.
        age: Duration,
    },
    /// It was kept, and the server has just said that it is still right.
    Revalidated {
        /// How old it is.
        age: Duration,
    },
    /// It was kept, and is no longer fresh: the server or the request allows it all the same, while another is asked for or
    /// because there was none to be had. Then the attempts tell why.
    Stale {
        /// How old it is.
        age: Duration,
    },
}
