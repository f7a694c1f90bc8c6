//! The archive's pages for people, kept up to date: what changed is written,
//! the rest is left alone.
//!
//! They are no part of a publish: it is done before the first of them is
//! written, no client reads them, and what a crash leaves undone the next
//! refresh completes, because the state that says what they show is written
//! last. Where they are: [`place`].
//!
//! A dependency is a link where the archive had a page of it when its own page
//! was written; a package that comes later gets its links when all pages are
//! written anew. A package that goes keeps a page that says so, for those who
//! have its address, until then.

pub(in crate::flow) mod changelog;
mod package;
mod sheets;
mod state;
mod writing;

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::FlowError;
use super::archiving::Desk;
use crate::archive::settings::{Pages, Settings};
use crate::model::finding::with_causes;
use crate::model::{ArchivePath, Event, PackageName, Suite};
use crate::publish::{self, PublishError, Question};
use crate::report::pages::{Book, STYLE, place};
use crate::sys::store::{Revision, Store};
use package::Batch;
use state::{Seen, State};

/// What is wanted of the pages.
#[derive(Debug, Clone, Default)]
pub struct Paging {
    /// Where clients find the archive; without, what was said before, else
    /// `file:` and its directory.
    pub uri: Option<String>,
    /// How much is written.
    pub how_much: HowMuch,
    /// Whether nothing is written, only told.
    pub dry_run: bool,
}

/// How much of the pages is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HowMuch {
    /// What changed since the last time.
    #[default]
    Changed,
    /// Everything, and what is no page any more is removed.
    Everything,
}

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct Refreshed {
    /// The files that were written, in order.
    pub written: Vec<ArchivePath>,
    /// The files that were removed.
    pub removed: Vec<ArchivePath>,
    /// The suites that the pages show.
    pub suites: Vec<Suite>,
}

/// How many packages are read at once.
const BATCH: usize = 512;
/// How often pages that somebody else wrote meanwhile are written again.
const ATTEMPTS: usize = 4;

/// Brings the pages up to date after a change of a suite that wants pages. They
/// never make a publish fail that is done: what goes wrong is told.
pub(super) fn after_publish(desk: &Desk<'_>, settings: &Settings) {
    if settings.pages != Pages::Written {
        return;
    }
    if let Err(error) = refresh(desk) {
        let why = with_causes(&error);
        desk.listener.warn(format!(
            "the pages are not up to date: {why}; debcut archive pages completes them"
        ));
    }
}

/// Brings the pages in the archive up to date, where a suite wants pages; else
/// does nothing.
pub fn refresh(desk: &Desk<'_>) -> Result<Refreshed, FlowError> {
    let wanted = wanted(desk.store.as_ref())?;
    if !wanted.iter().any(wants_pages) {
        return Ok(Refreshed::default());
    }
    write(desk, desk.store.as_ref(), &Paging::default())
}

/// Writes the pages of an archive into a store, the archive itself or another.
pub fn write(desk: &Desk<'_>, out: &dyn Store, paging: &Paging) -> Result<Refreshed, FlowError> {
    let mut again = BTreeSet::new();
    for attempt in 1.. {
        let mut press = Press::new(desk, out, paging)?;
        press.changed.append(&mut again);
        if press.run()? || attempt == ATTEMPTS {
            return Ok(press.done);
        }
        // Somebody else's pages of an older state may be over ours, or ours
        // over theirs.
        again = press.changed;
    }
    unreachable!("the last attempt returns")
}

/// The suites to show: those that want pages; all where none does and somebody
/// asks for pages all the same.
fn wanted(store: &dyn Store) -> Result<Vec<Seen>, FlowError> {
    let mut seen = Vec::new();
    for suite in publish::suites(store)? {
        let current = publish::observe(store, &suite, Question::Manifest)?;
        if let Some((base, manifest)) = current.generation {
            seen.push(Seen {
                suite,
                base,
                manifest,
            });
        }
    }
    if seen.iter().any(wants_pages) {
        seen.retain(wants_pages);
    }
    Ok(seen)
}

fn wants_pages(seen: &Seen) -> bool {
    seen.manifest.settings.pages == Pages::Written
}

/// One run.
struct Press<'a> {
    desk: &'a Desk<'a>,
    out: &'a dyn Store,
    book: Book,
    title: String,
    paging: &'a Paging,
    how_much: HowMuch,
    suites: Vec<Seen>,
    before: Option<State>,
    revision: Option<Revision>,
    /// The names that have pages.
    known: BTreeSet<String>,
    /// The names whose pages are written.
    changed: BTreeSet<String>,
    done: Refreshed,
}

impl<'a> Press<'a> {
    fn new(desk: &'a Desk<'a>, out: &'a dyn Store, paging: &'a Paging) -> Result<Self, FlowError> {
        let found = out.read_revision(&place::shared("state.json"))?;
        let before = found
            .as_ref()
            .and_then(|found| State::from_bytes(&found.bytes));
        let before = before.filter(|state| state.edition == Book::edition());
        let suites = wanted(desk.store.as_ref())?;
        let mut press = Self {
            desk,
            out,
            book: Book::new(),
            title: title(&suites),
            paging,
            how_much: paging.how_much,
            known: BTreeSet::new(),
            changed: BTreeSet::new(),
            done: Refreshed {
                suites: suites.iter().map(|seen| seen.suite.clone()).collect(),
                ..Refreshed::default()
            },
            suites,
            before,
            revision: found.map(|found| found.revision),
        };
        press.find_changes()?;
        Ok(press)
    }

    fn store(&self) -> &'a dyn Store {
        self.desk.store.as_ref()
    }

    /// Finds out which packages changed since the state that the pages show.
    fn find_changes(&mut self) -> Result<(), FlowError> {
        let names = self.out.read(&place::shared("names.txt"))?;
        let names = names.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        self.known = names
            .iter()
            .flat_map(|text| text.lines())
            .map(str::to_owned)
            .collect();
        let changes = match (&self.before, self.how_much) {
            (Some(before), HowMuch::Changed) if names.is_some() => self.since(before)?,
            _ => None,
        };
        match changes {
            Some(changed) => self.changed = changed,
            None => {
                self.how_much = HowMuch::Everything;
                self.changed.clear();
                for seen in &self.suites {
                    self.changed
                        .extend(publish::names(self.store(), &seen.manifest)?);
                }
                self.known = self.changed.clone();
            }
        }
        Ok(())
    }

    /// Names what changed since then; none where that is no longer known.
    fn since(&self, before: &State) -> Result<Option<BTreeSet<String>>, FlowError> {
        let mut changed = BTreeSet::new();
        let same = self
            .suites
            .iter()
            .map(|seen| &seen.suite)
            .eq(before.suites.keys());
        if !same {
            return Ok(None);
        }
        for seen in &self.suites {
            let shown = &before.suites[&seen.suite];
            if shown.manifest == seen.base.manifest {
                continue;
            }
            let old = match publish::read_manifest(self.store(), &shown.manifest) {
                Ok(old) => old,
                Err(PublishError::Missing { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let found = publish::differing(self.store(), Some(&old), Some(&seen.manifest))?;
            changed.extend(found.into_iter().map(|name| name.to_string()));
        }
        Ok(Some(changed))
    }

    /// Tells whether nothing is to be done.
    fn is_current(&self) -> bool {
        let Some(before) = &self.before else {
            return false;
        };
        let same = |seen: &Seen| {
            let shown = before.suites.get(&seen.suite);
            shown.is_some_and(|shown| shown.manifest == seen.base.manifest)
        };
        self.how_much == HowMuch::Changed
            && self.changed.is_empty()
            && self.suites.iter().all(same)
            && (self.paging.uri.is_none() || self.paging.uri == before.uri)
    }

    /// Writes everything; false when somebody else wrote at the same time.
    fn run(&mut self) -> Result<bool, FlowError> {
        if self.is_current() {
            return Ok(true);
        }
        let said = self.before.as_ref().and_then(|state| state.uri.clone());
        let uri = self.paging.uri.clone().or(said);
        let mut state = State::new(Book::edition(), uri);
        let known_before = self.known.clone();
        self.packages()?;
        for at in 0..self.suites.len() {
            let shown = self.lists(&self.suites[at].clone())?;
            state.suites.insert(self.suites[at].suite.clone(), shown);
        }
        self.front(&state)?;
        self.put(vec![(place::shared("style.css"), STYLE.to_owned())])?;
        if self.how_much == HowMuch::Everything {
            self.sweep()?;
        }
        if self.how_much == HowMuch::Everything || self.known != known_before {
            let names: String = self.known.iter().map(|name| format!("{name}\n")).collect();
            self.put(vec![(place::shared("names.txt"), names)])?;
        }
        self.commit(&state)
    }

    /// Writes the pages of the packages that changed.
    fn packages(&mut self) -> Result<(), FlowError> {
        let names = self
            .changed
            .iter()
            .map(|name| PackageName::new(name.as_str()));
        // What the archive lists has a valid name.
        let names: Vec<PackageName> = names.filter_map(Result::ok).collect();
        let total = names.len() as u64;
        for (at, batch) in names.chunks(BATCH).enumerate() {
            let found = Batch::read(self.store(), &self.suites, batch)?;
            let new = batch.iter().map(PackageName::to_string);
            let mut known = self.known.clone();
            known.extend(new);
            let made = batch.par_iter().map(|name| {
                let made = found.sheet(self.store(), self.out, &self.title, name, &known);
                made.map(|(sheet, changelog)| (name, sheet, changelog))
            });
            let made: Result<Vec<_>, PublishError> = made.collect();
            let mut pages = Vec::new();
            for (name, sheet, changelog) in made? {
                pages.push((place::package(name), self.book.page(&sheet)));
                pages.extend(changelog.map(|found| (found.path, found.text)));
                match sheet.gone {
                    true => self.known.remove(name.as_str()),
                    false => self.known.insert(name.to_string()),
                };
            }
            self.put(pages)?;
            if total > BATCH as u64 {
                let done = ((at + 1) * BATCH).min(names.len()) as u64;
                self.desk.listener.hear(Event::Progress { done, total });
            }
        }
        Ok(())
    }
}

/// What the archive is called: what all its suites say.
fn title(suites: &[Seen]) -> String {
    let settings = || suites.iter().map(|seen| &seen.manifest.settings);
    let one = |name: fn(&crate::archive::Settings) -> Option<&String>| {
        let names: BTreeSet<&String> = settings().filter_map(name).collect();
        match names.len() {
            1 => names.into_iter().next().cloned(),
            _ => None,
        }
    };
    let found = one(|s| s.label.as_ref()).or_else(|| one(|s| s.origin.as_ref()));
    found.unwrap_or_else(|| "Package archive".to_owned())
}
