//! Happy Eyeballs (RFC 8305): the addresses of a host are dialled one after the other without waiting for each to fail.

use std::future::{Future, poll_fn};
use std::io::{Error, ErrorKind};
use std::net::IpAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use steadfast_clock::{Clock, SharedTimer};

/// How long an address has before the next is tried as well: the "connection attempt delay" of section 5.
const HEAD_START: Duration = Duration::from_millis(250);

/// The addresses with their families in turn, beginning with that of the first (section 4).
pub(super) fn in_turn(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let Some(first) = addresses.first().map(IpAddr::is_ipv4) else { return addresses };
    let total = addresses.len();
    let (ours, others): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.is_ipv4() == first);
    let (mut ours, mut others) = (ours.into_iter(), others.into_iter());
    let mut ordered = Vec::with_capacity(total);
    while ordered.len() < total {
        ordered.extend(ours.next());
        ordered.extend(others.next());
    }
    ordered
}

/// The first connection that is made; the others are dropped. Otherwise every failure.
pub(super) async fn first<A, T, E, F: Future<Output = Result<T, E>>>(
    timer: &SharedTimer,
    addresses: Vec<A>,
    dial: impl Fn(A) -> F,
) -> Result<T, Vec<E>> {
    let mut waiting = addresses.into_iter();
    let mut dialling: Vec<Pin<Box<F>>> = Vec::new();
    let mut failures = Vec::new();
    let mut head_start = None;
    poll_fn(|cx| {
        loop {
            let mut at = 0;
            while let Some(attempt) = dialling.get_mut(at) {
                match attempt.as_mut().poll(cx) {
                    Poll::Ready(Ok(connection)) => return Poll::Ready(Ok(connection)),
                    Poll::Ready(Err(failure)) => {
                        failures.push(failure);
                        drop(dialling.remove(at));
                        // The next need not wait for one that is over.
                        head_start = None;
                    }
                    Poll::Pending => at += 1,
                }
            }
            let next_is_due = match &mut head_start {
                None => true,
                Some(sleep) => Future::poll(Pin::new(sleep), cx).is_ready(),
            };
            if !next_is_due {
                return Poll::Pending;
            }
            head_start = None;
            match waiting.next() {
                Some(address) => dialling.push(Box::pin(dial(address))),
                None if dialling.is_empty() => return Poll::Ready(Err(std::mem::take(&mut failures))),
                None => return Poll::Pending,
            }
            if waiting.len() > 0 {
                head_start = Some(timer.sleep_until(timer.now().saturating_add(HEAD_START)));
            }
        }
    })
    .await
}

/// The failure that says most: that a server is there and refuses says more than that there is no way to an address.
pub(super) fn most_telling(failures: Vec<Error>) -> Option<Error> {
    failures.into_iter().max_by_key(|failure| match failure.kind() {
        ErrorKind::ConnectionRefused => 2,
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::AddrNotAvailable => 0,
        _ => 1,
    })
}
