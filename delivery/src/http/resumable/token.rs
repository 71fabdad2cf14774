//! Where an upload stands, as a text that outlives the process: protocol, artifact and the upload's URL.

use url::Url;

use super::Protocol;
use crate::artifact::Artifact;
use crate::device::{Device, told_url};

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
    let url = told_url(device, device.address(), words.next()?)?;
    (same && words.next().is_none()).then_some((protocol, url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> Device {
        Device::new("d", "https://10.0.0.7:8443/d/7").unwrap()
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
