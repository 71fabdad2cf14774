//! A pool that is closed: nothing new begins, what is under way ends.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::Poll;

use steadfast_pool::{ErrorKind, Request};

use crate::held::Held;
use crate::rig::rig;

fn get() -> Request {
    Request::get("http://host/").unwrap()
}

/// Whether a future is still pending, polled once.
async fn pending<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

#[tokio::test]
async fn closing_waits_for_answers_and_takes_no_new_calls() {
    let transport = Held::new();
    let rig = rig(|pool| pool.transport(transport.clone()));
    transport.heads.add_permits(2);
    let mut stream = rig.pool.stream(get()).await.unwrap();
    let dropped = rig.pool.stream(get()).await.unwrap();
    let mut closing = pin!(rig.pool.close());
    assert!(pending(closing.as_mut()).await && rig.pool.is_closed());
    let error = rig.pool.execute(get()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolClosed);
    assert_eq!(error.to_string(), "GET http://host/: the pool is closed: nothing was sent");
    assert!(!error.is_retryable());
    assert_eq!(rig.pool.warm(&"http://host/".parse().unwrap(), 1).await.unwrap_err().kind(), ErrorKind::PoolClosed);
    drop(dropped);
    assert!(pending(closing.as_mut()).await);
    transport.ends.add_permits(1);
    assert_eq!(stream.chunk().await.unwrap(), None);
    closing.await;
    assert_eq!((transport.under_way(), transport.closed.load(Ordering::SeqCst)), (0, 1));
    // Closing again is nothing new.
    rig.pool.close().await;
}

#[tokio::test]
async fn closing_can_be_given_up_and_taken_up_again() {
    let transport = Held::new();
    let rig = rig(|pool| pool.transport(transport.clone()));
    let pool = rig.pool.clone();
    let call = tokio::spawn(async move { pool.execute(get()).await });
    while transport.under_way() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(pending(pin!(rig.pool.close())).await);
    assert_eq!(rig.pool.execute(get()).await.unwrap_err().kind(), ErrorKind::PoolClosed);
    let mut closing = pin!(rig.pool.close());
    assert!(pending(closing.as_mut()).await);
    transport.heads.add_permits(1);
    transport.ends.add_permits(1);
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
    closing.await;
    assert_eq!(transport.closed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn connections_can_be_made_ahead_of_need() {
    let rig = rig(|pool| pool.transport(Held::open()));
    assert_eq!(rig.pool.warm(&"http://host/".parse().unwrap(), 3).await.unwrap(), 3);
}
