//! Programs that the packages' release runs, and what their builds need.

use super::git_signing::{self, Format};
use super::{Patient, tools};
use crate::build::observe::TOOL_PATH;
use crate::build::package::{Kind, Package};
use crate::build::plan::Scope;
use crate::build::unmet::{Question, Unmet, unmet};
use crate::config::Project;
use crate::flow::project::Workspace;
use crate::format::control::{RulesRequiresRoot, SourceControl};
use crate::keys;
use crate::model::finding::with_causes;
use crate::model::{Checkup, Finding};
use crate::sys::git::Repository;

const RULE: &str = "tools";

/// How much a program lacks when it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Nothing goes without it.
    Needed,
    /// It would find mistakes.
    Useful,
    /// Builds in a clean chroot take it.
    Chroot,
}

/// A program with the Debian package that brings it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) program: &'static str,
    pub(super) package: &'static str,
    pub(super) weight: Weight,
}

/// What the project's release is made with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ways {
    pub(super) debian: bool,
    pub(super) fakeroot: bool,
    pub(super) gpg: bool,
    pub(super) ssh: bool,
    pub(super) ssh_signing: bool,
    pub(super) rootless: bool,
}

/// Lists the programs that these ways take.
pub(super) fn needs(ways: Ways) -> Vec<Need> {
    use Weight::{Chroot, Needed, Useful};
    let table = [
        (true, "git", "git", Needed),
        (ways.debian, "dpkg-source", "dpkg-dev", Needed),
        (ways.debian, "dpkg-buildpackage", "dpkg-dev", Needed),
        (ways.debian, "dpkg-genbuildinfo", "dpkg-dev", Needed),
        (ways.debian, "dpkg-checkbuilddeps", "dpkg-dev", Needed),
        (ways.debian, "make", "make", Needed),
        (ways.fakeroot, "fakeroot", "fakeroot", Needed),
        (ways.gpg, "gpg", "gnupg", Needed),
        (ways.ssh, "ssh", "openssh-client", Needed),
        (ways.ssh_signing, "ssh-keygen", "openssh-client", Needed),
        (ways.debian, "lintian", "lintian", Useful),
        (ways.debian, "mmdebstrap", "mmdebstrap", Chroot),
        (ways.debian && ways.rootless, "newuidmap", "uidmap", Chroot),
    ];
    let wanted = table.into_iter().filter(|(wanted, ..)| *wanted);
    wanted
        .map(|(_, program, package, weight)| Need {
            program,
            package,
            weight,
        })
        .collect()
}

/// Judges which of them are there.
pub(super) fn judge(needs: &[Need], is_there: &dyn Fn(&Need) -> bool) -> Checkup {
    let mut checkup = Checkup::default();
    let (there, missing): (Vec<&Need>, Vec<&Need>) = needs.iter().partition(|need| is_there(need));
    let names = |needs: &[&Need]| {
        let names: Vec<_> = needs.iter().map(|need| need.program).collect();
        names.join(", ")
    };
    if !there.is_empty() {
        checkup.pass(RULE, "programs", names(&there));
    }
    for weight in [Weight::Needed, Weight::Useful, Weight::Chroot] {
        let lacking: Vec<&Need> = missing
            .iter()
            .copied()
            .filter(|need| need.weight == weight)
            .collect();
        if lacking.is_empty() {
            continue;
        }
        let mut packages: Vec<_> = lacking.iter().map(|need| need.package).collect();
        packages.dedup();
        let finding = match weight {
            Weight::Needed => Finding::error("missing-tool", names(&lacking), "not installed"),
            Weight::Useful => Finding::warning(
                "missing-tool",
                names(&lacking),
                "not installed: nobody checks the packages against Debian's policy",
            ),
            Weight::Chroot => Finding::warning(
                "missing-tool",
                names(&lacking),
                "not installed: there can be no clean system to build in",
            ),
        };
        checkup.find(finding.fix(format!("apt-get install {}", packages.join(" "))));
    }
    checkup
}

/// Checks the programs, and the build dependencies of packages with `debian/`.
pub(super) fn check(
    repository: &Repository,
    workspace: Option<&Workspace>,
    patient: &Patient<'_>,
) -> Checkup {
    let packages = workspace.map(packages).unwrap_or_default();
    let debian: Vec<&Package> = packages
        .iter()
        .filter(|package| matches!(package.kind, Kind::Debian(_)))
        .collect();
    let controls: Vec<(String, Vec<u8>)> = debian
        .iter()
        .filter_map(|package| {
            let tree = repository.commit("HEAD").ok()?.tree;
            let path = package.file("debian/control");
            let text = repository.file(&tree, &path).ok()??;
            Some((path, text))
        })
        .collect();
    let needs_root = |(_, text): &(String, Vec<u8>)| {
        let control = SourceControl::parse(text).ok();
        let said = control.and_then(|control| control.rules_requires_root);
        said.is_some_and(|root| root != RulesRequiresRoot::No)
    };
    let signs = git_signing::settings(repository).map(|settings| settings.format);
    let key = workspace.and_then(|workspace| workspace.project.key.as_deref());
    let by_agent = key.is_some_and(|key| key.starts_with("gpg:"))
        && patient.environment.var(keys::ci::VARIABLE).is_none();
    let ways = Ways {
        debian: !debian.is_empty(),
        // dpkg-buildpackage takes it where root is needed and it is not root.
        fakeroot: controls.iter().any(needs_root) && !rustix::process::geteuid().is_root(),
        gpg: by_agent || signs == Some(Format::OpenPgp),
        ssh: workspace.is_some_and(|workspace| pushes_by_ssh(repository, &workspace.project)),
        ssh_signing: signs == Some(Format::Ssh),
        rootless: !rustix::process::geteuid().is_root(),
    };
    let find = |need: &Need| match need.program.starts_with("dpkg-") || need.program == "make" {
        // Builds look nowhere else, whatever the user's search path is.
        true => TOOL_PATH
            .split(':')
            .any(|place| std::path::Path::new(place).join(need.program).is_file()),
        false => patient.environment.find_program(need.program).is_some(),
    };
    let mut checkup = judge(&tools::needs(ways), &find);
    let has_checker = find(&Need {
        program: "dpkg-checkbuilddeps",
        package: "dpkg-dev",
        weight: Weight::Needed,
    });
    for (path, text) in controls.iter().filter(|_| has_checker) {
        let question = Question {
            scope: Scope::Full,
            host_architecture: None,
            profiles: Vec::new(),
        };
        match unmet(text, &question, patient.environment) {
            Ok(found) => checkup.extend(dependencies(path, &found)),
            Err(error) => {
                checkup.find(Finding::info(
                    "build-dependencies",
                    path,
                    with_causes(&error),
                ));
            }
        }
    }
    checkup
}

fn dependencies(path: &str, found: &Unmet) -> Checkup {
    let mut checkup = Checkup::default();
    if found.is_empty() {
        checkup.pass("build-dependencies", path, "all are installed");
        return checkup;
    }
    let why = format!("not met here: {}", found.shown());
    let finding = Finding::error("build-dependencies", path, why);
    checkup.find(finding.fix(found.install_command().unwrap_or_default()));
    checkup
}

/// The packages of the work tree's configuration; without any, the one that
/// `debian/` describes.
fn packages(workspace: &Workspace) -> Vec<Package> {
    let described = &workspace.project.packages;
    if !described.is_empty() {
        return described.clone();
    }
    let head = crate::build::observe::Wanted::Commit("HEAD".to_owned());
    workspace.package(&head, None).into_iter().collect()
}

/// Tells whether `--push` goes through ssh.
fn pushes_by_ssh(repository: &Repository, project: &Project) -> bool {
    let url = repository.remote_url(&project.release.remote);
    url.is_ok_and(|url| url.is_some_and(|url| is_ssh(&url)))
}

fn is_ssh(url: &str) -> bool {
    match url.split_once("://") {
        Some((scheme, _)) => matches!(scheme, "ssh" | "git+ssh" | "ssh+git"),
        // `host:path`, as git-clone(1) has it: no slash before the first colon.
        None => url
            .split_once(':')
            .is_some_and(|(host, _)| !host.is_empty() && !host.contains('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_is_asked_for() {
        let all = Ways {
            debian: true,
            fakeroot: true,
            gpg: true,
            ssh: true,
            ssh_signing: true,
            rootless: true,
        };
        let cases: &[(Ways, &[&str], &[&str], &str)] = &[
            (Ways::default(), &["git"], &[], ""),
            (
                Ways::default(),
                &[],
                &["error missing-tool"],
                "apt-get install git",
            ),
            (
                Ways {
                    debian: true,
                    ..Ways::default()
                },
                &["git", "make", "lintian"],
                &["error missing-tool", "warning missing-tool"],
                "apt-get install dpkg-dev",
            ),
            (
                Ways {
                    ssh: true,
                    ssh_signing: true,
                    ..Ways::default()
                },
                &["git"],
                &["error missing-tool"],
                "apt-get install openssh-client",
            ),
            (
                all,
                &[
                    "git",
                    "dpkg-source",
                    "dpkg-buildpackage",
                    "dpkg-genbuildinfo",
                    "dpkg-checkbuilddeps",
                    "make",
                    "fakeroot",
                    "ssh",
                    "ssh-keygen",
                ],
                &[
                    "error missing-tool",
                    "warning missing-tool",
                    "warning missing-tool",
                ],
                "apt-get install gnupg",
            ),
        ];
        for (ways, there, want, fix) in cases {
            let found = judge(&needs(*ways), &|need| there.contains(&need.program));
            let shown = super::super::tests::shown(&found);
            assert_eq!(shown, *want, "{ways:?} {there:?}");
            let first = found.findings.first();
            assert_eq!(first.map_or("", |finding| &finding.fix), *fix, "{ways:?}");
        }
    }

    #[test]
    fn remotes_by_ssh_are_known() {
        for (url, want) in [
            ("git@forge.example:a/b.git", true),
            ("ssh://git@forge.example/a/b", true),
            ("https://forge.example/a/b", false),
            ("/srv/git/b", false),
            ("../b", false),
            ("./a:b", false),
        ] {
            assert_eq!(is_ssh(url), want, "{url}");
        }
    }
}
