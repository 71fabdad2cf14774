//! Tools and forms of answers from types: feature `schemars`.

mod strict;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::{OutputFormat, Tool};
use strict::strict;

impl OutputFormat {
    /// JSON of this type; [`Reply::parse`](crate::Reply::parse) gives it.
    ///
    /// The schema is changed to what OpenAI's strict mode wants, and Anthropic's takes, too: objects have no properties
    /// beside those named, and all of them, so that what may be missing (`Option`) is there as `null`; bounds and formats
    /// are told in the description instead. Of what cannot be said that way (maps, tuples, any JSON, an enum as the whole
    /// answer) the schema is sent unchanged, and not as a strict one.
    ///
    /// ```
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    /// use steadfast_providers::{Call, OutputFormat};
    ///
    /// #[derive(Deserialize, JsonSchema)]
    /// struct City {
    ///     name: String,
    ///     /// Where it is unknown, leave it out.
    ///     inhabitants: Option<u64>,
    /// }
    ///
    /// let call = Call::new("Which city has the most bridges?").format(OutputFormat::typed::<City>());
    /// # let OutputFormat::Schema { name, schema, strict, .. } = OutputFormat::typed::<City>() else { panic!() };
    /// # assert_eq!((&*name, strict), ("City", true));
    /// # assert_eq!(schema["required"], serde_json::json!(["inhabitants", "name"]));
    /// ```
    #[must_use]
    pub fn typed<T: JsonSchema>() -> Self {
        let schema = schema_of::<T>();
        match strict(&schema) {
            Some(strict) => Self::schema(name_of::<T>(), strict),
            None => Self::loose_schema(name_of::<T>(), schema),
        }
    }
}

impl Tool {
    /// A tool whose arguments are of this type; [`ToolCall::parse`](crate::ToolCall::parse) gives them. It is described by
    /// the documentation of the type, and strict where [`OutputFormat::typed`] would be.
    ///
    /// ```
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    /// use steadfast_providers::Tool;
    ///
    /// /// The weather of a city, now.
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Weather {
    ///     city: String,
    /// }
    ///
    /// let tool = Tool::typed::<Weather>("get_weather");
    /// assert_eq!(tool.description.as_deref(), Some("The weather of a city, now."));
    /// assert_eq!(tool.strict, Some(true));
    /// ```
    #[must_use]
    pub fn typed<T: JsonSchema>(name: impl Into<String>) -> Self {
        let mut schema = schema_of::<T>();
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let mut tool = match strict(&schema) {
            Some(fitted) => Self::new(name, fitted).strict(true),
            None => Self::new(name, schema),
        };
        tool.description = description.and_then(|text| text.as_str().map(str::to_owned));
        tool
    }
}

fn schema_of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().for_deserialize().into_generator().into_root_schema_for::<T>().to_value()
}

/// The name of the type as a form may be called: letters, digits, `_` and `-`, at most 64.
fn name_of<T: JsonSchema>() -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    T::schema_name().chars().take(64).map(|c| if fits(c) { c } else { '_' }).collect()
}
