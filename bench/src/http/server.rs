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
    let (plain, streams) = (listener(), listener());
    let (acceptor, roots) = certificate::made();
    let url = |scheme: &str, listener: &TcpListener| {
        format!("{scheme}://{}", listener.local_addr().expect("a bound listener has an address"))
    };
    let served = Served { plain: url("http", &plain), streams: url("https", &streams), roots };
    let serving = move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime to be had");
        runtime.block_on(async {
            tokio::join!(plain::serve(plain), streams::serve(streams, acceptor));
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
