//! One dial, on a task of its own: whoever waits first when it is done is served, so that a request that was dropped does
//! not waste it.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::Poll;

use steadfast_clock::Clock;
use tokio::sync::oneshot;

use super::super::connect::{Connector, Dialled};
use super::book::Begin;
use super::hub::Hub;
use super::line::Line;
use super::many;
use super::parked::Parked;
use crate::attempt::Reached;
use crate::transport::{TransportError, TransportErrorKind};

type Report = oneshot::Sender<Result<(), TransportError>>;

pub(super) async fn run(hub: Weak<Hub>, connector: Arc<Connector>, begin: Begin, report: Option<Report>) {
    let Begin { set, id, peer, mut stopped } = begin;
    let mut guard = Guard { hub: Weak::clone(&hub), set, id };
    let dialled = {
        let mut dial = pin!(connector.connect(&peer.target));
        poll_fn(|cx| match Pin::new(&mut stopped).poll(cx) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => dial.as_mut().poll(cx).map(Some),
        })
        .await
    };
    guard.hub = Weak::new();
    let (Some(dialled), Some(hub)) = (dialled, hub.upgrade()) else { return };
    let made = match dialled {
        Ok(dialled) if speaks_http2(&hub, &dialled, peer.target.https) => {
            many::open(&hub, set, id, dialled, Arc::clone(&peer)).await
        }
        Ok(dialled) => line(&hub, set, id, dialled, peer).await,
        Err(error) => Err(error),
    };
    let result = made.map_err(|error| failed(&hub, set, id, error));
    if let Some(report) = report {
        drop(report.send(result));
    }
}

fn speaks_http2(hub: &Hub, dialled: &Dialled, https: bool) -> bool {
    if https { dialled.http2 } else { hub.config.http2_prior_knowledge && !hub.config.http1_only }
}

async fn line(
    hub: &Arc<Hub>,
    set: u32,
    id: u64,
    dialled: Dialled,
    peer: Arc<super::peer::Peer>,
) -> Result<(), TransportError> {
    let now = hub.timer.now();
    let line = Line::new(dialled, peer, now)
        .await
        .map_err(|error| TransportError::new(TransportErrorKind::Connect, Reached::NotConnected).caused_by(error))?;
    hub.with(|book, out| book.line_made(set, id, Parked::Whole(Box::new(line)), now, out));
    Ok(())
}

/// Tells all who counted on the dial; gives the error back.
fn failed(hub: &Arc<Hub>, set: u32, id: u64, error: TransportError) -> TransportError {
    let error = Arc::new(error);
    for who in hub.with(|book, out| book.dial_failed(set, id, out)) {
        drop(who.send(Err(copy(&error))));
    }
    copy(&error)
}

fn copy(error: &Arc<TransportError>) -> TransportError {
    let mut copy = TransportError::new(error.kind, error.reached);
    copy.detail.clone_from(&error.detail);
    if error.source.is_some() {
        copy.source = Some(Box::new(Cause(Arc::clone(error))));
    }
    copy
}

/// The cause of an error that several were told of.
#[derive(Debug)]
struct Cause(Arc<TransportError>);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.source {
            Some(source) => fmt::Display::fmt(source, f),
            None => Ok(()),
        }
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().and_then(StdError::source)
    }
}

/// Tells when the task ends with its runtime.
struct Guard {
    hub: Weak<Hub>,
    set: u32,
    id: u64,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(hub) = self.hub.upgrade() {
            let error = TransportError::new(TransportErrorKind::Connect, Reached::NotConnected);
            failed(&hub, self.set, self.id, error.detailed("the runtime is gone"));
        }
    }
}
