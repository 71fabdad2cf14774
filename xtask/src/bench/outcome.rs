//! What a bench program tells about one row, and whether it is enough.

use serde::Deserialize;

/// One row: an object a line on the program's stdout.
#[derive(Debug, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) row: String,
    pub(crate) figures: Vec<Figure>,
    pub(crate) reach: Option<Reach>,
}

/// One contestant's nanoseconds per operation, or bytes per key.
#[derive(Debug, Deserialize)]
pub(crate) struct Figure {
    pub(crate) who: String,
    pub(crate) kind: Kind,
    pub(crate) figure: f64,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Ours,
    Peer,
    Floor,
}

/// At most `times` the figure of `whom`, plus `plus_ns`.
#[derive(Debug, Deserialize)]
pub(crate) struct Reach {
    pub(crate) whom: String,
    pub(crate) times: f64,
    pub(crate) plus_ns: f64,
}

impl Outcome {
    /// Our figure. A row without one reaches nothing.
    pub(crate) fn ours(&self) -> f64 {
        self.of(Kind::Ours).map_or(f64::INFINITY, |figure| figure.figure)
    }

    /// The fastest peer's figure.
    pub(crate) fn best_peer(&self) -> Option<f64> {
        let peers = self.figures.iter().filter(|figure| figure.kind == Kind::Peer);
        peers.map(|figure| figure.figure).min_by(f64::total_cmp)
    }

    /// The most that ours may take.
    pub(crate) fn limit(&self) -> Option<f64> {
        let reach = self.reach.as_ref()?;
        let whom = self.figures.iter().find(|figure| figure.who == reach.whom)?;
        Some(whom.figure * reach.times + reach.plus_ns)
    }

    /// Whether it is enough; `None` where nothing was promised.
    pub(crate) fn reached(&self) -> Option<bool> {
        self.reach.as_ref()?;
        Some(self.limit().is_some_and(|limit| self.ours() <= limit))
    }

    /// Names the row and by how much it falls short, if it does.
    pub(crate) fn shortfall(&self) -> Option<String> {
        if self.reached()? {
            return None;
        }
        Some(format!("{}: {:.2}, must reach {:.2}", self.row, self.ours(), self.limit().unwrap_or(f64::NAN)))
    }

    fn of(&self, kind: Kind) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ours: f64, reach: &str) -> Outcome {
        let json = format!(
            r#"{{"row": "r", "figures": [{{"who": "steadfast", "kind": "ours", "figure": {ours}}},
            {{"who": "a", "kind": "peer", "figure": 20.0}}, {{"who": "b", "kind": "peer", "figure": 10.0}},
            {{"who": "f", "kind": "floor", "figure": 1.0}}], "reach": {reach}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn a_promise_is_a_multiple_of_a_contestant() {
        let half = r#"{"whom": "b", "times": 0.5, "plus_ns": 0.0}"#;
        assert_eq!(row(5.0, half).reached(), Some(true));
        assert_eq!(row(5.1, half).shortfall().as_deref(), Some("r: 5.10, must reach 5.00"));
        assert_eq!(row(5.1, half).best_peer(), Some(10.0));
    }

    #[test]
    fn or_so_much_on_top_of_a_floor() {
        let plus = r#"{"whom": "f", "times": 1.0, "plus_ns": 0.5}"#;
        assert_eq!(row(1.4, plus).reached(), Some(true));
        assert_eq!(row(1.6, plus).reached(), Some(false));
    }

    #[test]
    fn without_a_promise_nothing_falls_short() {
        assert_eq!(row(1000.0, "null").reached(), None);
        assert_eq!(row(1000.0, "null").shortfall(), None);
    }

    #[test]
    fn a_promise_about_nobody_falls_short() {
        assert_eq!(row(1.0, r#"{"whom": "x", "times": 1.0, "plus_ns": 0.0}"#).reached(), Some(false));
    }
}
