//! Pages, written and removed, and the state that says what they show.

use std::collections::BTreeSet;
use std::thread;

use super::Press;
use super::state::{State, ranges};
use crate::flow::FlowError;
use crate::model::{ArchivePath, PackageName};
use crate::report::pages::place;
use crate::sys::store::{Condition, Content};

impl Press<'_> {
    /// Writes files at once, those that differ from what is there.
    pub(super) fn put(&mut self, files: Vec<(ArchivePath, String)>) -> Result<(), FlowError> {
        let write = |(path, text): (ArchivePath, String)| -> Result<_, FlowError> {
            if self
                .out
                .read(&path)?
                .is_some_and(|there| there == text.as_bytes())
            {
                return Ok(None);
            }
            if !self.paging.dry_run {
                let content = Content::Bytes(text.as_bytes());
                self.out.write(&path, content, &Condition::Always)?;
            }
            Ok(Some(path))
        };
        // Each write waits for a disk or a network, so several wait at once.
        let share = files.len().div_ceil(self.out.fan_out(files.len())).max(1);
        let mut shares: Vec<Vec<_>> = Vec::new();
        for file in files {
            match shares.last_mut() {
                Some(last) if last.len() < share => last.push(file),
                _ => shares.push(vec![file]),
            }
        }
        let write = &write;
        let written: Result<Vec<_>, FlowError> = thread::scope(|scope| {
            let start = |share: Vec<_>| scope.spawn(move || share.into_iter().map(write).collect());
            let started: Vec<_> = shares.into_iter().map(start).collect();
            let ended = started.into_iter().map(|one| {
                let written: Result<Vec<_>, FlowError> = one.join().expect("no writer panics");
                written
            });
            Ok(ended.collect::<Result<Vec<_>, _>>()?.concat())
        });
        self.done.written.extend(written?.into_iter().flatten());
        Ok(())
    }

    /// Removes files.
    pub(super) fn take(&mut self, files: Vec<ArchivePath>) -> Result<(), FlowError> {
        for path in files {
            if !self.paging.dry_run {
                self.out.delete(&path)?;
            }
            self.done.removed.push(path);
        }
        Ok(())
    }

    /// Removes what looks like a page of ours and is none any more.
    pub(super) fn sweep(&mut self) -> Result<(), FlowError> {
        let mut kept: BTreeSet<ArchivePath> = BTreeSet::new();
        for name in &self.known {
            kept.extend(
                PackageName::new(name.as_str())
                    .ok()
                    .as_ref()
                    .map(place::package),
            );
        }
        let suites: Vec<String> = (self.suites.iter())
            .map(|seen| format!("pages/suites/{}/", place::flat(&seen.suite)))
            .collect();
        let mut lists: BTreeSet<ArchivePath> = BTreeSet::new();
        for seen in &self.suites {
            for range in ranges(&seen.manifest) {
                let name = format!("list/{}", place::list_name(&range.first));
                lists.insert(place::of_suite(&seen.suite, &name));
            }
        }
        let mut gone = Vec::new();
        for entry in self.out.list(&place::top())? {
            let path = entry.path.as_str();
            let is_gone = if path.starts_with("pages/packages/") {
                !kept.contains(&entry.path)
            } else if path.starts_with("pages/suites/") {
                let is_list = path.contains("/list/");
                !suites.iter().any(|suite| path.starts_with(suite))
                    || (is_list && !lists.contains(&entry.path))
            } else {
                false
            };
            if is_gone {
                gone.push(entry.path);
            }
        }
        self.take(gone)
    }

    /// Says what the pages show from now on; false when somebody else said
    /// something meanwhile.
    pub(super) fn commit(&mut self, state: &State) -> Result<bool, FlowError> {
        if self.paging.dry_run {
            return Ok(true);
        }
        let condition = match self.revision.take() {
            Some(revision) => Condition::IfRevision(revision),
            None => Condition::IfAbsent,
        };
        let (path, bytes) = (place::shared("state.json"), state.to_bytes());
        match self.out.write(&path, Content::Bytes(&bytes), &condition) {
            Ok(()) => Ok(true),
            Err(error) if error.is_conflict() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
