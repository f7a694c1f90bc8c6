//! `[release.notes]` → how notes are written.

use std::collections::BTreeMap;

use toml::Spanned;

use crate::config::policy::tree_path;
use crate::config::read::{ConfigError, Source};
use crate::config::written::release as written;
use crate::release::policy::{Components, NotesPolicy, Section};

pub(super) fn notes(
    source: &Source<'_>,
    written: written::Notes,
) -> Result<NotesPolicy, ConfigError> {
    let usual = NotesPolicy::default();
    let sections = match written.sections {
        None => usual.sections,
        Some(sections) => self::sections(source, sections)?,
    };
    let page = |page: Option<Spanned<String>>, holes: &[&str]| {
        let checked = |page: Spanned<String>| url(source, &page, holes);
        page.map(checked).transpose()
    };
    let own = written.templates;
    let own = [
        ("md", own.md),
        ("text", own.text),
        ("html", own.html),
        ("news", own.news),
        ("forge", own.forge),
    ];
    let mut templates = BTreeMap::new();
    for (format, path) in own {
        let Some(path) = path else { continue };
        let found = tree_path(source, &path.span(), path.get_ref())?;
        if found.is_empty() {
            let why = format!("templates.{format} must name a file of the tree");
            return Err(source.refuse(&path.span(), why));
        }
        templates.insert(format.to_owned(), found);
    }
    Ok(NotesPolicy {
        sections,
        pull_request: page(written.pull_request, &["{number}"])?,
        commit: page(written.commit, &["{id}"])?,
        compare: page(written.compare, &["{from}", "{to}"])?,
        contributors: written.contributors.unwrap_or(usual.contributors),
        scopes: written.scopes.unwrap_or(usual.scopes),
        by_component: match written.by_component {
            None => usual.by_component,
            Some(written::ByComponent::Never) => Components::Never,
            Some(written::ByComponent::PatchReleases) => Components::PatchReleases,
            Some(written::ByComponent::Always) => Components::Always,
        },
        templates,
    })
}

/// A type belongs to one section, or a change would be told twice.
fn sections(
    source: &Source<'_>,
    written: Vec<Spanned<written::Section>>,
) -> Result<Vec<Section>, ConfigError> {
    let mut found: Vec<Section> = Vec::new();
    for section in written {
        let at = section.span();
        let section = section.into_inner();
        let title = section.title.trim().to_owned();
        if title.is_empty() || title.contains(char::is_control) {
            return Err(source.refuse(&at, "a section's title must be one line of text"));
        }
        if section.types.is_empty() {
            let why = format!("the section {title} needs types, such as \"feat\", or \"*\"");
            return Err(source.refuse(&at, why));
        }
        let types: Vec<String> = section.types.iter().map(|t| t.to_lowercase()).collect();
        for name in &types {
            if let Some(other) = found.iter().find(|other| other.types.contains(name)) {
                let why = format!("“{name}” is already in the section {}", other.title);
                return Err(source.refuse(&at, why));
            }
        }
        found.push(Section { title, types });
    }
    Ok(found)
}

fn url(
    source: &Source<'_>,
    written: &Spanned<String>,
    placeholders: &[&str],
) -> Result<String, ConfigError> {
    let text = written.get_ref();
    for placeholder in placeholders {
        super::exactly_once(source, written, placeholder)?;
    }
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    if !is_web || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let why = format!("“{text}” must be the URL of a page, starting with https://");
        return Err(source.refuse(&written.span(), why));
    }
    Ok(text.clone())
}
