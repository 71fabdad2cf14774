//! Inventories: lists of devices in JSON, CSV or TOML. Whatever is wrong is told with file, line and field.

mod csv;
mod json;
mod toml;

use std::collections::HashMap;
use std::path::Path;

use steadfast_delivery::Device;

use crate::exit::Failure;

/// A device, and the line of the file that it begins on.
pub(crate) struct Located {
    pub(crate) line: usize,
    pub(crate) device: Device,
}

/// Something wrong with the text.
struct Problem {
    line: usize,
    message: String,
}

#[derive(Clone, Copy)]
enum Format {
    Json,
    Csv,
    Toml,
}

impl Format {
    fn of(path: &Path) -> Result<Self, Failure> {
        match path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some("toml") => Ok(Self::Toml),
            _ => Err(Failure::usage(format!("{}: an inventory is a .json, .csv or .toml file", path.display()))),
        }
    }
}

/// Reads the devices of an inventory.
pub(crate) fn read(path: &Path) -> Result<Vec<Device>, Failure> {
    Ok(located(path)?.into_iter().map(|located| located.device).collect())
}

/// Reads the devices of an inventory, with their lines.
pub(crate) fn located(path: &Path) -> Result<Vec<Located>, Failure> {
    let format = Format::of(path)?;
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read the inventory {}: {error}", path.display())))?;
    let read = match format {
        Format::Json => json::read(&text),
        Format::Csv => csv::read(&text),
        Format::Toml => toml::read(&text),
    };
    read.and_then(distinct)
        .map_err(|problem| Failure::usage(format!("{}:{}: {}", path.display(), problem.line, problem.message)))
}

/// Writes an inventory that [`read`] reads.
pub(crate) fn write(path: &Path, devices: &[Device]) -> Result<(), Failure> {
    let text = match Format::of(path)? {
        Format::Json => json::write(devices),
        Format::Csv => csv::write(devices),
        Format::Toml => toml::write(devices),
    };
    let text = text.map_err(|message| Failure::work(format!("cannot write the inventory: {message}")))?;
    std::fs::write(path, text)
        .map_err(|error| Failure::usage(format!("cannot write the inventory {}: {error}", path.display())))
}

/// The devices, if no id is there twice and there is at least one.
fn distinct(located: Vec<Located>) -> Result<Vec<Located>, Problem> {
    if located.is_empty() {
        return Err(Problem { line: 1, message: String::from("there is no device in it") });
    }
    let mut first = HashMap::new();
    for Located { line, device } in &located {
        if let Some(before) = first.insert(device.id(), *line) {
            let message = format!("field `id`: device `{}` is there already, on line {before}", device.id());
            return Err(Problem { line: *line, message });
        }
    }
    Ok(located)
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at).collect())
    }

    /// The number of the line that the byte at `offset` is on, from 1.
    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|&end| end < offset) + 1
    }
}

#[cfg(test)]
mod tests;
