//! Which models there are: read page by page, in every shape that vendors have for it.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::failure::{Refusal, failed};
use super::{Asked, Core};
use crate::lenient::lenient;
use crate::problem::{Fault, json};
use crate::{Call, Error, ErrorKind, ModelInfo};

/// So many pages are read; a list is not expected to be longer.
const PAGES: usize = 100;

/// OpenAI's and Anthropic's lists, and Together's, which is nothing but a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum List {
    Page(Page),
    Bare(Vec<Value>),
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Value>,
    #[serde(default, deserialize_with = "lenient")]
    has_more: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    last_id: Option<String>,
}

impl Core {
    pub(crate) async fn models(self: Arc<Self>) -> Result<Vec<ModelInfo>, Error> {
        let mut asked = Asked::new(Arc::clone(&self), Call::of([])).await?;
        let Some(first) = self.models_url() else {
            return Err(asked.fail(ErrorKind::Unsupported, "has no endpoint that lists models"));
        };
        let (mut models, mut url) = (Vec::new(), first.clone());
        for _ in 0..PAGES {
            let page = match asked.page(&url).await {
                Err(error) => {
                    let before = asked.with_another_key(error).await?;
                    asked.page(&url).await.map_err(|error| error.preceded_by(before))?
                }
                Ok(page) => page,
            };
            models.extend(page.data.into_iter().filter_map(info));
            let Some(last) = page.last_id.filter(|_| page.has_more == Some(true)) else { break };
            url = first.clone();
            url.query_pairs_mut().append_pair("after_id", &last);
        }
        Ok(models)
    }

    fn models_url(&self) -> Option<Url> {
        let path = self.vendor.endpoints.models.as_deref()?;
        let base = self.url.path().strip_suffix(self.family.path).unwrap_or_default();
        let mut url = self.url.clone();
        url.set_path(&format!("{base}{path}"));
        Some(url)
    }
}

impl Asked {
    async fn page(&self, url: &Url) -> Result<Page, Error> {
        let response = match self.client.pool.execute(self.get(url.clone())?).await {
            Ok(response) => response,
            Err(error) => return Err(self.unreached(error)),
        };
        let attempts = self.attempts(response.attempts());
        if !response.status().is_success() {
            let answer =
                Refusal { status: response.status().as_u16(), headers: response.headers(), body: response.body() };
            return Err(self.refused(&answer, response.retry_after(), attempts));
        }
        read(response.body()).map_err(|fault| {
            let error = self.faulty(fault, Some(response.headers()));
            let attempts = failed(attempts, &error);
            error.with_attempts(attempts)
        })
    }
}

fn read(body: &[u8]) -> Result<Page, Fault> {
    Ok(match json::<List>("the list of models", body)? {
        List::Page(page) => page,
        List::Bare(data) => Page { data, has_more: None, last_id: None },
    })
}

/// One of the list; one without a name is none.
fn info(value: Value) -> Option<ModelInfo> {
    let Value::Object(mut fields) = value else { return None };
    let Some(Value::String(id)) = fields.remove("id") else { return None };
    let mut model = ModelInfo::new(id);
    model.name = text(&mut fields, &["display_name", "name"]);
    model.created = fields.remove("created").and_then(|created| created.as_i64());
    let context = ["context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens"];
    model.context = context.iter().find_map(|name| fields.get(*name)).and_then(Value::as_u64);
    model.extra = fields;
    Some(model)
}

fn text(fields: &mut Map<String, Value>, names: &[&str]) -> Option<String> {
    let name = names.iter().find(|name| fields.get(**name).is_some_and(Value::is_string))?;
    match fields.remove(*name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_read() {
        let names = |body: &str| -> Vec<String> {
            read(body.as_bytes()).unwrap().data.into_iter().filter_map(info).map(|model| model.id).collect()
        };
        assert_eq!(names(r#"{"object":"list","data":[{"id":"a","object":"model","created":1},{"id":5},7]}"#), ["a"]);
        assert_eq!(names(r#"[{"id":"a","display_name":"A"},{"id":"b"}]"#), ["a", "b"]);
        assert!(read(b"{}").is_err() && read(b"<html>").is_err());
        let model = info(serde_json::json!({ "id": "a", "display_name": "A", "context_length": 8, "owned_by": "x" }));
        let model = model.unwrap();
        assert_eq!((model.name.as_deref(), model.context), (Some("A"), Some(8)));
        assert_eq!(model.extra["owned_by"], "x");
    }
}
