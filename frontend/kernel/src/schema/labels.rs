//! The labels of an enum, in order, each found at once: a text may add thousands, before and behind one another.

use std::{collections::BTreeMap, fmt};

/// The labels of an enum. No two are the same.
#[derive(Clone, Default)]
pub struct Labels {
    /// Each with its neighbours' places; what was renamed keeps its place.
    list: Vec<Label>,
    places: BTreeMap<String, usize>,
    first: Option<usize>,
    last: Option<usize>,
}

#[derive(Clone)]
struct Label {
    text: String,
    before: Option<usize>,
    after: Option<usize>,
}

/// Where a new label goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side<'l> {
    Before(&'l str),
    After(&'l str),
    /// Behind all others.
    Last,
}

impl Labels {
    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let next = |label: &&Label| self.list.get(label.after?);
        let first = self.first.and_then(|first| self.list.get(first));
        std::iter::successors(first, next).map(|label| label.text.as_str())
    }

    /// Adds a label, unless it is there; behind all others where its neighbour is not.
    pub(super) fn add(&mut self, text: String, side: Side<'_>) {
        if self.places.contains_key(&text) {
            return;
        }
        let at = |neighbour: &str| self.places.get(neighbour).copied();
        let (before, after) = match side {
            Side::Before(neighbour) => match at(neighbour) {
                Some(after) => (self.list[after].before, Some(after)),
                None => (self.last, None),
            },
            Side::After(neighbour) => match at(neighbour) {
                Some(before) => (Some(before), self.list[before].after),
                None => (self.last, None),
            },
            Side::Last => (self.last, None),
        };
        let place = self.list.len();
        match before {
            Some(before) => self.list[before].after = Some(place),
            None => self.first = Some(place),
        }
        match after {
            Some(after) => self.list[after].before = Some(place),
            None => self.last = Some(place),
        }
        self.places.insert(text.clone(), place);
        self.list.push(Label { text, before, after });
    }

    /// Gives a label another text, unless that is there or it is not.
    pub(super) fn rename(&mut self, from: &str, to: String) {
        if !self.places.contains_key(&to)
            && let Some(place) = self.places.remove(from)
        {
            self.list[place].text.clone_from(&to);
            self.places.insert(to, place);
        }
    }
}

impl<L: Into<String>> FromIterator<L> for Labels {
    fn from_iter<Texts: IntoIterator<Item = L>>(texts: Texts) -> Self {
        let mut labels = Self::default();
        texts.into_iter().for_each(|text| labels.add(text.into(), Side::Last));
        labels
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Labels {}

impl fmt::Debug for Labels {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_where_they_are_put() {
        let mut labels: Labels = ["b", "d", "b"].into_iter().collect();
        labels.add("a".into(), Side::Before("b"));
        labels.add("c".into(), Side::After("b"));
        labels.add("e".into(), Side::Before("nothing"));
        labels.add("a".into(), Side::Last);
        labels.add("f".into(), Side::After("e"));
        labels.rename("d", "D".into());
        labels.rename("f", "a".into());
        labels.rename("nothing", "g".into());
        assert_eq!(labels.iter().collect::<Vec<_>>(), ["a", "b", "c", "D", "e", "f"]);
        assert_eq!(labels, ["a", "b", "c", "D", "e", "f"].into_iter().collect());
        assert_eq!(Labels::default().iter().next(), None);
    }
}
