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
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use rayon::prelude::*;

use super::FlowError;
use super::archiving::Desk;
use crate::archive::IndexName;
use crate::archive::query::relatives::source_of;
use crate::archive::settings::{Pages, Settings};
use crate::format::index::{Kind, Stanza};
use crate::model::finding::with_causes;
use crate::model::{ArchivePath, Event, PackageName, Suite};
use crate::publish::client::file_uri;
use crate::publish::{self, Extent, PublishError, Question};
use crate::report::pages::{
    Book, Frame, Front, HistorySheet, KeyFacts, Link, ListLink, ListRow, ListSheet, STYLE,
    SuiteFacts, SuiteSheet, description, place,
};
use crate::sys::store::{Condition, Content, Revision, Store};
use package::Batch;
use state::{HistoryRow, Range, Seen, Shown, State, ranges};

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

/// How many generations a history shows.
const HISTORY: usize = 100;
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

    /// Writes a suite's lists, history and own page.
    fn lists(&mut self, seen: &Seen) -> Result<Shown, FlowError> {
        let before = match self.how_much {
            HowMuch::Everything => None,
            HowMuch::Changed => self.before.as_ref().and_then(|b| b.suites.get(&seen.suite)),
        };
        let before = before.cloned();
        let old = match &before {
            Some(shown) => publish::read_manifest(self.store(), &shown.manifest).ok(),
            None => None,
        };
        let old: BTreeSet<Range> = old.iter().flat_map(ranges).collect();
        let now = ranges(&seen.manifest);
        let mut counts = BTreeMap::new();
        let mut pages = Vec::new();
        for (at, range) in now.iter().enumerate() {
            let kept = before
                .as_ref()
                .and_then(|shown| shown.lists.get(&range.first));
            let touched = self.changed.iter().any(|name| range.has(name));
            if let (Some(count), true, false) = (kept, old.contains(range), touched) {
                counts.insert(range.first.clone(), *count);
                continue;
            }
            let (first, next) = (range.first.as_str(), range.next.as_deref());
            let found = publish::between(self.store(), &seen.manifest, first, next)?;
            let rows = rows(&found);
            counts.insert(range.first.clone(), rows.len() as u64);
            let sheet = self.list(&seen.suite, &now, at, rows);
            let name = format!("list/{}", place::list_name(first));
            pages.push((place::of_suite(&seen.suite, &name), self.book.page(&sheet)));
            if pages.len() >= BATCH {
                self.put(std::mem::take(&mut pages))?;
            }
        }
        self.put(pages)?;
        let gone = old
            .iter()
            .filter(|range| !counts.contains_key(&range.first));
        let gone = gone.map(|range| format!("list/{}", place::list_name(&range.first)));
        let gone: Vec<_> = gone
            .map(|name| place::of_suite(&seen.suite, &name))
            .collect();
        self.take(gone)?;
        let (history, cut) = self.history(seen, before.as_ref())?;
        let shown = Shown {
            generation: seen.base.number,
            manifest: seen.base.manifest,
            lists: counts,
            history,
            cut,
        };
        let sheet = HistorySheet {
            frame: self.frame(Some(&seen.suite), "history", "../../../"),
            suite: seen.suite.to_string(),
            rows: &shown.history,
            cut,
        };
        let page = self.book.page(&sheet);
        self.put(vec![(place::of_suite(&seen.suite, "history.html"), page)])?;
        Ok(shown)
    }

    fn list(&self, suite: &Suite, all: &[Range], at: usize, rows: Vec<ListRow>) -> ListSheet {
        let name = |row: Option<&ListRow>| row.map(|row| row.name.clone());
        let label = match (name(rows.first()), name(rows.last())) {
            (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
            (Some(first), _) => first,
            _ => "There are none.".to_owned(),
        };
        let href = |range: Option<&Range>| {
            range.map(|range| place::href("", &place::list_name(&range.first)))
        };
        ListSheet {
            frame: self.frame(Some(suite), &label, "../../../../"),
            suite: suite.to_string(),
            label,
            rows,
            before: href(at.checked_sub(1).and_then(|at| all.get(at))),
            after: href(all.get(at + 1)),
        }
    }

    /// Tells a suite's history, reading only what came since `before`.
    fn history(
        &self,
        seen: &Seen,
        before: Option<&Shown>,
    ) -> Result<(Vec<HistoryRow>, bool), FlowError> {
        let limit = before.map_or(HISTORY, |shown| {
            let new = seen.base.number.saturating_sub(shown.generation);
            usize::try_from(new).unwrap_or(HISTORY).min(HISTORY)
        });
        let (past, extent) = match limit {
            0 => (Vec::new(), Extent::Cut),
            limit => publish::past(self.store(), &seen.suite, limit)?,
        };
        // A publisher may be faster than we are: the next refresh tells it.
        let mut rows: Vec<HistoryRow> = past.iter().filter_map(HistoryRow::of).collect();
        rows.retain(|row| row.number <= seen.base.number);
        let mut cut = extent == Extent::Cut;
        if let Some(shown) = before {
            cut = shown.cut;
            rows.retain(|row| row.number > shown.generation);
            rows.extend(shown.history.iter().cloned());
        }
        cut |= rows.len() > HISTORY;
        rows.truncate(HISTORY);
        Ok((rows, cut))
    }

    /// Writes the first page, those of the suites, and what they refer to.
    fn front(&mut self, state: &State) -> Result<(), FlowError> {
        let mut pages = Vec::new();
        let mut facts = Vec::new();
        let mut keys: BTreeMap<String, KeyFacts> = BTreeMap::new();
        let uri = state.uri.clone();
        let uri = uri.unwrap_or_else(|| uri_of(self.store()));
        for seen in self.suites.clone() {
            let shown = &state.suites[&seen.suite];
            let mut sources = self
                .desk
                .client_sources(std::slice::from_ref(&seen.suite))?;
            sources.uri = uri.clone();
            for key in sources.keys() {
                let path = place::key(key.fingerprint());
                keys.insert(
                    key.fingerprint().to_string(),
                    KeyFacts {
                        fingerprint: key.fingerprint().to_string(),
                        owner: key.user_id().to_owned(),
                        expires: key.expires().map(|end| end.day()),
                        href: place::href("", path.as_str()),
                    },
                );
                pages.push((path, key.armored()));
            }
            let fact = self.facts(&seen, shown, sources.text());
            pages.push((place::of_suite(&seen.suite, "apt.sources"), sources.text()));
            let sheet = SuiteSheet {
                frame: self.frame(Some(&seen.suite), "", "../../../"),
                suite: fact.clone(),
                lists: list_links(shown),
            };
            pages.push((
                place::of_suite(&seen.suite, "index.html"),
                self.book.page(&sheet),
            ));
            facts.push(fact);
        }
        let mut descriptions: Vec<String> = Vec::new();
        for seen in &self.suites {
            let settings = &seen.manifest.settings;
            for text in settings.label.iter().chain(&settings.origin) {
                if !descriptions.contains(text) && *text != self.title {
                    descriptions.push(text.clone());
                }
            }
        }
        let front = Front {
            frame: Frame {
                title: self.title.clone(),
                root: "",
                trail: vec![Link::new(&self.title, "index.html")],
            },
            descriptions,
            file: file_name(&self.title),
            suites: facts,
            keys: keys.into_values().collect(),
        };
        pages.push((place::front(), self.book.page(&front)));
        self.put(pages)
    }

    fn facts(&self, seen: &Seen, shown: &Shown, sources: String) -> SuiteFacts {
        let (manifest, settings) = (&seen.manifest, &seen.manifest.settings);
        let components = settings.components.iter().map(|c| c.to_string());
        let architectures = settings.architectures.iter().map(|a| a.to_string());
        let at = |name| place::href("", place::of_suite(&seen.suite, name).as_str());
        SuiteFacts {
            name: seen.suite.to_string(),
            file: file_name(seen.suite.as_str()),
            href: at("index.html"),
            description: settings.description.clone(),
            origin: settings.origin.clone(),
            generation: seen.base.number,
            date: manifest.date,
            day: manifest.date.day(),
            valid_until: manifest.valid_until,
            packages: shown.lists.values().sum(),
            components: components.collect(),
            architectures: architectures.collect(),
            sources,
            sources_href: at("apt.sources"),
        }
    }

    fn frame(&self, suite: Option<&Suite>, own: &str, root: &'static str) -> Frame {
        let mut trail = vec![Link::new(&self.title, place::href(root, "index.html"))];
        if let Some(suite) = suite {
            let page = place::of_suite(suite, "index.html");
            trail.push(Link::new(suite.as_str(), place::href(root, page.as_str())));
        }
        if !own.is_empty() {
            trail.push(Link::new(own, ""));
        }
        let names: Vec<&str> = trail.iter().rev().map(|step| step.text.as_str()).collect();
        Frame {
            title: names.join(" – "),
            root,
            trail,
        }
    }

    /// Writes files at once, those that differ from what is there.
    fn put(&mut self, files: Vec<(ArchivePath, String)>) -> Result<(), FlowError> {
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
    fn take(&mut self, files: Vec<ArchivePath>) -> Result<(), FlowError> {
        for path in files {
            if !self.paging.dry_run {
                self.out.delete(&path)?;
            }
            self.done.removed.push(path);
        }
        Ok(())
    }

    /// Removes what looks like a page of ours and is none any more.
    fn sweep(&mut self) -> Result<(), FlowError> {
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
    fn commit(&mut self, state: &State) -> Result<bool, FlowError> {
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

/// Returns where clients find an archive of which nobody said it.
fn uri_of(store: &dyn Store) -> String {
    let place = store.place();
    match place.contains("://") {
        true => place,
        false => file_uri(&place),
    }
}

/// A name for files on hosts: apt ignores others in sources.list.d.
fn file_name(text: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    let name: String = text.chars().map(plain).collect();
    let name = name.split('-').filter(|part| !part.is_empty());
    name.collect::<Vec<_>>().join("-")
}

/// One row a package, of its newest version.
fn rows(found: &[(IndexName, Stanza)]) -> Vec<ListRow> {
    let mut names: BTreeMap<&str, Vec<&Stanza>> = BTreeMap::new();
    for (_, stanza) in found {
        names
            .entry(stanza.name().as_str())
            .or_default()
            .push(stanza);
    }
    let row = |(name, stanzas): (&str, Vec<&Stanza>)| {
        let versions: BTreeSet<_> = stanzas.iter().map(|stanza| stanza.version()).collect();
        let newest = *versions.last().expect("a group has a stanza");
        let own = || stanzas.iter().filter(|stanza| stanza.version() == newest);
        let architectures: BTreeSet<_> = own().map(|s| s.architecture().to_string()).collect();
        let binary = own().find(|stanza| stanza.kind() == Kind::Packages);
        let synopsis = binary.map(|stanza| {
            let fields = stanza.paragraph();
            description(fields.get("Description").unwrap_or_default()).0
        });
        let source = own().find_map(|stanza| source_of(stanza));
        let of_source = || source.map_or(String::new(), |(name, _)| format!("source of {name}"));
        let page = place::package(stanzas[0].name());
        ListRow {
            name: name.to_owned(),
            href: place::href("../../../../", page.as_str()),
            version: newest.to_string(),
            more: versions.len() - 1,
            architectures: architectures.into_iter().collect(),
            synopsis: synopsis.unwrap_or_else(of_source),
        }
    };
    names.into_iter().map(row).collect()
}

/// Links to a suite's lists, each by the packages it lies between.
fn list_links(shown: &Shown) -> Vec<ListLink> {
    let firsts: Vec<&String> = shown.lists.keys().collect();
    let label = |at: usize| match (firsts[at].as_str(), firsts.get(at + 1)) {
        ("", None) => "all packages".to_owned(),
        ("", Some(next)) => format!("… {next}"),
        (first, Some(next)) => format!("{first} … {next}"),
        (first, None) => format!("{first} …"),
    };
    let counts = shown.lists.iter().enumerate();
    let link = |(at, (first, count)): (usize, (&String, &u64))| ListLink {
        href: place::href("list/", &place::list_name(first)),
        label: label(at),
        count: *count,
    };
    counts.map(link).filter(|link| link.count > 0).collect()
}
