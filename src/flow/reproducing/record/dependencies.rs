//! The packages that were there when something was built, and those that are.

use std::collections::BTreeMap;
use std::path::Path;

use crate::build::isolation::Isolation;
use crate::build::root::choices::{ArchiveChoice, RootChoices};
use crate::build::root::{Provided, Refresh, RootWanted, Snapshot};
use crate::flow::reproducing::{Record, Request, Site, Versions};
use crate::flow::{FlowError, rooting};
use crate::format::buildinfo::Buildinfo;
use crate::sys::process::Tool;

/// Checks that exactly the recorded versions are there, where the build uses
/// the machine's own system.
pub(super) fn check(
    record: &Buildinfo,
    wanted: &Record,
    isolation: &Isolation,
    site: &Site<'_>,
) -> Result<(), FlowError> {
    if matches!(isolation, Isolation::Chroot(_)) {
        return Ok(());
    }
    let query = Tool::new("dpkg-query")
        .env("PATH", site.environment.search_path())
        .env("LC_ALL", "C.UTF-8")
        .args(["--show", "--showformat"])
        .arg("${db:Status-Abbrev}\\t${Package}\\t${Architecture}\\t${Version}\\n");
    let said = query.output()?;
    let others = others(record, &installed(&String::from_utf8_lossy(&said.stdout)));
    if others.is_empty() {
        return Ok(());
    }
    match wanted.versions {
        Versions::Exact => Err(FlowError::OtherDependencies { others }),
        Versions::Any => {
            site.listener.warn(format!(
                "built with other packages than those recorded: {}",
                others.join(", ")
            ));
            Ok(())
        }
    }
}

/// Says which clean Debian has exactly the recorded packages.
pub(super) fn system(
    record: &Buildinfo,
    wanted: &Record,
    request: &Request,
    site: &Site<'_>,
) -> Result<RootWanted, FlowError> {
    let moment = |uri: &String| Snapshot {
        id: snapshot_moment(record),
        uri: uri.clone(),
    };
    let archives = wanted.archives.iter().map(|path| ArchiveChoice {
        location: path.display().to_string(),
        suites: Vec::new(),
        components: vec!["main".to_owned()],
        key: None,
    });
    let choices = RootChoices {
        snapshot: wanted.snapshot.as_ref().map(moment),
        archives: archives.collect(),
        ..RootChoices::default()
    };
    let saying = rooting::Saying {
        choices: &choices,
        archives: &BTreeMap::new(),
        top: Path::new("/"),
    };
    // A record does not say which suite it was; sid has most of its packages.
    let suite = request.how.suite.as_deref();
    let now = site.clock.now();
    let root = rooting::wanted(&saying, "unstable", suite, site.environment, now)?;
    Ok(RootWanted {
        exact: Some(record.installed.clone()),
        ..root
    })
}

/// Provides it.
pub(super) fn provide(
    root: &RootWanted,
    request: &Request,
    site: &Site<'_>,
) -> Result<Provided, FlowError> {
    let days = Refresh::AfterDays(RootChoices::default().refresh_days);
    let around = rooting::Surroundings {
        environment: site.environment,
        program: site.environment.program(),
        now: site.clock.now(),
        listener: site.listener,
    };
    rooting::provide(root, request.how.refresh.unwrap_or(days), &around)
}

/// Names the moment of a build as a snapshot service does.
fn snapshot_moment(record: &Buildinfo) -> String {
    let time = record.build_date.to_string();
    time.replace(['-', ':'], "")
}

type Versioned = BTreeMap<(String, String), String>;

/// Reads what dpkg-query says: packages that are installed, by name and
/// architecture.
fn installed(said: &str) -> Versioned {
    let mut found = Versioned::new();
    for line in said.lines() {
        let mut fields = line.split('\t');
        let (Some(state), Some(name), Some(architecture), Some(version)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        if state.trim_end() == "ii" || state.trim_end() == "hi" {
            found.insert(
                (name.to_owned(), architecture.to_owned()),
                version.to_owned(),
            );
        }
    }
    found
}

/// Names every recorded package that is not there in its version.
fn others(record: &Buildinfo, installed: &Versioned) -> Vec<String> {
    let native = record.build_architecture.as_str();
    let others = record.installed.iter().filter_map(|package| {
        let name = package.package.as_str();
        let architectures = match &package.architecture {
            Some(foreign) => vec![foreign.as_str()],
            None => vec![native, "all"],
        };
        let key = |architecture: &str| (name.to_owned(), architecture.to_owned());
        let found = architectures.iter().find_map(|a| installed.get(&key(a)));
        match found {
            Some(version) if version == package.version.as_str() => None,
            Some(version) => Some(format!("{name} {} (here {version})", package.version)),
            None => Some(format!("{name} {} (not here)", package.version)),
        }
    });
    others.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &[u8] =
        include_bytes!("../../../../fixtures/debian/hello_2.10-3_amd64.buildinfo");

    #[test]
    fn packages_that_differ_are_named_with_both_versions() {
        let record = Buildinfo::parse(RECORD).expect("a record");
        let mut here = Versioned::new();
        for package in &record.installed {
            let architecture = package
                .architecture
                .as_ref()
                .map_or("amd64", |a| a.as_str());
            let key = (package.package.to_string(), architecture.to_owned());
            here.insert(key, package.version.to_string());
        }
        assert_eq!(others(&record, &here), Vec::<String>::new());
        let (first, second) = (&record.installed[0], &record.installed[1]);
        let key = |name: &str| (name.to_owned(), "amd64".to_owned());
        here.insert(key(first.package.as_str()), "0~other".to_owned());
        here.remove(&key(second.package.as_str()));
        let want = [
            format!("{} {} (here 0~other)", first.package, first.version),
            format!("{} {} (not here)", second.package, second.version),
        ];
        assert_eq!(others(&record, &here), want);
        // Packages for all architectures serve every build.
        let version = second.version.to_string();
        here.insert((second.package.to_string(), "all".to_owned()), version);
        assert_eq!(others(&record, &here).len(), 1);
    }

    #[test]
    fn a_moment_is_named_as_snapshot_services_do() {
        let mut record = Buildinfo::parse(RECORD).expect("a record");
        record.build_date = crate::model::Timestamp::from_unix(1_747_699_200);
        assert_eq!(snapshot_moment(&record), "20250520T000000Z");
    }

    #[test]
    fn only_what_is_installed_counts() {
        let said = "ii \ta\tamd64\t1\nrc \tb\tamd64\t2\nhi \tc\tall\t3\n";
        let found = installed(said);
        let names: Vec<_> = found.keys().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "c"]);
    }
}
