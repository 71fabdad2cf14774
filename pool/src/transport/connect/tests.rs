//! Parts of connecting, each against an other side that does as it is told.

use std::io::{Error, ErrorKind as IoKind};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::{ManualClock, shared};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::socks::Destination;
use super::*;
use crate::proxy::Credentials;

fn addresses(list: &str) -> Vec<IpAddr> {
    list.split_whitespace().map(|address| address.parse().unwrap()).collect()
}

#[test]
fn families_take_turns() {
    for (given, expected) in [
        ("", ""),
        ("192.0.2.1", "192.0.2.1"),
        ("::1 ::2 192.0.2.1 192.0.2.2", "::1 192.0.2.1 ::2 192.0.2.2"),
        ("192.0.2.1 192.0.2.2 192.0.2.3 ::1", "192.0.2.1 ::1 192.0.2.2 192.0.2.3"),
    ] {
        assert_eq!(eyeballs::in_turn(addresses(given)), addresses(expected));
    }
}

proptest! {
    /// Ordering the addresses of a host loses none and keeps the order within each family.
    #[test]
    fn no_address_is_lost(given: Vec<IpAddr>) {
        let ordered = eyeballs::in_turn(given.clone());
        for family in [IpAddr::is_ipv4, IpAddr::is_ipv6] {
            let of = |list: &[IpAddr]| list.iter().copied().filter(family).collect::<Vec<_>>();
            prop_assert_eq!(of(&given), of(&ordered));
        }
    }
}

/// Dials made-up addresses: 0 connects at once, 1 is refused at once, 2 hangs.
async fn race(addresses: &[u8], clock: &ManualClock) -> (Vec<u8>, Result<u8, Vec<u8>>) {
    let tried = Mutex::new(Vec::new());
    let timer = shared(clock.clone());
    let dial = |address: u8| {
        tried.lock().unwrap().push(address);
        async move {
            match address {
                0 => Ok(address),
                1 => Err(address),
                _ => std::future::pending().await,
            }
        }
    };
    let racing = eyeballs::first(&timer, addresses.to_vec(), dial);
    let moving = async {
        loop {
            if clock.waiting() > 0 {
                clock.advance(Duration::from_millis(250));
            }
            tokio::task::yield_now().await;
        }
    };
    let won = tokio::select! { won = racing => won, () = moving => unreachable!() };
    (tried.into_inner().unwrap(), won)
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_fails_or_takes_its_time() {
    for (given, tried, won) in [
        (&[0, 1][..], &[0][..], Ok(0)),
        (&[1, 0], &[1, 0], Ok(0)),
        (&[2, 0], &[2, 0], Ok(0)),
        (&[2, 2, 1, 0, 0], &[2, 2, 1, 0], Ok(0)),
        (&[1, 1], &[1, 1], Err(vec![1, 1])),
        (&[], &[], Err(vec![])),
    ] {
        assert_eq!(race(given, &ManualClock::new()).await, (tried.to_vec(), won), "{given:?}");
    }
}

#[tokio::test]
async fn a_head_start_is_a_quarter_of_a_second_and_ends_with_a_failure() {
    let clock = ManualClock::new();
    let begun = clock.now();
    race(&[2, 2, 0], &clock).await.1.unwrap();
    assert_eq!(clock.now().since(begun), Duration::from_millis(500));
    race(&[1, 1, 1, 0], &clock).await.1.unwrap();
    assert_eq!(clock.now().since(begun), Duration::from_millis(500));
}

#[test]
fn a_refusal_says_more_than_no_way() {
    let failures = |kinds: &[IoKind]| kinds.iter().map(|kind| Error::from(*kind)).collect();
    for (kinds, expected) in [
        (&[IoKind::ConnectionRefused, IoKind::NetworkUnreachable][..], Some(IoKind::ConnectionRefused)),
        (&[IoKind::NetworkUnreachable, IoKind::TimedOut], Some(IoKind::TimedOut)),
        (&[IoKind::TimedOut, IoKind::ConnectionReset], Some(IoKind::ConnectionReset)),
        (&[], None),
    ] {
        assert_eq!(eyeballs::most_telling(failures(kinds)).map(|error| error.kind()), expected);
    }
}

fn me() -> Credentials {
    Credentials { user: "me".into(), password: "canary".into() }
}

/// Another side that expects the first of each pair and answers with the second, then echoes nothing.
async fn scripted(mut io: DuplexStream, script: Vec<(Vec<u8>, Vec<u8>)>) {
    for (expected, answer) in script {
        let mut heard = vec![0; expected.len()];
        io.read_exact(&mut heard).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&heard), String::from_utf8_lossy(&expected));
        io.write_all(&answer).await.unwrap();
    }
}

async fn connect(answer: &[u8], credentials: Option<&Credentials>) -> Result<(), TransportError> {
    let (mut here, there) = duplex(64 * 1024);
    let value = credentials.map(tunnel::basic);
    let told = match credentials {
        Some(_) => "Proxy-Authorization: Basic bWU6Y2FuYXJ5\r\n",
        None => "",
    };
    let request = format!("CONNECT host:443 HTTP/1.1\r\nHost: host:443\r\n{told}\r\n");
    let script = scripted(there, vec![(request.into_bytes(), answer.to_vec())]);
    tokio::join!(tunnel::open(&mut here, "host", 443, value.as_ref()), script).0
}

#[tokio::test]
async fn what_a_proxy_answers_to_connect() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(20_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(1000));
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\n\r\n", None),
        ("HTTP/1.0 200 Connection established\r\nvia: x\r\n\r\n", None),
        ("HTTP/1.1 299 \r\n\r\n", None),
        (
            "HTTP/1.1 407 Canary\r\ncontent-length: 6\r\n\r\ncanary",
            Some("it answered 407 to CONNECT: it wants credentials"),
        ),
        ("HTTP/1.1 502 Canary\r\n\r\n", Some("it answered 502 to CONNECT")),
        ("HTTP/1.1 101 Canary\r\n\r\n", Some("it answered 101 to CONNECT")),
        ("HTTP/1.1 200 OK\r\n\r\ncanary", Some("it sent more than an answer")),
        ("HTTP/1.1 200", Some("it closed the connection before an answer")),
        ("", Some("it closed the connection before an answer")),
        ("SSH-2.0-canary\r\n", Some("it does not speak valid HTTP")),
        (&long, Some("the head of its answer is too long")),
        (&many, Some("it does not speak valid HTTP")),
    ] {
        let result = connect(answer.as_bytes(), None).await;
        match (result, expected) {
            (Ok(()), None) => {}
            (Err(error), Some(expected)) => {
                assert_eq!((error.kind, error.reached), (TransportErrorKind::Proxy, Reached::NotConnected));
                assert_eq!(error.to_string(), format!("the proxy failed: {expected}"));
                assert!(!format!("{error:?}").contains("anary"), "{error:?}");
            }
            (result, _) => panic!("{answer}: {result:?}"),
        }
    }
    let error = connect(b"HTTP/1.1 407 X\r\n\r\n", Some(&me())).await.unwrap_err();
    assert_eq!(error.to_string(), "the proxy failed: it answered 407 to CONNECT: it refuses the credentials");
    assert!(!format!("{:?}", Forward { authorization: Some(tunnel::basic(&me())) }).contains("bWU6"));
}

#[tokio::test]
async fn an_address_has_brackets_in_connect() {
    let (mut here, there) = duplex(1024);
    let request = b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n".to_vec();
    let script = scripted(there, vec![(request, b"HTTP/1.1 200 OK\r\n\r\n".to_vec())]);
    tokio::join!(tunnel::open(&mut here, "::1", 443, None), script).0.unwrap();
}

proptest! {
    /// Whatever a proxy answers to CONNECT or to SOCKS, the end is a tunnel or a failure of the proxy.
    #[test]
    fn any_answer_of_a_proxy_is_judged(answer: Vec<u8>, http: bool) {
        let answer = if http { [b"HTTP/1.1 200 ", &*answer].concat() } else { answer };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for socks in [false, true] {
                let (mut here, mut there) = duplex(64 * 1024);
                there.write_all(&answer).await.unwrap();
                there.shutdown().await.unwrap();
                let result = match socks {
                    true => socks::open(&mut here, Destination::Name("host"), 1, Some(&me())).await,
                    false => tunnel::open(&mut here, "host", 1, None).await,
                };
                assert!(result.is_ok() || result.is_err_and(|error| error.kind == TransportErrorKind::Proxy));
            }
        });
    }
}

/// What is expected, and what is answered.
type Script<'b> = &'b [(&'b [u8], &'b [u8])];

async fn socks(to: &str, credentials: Option<&Credentials>, script: &[(&[u8], &[u8])]) -> Result<(), TransportError> {
    let (mut here, there) = duplex(1024);
    let script = script.iter().map(|(expected, answer)| (expected.to_vec(), answer.to_vec())).collect();
    tokio::join!(socks::open(&mut here, Destination::of(to), 443, credentials), scripted(there, script)).0
}

const OPEN: &[u8] = &[5, 0];
const BOUND: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

#[tokio::test]
async fn a_socks_proxy_is_asked_as_the_document_has_it() {
    let hello: &[u8] = &[5, 1, 0];
    let (v4, name) = (&[5, 1, 0, 1, 192, 0, 2, 1, 1, 187][..], b"\x05\x01\x00\x03\x04host\x01\xbb");
    let v6 = &[&[5, 1, 0, 4][..], &[0; 15], &[9, 1, 187]].concat()[..];
    socks("192.0.2.1", None, &[(hello, OPEN), (v4, BOUND)]).await.unwrap();
    socks("::9", None, &[(hello, OPEN), (v6, &[&[5, 0, 0, 4][..], &[0; 18]].concat())]).await.unwrap();
    socks("host", None, &[(hello, OPEN), (name, b"\x05\x00\x00\x03\x02ab\x00\x00")]).await.unwrap();
    let hello: &[u8] = &[5, 2, 0, 2];
    socks("host", Some(&me()), &[(hello, OPEN), (name, BOUND)]).await.unwrap();
    let (secret, accepted): (&[u8], &[u8]) = (b"\x01\x02me\x06canary", &[1, 0]);
    socks("host", Some(&me()), &[(hello, &[5, 2]), (secret, accepted), (name, BOUND)]).await.unwrap();
}

#[tokio::test]
async fn what_a_socks_proxy_refuses() {
    let (hello, both): (&[u8], &[u8]) = (&[5, 1, 0], &[5, 2, 0, 2]);
    let (name, secret): (&[u8], &[u8]) = (b"\x05\x01\x00\x03\x04host\x01\xbb", b"\x01\x02me\x06canary");
    let cases: [(_, Script<'_>, _); 11] = [
        (None, &[(hello, &[5, 255])], "it wants credentials"),
        (None, &[(hello, &[5, 2])], "it wants credentials"),
        (Some(me()), &[(both, &[5, 255])], "it takes no user and password"),
        (Some(me()), &[(both, &[5, 2]), (secret, &[1, 1])], "it refuses the credentials"),
        (None, &[(hello, b"HT")], "it does not speak SOCKS 5"),
        (None, &[(hello, &[4, 0])], "it does not speak SOCKS 5"),
        (None, &[(hello, OPEN), (name, &[5, 2, 0, 1])], "its answer is 2: the connection is not allowed"),
        (None, &[(hello, OPEN), (name, &[5, 4, 0, 1])], "its answer is 4: the host is unreachable"),
        (None, &[(hello, OPEN), (name, &[5, 99, 0, 1])], "its answer is 99, which has no meaning"),
        (None, &[(hello, OPEN), (name, &[5, 0, 0, 9])], "it does not speak SOCKS 5"),
        (None, &[(hello, &[5])], "the connection to it was lost"),
    ];
    for (credentials, script, expected) in cases {
        let error = socks("host", credentials.as_ref(), script).await.unwrap_err();
        assert_eq!((error.kind, error.reached), (TransportErrorKind::Proxy, Reached::NotConnected));
        assert_eq!(error.to_string(), format!("the proxy failed: {expected}"));
        assert!(!format!("{error:?}").contains("canary"));
    }
    let long = "x".repeat(256);
    let error = socks(&long, None, &[(hello, OPEN)]).await.unwrap_err();
    assert!(error.to_string().contains("longer than the 255 bytes"), "{error}");
}

#[tokio::test]
async fn names_are_those_told_then_the_resolvers() {
    #[derive(Debug)]
    struct Other;
    impl crate::resolve::Resolve for Other {
        fn resolve(&self, host: &str) -> crate::resolve::ResolveFuture {
            let found = if host == "empty" { Vec::new() } else { addresses("192.0.2.9") };
            Box::pin(async { Ok(found) })
        }
    }
    let config = PoolConfig::new()
        .resolve("Host", addresses("192.0.2.1"))
        .resolve("host:8443", addresses("192.0.2.2 ::1"))
        .resolver(Arc::new(Other));
    let names = Names::new(&config.connecting);
    for (host, port, expected) in
        [("host", 443, "192.0.2.1"), ("host", 8443, "192.0.2.2 ::1"), ("other", 443, "192.0.2.9"), ("empty", 443, "")]
    {
        assert_eq!(names.of(host, port).await.unwrap(), addresses(expected));
    }
    let connector = Connector::new(&config, &shared(ManualClock::new())).unwrap();
    let error = connector.addresses("empty", 1).await.unwrap_err();
    assert_eq!(error.to_string(), "the host name does not resolve: it has no address");
}

#[tokio::test]
async fn sockets_are_set_up_as_asked() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let config = PoolConfig::new().local_address("127.0.0.1".parse().unwrap());
    let socket = Sockets::new(&config.connecting).dial(at).await.unwrap();
    let looked = socket2::SockRef::from(&socket);
    assert!(socket.nodelay().unwrap() && looked.keepalive().unwrap());
    assert_eq!(looked.tcp_keepalive_time().unwrap(), Duration::from_secs(15));
    let socket = Sockets::new(&PoolConfig::new().tcp_keepalive(None).connecting).dial(at).await.unwrap();
    assert!(!socket2::SockRef::from(&socket).keepalive().unwrap());
    let connector = Connector::new(&config, &shared(ManualClock::new())).unwrap();
    let error = connector.dial("::1", at.port()).await.unwrap_err();
    assert!(error.to_string().contains("no address of the family"), "{error}");
}

#[tokio::test]
async fn the_dial_limit_covers_the_proxy_and_tls_has_its_own() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let clock = ManualClock::new();
    let quiet = Proxy::new(&format!("socks5h://{at}")).unwrap();
    for (proxies, expected) in [
        (Proxies::none().all(quiet), TransportErrorKind::DialTimeout),
        (Proxies::none(), TransportErrorKind::TlsTimeout),
    ] {
        let config = PoolConfig::new().proxies(proxies).resolve("host", [at.ip()]);
        let connector = Connector::new(&config, &shared(clock.clone())).unwrap();
        let target = Target { https: true, host: "host".into(), port: at.port() };
        let moving = async {
            let _quiet = listener.accept().await.unwrap();
            loop {
                clock.advance(Duration::from_secs(1));
                tokio::task::yield_now().await;
            }
        };
        let result = tokio::select! { result = connector.connect(&target) => result, () = moving => unreachable!() };
        assert_eq!(result.unwrap_err().kind, expected);
    }
}
