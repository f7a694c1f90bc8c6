//! `[build]`'s keys about systems → [`RootChoices`].

use super::read::{ConfigError, Source};
use super::written::{ArchiveOfBuild, Build};
use crate::build::root::Snapshot;
use crate::build::root::choices::{ArchiveChoice, RootChoices, SNAPSHOT_URI, snapshot_id};
use crate::model::{Component, Suite};

/// Takes what is written, with the usual for the rest.
pub(super) fn choices(source: &Source<'_>, written: &Build) -> Result<RootChoices, ConfigError> {
    let mut choices = RootChoices::default();
    if let Some(suite) = &written.suite {
        let name = Suite::new(suite.get_ref().clone());
        let name = name.map_err(|error| source.refuse(&suite.span(), error.to_string()))?;
        choices.suite = Some(name.to_string());
    }
    if let Some(components) = &written.components {
        let named = components.get_ref().iter().map(Component::new);
        let named: Result<Vec<_>, _> = named.collect();
        let named = named.map_err(|error| source.refuse(&components.span(), error.to_string()))?;
        if named.is_empty() {
            return Err(source.refuse(&components.span(), "at least one component is needed"));
        }
        choices.components = named;
    }
    match (&written.snapshot, &written.snapshot_url) {
        (Some(snapshot), uri) => {
            let id = snapshot_id(snapshot.get_ref()).ok_or_else(|| {
                let found = snapshot.get_ref();
                let why = format!("“{found}” is no moment such as 20250520T000000Z or 2025-05-20");
                source.refuse(&snapshot.span(), why)
            })?;
            let usual = || SNAPSHOT_URI.to_owned();
            let uri = uri.as_ref().map_or_else(usual, |uri| uri.get_ref().clone());
            choices.snapshot = Some(Snapshot { id, uri });
        }
        (None, Some(uri)) => {
            let why = "snapshot-url needs snapshot, which says the moment";
            return Err(source.refuse(&uri.span(), why));
        }
        (None, None) => {}
    }
    if let Some(uri) = &written.snapshot_url
        && !uri.get_ref().contains("@SNAPSHOTID@")
    {
        let why = "snapshot-url must hold @SNAPSHOTID@, where the moment goes";
        return Err(source.refuse(&uri.span(), why));
    }
    choices.mirror.clone_from(&written.mirror);
    choices.security_mirror.clone_from(&written.security_mirror);
    choices.keyring.clone_from(&written.keyring);
    choices.refresh_days = written.refresh_days.unwrap_or(choices.refresh_days);
    choices.archives = written.archives.iter().map(archive).collect();
    Ok(choices)
}

fn archive(written: &ArchiveOfBuild) -> ArchiveChoice {
    let main = || vec!["main".to_owned()];
    match written {
        ArchiveOfBuild::Location(location) => ArchiveChoice {
            location: location.clone(),
            suites: Vec::new(),
            components: main(),
            key: None,
        },
        ArchiveOfBuild::Table(table) => ArchiveChoice {
            location: table.location.clone(),
            suites: table.suite.clone().map_or_else(Vec::new, |suites| suites.0),
            components: table.components.clone().unwrap_or_else(main),
            key: table.key.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Project;

    fn read(text: &str) -> Result<RootChoices, String> {
        let project = Project::parse("debcut.toml", &format!("[build]\n{text}"));
        project
            .map(|project| project.root)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn silence_is_the_usual() {
        assert_eq!(read(""), Ok(RootChoices::default()));
    }

    #[test]
    fn everything_can_be_said() {
        let found = read(
            "suite = \"trixie\"\nmirror = \"http://m/debian\"\nsecurity-mirror = \"http://m/s\"\n\
             keyring = \"/k.gpg\"\ncomponents = [\"main\", \"contrib\"]\n\
             snapshot = \"2025-05-20\"\nrefresh-days = 30\n\
             archives = [\"own\", { location = \"http://a\", suite = \"x\", key = \"a.asc\" }]\n",
        )
        .expect("it is right");
        assert_eq!(found.suite.as_deref(), Some("trixie"));
        assert_eq!(found.components.len(), 2);
        let snapshot = found.snapshot.expect("one");
        assert_eq!(
            (snapshot.id.as_str(), snapshot.uri.as_str()),
            ("20250520T000000Z", SNAPSHOT_URI)
        );
        assert_eq!(found.refresh_days, 30);
        assert_eq!(found.archives[0].location, "own");
        assert_eq!(found.archives[1].suites, ["x"]);
        assert_eq!(found.archives[1].components, ["main"]);
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, want) in [
            ("snapshot = \"yesterday\"", "2: “yesterday” is no moment"),
            (
                "snapshot-url = \"http://x/@SNAPSHOTID@\"",
                "2: snapshot-url needs snapshot",
            ),
            (
                "snapshot = \"2025-05-20\"\nsnapshot-url = \"http://x\"",
                "3: snapshot-url must hold @SNAPSHOTID@",
            ),
            ("suite = \"a b\"", "2: “a b” is not a valid suite name"),
            ("components = []", "2: at least one component"),
            (
                "components = [\"a b\"]",
                "2: “a b” is not a valid component",
            ),
            ("refresh-dayz = 1", "2: unknown field `refresh-dayz`"),
            ("archives = [{ url = \"x\" }]", "2: "),
        ] {
            let error = read(text).expect_err(text);
            assert!(
                error.starts_with(&format!("debcut.toml:{want}")),
                "{text}: {error}"
            );
        }
    }
}
