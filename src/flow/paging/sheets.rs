//! The pages of suites, and the first one.

use std::collections::{BTreeMap, BTreeSet};

use super::state::{HistoryRow, Range, Seen, Shown, State, ranges};
use super::{BATCH, HowMuch, Press};
use crate::archive::IndexName;
use crate::archive::query::relatives::source_of;
use crate::flow::FlowError;
use crate::format::index::{Kind, Stanza};
use crate::model::Suite;
use crate::publish::client::file_uri;
use crate::publish::{self, Extent};
use crate::report::pages::{
    Frame, Front, HistorySheet, KeyFacts, Link, ListLink, ListRow, ListSheet, SuiteFacts,
    SuiteSheet, description, place,
};
use crate::sys::store::Store;

/// How many generations a history shows.
const HISTORY: usize = 100;
impl Press<'_> {
    /// Writes a suite's lists, history and own page.
    pub(super) fn lists(&mut self, seen: &Seen) -> Result<Shown, FlowError> {
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
    pub(super) fn front(&mut self, state: &State) -> Result<(), FlowError> {
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
