//! Forms and tools from types, and back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use steadfast_providers::{Call, ErrorKind, OutputFormat, Provider, Tool};
use steadfast_testkit::LlmSim;

use crate::rig::{Mode, VENDORS, ask, rig};

/// A place.
#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
struct City {
    name: String,
    kind: Kind,
    #[schemars(range(min = 1, max = 5))]
    stars: Option<u8>,
    #[serde(default)]
    sisters: Vec<City>,
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Large.
    Capital,
    Harbour {
        ships: u32,
    },
}

fn parts(format: OutputFormat) -> (String, Value, bool) {
    match format {
        OutputFormat::Schema { name, schema, strict, .. } => (name, (*schema).clone(), strict),
        other => panic!("{other:?}"),
    }
}

#[test]
fn types_become_strict_schemas() {
    let (name, schema, strict) = parts(OutputFormat::typed::<City>());
    assert_eq!((name.as_str(), strict), ("City", true));
    assert_eq!(schema["required"], json!(["kind", "name", "sisters", "stars"]));
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["description"], "A place.");
    let stars = json!({ "type": ["integer", "null"], "description": "minimum: 1, maximum: 5" });
    assert_eq!(schema["properties"]["stars"], stars);
    assert_eq!(schema["$defs"]["Kind"]["anyOf"][1]["additionalProperties"], false);
    jsonschema::draft202012::new(&schema).unwrap();
}

#[test]
fn what_is_not_strict_says_so() {
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "its schema is of interest")]
    struct Loose {
        more: BTreeMap<String, u8>,
    }
    let (_, schema, strict) = parts(OutputFormat::typed::<Loose>());
    assert!(!strict && schema["properties"]["more"]["additionalProperties"].is_object());
    assert!(!parts(OutputFormat::typed::<Kind>()).2);
    assert_eq!(parts(OutputFormat::typed::<BTreeMap<String, Value>>()).0, "Map_of_AnyValue");
    let tool = Tool::typed::<Loose>("loose");
    assert_eq!((tool.strict, tool.description), (None, None));
    let tool = Tool::typed::<City>("city");
    assert_eq!((tool.strict, tool.description.as_deref()), (Some(true), Some("A place.")));
    assert_eq!(tool.schema.get("description"), None);
}

#[tokio::test]
async fn answers_become_types() {
    let city = json!({ "name": "Rome", "kind": "capital", "stars": null, "sisters": [] });
    let sim = LlmSim::builder().structured(city.to_string()).start().await.unwrap();
    let rig = rig();
    let client = VENDORS[0].client(&rig.pool, sim.anthropic_url());
    for mode in [Mode::Plain, Mode::Stream] {
        let reply = ask(&*client, mode, Call::new("Where?").format(OutputFormat::typed::<City>())).await.unwrap();
        let rome = City { name: "Rome".into(), kind: Kind::Capital, stars: None, sisters: Vec::new() };
        assert_eq!(reply.parse::<City>().unwrap(), rome);
        assert_eq!(reply.parse::<Vec<u8>>().unwrap_err().kind(), ErrorKind::Malformed);
    }
    assert_eq!(client.name(), "openai");
}
