//! Texts as vectors.

use std::sync::Arc;

use serde_json::json;
use steadfast_providers::cache::MemoryCache;
use steadfast_providers::{Cached, Client, EmbedCall, ErrorKind, Metered, Provider, Usage, Vendor};
use steadfast_testkit::{LlmSim, Reply as Answer, Script, Server};

use crate::rig::{KEY, VENDORS, rig};
use crate::schema::assert_valid_embeddings;

#[tokio::test]
async fn texts_become_vectors() {
    let sim = LlmSim::builder().require_key(KEY).start().await.unwrap();
    let rig = rig();
    let client = VENDORS[0].client(&rig.pool, sim.anthropic_url());
    assert!(client.capabilities().embeds);
    let call = EmbedCall::new(["one", "two", "one"]).model("text-embedding-3-small").dimensions(8);
    let embedded = client.embed(call).await.unwrap();
    let vectors = &embedded.vectors;
    assert_eq!((vectors.len(), vectors[0].len(), vectors[0] == vectors[2]), (3, 8, true));
    assert_ne!(vectors[0], vectors[1]);
    assert!((vectors[1].iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
    assert_eq!((embedded.provider.as_str(), embedded.model.as_str()), ("openai", "text-embedding-3-small"));
    assert!(embedded.usage.input > 0 && embedded.usage.output == 0);
    assert_eq!(embedded.attempts.len(), 1);
    let request = sim.seen()[0].json().unwrap();
    assert_eq!(request["encoding_format"], "base64");
    assert_valid_embeddings(&request);
}

#[tokio::test]
async fn failures_go_through_the_pipeline() {
    let answer = json!({ "data": [{ "embedding": [1.0, 0.5] }], "usage": { "prompt_tokens": 2 } });
    let script = Script::new().then(Answer::status(503)).always(Answer::json(200, answer));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let client = VENDORS[0].client(&rig.pool, server.url());
    let embedded = client.embed(EmbedCall::new(["a"])).await.unwrap();
    assert_eq!((embedded.vectors, embedded.usage), (vec![vec![1.0, 0.5]], Usage::new(2, 0, 0, 0, 0)));
    let statuses: Vec<_> = embedded.attempts.iter().map(|attempt| attempt.http.status).collect();
    assert_eq!(statuses, [Some(503), Some(200)]);
    assert_eq!(server.seen()[1].path, "/v1/embeddings");
    // One vector for two texts is none.
    let error = client.embed(EmbedCall::new(["a", "b"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().contains("1 vectors for 2 texts"), "{error}");
    assert!(error.attempts()[0].http.error.is_some());
}

/// What is around a provider for its answers is in nobody's way.
#[tokio::test]
async fn wrapped_providers_embed() {
    let sim = LlmSim::builder().start().await.unwrap();
    let rig = rig();
    let client = VENDORS[0].client(&rig.pool, sim.anthropic_url());
    let kept = Cached::builder(Arc::clone(&client), Arc::new(MemoryCache::new(10).unwrap())).build();
    let counted = Metered::new(kept, &rig.pool);
    assert_eq!(counted.capabilities(), client.capabilities());
    assert_eq!(counted.embed(EmbedCall::new(["a"])).await.unwrap().vectors.len(), 1);
}

#[tokio::test]
async fn errors_repeat_no_text() {
    let said =
        json!({ "error": { "message": "cannot embed `my deepest secret of all`", "type": "invalid_request_error" } });
    let script = Script::new().always(Answer::json(400, said));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let client = VENDORS[0].client(&rig.pool, server.url());
    let error = client.embed(EmbedCall::new(["my deepest secret of all"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(!format!("{error} {error:?}").contains("deepest"), "{error}");
}

#[tokio::test]
async fn a_model_that_fails_to_embed_still_answers() {
    let script = Script::new()
        .whenever(steadfast_testkit::Matcher::new().path("/v1/embeddings"), Answer::status(500))
        .always(VENDORS[0].whole("fine"));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let client = VENDORS[0].client(&rig.pool, server.url());
    let mut kinds = Vec::new();
    for _ in 0..9 {
        kinds.push(client.embed(EmbedCall::new(["a"]).model("e")).await.unwrap_err().kind());
    }
    assert_eq!(kinds.last(), Some(&ErrorKind::BreakerOpen));
    assert_eq!(client.complete(steadfast_providers::Call::new("a")).await.unwrap().text(), "fine");
}

#[tokio::test]
async fn what_cannot_be_embedded_is_not_sent() {
    let server = Server::start(Script::new().always(Answer::status(500))).await.unwrap();
    let rig = rig();
    let client = VENDORS[0].client(&rig.pool, server.url());
    let none: [&str; 0] = [];
    assert_eq!(client.embed(EmbedCall::new(none)).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    let claude = VENDORS[1].client(&rig.pool, server.url());
    assert!(!claude.capabilities().embeds);
    assert_eq!(claude.embed(EmbedCall::new(["a"])).await.unwrap_err().kind(), ErrorKind::Unsupported);
    let mut vendor = Vendor::openai();
    vendor.quirks = vendor.quirks.without("dimensions");
    let client = Client::builder(rig.pool.clone(), vendor).base_url(server.url()).model("m").build().unwrap();
    let error = client.embed(EmbedCall::new(["a"]).dimensions(2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(server.seen().len(), 0);
}
