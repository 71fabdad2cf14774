//! The vendors that are known by name, and those that are refused by name.

use std::sync::OnceLock;

use super::Vendor;
use crate::{Api, Error, ErrorKind};

macro_rules! tables {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("tables/", $name, ".toml")))),*]
    };
}

/// One table a vendor, in the order in which they are told.
const TABLES: &[(&str, &str)] = tables![
    "openai",
    "anthropic",
    "openrouter",
    "deepseek",
    "groq",
    "mistral",
    "xai",
    "together",
    "fireworks",
    "azure-openai",
    "ollama",
    "vllm",
    "llama-cpp",
];

/// Other names of vendors.
const ALIASES: &[(&str, &str)] = &[
    ("azure", "azure-openai"),
    ("claude", "anthropic"),
    ("gpt", "openai"),
    ("grok", "xai"),
    ("llama.cpp", "llama-cpp"),
    ("llamacpp", "llama-cpp"),
    ("mistralai", "mistral"),
    ("togetherai", "together"),
    ("x-ai", "xai"),
];

/// Vendors whose own protocols are not spoken here, and where theirs that are shaped like OpenAI's are.
const REFUSED: &[(&[&str], &str, &str)] = &[
    (&["gemini", "google", "google-ai-studio"], "Gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
    (
        &["vertex", "vertex-ai", "vertexai"],
        "Vertex AI",
        "https://LOCATION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/LOCATION/endpoints/openapi",
    ),
    (&["bedrock", "aws", "aws-bedrock"], "Bedrock", "https://bedrock-runtime.REGION.amazonaws.com/openai/v1"),
];

fn known() -> &'static [Vendor] {
    static KNOWN: OnceLock<Vec<Vendor>> = OnceLock::new();
    // A test sees to it that each of them can be read.
    KNOWN.get_or_init(|| TABLES.iter().filter_map(|(_, table)| Vendor::from_toml(table).ok()).collect())
}

/// OpenAI, whose words others took over.
pub(super) fn openai() -> &'static Vendor {
    static OPENAI: OnceLock<Vendor> = OnceLock::new();
    OPENAI.get_or_init(|| Vendor::read(include_str!("tables/openai.toml")).unwrap_or_default())
}

impl Vendor {
    /// The vendors that are known by name.
    pub fn all() -> impl Iterator<Item = Self> {
        known().iter().cloned()
    }

    /// The vendor of this name, such as `groq`; `openai-responses` is OpenAI by its Responses API.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when there is none of the name. Gemini, Vertex AI and Bedrock have protocols of their own that
    /// are not spoken here: the message says where their endpoints are that are shaped like OpenAI's.
    pub fn named(name: &str) -> Result<Self, Error> {
        let lower = name.trim().to_ascii_lowercase().replace('_', "-");
        if lower == "openai-responses" {
            return Ok(Self::openai_responses());
        }
        let name = ALIASES.iter().find(|(alias, _)| *alias == lower).map_or(&*lower, |(_, name)| *name);
        if let Some(vendor) = known().iter().find(|vendor| vendor.name == name) {
            return Ok(vendor.clone());
        }
        if let Some((_, title, url)) = REFUSED.iter().find(|(names, ..)| names.contains(&&*lower)) {
            let what = format!("{title} has a protocol of its own, which is not spoken here");
            let advice = format!("use its endpoint that is shaped like OpenAI's, openai with the base URL {url}");
            return Err(Error::new(ErrorKind::Config, "", what).advise(advice));
        }
        let names: Vec<&str> = known().iter().map(|vendor| &*vendor.name).collect();
        let what = format!("there is no vendor `{}`", crate::scrub::name(&lower).escape_debug());
        Err(Error::new(ErrorKind::Config, "", what).advise(format!("there are {}", names.join(", "))))
    }

    /// OpenAI, by its Chat Completions API.
    #[must_use]
    pub fn openai() -> Self {
        openai().clone()
    }

    /// OpenAI, by its Responses API.
    #[must_use]
    pub fn openai_responses() -> Self {
        Self { api: Api::Responses, ..Self::openai() }
    }

    /// Anthropic, API version 2023-06-01 unless a client [chooses](crate::ClientBuilder::api_version) another one.
    #[must_use]
    pub fn anthropic() -> Self {
        known().iter().find(|vendor| vendor.name == "anthropic").cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_can_be_read_and_is_called_what_its_file_is() {
        for (name, table) in TABLES {
            let vendor = Vendor::from_toml(table).unwrap();
            assert_eq!(vendor.name, *name);
            assert!(!vendor.title.is_empty() && vendor.base_url.starts_with("http"), "{name}");
            assert_eq!(Vendor::named(name).unwrap(), vendor);
        }
        assert_eq!(Vendor::all().count(), TABLES.len());
    }

    #[test]
    fn names_have_variants() {
        for (name, expected) in
            [("Azure", "azure-openai"), ("azure_openai", "azure-openai"), ("llama.cpp", "llama-cpp")]
        {
            assert_eq!(Vendor::named(name).unwrap().name, expected);
        }
        assert_eq!(Vendor::named("openai-responses").unwrap().api, Api::Responses);
    }

    #[test]
    fn other_protocols_are_refused_with_a_way_out() {
        for (names, title, url) in REFUSED {
            for name in *names {
                let error = Vendor::named(name).unwrap_err().to_string();
                assert!(error.contains(title) && error.contains(url), "{error}");
            }
        }
        let error = Vendor::named("nobody").unwrap_err().to_string();
        assert!(error.contains("`nobody`") && error.contains("openrouter"), "{error}");
    }
}
