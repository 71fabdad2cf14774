//! Which redirects are followed.

/// Which redirects are followed (RFC 9110, section 15.4). The default follows up to 10 of them in a row.
///
/// | status | followed |
/// |---|---|
/// | 301, 302 | GET, HEAD and other safe methods as they are; POST as GET, only [if asked for](Self::post_as_get); others not |
/// | 303 | as GET without a body; HEAD as HEAD |
/// | 307, 308 | method and body as they are; not when the body can be sent only once |
/// | others | not |
///
/// **Credentials never leave their origin**: to another scheme, host or port goes only a request without body and
/// credentials. Credentials are `authorization`, `cookie`, headers whose name speaks of keys, tokens, secrets, passwords,
/// sessions or authentication, such as `x-api-key`, and those whose value is marked as sensitive; of the request and of
/// the default headers of its host, which are never taken along: the next host has its own. From https to http nothing is followed.
///
/// What is not followed is the answer, and so is a redirect without a `Location`, or with one that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Redirects {
    pub(crate) max: u32,
    pub(crate) post_as_get: bool,
}

impl Default for Redirects {
    fn default() -> Self {
        Self::up_to(10)
    }
}

impl Redirects {
    /// None: every redirect is the answer.
    pub fn none() -> Self {
        Self::up_to(0)
    }

    /// Up to `max` in a row; one more is an error.
    pub fn up_to(max: u32) -> Self {
        Self { max, post_as_get: false }
    }

    /// A POST that is answered with 301 or 302 goes on as GET without a body, as browsers do.
    pub fn post_as_get(mut self) -> Self {
        self.post_as_get = true;
        self
    }
}
