//! JSON Schemas as OpenAI's strict mode takes them ("Structured model outputs", supported schemas).

use serde_json::{Map, Value};

/// Words that the strict mode does not have, and that change what fits.
const FOREIGN: [&str; 19] = [
    "$dynamicRef",
    "allOf",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "maxProperties",
    "minContains",
    "minProperties",
    "not",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "additionalItems",
];

/// Words for people, and for those who write schemas.
const IDLE: [&str; 9] =
    ["$schema", "$id", "$comment", "title", "default", "examples", "deprecated", "readOnly", "writeOnly"];

/// Bounds, which not every provider can guarantee: the description tells them.
const BOUNDS: [&str; 11] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
];

/// Formats that are about texts; those of numbers say how they are stored.
const FORMATS: [&str; 9] = ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// The schema of an object as the strict mode wants it; `None` where there is no such schema.
pub(super) fn strict(schema: &Value) -> Option<Value> {
    let is_object = schema.get("type").and_then(Value::as_str) == Some("object");
    let mut schema = Some(schema.clone()).filter(|_| is_object)?;
    fit(&mut schema)?;
    Some(schema)
}

fn fit(schema: &mut Value) -> Option<()> {
    let schema = schema.as_object_mut()?;
    if let Some(defs) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        defs.values_mut().try_for_each(fit)?;
    }
    if schema.contains_key("$ref") {
        // Nothing may stand beside it.
        schema.retain(|word, _| matches!(&**word, "$ref" | "$defs"));
        return Some(());
    }
    if FOREIGN.iter().any(|word| schema.contains_key(*word)) {
        return None;
    }
    schema.retain(|word, _| !IDLE.contains(&&**word));
    describe_bounds(schema);
    if let Some(variants) = schema.remove("oneOf") {
        if schema.insert(String::from("anyOf"), variants).is_some() {
            return None;
        }
    }
    let is_told = ["type", "enum", "const", "anyOf"].iter().any(|word| schema.contains_key(*word));
    if !is_told {
        return None;
    }
    if let Some(variants) = schema.get_mut("anyOf") {
        variants.as_array_mut()?.iter_mut().try_for_each(fit)?;
    }
    if let Some(items) = schema.get_mut("items") {
        fit(items)?;
    } else if is_of(schema, "array") {
        return None;
    }
    if is_of(schema, "object") { fit_object(schema) } else { Some(()) }
}

/// All properties are there, and no others.
fn fit_object(schema: &mut Map<String, Value>) -> Option<()> {
    if schema.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false)) {
        return None;
    }
    let properties = schema.entry("properties").or_insert_with(|| Value::Object(Map::new())).as_object_mut()?;
    properties.values_mut().try_for_each(fit)?;
    let names: Vec<Value> = properties.keys().map(|name| Value::from(&**name)).collect();
    schema.insert(String::from("required"), Value::Array(names));
    schema.insert(String::from("additionalProperties"), Value::Bool(false));
    Some(())
}

fn describe_bounds(schema: &mut Map<String, Value>) {
    let is_text = schema.get("format").and_then(Value::as_str).is_some_and(|format| FORMATS.contains(&format));
    if !is_text {
        schema.remove("format");
    }
    let bounds: Vec<String> =
        BOUNDS.iter().filter_map(|word| schema.remove(*word).map(|bound| format!("{word}: {bound}"))).collect();
    if bounds.is_empty() {
        return;
    }
    let bounds = bounds.join(", ");
    let description = match schema.get("description").and_then(Value::as_str) {
        Some(description) => format!("{description} ({bounds})"),
        None => bounds,
    };
    schema.insert(String::from("description"), Value::String(description));
}

fn is_of(schema: &Map<String, Value>, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(word)) => word == kind,
        Some(Value::Array(words)) => words.iter().any(|word| word == kind),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bounds_are_told_in_words() {
        let schema = json!({ "type": "object", "title": "T", "required": [], "properties": {
            "a": { "type": "integer", "format": "uint8", "minimum": 0, "maximum": 9, "default": 1, "description": "A." },
            "b": { "type": ["string", "null"], "format": "date", "minLength": 2 },
            "c": { "oneOf": [{ "const": "x", "type": "string" }, { "$ref": "#/$defs/D", "description": "gone" }] },
            "d": { "type": "array", "items": { "type": "object", "properties": {} } } },
            "$defs": { "D": { "type": "null" } } });
        let expected = json!({ "type": "object", "additionalProperties": false, "required": ["a", "b", "c", "d"],
            "properties": {
            "a": { "type": "integer", "description": "A. (minimum: 0, maximum: 9)" },
            "b": { "type": ["string", "null"], "format": "date", "description": "minLength: 2" },
            "c": { "anyOf": [{ "const": "x", "type": "string" }, { "$ref": "#/$defs/D" }] },
            "d": { "type": "array", "items": { "type": "object", "properties": {}, "required": [], "additionalProperties": false } } },
            "$defs": { "D": { "type": "null" } } });
        assert_eq!(strict(&schema), Some(expected.clone()));
        assert_eq!(strict(&expected), Some(expected), "what fits stays as it is");
    }

    #[test]
    fn what_cannot_be_said_is_left_alone() {
        let with = |a: Value| json!({ "type": "object", "properties": { "a": a } });
        for schema in [
            json!({ "type": "string" }),
            json!({ "anyOf": [{ "type": "object" }] }),
            json!(true),
            with(json!(true)),
            with(json!({})),
            with(json!({ "type": "array" })),
            with(json!({ "type": "array", "prefixItems": [{ "type": "string" }] })),
            with(json!({ "type": "object", "additionalProperties": { "type": "string" } })),
            with(json!({ "allOf": [{ "type": "string" }] })),
            with(json!({ "oneOf": [{ "type": "string" }], "anyOf": [] })),
        ] {
            assert_eq!(strict(&schema), None, "{schema}");
        }
    }
}
