//! JSON: a list of records, or an object with the list under `devices`.

use serde::Deserialize;
use serde_json::value::RawValue;
use steadfast_delivery::Device;

use super::{Lines, Located, Problem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped<'t> {
    #[serde(borrow)]
    devices: Vec<&'t RawValue>,
}

pub(super) fn read(text: &str) -> Result<Vec<Located>, Problem> {
    let broken = |error: serde_json::Error| Problem { line: error.line().max(1), message: what(&error) };
    let records: Vec<&RawValue> = if text.trim_start().starts_with('{') {
        serde_json::from_str::<Wrapped<'_>>(text).map_err(broken)?.devices
    } else {
        serde_json::from_str(text).map_err(broken)?
    };
    let lines = Lines::of(text);
    records
        .into_iter()
        .map(|record| {
            let line = lines.at(record.get().as_ptr() as usize - text.as_ptr() as usize);
            match serde_json::from_str::<Device>(record.get()) {
                Ok(device) => Ok(Located { line, device }),
                Err(error) => Err(Problem { line: line + error.line().saturating_sub(1), message: what(&error) }),
            }
        })
        .collect()
}

pub(super) fn write(devices: &[Device]) -> Result<String, String> {
    serde_json::to_string_pretty(devices).map(|text| text + "\n").map_err(|error| error.to_string())
}

/// The error without its position, which is told in front, of the file and not of the record.
fn what(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
