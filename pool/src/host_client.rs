//! One host of a pool, for those who call nothing else.

use std::fmt;

use http::Method;
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::host;
use crate::metrics::PoolMetrics;
use crate::pool::Pool;
use crate::request::Request;
use crate::response::Response;
use crate::streaming::Streaming;
use crate::transport::Connections;

/// A pool's client for one host. Made by [`Pool::host`].
///
/// Paths are appended to the base URL and never replace it: with `https://api.example.com/v1`, both `chat` and `/chat`
/// are `https://api.example.com/v1/chat`. The host's configuration is looked up for each call; only the base URL is that
/// of the moment when the client was made.
#[derive(Clone)]
pub struct HostClient {
    pool: Pool,
    base: Url,
}

impl Pool {
    /// A client for one host, `api.example.com` or `api.example.com:8443`: requests begin at the base URL of its
    /// configuration, or at `https://` and its name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when `host` is no host's name.
    pub fn host(&self, host: &str) -> Result<HostClient, Error> {
        let base = self.inner.hosts.base(host)?;
        Ok(HostClient { pool: self.clone(), base })
    }
}

impl HostClient {
    /// A request to `path` below the base URL; a query may follow the path.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when the path leads out of the base URL.
    pub fn request(&self, method: Method, path: &str) -> Result<Request, Error> {
        Request::to(method, below(&self.base, path)?)
    }

    /// A GET request.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn get(&self, path: &str) -> Result<Request, Error> {
        self.request(Method::GET, path)
    }

    /// A POST request.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn post(&self, path: &str) -> Result<Request, Error> {
        self.request(Method::POST, path)
    }

    /// Sends a request and receives the whole answer, as [`Pool::execute`] does.
    ///
    /// # Errors
    ///
    /// As [`Pool::execute`].
    ///
    /// # Cancel safety
    ///
    /// As [`Pool::execute`].
    pub async fn execute(&self, request: Request) -> Result<Response, Error> {
        self.pool.execute(request).await
    }

    /// Sends a request and returns with the head of the answer, as [`Pool::stream`] does.
    ///
    /// # Errors
    ///
    /// As [`Pool::stream`].
    ///
    /// # Cancel safety
    ///
    /// As [`Pool::stream`].
    pub async fn stream(&self, request: Request) -> Result<Streaming, Error> {
        self.pool.stream(request).await
    }

    /// The figures of the host.
    #[must_use]
    pub fn metrics(&self) -> PoolMetrics {
        self.pool.host_metrics(&host::name_of(&self.base))
    }

    /// The connections to the host; `None` from a transport that cannot tell.
    #[must_use]
    pub fn connections(&self) -> Option<Connections> {
        self.pool.host_connections(&host::name_of(&self.base))
    }

    /// The pool it belongs to.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// What paths are appended to.
    #[must_use]
    pub fn base_url(&self) -> &Url {
        &self.base
    }
}

impl fmt::Debug for HostClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostClient").field("base", &crate::redact::redacted(&self.base)).finish_non_exhaustive()
    }
}

fn below(base: &Url, path: &str) -> Result<Url, Error> {
    let path = path.split_once('#').map_or(path, |(path, _)| path);
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let root = base.path().trim_end_matches('/');
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut url = base.clone();
    url.set_fragment(None);
    if !path.is_empty() {
        url.set_path(&format!("{root}/{path}"));
        // Dots may have led out.
        if !url.path().strip_prefix(root).is_some_and(|rest| rest.starts_with('/')) {
            return Err(Error::new(ErrorKind::Request, "the path leads out of the base URL"));
        }
    }
    if query.is_some() {
        url.set_query(query);
    }
    Ok(url)
}
