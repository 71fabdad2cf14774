//! Compressed answers: decoded within bounds, never a success when something is missing.

use std::io::Write;
use std::num::NonZeroU32;

use compression_codecs::core::util::{PartialBuffer, WriteBuffer};
use compression_codecs::{EncodeV2, GzipEncoder, ZlibEncoder, ZstdEncoder};
use http::header;
use proptest::prelude::*;
use steadfast_pool::{ErrorKind, Pool, PoolConfig, Request};

use crate::chunked::{Answer, Chunked};

/// The codings of this build, and one that is not told by its name: bare deflate data.
const CODINGS: [&str; 5] = ["gzip", "deflate", "raw", "br", "zstd"];

fn encode(coding: &str, plain: &[u8]) -> Vec<u8> {
    fn by(mut encoder: impl EncodeV2, plain: &[u8]) -> Vec<u8> {
        let mut room = vec![0; plain.len() * 2 + 1024];
        let mut output = WriteBuffer::new_initialized(&mut room);
        let mut input = PartialBuffer::new(plain);
        while !input.unwritten().is_empty() {
            encoder.encode(&mut input, &mut output).unwrap();
        }
        while !encoder.finish(&mut output).unwrap() {}
        output.written().to_vec()
    }
    match coding {
        "gzip" => by(GzipEncoder::new(compression_codecs::core::Level::Default.into()), plain),
        "deflate" => by(ZlibEncoder::new(compression_codecs::core::Level::Default.into()), plain),
        "raw" => by(compression_codecs::DeflateEncoder::new(compression_codecs::core::Level::Default.into()), plain),
        "zstd" => by(ZstdEncoder::new(1), plain),
        _ => {
            let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 4, 20);
            writer.write_all(plain).unwrap();
            writer.into_inner()
        }
    }
}

fn answer(coding: &str, coded: &[u8], size: usize) -> Answer {
    let name = if coding == "raw" { "deflate" } else { coding };
    Answer::new(200).header("content-encoding", name).header("content-length", "7").chunks(coded, size)
}

fn pool(config: PoolConfig, answer: Answer) -> (Pool, std::sync::Arc<Chunked>) {
    let transport = Chunked::new([answer]);
    (Pool::builder().config(config.decompress(true)).transport(transport.clone()).build().unwrap(), transport)
}

fn block_on<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

async fn streamed(pool: &Pool) -> Result<Vec<u8>, steadfast_pool::Error> {
    let mut stream = pool.stream(Request::get("http://host/")?).await?;
    let mut all = Vec::new();
    while let Some(chunk) = stream.chunk().await? {
        all.extend_from_slice(&chunk);
    }
    Ok(all)
}

proptest! {
    /// What was encoded is what is decoded, whatever the coding and wherever the bytes are cut.
    #[test]
    fn decoding_gives_back_what_was_encoded(
        coding in proptest::sample::select(CODINGS.to_vec()),
        piece in proptest::collection::vec(any::<u8>(), 0..200),
        times in prop_oneof![0_usize..4, 80_usize..90, Just(16 * 1024)],
        size in 1_usize..3000,
    ) {
        let plain = match times {
            16_384 => vec![b'x'; 32 * 1024],
            times => piece.repeat(times),
        };
        let (pool, transport) = pool(PoolConfig::new(), answer(coding, &encode(coding, &plain), size));
        let response = block_on(pool.execute(Request::get("http://host/").unwrap())).unwrap();
        prop_assert!(response.body() == &plain);
        prop_assert!(response.headers().is_empty());
        prop_assert_eq!(&transport.asked.lock().unwrap()[0][header::ACCEPT_ENCODING], "zstd, br, gzip, deflate");
        prop_assert!(block_on(streamed(&pool)).unwrap() == plain);
    }

    /// Coded data that is cut anywhere is never a success, nor is any that is followed by something else.
    #[test]
    fn what_is_cut_off_is_an_error(
        coding in proptest::sample::select(CODINGS.to_vec()),
        plain in proptest::collection::vec(any::<u8>(), 1..300),
        cut: prop::sample::Index,
        size in 1_usize..300,
    ) {
        let coded = encode(coding, &plain);
        // Of nothing at all, nobody can say that it is cut off: that is the transport's to tell.
        let cut = 1 + cut.index(coded.len() - 1);
        for coded in [&coded[..cut], &[&coded[..], b"garbage"].concat()] {
            let (pool, _) = pool(PoolConfig::new(), answer(coding, coded, size));
            let error = block_on(pool.execute(Request::get("http://host/").unwrap())).unwrap_err();
            prop_assert_eq!(error.kind(), ErrorKind::Decode);
            prop_assert_eq!(block_on(streamed(&pool)).unwrap_err().kind(), ErrorKind::Decode);
        }
    }

    /// No bytes make a decoder panic, loop or give more than was allowed.
    #[test]
    fn any_bytes_are_survived(
        coding in proptest::sample::select(CODINGS.to_vec()),
        bytes: Vec<u8>,
        at: prop::sample::Index,
    ) {
        let mut coded = encode(coding, &[b'x'; 500]);
        let at = at.index(coded.len());
        coded.splice(at.., bytes);
        let (pool, _) = pool(PoolConfig::new().max_body(1000), answer(coding, &coded, 7));
        if let Ok(response) = block_on(pool.execute(Request::get("http://host/").unwrap())) {
            prop_assert!(response.body().len() <= 1000);
        }
    }
}

#[test]
fn a_bomb_is_refused_when_it_is_whole_and_when_it_streams() {
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let bomb = encode(coding, &vec![0; 3 * 1024 * 1024]);
        let (whole, _) = pool(PoolConfig::new().max_body(1024 * 1024), answer(coding, &bomb, 16 * 1024));
        let error = block_on(whole.execute(Request::get("http://host/").unwrap())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{coding}");
        let error = block_on(streamed(&whole)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{coding}");
        assert_eq!(error.to_string(), "GET http://host/: the answer inflates to more than 200 times its size");
        let config = PoolConfig::new().max_inflation(NonZeroU32::MAX);
        let (lenient, _) = pool(config, answer(coding, &bomb, 16 * 1024));
        assert_eq!(block_on(streamed(&lenient)).unwrap().len(), 3 * 1024 * 1024);
        let request = Request::get("http://host/").unwrap().max_body(2_000_000);
        let mut stream = block_on(lenient.stream(request)).unwrap();
        let error = block_on(stream.rest(usize::MAX)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{coding}");
    }
}

#[test]
fn windows_that_are_too_large_are_refused() {
    // A brotli header that asks for a window of 2^30, and a zstd frame that asks for one of 2^27.
    for (coding, coded) in
        [("br", &[0x11, 0x3e, 0, 0, 0][..]), ("zstd", &[0x28, 0xb5, 0x2f, 0xfd, 0, 17 << 3, 1, 0, 0])]
    {
        let (pool, _) = pool(PoolConfig::new(), answer(coding, coded, 100));
        let error = block_on(pool.execute(Request::get("http://host/").unwrap())).unwrap_err();
        assert!(error.to_string().ends_with("coding is damaged"), "{error}");
    }
}

#[test]
fn members_follow_each_other() {
    for coding in ["gzip", "zstd"] {
        let coded = [encode(coding, b"one "), encode(coding, b""), encode(coding, b"two")].concat();
        for size in [1, 7, 1000] {
            let (pool, _) = pool(PoolConfig::new(), answer(coding, &coded, size));
            assert_eq!(block_on(streamed(&pool)).unwrap(), b"one two");
        }
    }
}

#[test]
fn what_was_not_asked_for_is_left_alone() {
    let coded = encode("gzip", b"hello");
    let get = || Request::get("http://host/").unwrap();
    let (pool_, _) = pool(PoolConfig::new(), answer("gzip", &coded, 100));
    let own = get().header(header::ACCEPT_ENCODING, http::HeaderValue::from_static("gzip"));
    let response = block_on(pool_.execute(own)).unwrap();
    assert_eq!(
        (response.body(), &response.headers()["content-encoding"]),
        (&coded.clone().into(), &"gzip".parse().unwrap())
    );
    let off = Pool::builder().transport(Chunked::new([answer("gzip", &coded, 100)])).build().unwrap();
    assert_eq!(block_on(off.execute(get())).unwrap().body(), &coded);
    let head = Request::new(http::Method::HEAD, "http://host/").unwrap();
    let (pool_, _) = pool(PoolConfig::new(), answer("gzip", b"", 100));
    assert_eq!(block_on(pool_.execute(head)).unwrap().headers()["content-length"], "7");
    // Nothing is no coded data, and fine; a coding that nobody knows is not, nor are two.
    assert_eq!(block_on(pool_.execute(get())).unwrap().body().len(), 0);
    for coding in ["rot13", "gzip, gzip"] {
        let (pool, _) = pool(PoolConfig::new(), answer(coding, &coded, 100));
        let error = block_on(pool.execute(get())).unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Decode, false));
        assert_eq!(error.attempts()[0].status, Some(200));
        assert!(!error.to_string().contains(coding), "{error}");
    }
    let (pool_, _) = pool(PoolConfig::new(), Answer::new(200).header("content-encoding", "identity").chunk("plain"));
    assert_eq!(block_on(pool_.execute(get())).unwrap().text(), "plain");
    let (pool_, _) = pool(PoolConfig::new(), answer("x-gzip", &coded, 100));
    assert_eq!(block_on(pool_.execute(get())).unwrap().text(), "hello");
}
