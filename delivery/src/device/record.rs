//! The inventory record of a device, as it is written in files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use steadfast_clock::UnixNanos;

use super::{Device, DeviceStatus};
use crate::error::Error;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Device")]
pub(super) struct Record {
    id: String,
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    firmware_version: Option<String>,
    #[serde(default)]
    status: DeviceStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::rfc3339")]
    last_seen: Option<UnixNanos>,
}

impl TryFrom<Record> for Device {
    type Error = Error;

    fn try_from(record: Record) -> Result<Self, Error> {
        let mut device = Self::new(record.id, &record.address)?;
        device.name = record.name;
        device.tags = record.tags;
        device.location = record.location;
        device.firmware_version = record.firmware_version;
        device.status = record.status;
        device.timezone = record.timezone;
        device.last_seen = record.last_seen;
        Ok(device)
    }
}

impl From<Device> for Record {
    fn from(device: Device) -> Self {
        Self {
            id: device.id,
            address: device.address.into(),
            name: device.name,
            tags: device.tags,
            location: device.location,
            firmware_version: device.firmware_version,
            status: device.status,
            timezone: device.timezone,
            last_seen: device.last_seen,
        }
    }
}
