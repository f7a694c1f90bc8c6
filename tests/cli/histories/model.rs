//! What git says a plan has to tell.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Project;
use crate::steps::text;

/// Every package's range, and whose each commit is.
pub struct Model<'a> {
    project: &'a Project,
    /// Commits → the packages that own what they touch.
    owners: BTreeMap<String, Vec<&'static str>>,
}

type Commits = BTreeSet<String>;

impl<'a> Model<'a> {
    pub fn of(project: &'a Project) -> Self {
        let mut log = vec![
            "log",
            "--format=%x00%H",
            "--name-only",
            "--no-renames",
            "HEAD",
        ];
        if project.first_parent {
            log.extend(["--first-parent", "--diff-merges=first-parent"]);
        }
        let said = project.world.git(&log);
        let commits = said.split('\0').filter(|commit| !commit.is_empty());
        let owners = commits.map(|commit| {
            let mut lines = commit.lines().filter(|line| !line.is_empty());
            let id = lines.next().expect("an id").to_owned();
            (id, project.owners(lines))
        });
        Self {
            project,
            owners: owners.collect(),
        }
    }

    /// Lists the commits since a package's last final release, by its tags.
    fn range(&self, name: &str) -> Commits {
        let pattern = match self.project.names().len() {
            1 => "v*".to_owned(),
            _ => format!("{name}-v*"),
        };
        let tags = self.project.world.git(&["tag", "--list", &pattern]);
        let finals = tags.lines().filter(|tag| !tag.contains("-rc."));
        let finals: Vec<_> = finals.map(|tag| format!("^{tag}")).collect();
        let mut list = vec!["rev-list", "HEAD"];
        if self.project.first_parent {
            list.push("--first-parent");
        }
        list.extend(finals.iter().map(String::as_str));
        let said = self.project.world.git(&list);
        said.lines().map(str::to_owned).collect()
    }

    /// Checks that a plan tells each package's commits, and those of nobody,
    /// each as a change or with the reason why it is none.
    pub fn assert_tells_everything(&self, plan: &Value) {
        let mut all = Commits::new();
        for package in plan["packages"].as_array().expect("a list") {
            let name = text(&package["name"]);
            let range = self.range(&name);
            let owned = |id: &&String| self.owners[*id].contains(&name.as_str());
            let want: Commits = range.iter().filter(owned).cloned().collect();
            assert_eq!(told(&package["commits"]), want, "{name}: {package}");
            all.extend(range);
        }
        let nobodys = all.iter().filter(|id| self.owners[*id].is_empty());
        let want: Commits = nobodys.cloned().collect();
        let ignored = &plan["ignored"];
        assert_eq!(told(ignored), want, "{ignored}");
        for commit in ignored.as_array().expect("a list") {
            assert_ne!(text(&commit["ignored"]["why"]), "", "{commit}");
        }
    }
}

/// Lists the commits that are told of; what follows from another package's
/// release has none.
fn told(commits: &Value) -> Commits {
    let commits = commits.as_array().expect("a list").iter();
    let ids = commits.map(|commit| text(&commit["id"]));
    ids.filter(|id| !id.is_empty()).collect()
}
