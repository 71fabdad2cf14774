//! Proxies, met byte for byte.

use steadfast_testkit::{DeadPort, Proxy, ProxyBuilder, ProxyFault, ProxyOutcome, Reply, Script, Server};

use crate::client::{Client, End, get, post, until};

async fn hello() -> Server {
    Server::start(Script::new().always(Reply::status(200).body("hello"))).await.unwrap()
}

fn outcomes(proxy: &Proxy) -> Vec<ProxyOutcome> {
    proxy.seen().into_iter().map(|seen| seen.outcome).collect()
}

mod http {
    use super::*;

    async fn connect(proxy: &Proxy, target: &str, fields: &str) -> (Client, u16) {
        let mut client = Client::dial(proxy.addr()).await;
        client.send(format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n{fields}\r\n").as_bytes()).await;
        let status = client.answer().await.unwrap().status;
        (client, status)
    }

    #[tokio::test]
    async fn requests_are_forwarded() {
        let server = hello().await;
        let proxy = Proxy::http().resolve("api.test", server.addr()).start().await.unwrap();
        let mut client = Client::dial(proxy.addr()).await;
        let request = post("http://api.test/a?b", &[("proxy-connection", "keep-alive"), ("x-one", "1")], "body");
        client.send(request.as_bytes()).await;
        assert_eq!(client.answer().await.unwrap().text(), "hello");
        assert_eq!(client.end().await, End::Closed);
        let seen = server.seen().remove(0);
        assert_eq!((seen.path.as_str(), seen.text().as_str(), seen.headers.get("x-one")), ("/a?b", "body", Some("1")));
        assert!(!seen.headers.contains("proxy-connection"));
        let asked = proxy.seen().remove(0);
        assert_eq!((asked.host.as_str(), asked.port, asked.tunnel), ("api.test", 80, false));
        assert_eq!((proxy.opened(), proxy.url()), (1, format!("http://{}", proxy.addr())));
    }

    #[tokio::test]
    async fn tunnels_carry_what_they_are_given() {
        let server = hello().await;
        let proxy = Proxy::http().start().await.unwrap();
        let (mut client, status) = connect(&proxy, &server.addr().to_string(), "").await;
        assert_eq!(status, 200);
        for _ in 0..2 {
            client.send(get("/").as_bytes()).await;
            assert_eq!(client.answer().await.unwrap().text(), "hello");
        }
        assert_eq!((server.connections(), proxy.connections()), (1, 1));
        let asked = proxy.seen().remove(0);
        assert_eq!((asked.host.as_str(), asked.port, asked.tunnel), ("127.0.0.1", server.addr().port(), true));
        drop(client);
        until(|| proxy.open_connections() == 0 && server.open_connections() == 0).await;
    }

    #[tokio::test]
    async fn credentials_are_asked_for() {
        let server = hello().await;
        let proxy = Proxy::http().credentials("user", "pass").start().await.unwrap();
        let target = server.addr().to_string();
        // "user:pass" and "user:past" in base64.
        for (fields, expected) in [
            ("", 407),
            ("proxy-authorization: Basic dXNlcjpwYXN0\r\n", 407),
            ("proxy-authorization: Bearer dXNlcjpwYXNz\r\n", 407),
            ("proxy-authorization: basic dXNlcjpwYXNz\r\n", 200),
        ] {
            assert_eq!(connect(&proxy, &target, fields).await.1, expected, "{fields}");
        }
        use ProxyOutcome::{Opened, Unauthorized};
        assert_eq!(outcomes(&proxy), [Unauthorized, Unauthorized, Unauthorized, Opened]);
        assert!(!format!("{proxy:?} {:?}", Proxy::http().credentials("user", "pass")).contains("pass"));
    }

    #[tokio::test]
    async fn nothing_leaves_the_machine() {
        let proxy = Proxy::http().resolve("far.test", ([192, 0, 2, 1], 80).into()).start().await.unwrap();
        let dead = DeadPort::refusing().unwrap().addr().to_string();
        for target in ["far.test:80", "192.0.2.1:80", "unknown.test:80", &dead] {
            assert_eq!(connect(&proxy, target, "").await.1, 502, "{target}");
        }
        assert!(outcomes(&proxy).iter().all(|outcome| *outcome == ProxyOutcome::Unreachable));
        for wrong in ["nonsense", "http://:1/", "/"] {
            let mut client = Client::dial(proxy.addr()).await;
            client.send(get(wrong).as_bytes()).await;
            assert_eq!(client.answer().await.unwrap().status, 400, "{wrong}");
        }
    }

    #[tokio::test]
    async fn faults_strike_as_often_as_asked() {
        let server = hello().await;
        let target = server.addr().to_string();
        let proxy = Proxy::http().fault_times(2, ProxyFault::Refuse(403)).start().await.unwrap();
        for expected in [403, 403, 200] {
            assert_eq!(connect(&proxy, &target, "").await.1, expected);
        }
        assert_eq!((proxy.opened(), outcomes(&proxy)[0]), (1, ProxyOutcome::Faulted));
        let end = async |fault: ProxyFault| {
            let proxy = Proxy::http().fault(fault).start().await.unwrap();
            let mut client = Client::dial(proxy.addr()).await;
            client.send(format!("CONNECT {target} HTTP/1.1\r\n\r\n").as_bytes()).await;
            let end = client.end().await;
            (end, client.pending().is_empty())
        };
        assert_eq!(end(ProxyFault::Close).await, (End::Closed, true));
        assert_eq!(end(ProxyFault::Reset).await, (End::Reset, true));
        assert_eq!(end(ProxyFault::Garbage).await, (End::Closed, false));
    }

    #[tokio::test]
    async fn a_hanging_proxy_hangs_until_the_client_goes() {
        let proxy = Proxy::http().fault(ProxyFault::Hang).start().await.unwrap();
        let mut client = Client::dial(proxy.addr()).await;
        client.send(b"CONNECT localhost:1 HTTP/1.1\r\n\r\n").await;
        until(|| proxy.seen().len() == 1).await;
        assert_eq!(proxy.open_connections(), 1);
        drop(client);
        until(|| proxy.open_connections() == 0).await;
    }

    #[tokio::test]
    async fn a_tunnel_is_cut() {
        let server = hello().await;
        let proxy = Proxy::http().fault(ProxyFault::CutAfter(10)).start().await.unwrap();
        let (mut client, status) = connect(&proxy, &server.addr().to_string(), "").await;
        assert_eq!((status, proxy.opened()), (200, 1));
        client.send(get("/").as_bytes()).await;
        assert_eq!(client.end().await, End::Reset);
        assert!("HTTP/1.1 2".starts_with(&client.pending()));
    }
}

mod socks {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    /// Sends each message and reads an answer of the given length.
    async fn talk(proxy: &Proxy, messages: &[(&[u8], usize)]) -> (TcpStream, Vec<Vec<u8>>) {
        let mut socket = TcpStream::connect(proxy.addr()).await.unwrap();
        let mut answers = Vec::new();
        for (message, length) in messages {
            socket.write_all(message).await.unwrap();
            let mut answer = vec![0; *length];
            socket.read_exact(&mut answer).await.unwrap();
            answers.push(answer);
        }
        (socket, answers)
    }

    fn by_name(name: &str, port: u16) -> Vec<u8> {
        let mut message = vec![5, 1, 0, 3, u8::try_from(name.len()).unwrap()];
        message.extend_from_slice(name.as_bytes());
        message.extend_from_slice(&port.to_be_bytes());
        message
    }

    const GREETING: (&[u8], usize) = (&[5, 1, 0], 2);

    async fn start(builder: ProxyBuilder) -> Proxy {
        builder.start().await.unwrap()
    }

    #[tokio::test]
    async fn names_and_addresses_are_reached() {
        let server = hello().await;
        let proxy = start(Proxy::socks5().resolve("api.test", server.addr())).await;
        let mut by_addr = vec![5, 1, 0, 1, 127, 0, 0, 1];
        by_addr.extend_from_slice(&server.addr().port().to_be_bytes());
        for request in [by_name("api.test", 443), by_addr] {
            let (mut socket, answers) = talk(&proxy, &[GREETING, (&request, 10)]).await;
            assert_eq!((&answers[0][..], &answers[1][..2]), (&[5, 0][..], &[5, 0][..]));
            socket.write_all(b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            socket.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with("hello"), "{answer}");
        }
        let seen = proxy.seen();
        assert_eq!((seen[0].host.as_str(), seen[0].port, seen[0].tunnel), ("api.test", 443, true));
        assert_eq!((seen[1].host.as_str(), seen[1].port), ("127.0.0.1", server.addr().port()));
        assert_eq!(proxy.url(), format!("socks5h://{}", proxy.addr()));
        let v6: Vec<u8> = [&[5, 1, 0, 4][..], &[0; 15], &[1], &[0, 0]].concat();
        assert_eq!(talk(&proxy, &[GREETING, (&v6, 10)]).await.1[1][1], 4);
        assert_eq!(proxy.seen()[2].host, "::1");
    }

    #[tokio::test]
    async fn credentials_are_asked_for() {
        let server = hello().await;
        let proxy = start(Proxy::socks5().credentials("user", "pass").resolve("api.test", server.addr())).await;
        assert_eq!(talk(&proxy, &[GREETING]).await.1, [[5, 0xff]]);
        let both: (&[u8], usize) = (&[5, 2, 0, 2], 2);
        assert_eq!(talk(&proxy, &[both, (b"\x01\x04user\x04past", 2)]).await.1, [[5, 2], [1, 1]]);
        let request = by_name("api.test", 80);
        let (_, answers) = talk(&proxy, &[both, (b"\x01\x04user\x04pass", 2), (&request, 10)]).await;
        assert_eq!((&answers[1][..], answers[2][1]), (&[1, 0][..], 0));
        use ProxyOutcome::{Opened, Unauthorized};
        assert_eq!(outcomes(&proxy), [Unauthorized, Unauthorized, Opened]);
    }

    #[tokio::test]
    async fn what_is_not_to_be_had_has_its_code() {
        let proxy = start(Proxy::socks5()).await;
        let code = async |proxy: &Proxy, request: &[u8]| talk(proxy, &[GREETING, (request, 10)]).await.1[1][1];
        assert_eq!(code(&proxy, &by_name("unknown.test", 80)).await, 4);
        let mut bind = by_name("localhost", 80);
        bind[1] = 2;
        assert_eq!(code(&proxy, &bind).await, 7);
        assert_eq!(code(&proxy, &[5, 1, 0, 9]).await, 8);
        let refusing = start(Proxy::socks5().fault(ProxyFault::Refuse(2))).await;
        assert_eq!(code(&refusing, &by_name("localhost", 80)).await, 2);
        assert_eq!(outcomes(&refusing), [ProxyOutcome::Faulted]);
    }

    #[tokio::test]
    async fn it_breaks_in_the_middle_of_the_handshake() {
        for (fault, expected) in [(ProxyFault::Close, Some(0)), (ProxyFault::Reset, None)] {
            let proxy = start(Proxy::socks5().fault(fault)).await;
            let mut socket = TcpStream::connect(proxy.addr()).await.unwrap();
            socket.write_all(&[5, 1, 0]).await.unwrap();
            assert_eq!(socket.read(&mut [0; 9]).await.ok(), expected, "{fault:?}");
        }
        let proxy = start(Proxy::socks5()).await;
        let mut socket = TcpStream::connect(proxy.addr()).await.unwrap();
        socket.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let _closed_or_reset = socket.read(&mut [0; 9]).await;
        assert!(proxy.seen().is_empty());
    }
}
