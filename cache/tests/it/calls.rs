//! Calls that the test lets begin, land, fail and panic as it likes, and that keep book of how many there are at once.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;

/// What a call is told to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    Land(u32),
    Fail(&'static str),
    Panic,
}

/// The book of all calls, by a number that stands for the key.
#[derive(Clone, Default)]
pub(crate) struct Calls(Arc<Mutex<BTreeMap<u32, Book>>>);

#[derive(Default)]
struct Book {
    begun: usize,
    under_way: usize,
    most: usize,
    orders: Option<oneshot::Sender<Deed>>,
}

impl Calls {
    /// A call of that number, to be told what to do.
    pub(crate) async fn call(self, number: u32) -> Result<u32, &'static str> {
        let (orders, told) = oneshot::channel();
        {
            let mut books = self.0.lock().unwrap();
            let book = books.entry(number).or_default();
            book.begun += 1;
            book.under_way += 1;
            book.most = book.most.max(book.under_way);
            book.orders = Some(orders);
        }
        let _under_way = UnderWay(self, number);
        match told.await.unwrap() {
            Deed::Land(value) => Ok(value),
            Deed::Fail(error) => Err(error),
            Deed::Panic => std::panic::resume_unwind(Box::new("as told")),
        }
    }

    /// Tells the call of that number, if there is one that has not been told.
    pub(crate) fn tell(&self, number: u32, deed: Deed) -> bool {
        let orders = self.0.lock().unwrap().get_mut(&number).and_then(|book| book.orders.take());
        orders.is_some_and(|orders| orders.send(deed).is_ok())
    }

    /// How many calls of that number were begun, are under way, and were at most at once.
    pub(crate) fn book(&self, number: u32) -> (usize, usize, usize) {
        let books = self.0.lock().unwrap();
        books.get(&number).map_or((0, 0, 0), |book| (book.begun, book.under_way, book.most))
    }
}

/// A call, until its future is dropped.
struct UnderWay(Calls, u32);

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(book) = self.0.0.lock().unwrap().get_mut(&self.1) {
            book.under_way -= 1;
        }
    }
}

/// Lets all other tasks of a single-threaded runtime run until they wait.
pub(crate) async fn settle() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

/// Asks a future once whether it is ready.
pub(crate) fn peek<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A number that looks random: the splitmix64 of Steele, Lea and Flood.
pub(crate) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
