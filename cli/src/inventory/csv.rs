//! CSV: a header line, then a line for each device. Tags are one column, `site=paris;floor=2`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use steadfast_delivery::Device;

use super::{Located, Problem};

const COLUMNS: [&str; 9] =
    ["id", "address", "name", "tags", "location", "firmware_version", "status", "timezone", "last_seen"];

pub(super) fn read(text: &str) -> Result<Vec<Located>, Problem> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns = reader.headers().map_err(|error| problem(&error))?.clone();
    if let Some(unknown) = columns.iter().find(|column| !COLUMNS.contains(column)) {
        let message = format!("field `{unknown}`: there is no such column; there are {}", COLUMNS.join(", "));
        return Err(Problem { line: 1, message });
    }
    for required in ["id", "address"] {
        if !columns.iter().any(|column| column == required) {
            return Err(Problem { line: 1, message: format!("the column `{required}` is missing") });
        }
    }
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|error| problem(&error))?;
            let line = record.position().map_or(1, |position| usize::try_from(position.line()).unwrap_or(usize::MAX));
            device(&columns, &record)
                .map(|device| Located { line, device })
                .map_err(|message| Problem { line, message })
        })
        .collect()
}

pub(super) fn write(devices: &[Device]) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|error| error.to_string())?;
    for device in devices {
        let Ok(Value::Object(fields)) = serde_json::to_value(device) else {
            return Err(format!("device `{}` cannot be written", device.id()));
        };
        let cell = |column: &str| match fields.get(column) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Object(tags)) => {
                let tags = tags.iter().map(|(tag, value)| format!("{tag}={}", value.as_str().unwrap_or_default()));
                tags.collect::<Vec<_>>().join(";")
            }
            _ => String::new(),
        };
        writer.write_record(COLUMNS.map(cell)).map_err(|error| error.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// An empty cell is a field that is not there.
fn device(columns: &csv::StringRecord, record: &csv::StringRecord) -> Result<Device, String> {
    let mut fields = Map::new();
    for (column, cell) in columns.iter().zip(record).filter(|(_, cell)| !cell.is_empty()) {
        let value = if column == "tags" { tags(cell)? } else { Value::from(cell) };
        fields.insert(column.to_owned(), value);
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
}

fn tags(cell: &str) -> Result<Value, String> {
    let mut tags = BTreeMap::new();
    for tag in cell.split(';').filter(|tag| !tag.trim().is_empty()) {
        let (name, value) = tag
            .split_once('=')
            .ok_or_else(|| format!("field `tags`: `{tag}` has no `=`: give tags as name=value;name=value"))?;
        tags.insert(name.trim().to_owned(), Value::from(value.trim()));
    }
    Ok(Value::Object(tags.into_iter().collect()))
}

fn problem(error: &csv::Error) -> Problem {
    let line = error.position().map_or(1, |position| usize::try_from(position.line()).unwrap_or(usize::MAX));
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields where the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => String::from("not UTF-8"),
        _ => error.to_string(),
    };
    Problem { line, message }
}
