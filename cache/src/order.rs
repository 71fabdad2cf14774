//! A line of slots in which any slot can leave or go to the back at once: a doubly linked list over slot numbers.

/// An order among slots of a table. All operations take constant time; the numbers are the indices of the table.
#[derive(Debug)]
pub(crate) struct Order {
    /// One for each slot number seen so far; those of slots that do not stand in line mean nothing.
    links: Vec<Link>,
    front: usize,
    back: usize,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    before: usize,
    behind: usize,
}

/// No slot.
const NONE: usize = usize::MAX;

impl Order {
    pub(crate) const fn new() -> Self {
        Self { links: Vec::new(), front: NONE, back: NONE }
    }

    /// The slot that has stood in line for longest.
    pub(crate) fn front(&self) -> Option<usize> {
        (self.front != NONE).then_some(self.front)
    }

    /// Puts a slot at the back. It must not stand in line.
    pub(crate) fn push_back(&mut self, slot: usize) {
        let link = Link { before: self.back, behind: NONE };
        if slot >= self.links.len() {
            self.links.resize(slot + 1, link);
        }
        self.links[slot] = link;
        match self.back {
            NONE => self.front = slot,
            back => self.links[back].behind = slot,
        }
        self.back = slot;
    }

    /// Takes a slot out of the line. It must stand in line.
    pub(crate) fn remove(&mut self, slot: usize) {
        let Link { before, behind } = self.links[slot];
        match before {
            NONE => self.front = behind,
            before => self.links[before].behind = behind,
        }
        match behind {
            NONE => self.back = before,
            behind => self.links[behind].before = before,
        }
    }
}
