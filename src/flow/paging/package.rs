//! A package's page, made of what the suites say of it.

use std::collections::{BTreeMap, BTreeSet};

use super::changelog::{self, Changelog};
use super::state::Seen;
use crate::archive::proofs::{Proof, Shelves, shelf};
use crate::archive::query::relatives::{binaries_of, source_of};
use crate::archive::{Current, IndexName, layout, query};
use crate::format::index::{self, Kind, Stanza};
use crate::format::relation::{self, Alternative, Form};
use crate::model::{PackageName, Suite};
use crate::publish::{self, PublishError, Question};
use crate::report::pages::{
    ChangelogPart, Fact, FileLink, Frame, Link, PackageSheet, Related, RelationRow, VersionRow,
    description, place,
};
use crate::report::size;
use crate::sys::store::Store;

const ROOT: &str = "../../../";
/// The fields of relations that are shown.
const RELATIONS: [&str; 12] = [
    "Pre-Depends",
    "Depends",
    "Recommends",
    "Suggests",
    "Enhances",
    "Breaks",
    "Conflicts",
    "Replaces",
    "Provides",
    "Build-Depends",
    "Build-Depends-Arch",
    "Build-Depends-Indep",
];
/// How much of a changelog stands on the page itself.
const CHANGELOG_LINES: usize = 60;

/// What suites say of a batch of packages.
pub(super) struct Batch<'a> {
    seen: Vec<(&'a Seen, Current, Shelves)>,
    /// The long descriptions that `Packages` does not have.
    translations: BTreeMap<(PackageName, String), String>,
}

impl<'a> Batch<'a> {
    /// Reads what suites say of these packages.
    pub(super) fn read(
        store: &dyn Store,
        suites: &'a [Seen],
        names: &[PackageName],
    ) -> Result<Self, PublishError> {
        let mut seen = Vec::new();
        let mut translations = BTreeMap::new();
        for suite in suites {
            translations.extend(publish::descriptions(store, &suite.manifest, names)?);
            let question = Question::Packages(names);
            let number = suite.base.number;
            let current = publish::observe_generation(store, &suite.suite, number, question)?;
            let Some(current) = current else { continue };
            let mut sources = BTreeSet::new();
            for name in names {
                let found = query::show(&current, name)?;
                sources.extend(found.iter().filter_map(|(_, s)| Some(source_of(s)?.0)));
            }
            let shelves = publish::shelves(store, &suite.manifest, &sources)?;
            seen.push((suite, current, shelves));
        }
        Ok(Self { seen, translations })
    }

    /// Returns all that is said of a package, the newest version first.
    fn said(
        &self,
        name: &PackageName,
    ) -> Result<Vec<(&'a Suite, &IndexName, &Stanza)>, PublishError> {
        let mut found = Vec::new();
        for (seen, current, _) in &self.seen {
            let own = query::show(current, name)?.into_iter();
            found.extend(own.map(|(index, stanza)| (&seen.suite, index, stanza)));
        }
        found.sort_by(|a, b| {
            let binary = |stanza: &Stanza| stanza.kind() == Kind::Packages;
            let newest = b.2.version().cmp(a.2.version());
            newest
                .then_with(|| binary(b.2).cmp(&binary(a.2)))
                .then_with(|| a.2.architecture().cmp(b.2.architecture()))
        });
        Ok(found)
    }

    fn proofs(&self, stanza: &Stanza) -> Vec<Link> {
        let Some((source, version)) = source_of(stanza) else {
            return Vec::new();
        };
        let mut found: BTreeMap<&str, Link> = BTreeMap::new();
        for (seen, _, shelves) in &self.seen {
            let own = shelves.get(&shelf(&source)).into_iter().flatten();
            let own =
                own.filter(|proof: &&Proof| proof.source == source && proof.version == version);
            for proof in own {
                let path = layout::proof(&seen.suite, &proof.sha256);
                let link = Link::new(&proof.name, place::href(ROOT, path.as_str()));
                found.entry(&proof.name).or_insert(link);
            }
        }
        found.into_values().collect()
    }

    /// Makes a package's page; with its changelog, where that is new. `known`
    /// are the packages that have pages.
    pub(super) fn sheet(
        &self,
        archive: &dyn Store,
        out: &dyn Store,
        title: &str,
        name: &PackageName,
        known: &BTreeSet<String>,
    ) -> Result<(PackageSheet, Option<Changelog>), PublishError> {
        let mut sheet = PackageSheet {
            frame: Some(Frame {
                title: format!("{name} – {title}"),
                root: ROOT,
                trail: vec![
                    Link::new(title, place::href(ROOT, "index.html")),
                    Link::new(name.as_str(), ""),
                ],
            }),
            name: name.to_string(),
            gone: true,
            ..PackageSheet::default()
        };
        let said = self.said(name)?;
        let Some((_, _, newest)) = said.first() else {
            return Ok((sheet, None));
        };
        sheet.gone = false;
        let fields = newest.paragraph();
        sheet.install = said.iter().any(|(_, _, s)| s.kind() == Kind::Packages);
        let md5 = fields.get("Description-md5").map(str::to_owned);
        let long = md5.and_then(|md5| self.translations.get(&(name.clone(), md5)));
        let text = long.map(String::as_str).or(fields.get("Description"));
        (sheet.synopsis, sheet.description) = description(text.unwrap_or_default());
        if newest.kind() == Kind::Sources {
            sheet.synopsis = format!("The source package {name}.");
        }
        sheet.version = newest.version().to_string();
        sheet.rows = rows(&said);
        sheet.facts = facts(newest, known);
        sheet.relations = relations(newest, known);
        let source = said
            .iter()
            .find(|(_, _, stanza)| stanza.kind() == Kind::Sources);
        if let Some((_, _, source)) = source {
            let related = |name: PackageName| Related {
                href: page_of(&name, known),
                name: name.to_string(),
                rest: String::new(),
            };
            let binaries = binaries_of(source)
                .into_iter()
                .filter(|other| other != name);
            sheet.binaries = binaries.map(related).collect();
        }
        sheet.proofs = self.proofs(newest);
        let found = changelog(archive, out, name, newest)?;
        if let Some(found) = &found {
            let lines: Vec<&str> = found.text.lines().collect();
            let cut = lines.len() > CHANGELOG_LINES;
            sheet.changelog = Some(ChangelogPart {
                text: lines[..lines.len().min(CHANGELOG_LINES)].join("\n"),
                href: place::href(ROOT, found.path.as_str()),
                cut,
            });
        }
        Ok((sheet, found.filter(|found| !found.kept)))
    }
}

fn changelog(
    archive: &dyn Store,
    out: &dyn Store,
    name: &PackageName,
    stanza: &Stanza,
) -> Result<Option<Changelog>, PublishError> {
    let (Kind::Packages, Some(source)) = (stanza.kind(), source_of(stanza)) else {
        return Ok(None);
    };
    let files = index::files(stanza).unwrap_or_default();
    let Some(file) = files.first() else {
        return Ok(None);
    };
    Ok(changelog::find(
        archive,
        out,
        name,
        &source,
        (&file.path, file.size),
    )?)
}

/// One row a version, architecture and component, with all suites that have it.
fn rows(said: &[(&Suite, &IndexName, &Stanza)]) -> Vec<VersionRow> {
    let mut rows: Vec<VersionRow> = Vec::new();
    for (suite, index, stanza) in said {
        let (version, architecture, component) = (
            stanza.version().to_string(),
            stanza.architecture().to_string(),
            index.component().to_string(),
        );
        let page = place::of_suite(suite, "index.html");
        let link = Link::new(suite.as_str(), place::href(ROOT, page.as_str()));
        let same = |row: &&mut VersionRow| {
            row.version == version && row.architecture == architecture && row.component == component
        };
        if let Some(row) = rows.iter_mut().find(same) {
            if !row.suites.contains(&link) {
                row.suites.push(link);
            }
            continue;
        }
        let files = index::files(stanza).unwrap_or_default();
        let file = |file: &index::PoolFile| FileLink {
            text: file
                .path
                .as_str()
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned(),
            href: place::href(ROOT, file.path.as_str()),
            size: size(file.size),
        };
        rows.push(VersionRow {
            version,
            suites: vec![link],
            architecture,
            component,
            files: files.iter().map(file).collect(),
        });
    }
    rows
}

fn facts(stanza: &Stanza, known: &BTreeSet<String>) -> Vec<Fact> {
    let fields = stanza.paragraph();
    let mut facts = Vec::new();
    let mut add = |name, text: String, href| facts.push(Fact { name, text, href });
    if let (Kind::Packages, Some((source, version))) = (stanza.kind(), source_of(stanza)) {
        let href = page_of(&source, known).filter(|_| source != *stanza.name());
        add("Source", format!("{source} {version}"), href);
    }
    for name in [
        "Maintainer",
        "Section",
        "Priority",
        "Homepage",
        "Vcs-Browser",
        "License",
    ] {
        let Some(text) = fields.get(name).filter(|text| !text.is_empty()) else {
            continue;
        };
        // Only what a browser fetches from the web: nothing that it would run.
        let web = ["https://", "http://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        let href = (web && name != "Maintainer").then(|| text.to_owned());
        add(name, text.to_owned(), href);
    }
    let kib = fields
        .get("Installed-Size")
        .and_then(|text| text.parse::<u64>().ok());
    if let Some(bytes) = kib.and_then(|kib| kib.checked_mul(1024)) {
        add("Installed size", size(bytes), None);
    }
    facts
}

fn relations(stanza: &Stanza, known: &BTreeSet<String>) -> Vec<RelationRow> {
    let fields = stanza.paragraph();
    let row = |name: &'static str| {
        let text = fields.get(name)?;
        // Written for people: what cannot be parsed is shown as it is.
        let parsed = relation::relations(text, Form::Handwritten);
        let clauses = match parsed {
            Ok(clauses) => clauses
                .iter()
                .map(|clause| {
                    clause
                        .alternatives
                        .iter()
                        .map(|one| related(one, known))
                        .collect()
                })
                .collect(),
            Err(_) => vec![vec![Related {
                name: text.to_owned(),
                rest: String::new(),
                href: None,
            }]],
        };
        Some(RelationRow { name, clauses })
    };
    RELATIONS.into_iter().filter_map(row).collect()
}

fn related(alternative: &Alternative, known: &BTreeSet<String>) -> Related {
    match alternative {
        Alternative::Relation(relation) => {
            let whole = relation.to_string();
            let name = relation.name.to_string();
            Related {
                rest: whole.strip_prefix(&*name).unwrap_or_default().to_owned(),
                href: page_of(&relation.name, known),
                name,
            }
        }
        Alternative::Unsettled(text) => Related {
            name: text.clone(),
            rest: String::new(),
            href: None,
        },
    }
}

fn page_of(name: &PackageName, known: &BTreeSet<String>) -> Option<String> {
    let known = known.contains(name.as_str());
    known.then(|| place::href(ROOT, place::package(name).as_str()))
}
