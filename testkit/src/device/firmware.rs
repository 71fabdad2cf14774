//! What a simulated device runs.

/// The image that a device runs, and how many it got.
#[derive(Debug)]
pub(super) struct Firmware {
    version: String,
    image: Option<[u8; 32]>,
    images: u64,
}

impl Firmware {
    pub(super) fn new(version: String) -> Self {
        Self { version, image: None, images: 0 }
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    pub(super) fn image(&self) -> Option<[u8; 32]> {
        self.image
    }

    pub(super) fn images(&self) -> u64 {
        self.images
    }

    /// An image came whole.
    pub(super) fn came(&mut self) {
        self.images += 1;
    }

    /// It runs from now on.
    pub(super) fn install(&mut self, version: Option<&str>, image: [u8; 32]) {
        if let Some(version) = version {
            version.clone_into(&mut self.version);
        }
        self.image = Some(image);
    }
}
