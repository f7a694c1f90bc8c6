//! Destroying content in an archive, with a record of it.

use super::FlowError;
use super::archiving::{Act, Change, Desk, Judged, Outcome};
use crate::archive::collect::Needed;
use crate::archive::purge::Purge;
use crate::model::{ArchivePath, Finding, Sha256};
use crate::publish::{self, Survey};
use crate::report::pages::place;
use crate::sys::store::Entry;

/// What is to be destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// By its digest.
    Digest(Sha256),
    /// By its place in the pool.
    Path(ArchivePath),
}

/// What came of it.
#[derive(Debug)]
pub enum Purged {
    /// It was destroyed before.
    Unchanged(Purge),
    /// This would be destroyed.
    Planned(Sha256, Survey),
    /// A key that must not sign stands against it.
    Refused(Vec<Finding>),
    /// It is gone.
    Done(Purge),
}

impl Desk<'_> {
    /// Destroys content everywhere in the archive. `why` is kept with the record.
    pub fn purge(
        &self,
        content: &Content,
        why: &str,
        act: &mut Act<'_>,
    ) -> Result<Purged, FlowError> {
        self.suites()?;
        let store = self.store.as_ref();
        let none = |wanted: String| FlowError::NoContent {
            place: store.place(),
            wanted,
        };
        let sha256 = match content {
            Content::Digest(sha256) => *sha256,
            Content::Path(path) => {
                publish::digest_at(store, path)?.ok_or_else(|| none(path.to_string()))?
            }
        };
        let mut survey = publish::survey(store, &sha256)?;
        if let Content::Path(path) = content
            && store.size(path)?.is_some()
        {
            survey.paths.insert(path.clone());
        }
        let before = publish::purge_record(store, &sha256)?;
        match &before {
            Some(record) => survey.paths.extend(record.paths.iter().cloned()),
            None if survey.paths.is_empty() => return Err(none(sha256.to_string())),
            None => {}
        }
        let is_done =
            survey.generations.is_empty() && before.as_ref().is_some_and(|record| record.finished);
        let mut is_there = false;
        for path in &survey.paths {
            is_there |= store
                .digest(path)?
                .is_some_and(|(_, found)| found == sha256);
        }
        if let (Some(record), true, false) = (&before, is_done, is_there) {
            return Ok(Purged::Unchanged(record.clone()));
        }
        if act.dry_run {
            return Ok(Purged::Planned(sha256, survey));
        }
        let said = (self.who.clone(), why.to_owned());
        let now = self.clock.now();
        let mut record = before
            .unwrap_or_else(|| Purge::new(sha256, Vec::new(), said, self.command.clone(), now));
        record.finished = false;
        found(&mut record, &survey);
        {
            let _guard = self.lock()?;
            publish::spare_all(store, self.clock.now())?;
            // From now on nobody brings it back.
            publish::record_purge(store, &record)?;
        }
        let mut state = publish::state_of_all(store)?;
        loop {
            for suite in publish::suites(store)? {
                if !survey.is_in(&suite) {
                    continue;
                }
                let outcome = self.change(&suite, act, &[], &|| {
                    let (current, next) = publish::rewrite(store, &suite, &sha256, &survey)?;
                    Ok(Judged::of(current, Ok(Change::Purged(next.map(Box::new)))))
                })?;
                if let Outcome::Refused(findings) = outcome {
                    return Ok(Purged::Refused(findings));
                }
            }
            match self.erase(&mut record, &state)? {
                None => return Ok(Purged::Done(record)),
                Some(more) => {
                    self.listener
                        .note("it was published meanwhile; taking it out there, too");
                    found(&mut record, &more);
                    state.join(publish::state_of_all(store)?);
                    survey = more;
                }
            }
        }
    }

    /// Erases what no generation has any more; tells where one has it, and then
    /// erases nothing.
    fn erase(&self, record: &mut Purge, before: &Needed) -> Result<Option<Survey>, FlowError> {
        let store = self.store.as_ref();
        let guard = self.lock()?;
        if guard.excludes() {
            return self.erase_alone(record, before);
        }
        publish::sweep(store, self.clock.now())?;
        let erased = self.erase_alone(record, before);
        publish::abandon(store)?;
        erased
    }

    fn erase_alone(
        &self,
        record: &mut Purge,
        before: &Needed,
    ) -> Result<Option<Survey>, FlowError> {
        let store = self.store.as_ref();
        let survey = publish::survey(store, &record.sha256)?;
        if !survey.generations.is_empty() {
            return Ok(Some(survey));
        }
        let paths = record.paths.iter().cloned().collect();
        let erased = publish::erase(store, &record.sha256, &paths, before)?;
        record.removed.extend(erased);
        record.removed.extend(self.erase_pages()?);
        record.finished = true;
        publish::record_purge(store, record)?;
        Ok(None)
    }

    /// Erases the pages for people: they may have a changelog of what is
    /// destroyed, and are written again at any time.
    fn erase_pages(&self) -> Result<Vec<ArchivePath>, FlowError> {
        let store = self.store.as_ref();
        let mut pages = store.list(&place::top())?;
        if pages.is_empty() {
            return Ok(Vec::new());
        }
        let front = place::front();
        if let Some(size) = store.size(&front)? {
            pages.push(Entry { path: front, size });
        }
        for Entry { path, .. } in &pages {
            store.erase(path)?;
        }
        self.listener
            .note("the pages are erased, too: debcut archive pages writes them again");
        Ok(pages.into_iter().map(|entry| entry.path).collect())
    }
}

/// Adds to a record where the content is.
fn found(record: &mut Purge, survey: &Survey) {
    record.paths.extend(survey.paths.iter().cloned());
    record.paths.sort();
    record.paths.dedup();
    let packages = survey.packages.iter().map(ToString::to_string);
    record.packages.extend(packages);
    let generations = survey.generations.iter();
    record
        .generations
        .extend(generations.map(|(suite, number)| format!("{suite}@{number}")));
    for list in [&mut record.packages, &mut record.generations] {
        list.sort();
        list.dedup();
    }
}
