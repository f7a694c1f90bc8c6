//! What `init` found and wrote.

use std::path::Path;

use serde::Serialize;

use super::{Document, Page};
use crate::config::{Detected, DetectedKind};

/// What `init` answers.
#[derive(Debug, Serialize)]
pub struct InitDocument {
    file: String,
    packages: Vec<Found>,
    text: String,
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
}

impl InitDocument {
    /// Shows what was detected for a file.
    pub fn new(file: &Path, detected: &Detected, text: &str) -> Self {
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
        });
        let (file, packages) = (file.display().to_string(), packages.collect());
        Self {
            file,
            packages,
            text: text.to_owned(),
            show_text: false,
        }
    }

    /// Shows the file's text as well.
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
        page.line(format!(
            "wrote {}: read it, fill in what is missing, and commit it before you tag",
            self.file
        ));
    }
}
