//! A device: who it is, where it is reached, what is known of it.

mod endpoint;
mod record;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use steadfast_clock::UnixNanos;
use url::Url;

use crate::error::{Error, ErrorKind};

pub(crate) use endpoint::{Path, endpoint, told_url};

use record::Record;

/// Whether a device can be reached, as far as the inventory knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeviceStatus {
    /// It was seen lately.
    Online,
    /// It is known to be away: an immediate rollout skips it.
    Offline,
    /// Nothing is known; it is treated as online.
    #[default]
    Unknown,
}

impl DeviceStatus {
    /// The name, as in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for DeviceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One device of the fleet.
///
/// Reads and writes as an inventory record: `id` and `address` are required, the rest is optional, unknown fields are
/// errors.
///
/// ```
/// use steadfast_delivery::Device;
///
/// let device: Device = serde_json::from_str(r#"{ "id": "till-7", "address": "http://10.0.0.7/d/7" }"#)?;
/// assert_eq!(device.id(), "till-7");
/// assert_eq!(device.address().path(), "/d/7");
///
/// let typo = serde_json::from_str::<Device>(r#"{ "id": "till-7", "adress": "http://10.0.0.7" }"#);
/// assert!(typo.unwrap_err().to_string().contains("unknown field `adress`"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Record", into = "Record")]
#[non_exhaustive]
pub struct Device {
    id: String,
    address: Url,
    /// What people call it.
    pub name: Option<String>,
    /// Free labels.
    pub tags: BTreeMap<String, String>,
    /// Where it stands.
    pub location: Option<String>,
    /// The firmware that it last reported.
    pub firmware_version: Option<String>,
    /// Whether it can be reached.
    pub status: DeviceStatus,
    /// Its time zone, an IANA name such as `Europe/Berlin`.
    pub timezone: Option<String>,
    /// When it was last heard of; RFC 3339 in records.
    pub last_seen: Option<UnixNanos>,
}

impl Device {
    /// A device. `address` is a base URL to which paths are appended: `http://host/d/7` is pushed to at
    /// `http://host/d/7/update`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Device`] when the id is empty or holds control characters, or the address is not an http or https
    /// URL, has no host, or holds credentials, a query or a fragment.
    pub fn new(id: impl Into<String>, address: &str) -> Result<Self, Error> {
        let id = id.into();
        if id.trim().is_empty() {
            return Err(Error::new(ErrorKind::Device, "a device needs an id"));
        }
        if id.chars().any(char::is_control) {
            let message = format!("device id {id:?} holds control characters");
            return Err(Error::new(ErrorKind::Device, message));
        }
        let address = address_of(&id, address)?;
        Ok(Self {
            id,
            address,
            name: None,
            tags: BTreeMap::new(),
            location: None,
            firmware_version: None,
            status: DeviceStatus::Unknown,
            timezone: None,
            last_seen: None,
        })
    }

    /// It was heard of: it is online, and was last seen at this time unless that was later.
    pub fn heard(&mut self, at: UnixNanos) {
        self.status = DeviceStatus::Online;
        self.last_seen = self.last_seen.max(Some(at));
    }

    /// Its id, unique in a rollout.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its base URL.
    #[must_use]
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// It is reached elsewhere now.
    pub(crate) fn move_to(&mut self, address: &str) -> Result<(), Error> {
        self.address = address_of(&self.id, address)?;
        Ok(())
    }
}

fn address_of(id: &str, address: &str) -> Result<Url, Error> {
    base(address).map_err(|what| Error::new(ErrorKind::Device, format!("address of device `{id}`: {what}")))
}

/// Reads a base URL. The text of a refusal never quotes the URL, which might hold credentials.
fn base(address: &str) -> Result<Url, String> {
    let url = Url::parse(address).map_err(|error| format!("not a URL ({error}): give one like http://10.0.0.7"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("unsupported scheme `{}`: give an http or https URL", url.scheme()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(String::from("the URL has no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(String::from("the URL holds credentials: give them in a header"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(String::from("a base URL has no query and no fragment"));
    }
    Ok(url)
}
