//! Who made a release.

use std::collections::BTreeSet;

use super::text;
use crate::release::change::Change;
use crate::release::commit::Person;

/// Names everyone who made one of the changes, by name: the same address or
/// the same name is the same person, and a robot (`[bot]`) is none.
pub(super) fn contributors(changes: &[Change]) -> Vec<Person> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let authors = changes.iter().rev().flat_map(|change| &change.authors);
    for author in authors {
        let robot = |text: &str| text.to_ascii_lowercase().contains("[bot]");
        if robot(&author.name) || robot(&author.email) {
            continue;
        }
        let person = Person {
            name: text::one_line(&author.name),
            email: text::one_line(&author.email),
        };
        let keys = [
            format!("<{}>", person.email.to_lowercase()),
            person.name.to_lowercase(),
        ];
        let keys = keys
            .into_iter()
            .filter(|key| key.len() > 2 || !key.starts_with('<'));
        let mut new = true;
        for key in keys.filter(|key| !key.is_empty()) {
            new &= seen.insert(key);
        }
        if new && !(person.name.is_empty() && person.email.is_empty()) {
            found.push(person);
        }
    }
    found.sort_by_key(|person| (person.name.to_lowercase(), person.email.to_lowercase()));
    found
}
