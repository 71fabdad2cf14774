//! Records of devices, fetched from the store in pages as their turn comes; never all are held.

use crate::store::{Place, Target};

/// How many records are fetched at a time.
pub(super) const PAGE: usize = 256;

/// Records that were fetched before they were asked for.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// The place of the first.
    first: u32,
    page: Vec<Option<Target>>,
}

impl Shelf {
    /// Takes a record out, if it is there.
    pub(super) fn take(&mut self, place: Place) -> Option<Target> {
        let index = place.0.checked_sub(self.first)?;
        self.page.get_mut(index as usize)?.take()
    }

    /// Whether a record is there.
    pub(super) fn has(&self, place: Place) -> bool {
        let index = place.0.checked_sub(self.first);
        index.and_then(|index| self.page.get(index as usize)).is_some_and(Option::is_some)
    }

    /// Keeps records of places that follow each other, instead of those before.
    pub(super) fn put(&mut self, targets: Vec<Target>) {
        self.first = targets.first().map_or(0, |target| target.place.0);
        self.page = targets.into_iter().map(Some).collect();
    }

    /// What is to be fetched when `wanted` are missing: these, and when they lie together those that follow them, up to a
    /// page and below `total`.
    pub(super) fn page_of(wanted: &[Place], total: u32) -> Vec<Place> {
        let mut places = wanted.to_vec();
        let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { return places };
        let span = last.0.saturating_sub(first.0) as usize;
        if wanted.is_sorted() && span <= 2 * wanted.len() {
            let more = PAGE.saturating_sub(places.len());
            places.extend((last.0.saturating_add(1)..total).take(more).map(Place));
        }
        places
    }
}
