//! Places with numbers: a number stays with what was put there until it is taken out, then it is given out again.

pub(super) type Place = u32;

pub(super) struct Slots<T> {
    places: Vec<Option<T>>,
    free: Vec<Place>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    pub(super) fn put(&mut self, item: T) -> Place {
        if let Some(place) = self.free.pop() {
            self.places[place as usize] = Some(item);
            return place;
        }
        let place = Place::try_from(self.places.len()).unwrap_or(Place::MAX);
        self.places.push(Some(item));
        place
    }

    pub(super) fn take(&mut self, place: Place) -> Option<T> {
        let item = self.places.get_mut(place as usize)?.take()?;
        self.free.push(place);
        if self.free.len() == self.places.len() {
            // Nothing is left: what a burst needed is given back.
            *self = Self::default();
        }
        Some(item)
    }

    pub(super) fn get(&self, place: Place) -> Option<&T> {
        self.places.get(place as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        self.places.get_mut(place as usize)?.as_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.places.iter().flatten()
    }

    pub(super) fn places(&self) -> Vec<Place> {
        (0..).zip(&self.places).filter(|(_, item)| item.is_some()).map(|(place, _)| place).collect()
    }
}
