//! Counting tokens without an answer: through the same pipeline, to an endpoint of its own.

use std::sync::Arc;

use super::failure::{Refusal, failed};
use super::{Asked, Core};
use crate::family::Counting;
use crate::{Call, Capabilities, Error, ErrorKind};

impl Core {
    pub(crate) async fn count_tokens(self: Arc<Self>, call: Call) -> Result<u64, Error> {
        let mut asked = Asked::new(self, call).await?;
        let client = Arc::clone(&asked.client);
        let Some((counting, path)) = client.counting() else {
            return Err(asked.fail(ErrorKind::Unsupported, "has no endpoint that counts tokens"));
        };
        match asked.count(counting, path).await {
            Err(error) => {
                let before = asked.with_another_key(error).await?;
                asked.count(counting, path).await.map_err(|error| error.preceded_by(before))
            }
            counted => counted,
        }
    }

    /// How tokens are counted, and where: it takes an API that can, and a vendor that does.
    fn counting(&self) -> Option<(&Counting, &str)> {
        self.family.counting.as_ref().zip(self.vendor.endpoints.count_tokens.as_deref())
    }

    /// What the API can be asked for, as far as the vendor does it.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let (can, quirks) = (self.family.capabilities, &self.vendor.quirks);
        Capabilities {
            images: can.images && quirks.images,
            tools: can.tools && quirks.tools,
            schemas: can.schemas && quirks.schemas,
            embeds: self.vendor.endpoints.embeddings.is_some(),
            counts_tokens: self.counting().is_some(),
            lists_models: self.vendor.endpoints.models.is_some(),
            ..can
        }
    }
}

impl Asked {
    async fn count(&self, counting: &Counting, path: &str) -> Result<u64, Error> {
        let response = match self.client.pool.execute(self.counting(counting.encode, path)?).await {
            Ok(response) => response,
            Err(error) => return Err(self.unreached(error)),
        };
        let attempts = self.attempts(response.attempts());
        if !response.status().is_success() {
            let answer =
                Refusal { status: response.status().as_u16(), headers: response.headers(), body: response.body() };
            return Err(self.refused(&answer, response.retry_after(), attempts));
        }
        (counting.decode)(response.body()).map_err(|fault| {
            let error = self.faulty(fault, Some(response.headers())).retry_in(response.retry_after());
            let attempts = failed(attempts, &error);
            error.with_attempts(attempts)
        })
    }
}
