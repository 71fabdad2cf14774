//! What of a version counts when it is compared.

use std::cmp::Ordering;

use semver::Prerelease;

/// Words that make what they begin a pre-release.
const BEFORE: [&str; 9] = ["alpha", "beta", "canary", "dev", "nightly", "pre", "preview", "rc", "snapshot"];

/// What of a version counts. Equal keys mean the same version.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// What stands before the first number, in lower case.
    name: Option<String>,
    /// Without zeros at its end.
    core: Vec<Part>,
    /// Of a pre-release.
    pre: Option<Vec<Mark>>,
}

/// A piece of the release.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Part {
    Number(Number),
    Word(String),
}

/// A piece of a pre-release, in the order of semantic versions: numbers before words.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Mark {
    Number(Number),
    Word(String),
}

/// Decimal digits without leading zeros; none is 0. As large as the text is long.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Number(String);

impl Key {
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim();
        let text = match text.strip_prefix(['v', 'V']) {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
            _ => text,
        };
        // What follows is about a build, and does not count.
        let text = text.split('+').next().unwrap_or(text);
        let digits = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
        let (name, rest) = text.split_at(digits);
        let name = (digits > 0 || rest.is_empty()).then(|| name.trim_end_matches(is_separator).to_lowercase());
        let (core, pre) = dashed(rest).unwrap_or_else(|| natural(rest));
        Self::new(name, core, pre)
    }

    fn new(name: Option<String>, mut core: Vec<Part>, pre: Option<Vec<Mark>>) -> Self {
        while core.last().is_some_and(Part::is_zero) {
            core.pop();
        }
        Self { name, core, pre }
    }

    pub(super) fn is_prerelease(&self) -> bool {
        self.pre.is_some()
    }
}

/// Reads `1.2.3`, and with a pre-release `1.2.3-rc.1`: what semantic versions are, with more or fewer numbers. After
/// another count than three, a dash before a digit is no pre-release: `2026-11-22` is a date.
fn dashed(text: &str) -> Option<(Vec<Part>, Option<Vec<Mark>>)> {
    let (core, pre) = match text.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (text, None),
    };
    let core = core.split('.').map(Number::parse).collect::<Option<Vec<_>>>()?;
    let pre = match pre {
        Some(pre) if core.len() != 3 && pre.starts_with(|c: char| c.is_ascii_digit()) => return None,
        Some(pre) => Some(Prerelease::new(pre).ok().filter(|pre| !pre.is_empty())?),
        None => None,
    };
    let marks = pre.map(|pre| {
        pre.split('.')
            .map(|mark| Number::parse(mark).map_or_else(|| Mark::Word(mark.to_owned()), Mark::Number))
            .collect()
    });
    Some((core.into_iter().map(Part::Number).collect(), marks))
}

/// Reads numbers and words, whatever stands between them.
fn natural(text: &str) -> (Vec<Part>, Option<Vec<Mark>>) {
    let mut core = Vec::new();
    let mut pre: Option<Vec<Mark>> = None;
    let mut rest = text;
    let mut between = "";
    while let Some(first) = rest.chars().next() {
        let (piece, next) = rest.split_at(run(rest));
        rest = next;
        let part = if first.is_ascii_digit() {
            Part::Number(Number::new(piece))
        } else if first.is_alphabetic() {
            Part::Word(piece.to_lowercase())
        } else {
            between = piece;
            continue;
        };
        let begins = match &part {
            Part::Word(word) => between.ends_with('-') || BEFORE.contains(&word.as_str()),
            Part::Number(_) => false,
        };
        if begins || between.contains('~') {
            pre.get_or_insert_default();
        }
        match (&mut pre, part) {
            (None, part) => core.push(part),
            (Some(pre), Part::Number(number)) => pre.push(Mark::Number(number)),
            (Some(pre), Part::Word(word)) => pre.push(Mark::Word(word)),
        }
        between = "";
    }
    (core, pre)
}

/// How long the digits, the letters or the separators are that a text begins with.
fn run(text: &str) -> usize {
    let kind = |c: char| (c.is_ascii_digit(), c.is_alphabetic());
    let first = text.chars().next().map(kind);
    text.find(|c| Some(kind(c)) != first).unwrap_or(text.len())
}

fn is_separator(c: char) -> bool {
    !c.is_alphanumeric()
}

impl Number {
    /// Digits, and nothing else.
    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| Self::new(text))
    }

    fn new(digits: &str) -> Self {
        Self(digits.trim_start_matches('0').to_owned())
    }
}

impl Part {
    fn is_zero(&self) -> bool {
        matches!(self, Self::Number(number) if number.0.is_empty())
    }

    /// Nothing and 0, then words, then the other numbers.
    fn rank(&self) -> u8 {
        match self {
            Self::Number(_) if self.is_zero() => 0,
            Self::Word(_) => 1,
            Self::Number(_) => 2,
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Part {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let names = match (&self.name, &other.name) {
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        names.then_with(|| cmp_padded(&self.core, &other.core)).then_with(|| match (&self.pre, &other.pre) {
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        })
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One after the other; what is missing is 0.
fn cmp_padded(a: &[Part], b: &[Part]) -> Ordering {
    let zero = Part::Number(Number(String::new()));
    (0..a.len().max(b.len()))
        .map(|at| a.get(at).unwrap_or(&zero).cmp(b.get(at).unwrap_or(&zero)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
