//! The form of the answer, as `response_format`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::OutputFormat;

pub(super) struct Format<'a>(pub(super) &'a OutputFormat);

#[derive(Serialize)]
struct Schema<'a> {
    name: &'a str,
    schema: &'a Value,
    strict: bool,
}

impl Serialize for Format<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            OutputFormat::Text => map.serialize_entry("type", "text")?,
            OutputFormat::Json => map.serialize_entry("type", "json_object")?,
            OutputFormat::Schema { name, schema, strict } => {
                map.serialize_entry("type", "json_schema")?;
                map.serialize_entry("json_schema", &Schema { name, schema, strict: *strict })?;
            }
        }
        map.end()
    }
}
