//! TOML: a list of `[[device]]` tables.

use serde::{Deserialize, Serialize};
use steadfast_delivery::Device;
use toml::Spanned;

use super::{Lines, Located, Problem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    device: Vec<Spanned<toml::Value>>,
}

#[derive(Serialize)]
struct Written<'d> {
    device: &'d [Device],
}

pub(super) fn read(text: &str) -> Result<Vec<Located>, Problem> {
    let lines = Lines::of(text);
    let document: Document = toml::from_str(text).map_err(|error| Problem {
        line: error.span().map_or(1, |span| lines.at(span.start)),
        message: error.message().to_owned(),
    })?;
    document
        .device
        .into_iter()
        .map(|table| {
            let line = lines.at(table.span().start);
            match table.into_inner().try_into::<Device>() {
                Ok(device) => Ok(Located { line, device }),
                Err(error) => Err(Problem { line, message: error.message().to_owned() }),
            }
        })
        .collect()
}

pub(super) fn write(devices: &[Device]) -> Result<String, String> {
    toml::to_string(&Written { device: devices }).map_err(|error| error.to_string())
}
