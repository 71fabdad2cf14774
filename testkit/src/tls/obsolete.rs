//! What servers send that a client of today must refuse: an answer in TLS 1.1, and a fatal alert.

/// A `ServerHello` of TLS 1.1 (RFC 4346), whatever the client said.
///
/// It is the same for every client: it resumes nothing, and has no extensions, which that version does without.
pub(super) const SERVER_HELLO: [u8; 47] = {
    let mut hello = [0; 47];
    let head: [u8; 11] = [
        0x16, // a record of the handshake
        0x03, 0x02, // in TLS 1.1
        0x00, 0x2a, // of 42 bytes:
        0x02, // a ServerHello
        0x00, 0x00, 0x26, // of 38 bytes:
        0x03, 0x02, // which chooses TLS 1.1; 32 bytes of randomness follow
    ];
    let tail: [u8; 4] = [
        0x00, // no session
        0x00, 0x2f, // TLS_RSA_WITH_AES_128_CBC_SHA
        0x00, // no compression
    ];
    let mut i = 0;
    while i < hello.len() {
        hello[i] = if i < 11 {
            head[i]
        } else if i < 43 {
            // Any bytes will do, but not the ones with which TLS 1.3 marks a downgrade (RFC 8446, section 4.1.3).
            0x5a
        } else {
            tail[i - 43]
        };
        i += 1;
    }
    hello
};

/// A fatal alert (RFC 8446, section 6) of this description.
pub(super) fn alert(description: u8) -> [u8; 7] {
    // A record of alerts, in the version that all records claim, of two bytes: fatal, and what for.
    [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, description]
}
