//! Where an upload stands, as a text that outlives the process: protocol, artifact and the upload's URL.

use url::Url;

use super::Protocol;
use crate::artifact::Artifact;
use crate::device::Device;

/// The text for an upload of `artifact` at `url`.
pub(super) fn write(protocol: Protocol, artifact: &Artifact, url: &Url) -> String {
    format!("{protocol} {} {url}", artifact.digest_hex())
}

/// The upload that a text is about; none when it is of another artifact or device, or no such text at all.
pub(super) fn read(token: &str, artifact: &Artifact, device: &Device) -> Option<(Protocol, Url)> {
    let mut words = token.split(' ');
    let protocol = match words.next()? {
        "tus" => Protocol::Tus,
        "draft" => Protocol::Draft,
        _ => return None,
    };
    let same = words.next()? == artifact.digest_hex();
    let url = at_device(device, words.next()?)?;
    (same && words.next().is_none()).then_some((protocol, url))
}

/// A URL that the device gave, absolute or relative to its own address; none when it leads to another origin, where our
/// credentials do not belong.
pub(super) fn at_device(device: &Device, location: &str) -> Option<Url> {
    resolved(device, device.address(), location)
}

/// A URL that is relative to `base`, on the device.
pub(super) fn resolved(device: &Device, base: &Url, location: &str) -> Option<Url> {
    let mut url = base.join(location).ok()?;
    url.set_fragment(None);
    let own = url.origin() == device.address().origin() && url.username().is_empty() && url.password().is_none();
    own.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> Device {
        Device::new("d", "https://10.0.0.7:8443/d/7").unwrap()
    }

    #[test]
    fn a_url_stays_at_its_device() {
        fn check(location: &str, expected: Option<&str>) {
            let base: Url = "https://10.0.0.7:8443/d/7/update".parse().unwrap();
            let url = resolved(&device(), &base, location);
            assert_eq!(url.as_ref().map(Url::as_str), expected, "{location}");
        }
        check("/files/1", Some("https://10.0.0.7:8443/files/1"));
        check("files/1?x=2#here", Some("https://10.0.0.7:8443/d/7/files/1?x=2"));
        check("https://10.0.0.7:8443/files/1", Some("https://10.0.0.7:8443/files/1"));
        check("//10.0.0.7:8443/files/1", Some("https://10.0.0.7:8443/files/1"));
        check("//10.0.0.8:8443/files/1", None);
        check("https://10.0.0.7/files/1", None);
        check("http://10.0.0.7:8443/files/1", None);
        check("https://me:secret@10.0.0.7:8443/files/1", None);
        check("javascript:1", None);
        check("https://", None);
    }

    #[test]
    fn a_token_is_read_back_for_its_own_artifact_and_device() {
        let (artifact, other) = (Artifact::from_bytes("a"), Artifact::from_bytes("b"));
        let url: Url = "https://10.0.0.7:8443/files/1".parse().unwrap();
        for protocol in [Protocol::Tus, Protocol::Draft] {
            let token = write(protocol, &artifact, &url);
            assert_eq!(read(&token, &artifact, &device()), Some((protocol, url.clone())));
            assert_eq!(read(&token, &other, &device()), None);
            assert_eq!(read(&token, &artifact, &Device::new("d", "https://10.0.0.8:8443").unwrap()), None);
            assert_eq!(read(&format!("{token} more"), &artifact, &device()), None);
        }
        for text in ["", "tus", "tus x", "other x https://10.0.0.7:8443/"] {
            assert_eq!(read(text, &artifact, &device()), None, "{text}");
        }
    }
}
