//! Puts a [`RedfishPush`] together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::RedfishPush;
use super::session::Login;
use crate::device::Path;
use crate::error::{Error, ErrorKind};
use crate::http::HttpPushBuilder;

/// When a service applies an update (`@Redfish.OperationApplyTime`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApplyTime {
    /// As soon as it has it.
    Immediate,
    /// At the next reset.
    OnReset,
    /// When an operator starts it.
    OnStartUpdateRequest,
}

impl ApplyTime {
    /// The name, as in Redfish.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Immediate => "Immediate",
            Self::OnReset => "OnReset",
            Self::OnStartUpdateRequest => "OnStartUpdateRequest",
        }
    }
}

/// Settings of a [`RedfishPush`]. Everything has a default.
#[derive(Clone)]
#[must_use]
pub struct RedfishPushBuilder {
    http: HttpPushBuilder,
    session: Option<(String, SecretString)>,
    targets: Vec<String>,
    apply_time: Option<ApplyTime>,
    inventory: Option<String>,
    file_name: String,
    every: Duration,
    within: Duration,
}

impl Default for RedfishPushBuilder {
    fn default() -> Self {
        Self {
            http: HttpPushBuilder::default(),
            session: None,
            targets: Vec::new(),
            apply_time: None,
            inventory: None,
            file_name: String::from("update.bin"),
            every: Duration::from_secs(5),
            within: Duration::from_secs(3600),
        }
    }
}

impl RedfishPushBuilder {
    /// Sets how requests are sent: pool, TLS, credentials, retries, limits, and how long a verification goes on. The paths
    /// and the pointer to the version are those of Redfish, whatever it says.
    pub fn http(mut self, http: HttpPushBuilder) -> Self {
        self.http = http;
        self
    }

    /// Opens a session for each visit to a device and closes it afterwards, instead of sending user and password with
    /// every request, as [`HttpPushBuilder::basic`] does.
    pub fn session(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.session = Some((user.into(), password.into().into()));
        self
    }

    /// Sets the URIs of what is to be updated, such as `/redfish/v1/Managers/1`; without any, the service decides by the
    /// image.
    pub fn targets<T: Into<String>>(mut self, uris: impl IntoIterator<Item = T>) -> Self {
        self.targets = uris.into_iter().map(Into::into).collect();
        self
    }

    /// Sets when the update is applied; without it, the service decides.
    pub fn apply_time(mut self, when: ApplyTime) -> Self {
        self.apply_time = Some(when);
        self
    }

    /// Sets the member of the `FirmwareInventory` whose `Version` is compared, such as `BMC`. Without it, devices are not
    /// asked for their version: whose task has completed has succeeded.
    pub fn inventory(mut self, member: impl Into<String>) -> Self {
        self.inventory = Some(member.into());
        self
    }

    /// Sets the name that the image is sent with; default `update.bin`. Some services go by its ending.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = name.into();
        self
    }

    /// Sets how often a task is asked for where the service does not say; default 5 s.
    pub fn poll_every(mut self, interval: Duration) -> Self {
        self.every = interval;
        self
    }

    /// Sets how long a task may take; default 1 h.
    pub fn install_within(mut self, limit: Duration) -> Self {
        self.within = limit;
        self
    }

    /// The push.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] as [`HttpPushBuilder::build`], when the member of the inventory is no segment of a path, or
    /// an interval is zero.
    pub fn build(self) -> Result<RedfishPush, Error> {
        let config = |message: String| Error::new(ErrorKind::Config, message);
        let path = |text: &str| Path::parse(text).map_err(|problem| config(format!("path {text:?}: {problem}")));
        if self.every.is_zero() {
            return Err(config(String::from("an interval of zero never rests")));
        }
        let http = match &self.inventory {
            Some(member) if member.is_empty() || member.contains(['/', '?', '\\', '%']) => {
                return Err(config(format!("{member:?} is no member of an inventory")));
            }
            Some(member) => {
                let path = format!("/redfish/v1/UpdateService/FirmwareInventory/{member}");
                self.http.verify_path(path).version_pointer("/Version")
            }
            None => self.http.without_verify(),
        };
        let mut parameters = Map::new();
        if !self.targets.is_empty() {
            parameters.insert(String::from("Targets"), json!(self.targets));
        }
        if let Some(when) = self.apply_time {
            parameters.insert(String::from("@Redfish.OperationApplyTime"), json!(when.as_str()));
        }
        let sessions = path("/redfish/v1/SessionService/Sessions")?;
        let login = self.session.map(|(user, password)| Arc::new(Login { user, password, path: sessions }));
        Ok(RedfishPush {
            http: http.build()?,
            login,
            service: path("/redfish/v1/UpdateService")?,
            parameters: Value::Object(parameters).to_string().into(),
            file_name: self.file_name,
            every: self.every,
            within: self.within,
        })
    }
}

impl fmt::Debug for RedfishPushBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedfishPushBuilder")
            .field("http", &self.http)
            .field("session", &self.session.is_some())
            .field("targets", &self.targets)
            .field("apply_time", &self.apply_time)
            .field("inventory", &self.inventory)
            .field("file_name", &self.file_name)
            .field("every", &self.every)
            .field("within", &self.within)
            .finish()
    }
}
