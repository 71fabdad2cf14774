//! Every kind of failure there is, reached by a real call.

mod rows;

use steadfast_pool::{ErrorKind, Phase};

/// The kinds as the source has them, so that none is forgotten here.
fn known() -> Vec<String> {
    let source = include_str!("../../../src/error.rs");
    let (_, words) = source.split_once("pub const fn as_str(self)").unwrap();
    let (words, _) = words.split_once("\n    }\n").unwrap();
    words.lines().filter_map(|line| Some(line.split_once("=> \"")?.1.split_once('"')?.0.to_owned())).collect()
}

/// Each kind of failure can be reached, and is told as what it is: in its kind, in a text of one line that says where, and
/// in a ledger that agrees.
#[tokio::test]
async fn every_kind_of_failure_is_reached() {
    let mut reached = Vec::new();
    for (kind, error) in rows::all().await {
        assert_eq!(error.kind(), kind, "{error:?}");
        let told = error.to_string();
        assert!(!told.is_empty() && !told.contains('\n') && !told.contains("secret"), "{told}");
        let of_attempt = !matches!(
            kind,
            ErrorKind::Config
                | ErrorKind::Request
                | ErrorKind::BreakerOpen
                | ErrorKind::RateLimited
                | ErrorKind::Busy
                | ErrorKind::PoolClosed
        );
        assert_eq!(!error.attempts().is_empty(), of_attempt, "{error:?}");
        assert!(!of_attempt || told.contains("http"), "{told}");
        reached.push(kind.as_str().to_owned());
    }
    let mut known = known();
    assert!(known.len() > 25, "{known:?}");
    known.sort();
    reached.sort();
    assert_eq!(reached, known);
    assert_eq!(ErrorKind::Timeout(Phase::Tls).as_str(), "tls_timeout");
}
