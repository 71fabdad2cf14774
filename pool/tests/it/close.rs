//! A pool that is closed: nothing new begins, what is under way ends.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use steadfast_pool::{ErrorKind, Event, Observer, Pool, Request};

use crate::held::Held;
use crate::rig::{Told, rig, status};

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
async fn a_redirect_of_a_call_under_way_is_followed_though_the_pool_is_closed() {
    let transport = Told::new([Ok((302, vec![("location", String::from("/there"))], "")), status(200)]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    let pool = rig.pool.clone();
    let closed = Arc::new(Closes(pool.clone()));
    let response = pool.execute(get().observer(closed)).await.unwrap();
    assert_eq!((response.status().as_u16(), transport.sent()), (200, 2));
    assert_eq!(pool.execute(get()).await.unwrap_err().kind(), ErrorKind::PoolClosed);
}

/// Closes the pool with the first attempt that ends.
struct Closes(Pool);

impl Observer for Closes {
    fn on(&self, event: &Event<'_>) {
        if let Event::AttemptEnded { .. } = event {
            let mut closing = pin!(self.0.close());
            assert!(closing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
    }
}

#[tokio::test]
async fn connections_can_be_made_ahead_of_need() {
    let rig = rig(|pool| pool.transport(Held::open()));
    assert_eq!(rig.pool.warm(&"http://host/".parse().unwrap(), 3).await.unwrap(), 3);
}
