//! Exchanging the key of an archive while its clients go on: first both keys
//! sign, then the new one alone.

use super::FlowError;
use super::archiving::{Act, Desk, Outcome};
use super::signing::{self, KeyWanted};
use crate::archive::{Manifest, Settings};
use crate::keys::{Choice, KeyDescription, Part};
use crate::model::{Fingerprint, Suite, Timestamp};
use crate::publish::Question;
use crate::sys::openpgp::Status;

/// Where a suite is on the way from one key to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The suite.
    pub suite: Suite,
    /// The key that was chosen for its last generation.
    pub chosen: Option<Fingerprint>,
    /// The keys that sign beside it, in the order in which they came; the last
    /// one is where a rotation leads.
    pub beside: Vec<Fingerprint>,
}

impl Turn {
    fn of(manifest: &Manifest) -> Self {
        let chosen = manifest.record.key.as_deref();
        Self {
            suite: manifest.suite.clone(),
            chosen: chosen.and_then(|key| Fingerprint::new(key).ok()),
            beside: manifest.settings.signers.clone(),
        }
    }

    /// Returns the key that a rotation that is under way leads to.
    pub fn leads_to(&self) -> Option<&Fingerprint> {
        match self.beside.as_slice() {
            [] => None,
            [one] if Some(one) == self.chosen.as_ref() => None,
            [.., last] => Some(last),
        }
    }
}

/// Finds the key that was made for a rotation that did not get further: the
/// newest one of the same owner that is younger than the old one.
pub fn successor<'a>(keys: &'a [KeyDescription], old: &Fingerprint) -> Option<&'a KeyDescription> {
    let old = keys.iter().find(|key| key.fingerprint == *old)?;
    let is_next = |key: &&KeyDescription| {
        key.part == Part::Secret
            && key.status == Status::Valid
            && key.user_id == old.user_id
            && key.created > old.created
    };
    keys.iter().filter(is_next).max_by_key(|key| key.created)
}

impl Desk<'_> {
    /// Says where suites are in a rotation.
    pub fn turns(&self, suites: &[Suite]) -> Result<Vec<Turn>, FlowError> {
        let suites = match suites {
            [] => self.suites()?,
            named => named.to_vec(),
        };
        let turn = |suite: &Suite| {
            let current = self.look(suite, None, Question::Manifest)?;
            Ok(Turn::of(
                current.manifest().expect("a suite that is there has one"),
            ))
        };
        suites.iter().map(turn).collect()
    }

    /// Lets a new key sign a suite beside the old one.
    pub fn begin_rotation(
        &self,
        turn: &Turn,
        new: &Fingerprint,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        let with_both = |before: Option<&Settings>| {
            let mut settings = before.expect("it was looked at").clone();
            for key in turn.chosen.iter().chain([new]) {
                if !settings.signers.contains(key) {
                    settings.signers.push(key.clone());
                }
            }
            settings
        };
        self.settle(&turn.suite, &with_both, act)
    }

    /// Lets one key alone sign a suite from now on.
    pub fn finish_rotation(
        &self,
        turn: &Turn,
        kept: &Fingerprint,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        act.key = KeyWanted::Named(self.name_of(kept)?);
        let alone = |before: Option<&Settings>| {
            let mut settings = before.expect("it was looked at").clone();
            settings.signers.clear();
            settings
        };
        self.settle(&turn.suite, &alone, act)
    }

    /// Returns the name by which a key is chosen: in the user's gpg it has
    /// another one than among ours.
    pub fn name_of(&self, key: &Fingerprint) -> Result<String, FlowError> {
        let now: Timestamp = self.clock.now();
        Ok(match signing::found(self.environment, key, now)? {
            Choice::Key(_) => key.to_string(),
            Choice::Agent(_) => format!("gpg:{key}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(digit: char, created: i64, owner: &str, part: Part) -> KeyDescription {
        KeyDescription {
            fingerprint: named(digit),
            user_id: owner.to_owned(),
            created: Timestamp::from_unix(created),
            expires: None,
            status: Status::Valid,
            part,
            locked: false,
        }
    }

    fn named(digit: char) -> Fingerprint {
        Fingerprint::new(digit.to_string().repeat(40)).expect("digits")
    }

    #[test]
    fn a_key_made_for_the_rotation_is_taken_again() {
        let keys = [
            key('1', 10, "Ada", Part::Secret),
            key('2', 5, "Ada", Part::Secret),
            key('3', 20, "Joe", Part::Secret),
            key('4', 20, "Ada", Part::Public),
        ];
        assert_eq!(successor(&keys, &named('1')), None);
        let younger = key('5', 30, "Ada", Part::Secret);
        let more = [keys.to_vec(), vec![younger.clone()]].concat();
        assert_eq!(successor(&more, &named('1')), Some(&younger));
        assert_eq!(successor(&more, &named('9')), None);
    }

    #[test]
    fn a_rotation_leads_to_the_last_key() {
        let turn = |chosen: char, beside: &[char]| Turn {
            suite: Suite::new("stable").expect("a suite"),
            chosen: Some(named(chosen)),
            beside: beside.iter().map(|digit| named(*digit)).collect(),
        };
        let cases: [(Turn, Option<char>); 4] = [
            (turn('1', &[]), None),
            (turn('1', &['1']), None),
            (turn('1', &['1', '2']), Some('2')),
            (turn('2', &['1', '2']), Some('2')),
        ];
        for (turn, want) in cases {
            assert_eq!(turn.leads_to(), want.map(named).as_ref(), "{turn:?}");
        }
    }
}
