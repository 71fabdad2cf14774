//! What a router is asked for beside answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use steadfast_providers::{
    BoxFuture, Call, Capabilities, EmbedCall, Embeddings, Error, ErrorKind, ModelInfo, Provider, Reply, ReplyStream,
    Router, Target,
};

/// Makes vectors, counts and lists, or fails at it; answers nothing.
#[derive(Clone)]
struct Clerk {
    name: &'static str,
    fails: Option<ErrorKind>,
    asked: Arc<AtomicU64>,
}

impl Clerk {
    fn new(name: &'static str, fails: Option<ErrorKind>) -> Self {
        Self { name, fails, asked: Arc::default() }
    }

    fn give<T: Send + 'static>(&self, what: T) -> BoxFuture<'static, Result<T, Error>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let given = self.fails.map_or(Ok(what), |kind| Err(Error::new(kind, self.name, "no")));
        Box::pin(std::future::ready(given))
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Provider for Clerk {
    fn name(&self) -> &str {
        self.name
    }

    fn model(&self) -> &str {
        "m"
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        can.embeds = self.fails != Some(ErrorKind::Unsupported);
        can.tools = can.embeds;
        can
    }

    fn complete(&self, _: Call) -> BoxFuture<'static, Result<Reply, Error>> {
        Box::pin(std::future::ready(Err(Error::new(ErrorKind::Unsupported, self.name, "no"))))
    }

    fn stream(&self, _: Call) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        Box::pin(std::future::ready(Err(Error::new(ErrorKind::Unsupported, self.name, "no"))))
    }

    fn embed(&self, _: EmbedCall) -> BoxFuture<'static, Result<Embeddings, Error>> {
        self.give(Embeddings::new(self.name, "m", vec![vec![1.0]]))
    }

    fn count_tokens(&self, _: Call) -> BoxFuture<'static, Result<u64, Error>> {
        self.give(7)
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, Error>> {
        self.give(vec![ModelInfo::new(self.name)])
    }
}

/// Who is asked of three, the first and the last of which are keys of one provider, and who answers.
async fn check(fails: [Option<ErrorKind>; 3], asked: [u64; 3], answers: Result<&str, ErrorKind>) {
    let [a, b, c] = [("a", fails[0]), ("b", fails[1]), ("c", fails[2])].map(|(name, fails)| Clerk::new(name, fails));
    let keyed = |clerk: &Clerk| Target::new(clerk.clone()).group("keys");
    let llm = Router::builder().target(keyed(&a)).target(b.clone()).target(keyed(&c)).build().unwrap();
    let embedded = llm.embed(EmbedCall::new(["x"])).await.map(|embeddings| embeddings.provider);
    assert_eq!(embedded.map_err(|error| error.kind()), answers.map(str::to_owned), "{fails:?}");
    assert_eq!([&a, &b, &c].map(Clerk::asked), asked, "{fails:?}");
    assert_eq!(llm.count_tokens(Call::new("x")).await.is_ok(), answers.is_ok());
    let listed = llm.models().await.map(|models| models[0].id.clone());
    assert_eq!(listed.map_err(|error| error.kind()), answers.map(str::to_owned));
}

#[tokio::test]
async fn the_first_that_can_is_asked_and_then_only_its_other_keys() {
    let (unsupported, spent, server) =
        (Some(ErrorKind::Unsupported), Some(ErrorKind::QuotaSpent), Some(ErrorKind::Server));
    check([None, None, None], [1, 0, 0], Ok("a")).await;
    check([unsupported, None, None], [1, 1, 0], Ok("b")).await;
    check([spent, None, None], [1, 0, 1], Ok("c")).await;
    check([spent, None, spent], [1, 0, 1], Err(ErrorKind::QuotaSpent)).await;
    check([server, None, None], [1, 0, 0], Err(ErrorKind::Server)).await;
    check([unsupported; 3], [1, 1, 1], Err(ErrorKind::Unsupported)).await;
}

#[test]
fn a_router_can_what_all_can_and_has_the_endpoints_that_one_has() {
    let of = |fails| Clerk::new("a", fails);
    let can = Router::ordered([of(None), of(Some(ErrorKind::Unsupported))]).unwrap().capabilities();
    assert_eq!((can.tools, can.embeds, can.lists_models), (false, true, false));
    assert!(Router::ordered([of(None)]).unwrap().capabilities().tools);
}
