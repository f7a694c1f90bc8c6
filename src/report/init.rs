//! What `init` found and wrote.

use std::path::Path;

use serde::Serialize;

use super::{Document, Page};
use crate::config::{Detected, DetectedKind};

/// What `init` answers.
#[derive(Debug, Serialize)]
pub struct InitDocument {
    /// The last file, which is `debcut.toml` where that is written.
    file: String,
    packages: Vec<Found>,
    groups: Vec<FoundGroup>,
    text: String,
    /// The files before it.
    others: Vec<Written>,
    #[serde(skip)]
    show_text: bool,
}

#[derive(Debug, Serialize)]
struct Found {
    name: String,
    path: String,
    build: &'static str,
    tag: Option<String>,
    version_files: Vec<String>,
    depends_on: Vec<String>,
    changes_file: Option<String>,
}

#[derive(Debug, Serialize)]
struct FoundGroup {
    name: String,
    packages: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Written {
    file: String,
    text: String,
}

impl InitDocument {
    /// Shows what was detected, and the files with their texts.
    pub fn new<'a>(
        detected: &Detected,
        files: impl IntoIterator<Item = (&'a Path, &'a str)>,
    ) -> Self {
        let packages = detected.packages.iter().map(|package| Found {
            name: package.name.to_string(),
            path: package.path.clone(),
            build: match package.kind {
                DetectedKind::Debian => "debian",
                _ => "declared",
            },
            tag: package.tag.as_ref().map(ToString::to_string),
            version_files: package
                .version_files
                .iter()
                .map(|(f, _)| f.path.clone())
                .collect(),
            depends_on: package
                .depends_on
                .iter()
                .map(|edge| edge.package.to_string())
                .collect(),
            changes_file: package.changes_file.clone(),
        });
        let groups = detected.groups.iter().map(|group| FoundGroup {
            name: group.name.clone(),
            packages: group.packages.iter().map(ToString::to_string).collect(),
        });
        let mut others: Vec<Written> = files
            .into_iter()
            .map(|(file, text)| Written {
                file: file.display().to_string(),
                text: text.to_owned(),
            })
            .collect();
        let (file, text) = others
            .pop()
            .map_or_else(Default::default, |last| (last.file, last.text));
        Self {
            file,
            packages: packages.collect(),
            groups: groups.collect(),
            text,
            others,
            show_text: false,
        }
    }

    /// Shows the files' texts as well.
    #[must_use]
    pub fn with_text(mut self) -> Self {
        self.show_text = true;
        self
    }
}

impl Document for InitDocument {
    const SCHEMA: &'static str = "debcut/init/1";

    fn text(&self, page: &mut Page) {
        if self.show_text {
            // One file can be piped to its place; several are told apart.
            for other in &self.others {
                page.line(format!("# {}", other.file));
                page.line(&other.text);
            }
            if !self.others.is_empty() {
                page.line(format!("# {}", self.file));
            }
            page.line(&self.text);
            return;
        }
        for package in &self.packages {
            let place = match package.path.as_str() {
                "" => String::new(),
                path => format!(" in {path}"),
            };
            let tag = package.tag.as_deref();
            let tag = tag.map_or("no release tag yet".to_owned(), |tag| format!("tags {tag}"));
            page.line(format!(
                "{} ({}){place}, {tag}",
                package.name, package.build
            ));
        }
        if self.packages.is_empty() {
            page.line("no package was found: describe one in the file");
        }
        for group in &self.groups {
            page.line(format!("released together: {}", group.packages.join(", ")));
        }
        for other in &self.others {
            page.line(format!("wrote {}", other.file));
        }
        page.line(format!(
            "wrote {}: read it, fill in what is missing, and commit it before you tag",
            self.file
        ));
    }
}
