//! Suites that open for a ring, suites that lose a version again, and what the
//! archive still has of the way back.
//!
//! Everything can be done twice: what is so already is no change, and what a
//! crash left half done between two suites the next call completes.

pub mod choosing;
mod target;
mod way_back;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

pub use target::{TargetError, Wanted, target};
pub use way_back::{
    Other, missing, other_rollout, pin_name, pin_way_back, touched, unpin_way_back,
};

use crate::archive::phase::Release;
use crate::archive::{
    Admission, Current, Older, Removal, Selection, as_it_is, phase, withdraw as withdrawn,
};
use crate::flow::FlowError;
use crate::flow::archiving::{Act, Desk, Judged, Outcome};
use crate::format::index::{self, Kind};
use crate::model::{Finding, PackageName, Suite};
use crate::publish::{self, PublishError, Question};
use crate::rollout::event::Generation;
use crate::rollout::hands::Moved;
use crate::rollout::policy::RingSuite;
use crate::rollout::target::{Binary, Meant, Target};
use crate::rollout::{Rollout, Way};

/// Gives suites the version that is meant for their release, offered to so many
/// of a hundred hosts: exactly the binaries that the rollout names, as the suite
/// where they entered still lists them. A suite of a release that nothing is
/// meant for stays as it is.
pub fn open(
    desk: &Desk<'_>,
    rollout: &Rollout,
    suites: &[RingSuite],
    percent: u8,
    act: &mut Act<'_>,
) -> Result<Moved, FlowError> {
    let (mut moved, mut gone) = (Vec::new(), BTreeSet::new());
    for ring in suites {
        let versions: Vec<_> = match &ring.release {
            Some(release) => rollout.target.meant_for(&[release]),
            None => rollout.target.versions.iter().collect(),
        };
        let from: BTreeSet<_> = versions.iter().map(|meant| &meant.from).collect();
        for from in from {
            let versions: Vec<_> = versions
                .iter()
                .copied()
                .filter(|m| m.from == *from)
                .collect();
            let opening = Opening {
                source: &rollout.target.source,
                versions: &versions,
                from,
                to: &ring.suite,
                percent,
            };
            let verb = match percent {
                100.. => format!("opens {}", ring.suite),
                percent => format!("opens {} to {percent} of 100 hosts", ring.suite),
            };
            let (outcome, is_gone) =
                with_reason(act, rollout, &verb, |act| desk.opened(&opening, act))?;
            match settled(&ring.suite, outcome) {
                _ if is_gone => drop(gone.insert(from.clone())),
                Ok(generation) => moved.push(generation),
                Err(findings) => return Ok(Moved::Refused(said(&findings))),
            }
        }
    }
    Ok(match gone.is_empty() {
        true => Moved::Done(newest(moved)),
        false => Moved::Gone(gone.into_iter().collect()),
    })
}

/// Takes the rollout's versions out of suites, on the way back those where they
/// entered included, and puts back what they pushed out; everything else stays as it is
/// by now.
pub fn withdraw(
    desk: &Desk<'_>,
    rollout: &Rollout,
    suites: &[Suite],
    act: &mut Act<'_>,
) -> Result<Moved, FlowError> {
    // Who pauses or halts a pull ring wants to open it again from there.
    let entered = (rollout.target.versions.iter()).filter(|_| rollout.way == Way::Back);
    let from = entered.map(|meant| &meant.from);
    let mut seen = BTreeSet::new();
    let mut moved = Vec::new();
    for suite in suites.iter().chain(from) {
        if !seen.insert(suite) {
            continue;
        }
        let verb = format!("withdraws it from {suite}");
        let outcome = with_reason(act, rollout, &verb, |act| {
            desk.withdrawn(&rollout.target, suite, act)
        })?;
        match settled(suite, outcome) {
            Ok(generation) => moved.push(generation),
            Err(findings) => return Ok(Moved::Refused(said(&findings))),
        }
    }
    Ok(Moved::Done(moved))
}

/// What is opened.
struct Opening<'a> {
    source: &'a PackageName,
    versions: &'a [&'a Meant],
    from: &'a Suite,
    to: &'a Suite,
    percent: u8,
}

impl Desk<'_> {
    /// Opens one suite; says whether what was to come is gone.
    fn opened(
        &self,
        opening: &Opening<'_>,
        act: &mut Act<'_>,
    ) -> Result<(Outcome, bool), FlowError> {
        let (store, keyring) = (self.store.as_ref(), self.keyring()?);
        self.look(opening.to, None, Question::Manifest)?;
        let versions = opening.versions.iter().copied();
        let releases: Vec<_> = versions
            .clone()
            .map(|m| release(opening.source, m))
            .collect();
        let binaries: Vec<&Binary> = versions.flat_map(|meant| &meant.binaries).collect();
        let names: BTreeSet<_> = binaries.iter().map(|b| b.package.clone()).collect();
        let names: Vec<_> = names.into_iter().collect();
        let is_gone = Cell::new(false);
        let outcome = self.change(opening.to, act, &[], &|| {
            is_gone.set(false);
            let current = publish::observe(store, opening.to, Question::Packages(&names))?;
            if has_all(&current, &binaries)? {
                let admission = as_it_is(&current);
                return Ok(phased(
                    current,
                    admission,
                    &releases,
                    &names,
                    opening.percent,
                ));
            }
            let mut source = publish::observe(store, opening.from, Question::Manifest)?;
            publish::observe_source(store, &mut source, opening.source)?;
            let offers = choosing::offers(&source, opening.source);
            let lists = |meant: &&&Meant| {
                let own = offers.iter().find(|o| o.version == meant.source_version);
                own.is_some_and(|own| meant.binaries.iter().all(|b| own.binaries.contains(b)))
            };
            if !opening.versions.iter().all(|meant| lists(&meant)) {
                is_gone.set(true);
                let admission = as_it_is(&current);
                return Ok(Judged::new(current, admission));
            }
            let mut wanted: Vec<_> = binaries.iter().map(|b| exactly(b)).collect();
            for release in &releases {
                let mut own = offers.iter().filter(|o| o.version == release.version);
                if own.any(|offer| offer.has_source) {
                    wanted.push(Removal {
                        name: release.source.clone(),
                        version: Some(release.version.clone()),
                    });
                }
            }
            wanted.dedup();
            let selection = Selection::Packages(wanted);
            // Of several for one suite the older would stand against the newer.
            let older = match opening.versions {
                [_] => Older::Refuse,
                _ => Older::Allow,
            };
            let to = opening.to;
            let (current, admission) =
                self.promoted(&mut source, &selection, to, older, &keyring)?;
            let judged = phased(current, admission, &releases, &names, opening.percent);
            Ok(judged.with_donors(source.manifest().cloned()))
        })?;
        Ok((outcome, is_gone.get()))
    }

    /// Withdraws a target from one suite.
    fn withdrawn(
        &self,
        target: &Target,
        suite: &Suite,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        self.look(suite, None, Question::Manifest)?;
        let store = self.store.as_ref();
        let (releases, names) = (releases_of(target), names_of(target));
        let question = Question::Packages(&names);
        self.change(suite, act, &[], &|| {
            let current = publish::observe(store, suite, question)?;
            if !withdrawn::lists(&current, &releases, &names)? {
                let admission = as_it_is(&current);
                return Ok(Judged::new(current, admission));
            }
            let (mut with, mut without) = (None, None);
            publish::history(store, suite, &names, &mut |seen| {
                if withdrawn::lists(seen, &releases, &names)? {
                    with = seen.base();
                    return Ok(ControlFlow::Continue(()));
                }
                without = seen.base();
                Ok(ControlFlow::Break(()))
            })?;
            let read = |base: Option<crate::archive::Base>| match base {
                Some(base) => publish::observe_generation(store, suite, base.number, question),
                None => Ok(None),
            };
            let (without, with) = (read(without)?, read(with)?);
            let turn = without.as_ref().zip(with.as_ref());
            let admission = withdrawn(&current, turn, &releases, &names);
            let admission = match admission {
                Ok(admission) => lacking(store, admission)?,
                Err(findings) => Err(findings),
            };
            Ok(Judged::new(current, admission).reviving(true))
        })
    }
}

/// Refuses to put back what is no longer in the pool.
fn lacking(
    store: &dyn crate::sys::store::Store,
    admission: Admission,
) -> Result<Result<Admission, Vec<Finding>>, PublishError> {
    let added = admission.edits().values().flat_map(|edit| &edit.add);
    let files: Vec<_> = added
        .flat_map(|s| index::files(s).unwrap_or_default())
        .collect();
    let missing = publish::missing(store, &files)?;
    Ok(match missing.is_empty() {
        true => Ok(admission),
        false => Err(missing),
    })
}

fn phased(
    current: Current,
    admission: Result<Admission, Vec<Finding>>,
    releases: &[Release],
    names: &[PackageName],
    percent: u8,
) -> Judged {
    let admission =
        admission.and_then(|admission| phase(&current, admission, releases, names, percent));
    Judged::new(current, admission)
}

/// Tells whether a suite lists all of these, with exactly these files.
fn has_all(current: &Current, binaries: &[&Binary]) -> Result<bool, PublishError> {
    let Some(manifest) = current.manifest() else {
        return Ok(false);
    };
    for binary in binaries {
        let mut is_there = false;
        for index in manifest.listings() {
            if index.name.kind() != Some(Kind::Packages) {
                continue;
            }
            for stanza in current.versions(index, &binary.package)? {
                let files = index::files(stanza).unwrap_or_default();
                let same = files.iter().any(|file| file.sha256 == binary.sha256);
                is_there |= same && stanza.version() == &binary.version;
            }
        }
        if !is_there {
            return Ok(false);
        }
    }
    Ok(true)
}

fn exactly(binary: &Binary) -> Removal {
    Removal {
        name: binary.package.clone(),
        version: Some(binary.version.clone()),
    }
}

fn release(source: &PackageName, meant: &Meant) -> Release {
    Release {
        source: source.clone(),
        version: meant.source_version.clone(),
    }
}

/// Returns the versions that a target brings.
fn releases_of(target: &Target) -> Vec<Release> {
    let versions = target.versions.iter();
    versions
        .map(|meant| release(&target.source, meant))
        .collect()
}

/// Returns the names under which a target's packages are listed.
fn names_of(target: &Target) -> Vec<PackageName> {
    let binaries = target.versions.iter().flat_map(|meant| &meant.binaries);
    let names = binaries.map(|binary| binary.package.clone());
    let all: BTreeSet<_> = names.chain([target.source.clone()]).collect();
    all.into_iter().collect()
}

/// Lets an act say what it is for.
fn with_reason<T>(
    act: &mut Act<'_>,
    rollout: &Rollout,
    verb: &str,
    run: impl FnOnce(&mut Act<'_>) -> Result<T, FlowError>,
) -> Result<T, FlowError> {
    let given = act.reason.take();
    let why = given.clone().or_else(|| rollout.reason.clone());
    let mut text = format!("rollout {} {verb}", rollout.id);
    if let Some(why) = why {
        text = format!("{text}: {why}");
    }
    act.reason = Some(text);
    let done = run(act);
    act.reason = given;
    done
}

/// Returns the generation that a change led to, or would lead to.
fn settled(suite: &Suite, outcome: Outcome) -> Result<Generation, Vec<Finding>> {
    let number = match outcome {
        Outcome::Refused(findings) => return Err(findings),
        Outcome::Planned(plan, _) => plan.next().number(),
        Outcome::Unchanged(current, _) => current.base().map_or(0, |base| base.number),
        Outcome::Done(published, _) => published.generation.number,
    };
    Ok(Generation {
        suite: suite.clone(),
        number,
    })
}

/// Keeps the newest of what was said of a suite.
fn newest(moved: Vec<Generation>) -> Vec<Generation> {
    let mut found: Vec<Generation> = Vec::new();
    for one in moved {
        match found.iter_mut().find(|other| other.suite == one.suite) {
            Some(other) => *other = one,
            None => found.push(one),
        }
    }
    found
}

fn said(findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error());
    let lines = errors.map(|f| match f.fix.is_empty() {
        true => format!("{}: {}", f.subject, f.message),
        false => format!("{}: {} ({})", f.subject, f.message, f.fix),
    });
    lines.collect::<Vec<_>>().join("\n")
}
