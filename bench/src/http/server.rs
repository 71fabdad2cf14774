//! The server: as little work as an answer can be, on one core.

mod certificate;
mod plain;
mod streams;

use std::net::TcpListener;
use std::thread;

use tokio::runtime::Builder;

use super::process::{Served, announce};

pub(super) use plain::{ANSWER, CONNECTIONS, SO_MANY, TOGETHER};
pub(super) use streams::{AT_ONCE, LATE};

/// Serves until nobody is there any more.
pub(super) fn run() {
    let (plain, secret, streams) = (listener(), listener(), listener());
    let (acceptors, roots) = certificate::made();
    let url = |scheme: &str, listener: &TcpListener| {
        format!("{scheme}://{}", listener.local_addr().expect("a bound listener has an address"))
    };
    let (http, secretly) = (url("http", &plain), url("https", &secret));
    let served = Served { plain: http, secret: secretly, streams: url("https", &streams), roots };
    let serving = move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime to be had");
        runtime.block_on(async {
            let (http1, http2) = (Some(acceptors.http1), acceptors.http2);
            tokio::join!(plain::serve(plain, None), plain::serve(secret, http1), streams::serve(streams, http2));
        });
    };
    // It ends with the process.
    thread::spawn(serving);
    announce(&served);
}

fn listener() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port to be had");
    listener.set_nonblocking(true).expect("a listener that need not block");
    listener
}
