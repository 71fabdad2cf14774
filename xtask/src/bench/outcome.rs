//! What a bench program tells about one row, and whether it is enough.

use serde::Deserialize;

/// One row: an object a line on the program's stdout.
#[derive(Debug, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) row: String,
    #[serde(default)]
    pub(crate) better: Better,
    pub(crate) figures: Vec<Figure>,
    pub(crate) reach: Option<Reach>,
}

/// Which of two figures is the better one.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Better {
    #[default]
    Less,
    More,
}

/// One contestant's nanoseconds per operation, bytes per key, or what the row says.
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

/// `times` the figure of `whom`, plus `plus`: at most that, or at least where more is better. Without a `whom`, `plus` is
/// all there is.
#[derive(Debug, Deserialize)]
pub(crate) struct Reach {
    pub(crate) whom: Option<String>,
    pub(crate) times: f64,
    pub(crate) plus: f64,
}

impl Outcome {
    /// Our figure. A row without one reaches nothing.
    pub(crate) fn ours(&self) -> f64 {
        let worst = match self.better {
            Better::Less => f64::INFINITY,
            Better::More => 0.0,
        };
        self.of(Kind::Ours).map_or(worst, |figure| figure.figure)
    }

    /// The best peer's figure.
    pub(crate) fn best_peer(&self) -> Option<f64> {
        let peers = self.figures.iter().filter(|figure| figure.kind == Kind::Peer).map(|figure| figure.figure);
        match self.better {
            Better::Less => peers.min_by(f64::total_cmp),
            Better::More => peers.max_by(f64::total_cmp),
        }
    }

    /// The most that ours may take, or the least that it must do.
    pub(crate) fn limit(&self) -> Option<f64> {
        let reach = self.reach.as_ref()?;
        let Some(whom) = &reach.whom else { return Some(reach.plus) };
        let whom = self.figures.iter().find(|figure| figure.who == *whom)?;
        Some(whom.figure * reach.times + reach.plus)
    }

    /// Whether it is enough; `None` where nothing was promised.
    pub(crate) fn reached(&self) -> Option<bool> {
        self.reach.as_ref()?;
        Some(self.limit().is_some_and(|limit| match self.better {
            Better::Less => self.ours() <= limit,
            Better::More => self.ours() >= limit,
        }))
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
        let half = r#"{"whom": "b", "times": 0.5, "plus": 0.0}"#;
        assert_eq!(row(5.0, half).reached(), Some(true));
        assert_eq!(row(5.1, half).shortfall().as_deref(), Some("r: 5.10, must reach 5.00"));
        assert_eq!(row(5.1, half).best_peer(), Some(10.0));
    }

    #[test]
    fn or_so_much_on_top_of_a_floor() {
        let plus = r#"{"whom": "f", "times": 1.0, "plus": 0.5}"#;
        assert_eq!(row(1.4, plus).reached(), Some(true));
        assert_eq!(row(1.6, plus).reached(), Some(false));
    }

    #[test]
    fn or_a_figure_of_its_own() {
        let just = r#"{"whom": null, "times": 0.0, "plus": 64.0}"#;
        assert_eq!(row(64.0, just).reached(), Some(true));
        assert_eq!(row(65.0, just).shortfall().as_deref(), Some("r: 65.00, must reach 64.00"));
    }

    #[test]
    fn where_more_is_better_it_is_a_least() {
        let most = |ours| Outcome { better: Better::More, ..row(ours, r#"{"whom": "a", "times": 0.9, "plus": 0.0}"#) };
        assert_eq!(most(18.0).reached(), Some(true));
        assert_eq!(most(17.9).reached(), Some(false));
        assert_eq!(most(18.0).best_peer(), Some(20.0));
        assert_eq!(Outcome { figures: Vec::new(), ..most(18.0) }.reached(), Some(false));
    }

    #[test]
    fn without_a_promise_nothing_falls_short() {
        assert_eq!(row(1000.0, "null").reached(), None);
        assert_eq!(row(1000.0, "null").shortfall(), None);
    }

    #[test]
    fn a_promise_about_nobody_falls_short() {
        assert_eq!(row(1.0, r#"{"whom": "x", "times": 1.0, "plus": 0.0}"#).reached(), Some(false));
    }
}
