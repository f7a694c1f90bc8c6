//! Renewing a suite: the same content, newer dates, the present signatures.

use super::FlowError;
use super::archiving::{Act, Change, Desk, Judged, Outcome};
use crate::archive::{self, Manifest};
use crate::model::{Suite, Timestamp};
use crate::publish::{Question, observe};

/// When a suite is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Now, unless it was published at this very moment.
    Now,
    /// When its `Valid-Until` is nearer than so many seconds; a suite without
    /// one is never due.
    Within(u32),
}

impl Due {
    /// Tells whether a generation is to be renewed at `now`.
    pub fn is_due(self, manifest: &Manifest, now: Timestamp) -> bool {
        match self {
            Self::Now => manifest.date < now,
            Self::Within(seconds) => manifest
                .valid_until
                .is_some_and(|until| until < now.plus_seconds(i64::from(seconds))),
        }
    }
}

impl Desk<'_> {
    /// Gives a suite a generation of the same content with newer dates, signed
    /// with the keys of today.
    pub fn refresh(
        &self,
        suite: &Suite,
        due: Due,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        self.change(suite, act, &[], &|| {
            let current = observe(self.store.as_ref(), suite, Question::Manifest)?;
            let now = self.clock.now();
            let is_due = current.manifest().is_some_and(|m| due.is_due(m, now));
            let answer = match is_due {
                true => archive::refresh(&current),
                false => archive::as_it_is(&current),
            };
            // Also a snapshot has to be renewed: its content stays.
            Ok(Judged {
                current,
                answer: answer.map(|admission| Change::Admitted(Box::new(admission))),
                donors: Vec::new(),
                revives: false,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::manifest::{Record, SCHEMA};
    use crate::archive::{Manifest, Settings};
    use crate::model::{Architecture, Component};

    fn manifest(date: i64, valid_until: Option<i64>) -> Manifest {
        let main = Component::new("main").expect("a name");
        let amd64 = Architecture::new("amd64").expect("a name");
        Manifest {
            schema: SCHEMA.to_owned(),
            suite: Suite::new("stable").expect("a name"),
            number: 1,
            parent: None,
            date: Timestamp::from_unix(date),
            valid_until: valid_until.map(Timestamp::from_unix),
            record: Record::default(),
            settings: Settings::new(vec![main], vec![amd64]),
            indices: Vec::new(),
            shelves: Default::default(),
        }
    }

    #[test]
    fn only_what_is_due_is_renewed() {
        let cases = [
            (Due::Now, 100, None, true),
            (Due::Now, 1000, None, false),
            (Due::Within(10), 100, None, false),
            (Due::Within(10), 100, Some(1009), true),
            (Due::Within(10), 100, Some(1010), false),
            (Due::Within(10), 100, Some(900), true),
        ];
        for (due, date, until, want) in cases {
            let found = due.is_due(&manifest(date, until), Timestamp::from_unix(1000));
            assert_eq!(found, want, "{due:?} {date} {until:?}");
        }
    }
}
