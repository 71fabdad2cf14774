//! Ports without a server.

use std::io::ErrorKind;

use steadfast_testkit::DeadPort;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_refusing_port_refuses_and_is_nobody_elses() {
    let port = DeadPort::refusing().unwrap();
    for _ in 0..3 {
        assert_eq!(TcpStream::connect(port.addr()).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
    assert_eq!(std::net::TcpListener::bind(port.addr()).unwrap_err().kind(), ErrorKind::AddrInUse);
    assert_eq!(port.url(), format!("http://{}", port.addr()));
}

#[tokio::test]
async fn a_silent_port_says_nothing() {
    let port = DeadPort::silent().unwrap();
    let mut socket = TcpStream::connect(port.addr()).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(socket.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(port);
    assert!(socket.readable().await.is_ok());
    assert_ne!(socket.try_read(&mut [0]).map_err(|error| error.kind()), Err(ErrorKind::WouldBlock));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_port_leaves_dials_hanging() {
    let port = DeadPort::full().unwrap();
    let dial = tokio::spawn(TcpStream::connect(port.addr()));
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(!dial.is_finished());
    dial.abort();
}
