//! Puts a [`SwupdatePush`] together.

use super::SwupdatePush;
use crate::device::Path;
use crate::error::{Error, ErrorKind};
use crate::http::HttpPushBuilder;

/// Settings of a [`SwupdatePush`]. Everything has a default.
#[derive(Clone, Debug)]
#[must_use]
pub struct SwupdatePushBuilder {
    http: HttpPushBuilder,
    restart: bool,
    file_name: String,
}

impl Default for SwupdatePushBuilder {
    fn default() -> Self {
        Self { http: HttpPushBuilder::default(), restart: false, file_name: String::from("update.swu") }
    }
}

impl SwupdatePushBuilder {
    /// Sets how requests are sent: pool, TLS, credentials, retries, limits, and where and how the version is asked for.
    /// Its update path is not used.
    pub fn http(mut self, http: HttpPushBuilder) -> Self {
        self.http = http;
        self
    }

    /// Tells the device to restart once it has everything. Devices whose web server runs the post-update command by itself,
    /// which is its default, need no telling.
    pub fn restart(mut self, restart: bool) -> Self {
        self.restart = restart;
        self
    }

    /// Sets the name that the file is sent with; default `update.swu`.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = name.into();
        self
    }

    /// The push.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] as [`HttpPushBuilder::build`].
    pub fn build(self) -> Result<SwupdatePush, Error> {
        let path = |text: &str| {
            let config = |problem| Error::new(ErrorKind::Config, format!("path {text:?}: {problem}"));
            Path::parse(text).map_err(config)
        };
        Ok(SwupdatePush {
            http: self.http.build()?,
            upload: path("/upload")?,
            restart: self.restart.then(|| path("/restart")).transpose()?,
            file_name: self.file_name,
        })
    }
}
