//! Texts as vectors: through the same pipeline, to an endpoint of its own.

use std::sync::Arc;

use super::failure::{Refusal, failed};
use super::{Asked, Core};
use crate::chat::embed::{decode, encode};
use crate::{Call, EmbedCall, Embeddings, Error, ErrorKind, Message};

impl Core {
    pub(crate) async fn embed(self: Arc<Self>, embed: EmbedCall) -> Result<Embeddings, Error> {
        // The texts are what must not be told.
        let mut call = Call::of(embed.texts.iter().map(|text| Message::user(&**text))).context(embed.context.clone());
        call.model.clone_from(&embed.model);
        let mut asked = Asked::new(self, call).await?;
        let client = Arc::clone(&asked.client);
        let Some(path) = client.vendor.endpoints.embeddings.as_deref() else {
            return Err(asked.fail(ErrorKind::Unsupported, "has no endpoint for embeddings"));
        };
        match asked.embedded(&embed, path).await {
            Err(error) => {
                let before = asked.with_another_key(error).await?;
                match asked.embedded(&embed, path).await {
                    Ok(embedded) => Ok(Embeddings { attempts: [before, embedded.attempts].concat(), ..embedded }),
                    Err(error) => Err(error.preceded_by(before)),
                }
            }
            embedded => embedded,
        }
    }
}

impl Asked {
    async fn embedded(&self, embed: &EmbedCall, path: &str) -> Result<Embeddings, Error> {
        let client = &*self.client;
        let body = self.fitting(encode(embed, &self.model, &client.vendor.quirks))?;
        let response = match client.pool.execute(self.elsewhere(body, path, self.scope())?).await {
            Ok(response) => response,
            Err(error) => return Err(self.unreached(error)),
        };
        let attempts = self.attempts(response.attempts());
        if !response.status().is_success() {
            let answer =
                Refusal { status: response.status().as_u16(), headers: response.headers(), body: response.body() };
            return Err(self.refused(&answer, response.retry_after(), attempts));
        }
        match decode(response.body(), embed.texts.len()) {
            Ok(embedded) => Ok(Embeddings {
                vectors: embedded.vectors,
                usage: embedded.usage,
                provider: client.name.as_ref().to_owned(),
                model: embedded.model.unwrap_or_else(|| self.model.as_ref().to_owned()),
                attempts,
            }),
            Err(fault) => {
                let error = self.faulty(fault, Some(response.headers())).retry_in(response.retry_after());
                let attempts = failed(attempts, &error);
                Err(error.with_attempts(attempts))
            }
        }
    }
}
