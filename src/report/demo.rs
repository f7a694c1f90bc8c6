//! The closing screen of the demo.

use serde::Serialize;

use super::{Document, Page};

/// What `demo` answers.
#[derive(Debug, Serialize)]
pub struct DemoDocument {
    /// The directory of it all.
    pub directory: String,
    /// The tag that was built.
    pub tag: Option<String>,
    /// The package, with its version.
    pub package: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The throw-away key.
    pub key: Option<String>,
    /// What the installed program said; none where there is no apt.
    pub installed_says: Option<String>,
    /// The program that this machine lacks.
    pub missing: Option<String>,
}

impl DemoDocument {
    /// Shows what would be made.
    pub fn planned(directory: &str) -> Self {
        Self {
            directory: directory.to_owned(),
            tag: None,
            package: None,
            version: None,
            key: None,
            installed_says: None,
            missing: None,
        }
    }
}

impl Document for DemoDocument {
    const SCHEMA: &'static str = "debcut/demo/1";

    fn text(&self, page: &mut Page) {
        let at = &self.directory;
        let (Some(package), Some(version), Some(tag)) = (&self.package, &self.version, &self.tag)
        else {
            page.line(format!("everything would be left in {at}"));
            return;
        };
        page.line("");
        match (&self.installed_says, &self.missing) {
            (Some(_), _) => page.line(page.bold(&format!(
                "From the tag {tag} to {package} {version}, fetched and verified by the real apt."
            ))),
            (None, missing) => page.line(page.bold(&format!(
                "From the tag {tag} to {package} {version} in a signed archive; no {} here to fetch it.",
                missing.as_deref().unwrap_or("apt")
            ))),
        }
        page.line("");
        page.line("What lies where:");
        for (name, what) in [
            (
                "project/",
                "the git repository; look at git log and debcut.toml",
            ),
            (
                "dist/",
                "the .deb, .buildinfo, .changes, provenance and digests of the tag",
            ),
            (
                "archive/",
                "the apt archive: dists/, pool/, and its state in .debcut/",
            ),
            (
                "archive.sources",
                "what a client puts into /etc/apt/sources.list.d/",
            ),
            ("archive.pgp", "the key that the client checks against"),
            ("data/", "the throw-away key"),
        ] {
            page.line(format!(
                "  {} {what}",
                page.good(&format!("{at}/{name:<16}"))
            ));
        }
        page.line("");
        page.line("What to try next:");
        for (command, what) in [
            (
                format!("debcut archive list --archive {at}/archive"),
                "what is published",
            ),
            (
                format!("debcut archive serve --archive {at}/archive"),
                "the same over HTTP",
            ),
            (
                format!("XDG_DATA_HOME={at}/data debcut verify {at}/dist"),
                "who signed what, from which commit",
            ),
            (
                "debcut init && debcut key new && debcut build TAG".to_owned(),
                "your own project, in its repository",
            ),
        ] {
            page.line(format!("  {command}"));
            page.line(format!("      {}", page.dim(what)));
        }
    }
}
