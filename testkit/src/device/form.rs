//! Taking a form of several parts apart (RFC 7578), once it came whole.

/// One part.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) kind: String,
    pub(super) body: Vec<u8>,
}

/// The parts, in order; what is wrong with the form otherwise.
pub(super) fn read(content_type: &str, body: &[u8]) -> Result<Vec<Part>, &'static str> {
    let mut parameters = content_type.split(';').map(str::trim);
    if !parameters.next().is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/form-data")) {
        return Err("the body is no multipart/form-data");
    }
    let boundary =
        parameters.find_map(|parameter| parameter.strip_prefix("boundary=")).ok_or("there is no boundary")?;
    let (open, next) = (format!("--{}", boundary.trim_matches('"')), format!("\r\n--{}", boundary.trim_matches('"')));
    let mut rest = body.strip_prefix(open.as_bytes()).ok_or("the form does not begin with its boundary")?;
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        rest = rest.strip_prefix(b"\r\n").ok_or("a boundary does not end its line")?;
        let head = find(rest, b"\r\n\r\n").ok_or("a part has no head")?;
        let mut part = head_of(&rest[..head])?;
        rest = &rest[head + 4..];
        let end = find(rest, next.as_bytes()).ok_or("a part has no end")?;
        part.body = rest[..end].to_vec();
        rest = &rest[end + next.len()..];
        parts.push(part);
    }
}

fn head_of(head: &[u8]) -> Result<Part, &'static str> {
    let mut part = Part::default();
    let head = std::str::from_utf8(head).map_err(|_| "the head of a part is not text")?;
    for (name, value) in head.split("\r\n").filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-type") {
            value.clone_into(&mut part.kind);
        } else if name.eq_ignore_ascii_case("content-disposition") {
            for parameter in value.split(';').map(str::trim) {
                let unquoted = |text: &str| text.trim_matches('"').to_owned();
                if let Some(name) = parameter.strip_prefix("name=") {
                    part.name = unquoted(name);
                } else if let Some(name) = parameter.strip_prefix("filename=") {
                    part.file_name = Some(unquoted(name));
                }
            }
        }
    }
    if part.name.is_empty() { Err("a part has no name") } else { Ok(part) }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_apart() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\r\n--x\r\n\
            Content-Disposition: form-data; name=\"b\"; filename=\"f.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\
            \r\n--y\r\n--x--\r\n";
        let parts = read("multipart/form-data; boundary=x", body).unwrap();
        assert_eq!((parts[0].name.as_str(), &parts[0].body[..]), ("a", &b"1\r\n"[..]));
        assert_eq!((parts[1].file_name.as_deref(), &parts[1].body[..]), (Some("f.bin"), &b"\r\n--y"[..]));
        assert_eq!((parts.len(), parts[1].kind.as_str()), (2, "application/octet-stream"));
        assert!(read("multipart/form-data; boundary=z", body).is_err());
        assert!(read("multipart/form-data", body).is_err());
        assert!(read("text/plain", body).is_err());
        assert!(read("multipart/form-data; boundary=x", &body[..body.len() - 8]).is_err());
    }
}
