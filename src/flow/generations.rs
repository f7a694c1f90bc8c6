//! Suites as states: taken from one into another, gone back to, made of each
//! other, kept and dropped.

use super::FlowError;
use super::archiving::{Act, Change, Desk, Judged, Outcome};
use super::evidence;
use crate::archive::gate::Way;
use crate::archive::layout::{self, ObjectKind};
use crate::archive::restore::{self, Lasting};
use crate::archive::{
    Admission, Base, Current, Grounds, Manifest, Older, Pin, PinName, Record, Selection, promote,
};
use crate::model::{Finding, Suite};
use crate::publish::{self, Collected, Policy, PublishError, Question, observe};
use crate::sys::openpgp::Keyring;
use crate::sys::store::Store;

/// A suite, or one of its kept generations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The suite.
    pub suite: Suite,
    /// Its generation; `None` for the newest.
    pub number: Option<u64>,
}

/// How a generation to go back to is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// By its number.
    Number(u64),
    /// By a pin, or a snapshot of the suite.
    Name(String),
}

/// What came of pinning.
#[derive(Debug)]
pub enum Pinned {
    /// It is so already.
    Unchanged(Pin),
    /// This is done, or would be.
    Done(Pin),
}

impl Desk<'_> {
    /// Finds a kept generation.
    pub fn generation(&self, state: &State) -> Result<(Base, Manifest), FlowError> {
        let suite = &state.suite;
        let newest = self.look(suite, None, Question::Manifest)?;
        let found = match state.number {
            None => newest.generation,
            Some(number) => publish::generation(self.store.as_ref(), suite, number)?,
        };
        match (found, state.number) {
            (Some(found), _) => Ok(found),
            (None, number) => Err(self.no_generation(suite, &number.unwrap_or(0).to_string())?),
        }
    }

    /// Says which generations there are instead of the one that was wanted.
    pub(super) fn no_generation(
        &self,
        suite: &Suite,
        wanted: &str,
    ) -> Result<FlowError, FlowError> {
        let store = self.store.as_ref();
        let kept = publish::generations(store, suite)?;
        let mut known = runs(kept.iter().map(|(base, _)| base.number));
        let pins = publish::pins(store, suite)?;
        known.extend(pins.iter().map(|pin| pin.name.to_string()));
        Ok(FlowError::NoGeneration {
            suite: suite.clone(),
            wanted: wanted.to_owned(),
            known,
        })
    }

    /// Finds what a suite is to go back to.
    fn goal(&self, suite: &Suite, goal: &Goal) -> Result<(Base, Manifest), FlowError> {
        let state = |number| State {
            suite: suite.clone(),
            number: Some(number),
        };
        let name = match goal {
            Goal::Number(number) => return self.generation(&state(*number)),
            Goal::Name(name) => name,
        };
        let store = self.store.as_ref();
        if let Ok(pin) = PinName::new(name.as_str())
            && let Some(pin) = publish::find_pin(store, suite, &pin)?
        {
            return self.generation(&state(pin.generation.number));
        }
        // A snapshot has the content even where the generation is gone.
        if let Ok(snapshot) = Suite::new(name.as_str())
            && self.suites()?.contains(&snapshot)
            && let Some(found) = observe(store, &snapshot, Question::Manifest)?.generation
            && found
                .1
                .settings
                .snapshot_of
                .as_ref()
                .is_some_and(|of| of.suite == *suite)
        {
            return Ok(found);
        }
        Err(self.no_generation(suite, name)?)
    }

    /// Gives a suite the content of an older generation, as a new one.
    pub fn rollback(
        &self,
        suite: &Suite,
        goal: &Goal,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        let (base, then) = self.goal(suite, goal)?;
        let from = then.suite;
        let store = self.store.as_ref();
        self.change(suite, act, &[], &|| {
            let (_, then) = there(store, &from, base)?;
            let current = observe(store, suite, Question::Manifest)?;
            let Some(now) = current.manifest() else {
                return Ok(Judged::of(current, Ok(Change::Made(None))));
            };
            let carried = match then.suite == *suite {
                true => Vec::new(),
                false => publish::carried(store, &then, suite)?,
            };
            let Some(mut next) = restore::restore(&current, &then, carried, Record::default())
            else {
                return Ok(Judged::of(current, Ok(Change::Made(None))));
            };
            let turn = publish::turn(store, now, &then)?;
            let missing = publish::missing(store, &turn.files)?;
            (next.added, next.removed) = (turn.added, turn.removed);
            let answer = match missing.is_empty() {
                true => Ok(Change::Made(Some(Box::new(next)))),
                false => Err(missing),
            };
            Ok(Judged::of(current, answer).reviving(true))
        })
    }

    /// Makes a suite of a generation of another one.
    pub fn derive(
        &self,
        from: &State,
        suite: &Suite,
        lasting: Lasting,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        let (base, _) = self.generation(from)?;
        let store = self.store.as_ref();
        self.change(suite, act, &[], &|| {
            let (base, then) = there(store, &from.suite, base)?;
            let current = observe(store, suite, Question::Manifest)?;
            let answer = match current.manifest() {
                Some(there) if is_made_of(there, base, &then, lasting) => Ok(Change::Made(None)),
                Some(there) => Err(vec![taken(there, &then, base)]),
                None => {
                    let carried = publish::carried(store, &then, suite)?;
                    let record = Record::default();
                    let next = restore::derive(suite, (base, &then), lasting, carried, record);
                    Ok(Change::Made(Some(Box::new(next))))
                }
            };
            let judged = Judged::of(current, answer).with_donors([then]);
            Ok(judged.reviving(true))
        })
    }

    /// Takes packages from one suite, or a generation of it, into another: all
    /// of them or none.
    pub fn promote(
        &self,
        selection: &Selection,
        from: &State,
        to: &Suite,
        older: Older,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        let keyring = self.keyring()?;
        let store = self.store.as_ref();
        let earlier = from.number.map(|_| self.generation(from)).transpose()?;
        let earlier = earlier.map(|(base, _)| base);
        self.change(to, act, &[], &|| {
            let mut source = observe(store, &from.suite, Question::Manifest)?;
            if let Some(base) = earlier {
                source.generation = Some(there(store, &from.suite, base)?);
            }
            let (current, admission) =
                self.promoted(&mut source, selection, to, older, &keyring)?;
            let donors = source.manifest().cloned();
            let judged = Judged::new(current, admission).with_donors(donors);
            Ok(judged.reviving(earlier.is_some()))
        })
    }

    /// Judges taking packages as one suite lists them into another, which is
    /// observed for it.
    pub(super) fn promoted(
        &self,
        source: &mut Current,
        selection: &Selection,
        to: &Suite,
        older: Older,
        keyring: &Keyring,
    ) -> Result<(Current, Result<Admission, Vec<Finding>>), PublishError> {
        let store = self.store.as_ref();
        publish::observe_selection(store, source, selection)?;
        let names = match promote::names(source, selection) {
            Ok(names) => names,
            Err(findings) => return Ok((observe(store, to, Question::Manifest)?, Err(findings))),
        };
        let current = observe(store, to, Question::Packages(&names))?;
        let (proofs, evidence) = evidence::of_promotion(store, source, selection, keyring)?;
        let grounds = Grounds {
            evidence,
            demand: self.rules.demand.clone(),
            uploads: Vec::new(),
        };
        let admission = promote::promote(source, &current, selection, older, &grounds);
        let admission = match admission {
            Ok(admission) => self.gated(&current, admission.into(), Way::Across)?,
            Err(findings) => Err(findings),
        };
        let admission = match admission {
            Ok(admission) => {
                let (there, offered) = evidence::joined(store, &current, proofs)?;
                Ok(admission.with_proofs(&there, offered))
            }
            Err(findings) => Err(findings),
        };
        Ok((current, admission))
    }

    /// Keeps a generation until the pin is removed.
    pub fn pin(
        &self,
        state: &State,
        name: &PinName,
        why: Option<String>,
        dry_run: bool,
    ) -> Result<Pinned, FlowError> {
        let (base, _) = self.generation(state)?;
        let store = self.store.as_ref();
        let suite = &state.suite;
        let there = publish::find_pin(store, suite, name)?;
        // The newest is pinned where it was: it may have moved on since.
        if let Some(there) = there.filter(|there| there.generation == base) {
            return Ok(Pinned::Unchanged(there));
        }
        let said = (self.who.clone(), why);
        let pin = Pin::new(suite.clone(), name.clone(), base, said, self.clock.now());
        if !dry_run {
            let _guard = self.lock()?;
            publish::pin(store, &pin)?;
        }
        Ok(Pinned::Done(pin))
    }

    /// Removes a pin, and returns it; without one of that name, the others.
    pub fn unpin(
        &self,
        suite: &Suite,
        name: &PinName,
        dry_run: bool,
    ) -> Result<Result<Pin, Vec<Pin>>, FlowError> {
        self.look(suite, None, Question::Manifest)?;
        let store = self.store.as_ref();
        let Some(there) = publish::find_pin(store, suite, name)? else {
            return Ok(Err(publish::pins(store, suite)?));
        };
        if !dry_run {
            let _guard = self.lock()?;
            publish::unpin(store, suite, name)?;
        }
        Ok(Ok(there))
    }

    /// Lists the pins of suites, or of all.
    pub fn pins(&self, suites: &[Suite]) -> Result<Vec<Pin>, FlowError> {
        let mut found = Vec::new();
        let all = self.suites()?;
        for suite in if suites.is_empty() { &all } else { suites } {
            self.look(suite, None, Question::Manifest)?;
            found.extend(publish::pins(self.store.as_ref(), suite)?);
        }
        Ok(found)
    }

    /// Collects garbage; refused where a suite is not ours, whose packages
    /// nobody here knows.
    pub fn collect(
        &self,
        policy: &Policy,
        dry_run: bool,
    ) -> Result<Result<Collected, Vec<Finding>>, FlowError> {
        self.suites()?;
        let store = self.store.as_ref();
        let lost = publish::lost_heads(store)?;
        if !lost.is_empty() {
            return Ok(Err(lost));
        }
        if dry_run {
            let now = self.clock.now();
            let planned = publish::plan_collection(store, policy, now, self.listener)?;
            return Ok(Ok(planned));
        }
        let _guard = self.lock()?;
        for suite in publish::suites(store)? {
            // What a crash left is completed first: it is needed.
            publish::recover(store, &suite)?;
        }
        let now = self.clock.now();
        Ok(Ok(publish::collect(store, policy, now, self.listener)?))
    }
}

/// Finds a generation again: a purge may have written it anew, or a collection
/// taken it.
fn there(store: &dyn Store, suite: &Suite, base: Base) -> Result<(Base, Manifest), PublishError> {
    let found = publish::generation(store, suite, base.number)?;
    found.ok_or_else(|| PublishError::Missing {
        path: layout::object(ObjectKind::Manifest, &base.manifest),
    })
}

/// Writes falling numbers, those that follow each other as one: `12 to 7, 3`.
fn runs(numbers: impl Iterator<Item = u64>) -> Vec<String> {
    let mut found: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match found.last_mut() {
            Some((_, last)) if *last == number + 1 => *last = number,
            _ => found.push((number, number)),
        }
    }
    let written = found.into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    });
    written.collect()
}

/// Tells whether a suite is what it would be made.
fn is_made_of(there: &Manifest, base: Base, then: &Manifest, lasting: Lasting) -> bool {
    let frozen = there.settings.snapshot_of.as_ref();
    match lasting {
        Lasting::Frozen => frozen.is_some_and(|of| of.suite == then.suite && of.generation == base),
        Lasting::Own => frozen.is_none() && restore::is_copy(there, then),
    }
}

fn taken(there: &Manifest, then: &Manifest, base: Base) -> Finding {
    let what = match &there.settings.snapshot_of {
        Some(of) => format!("a snapshot of {}@{}", of.suite, of.generation.number),
        None => "a suite with a content of its own".to_owned(),
    };
    let message = format!("it is there, {what}, not {}@{}", then.suite, base.number);
    Finding::error("suite-taken", there.suite.as_str(), message).fix("choose another name")
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn numbers_that_follow_each_other_are_one() {
        for (numbers, want) in [
            (&[][..], &[][..]),
            (&[4], &["4"]),
            (&[12, 11, 10, 7, 3, 2], &["12 to 10", "7", "3 to 2"]),
        ] {
            assert_eq!(runs(numbers.iter().copied()), want, "{numbers:?}");
        }
    }
}
