//! The commits between upstream's tag and the package's → patches, as gbp-pq(1)
//! makes them. Writes nothing.

use std::collections::BTreeSet;

use super::orig::Base;
use super::upstream::{Layout, PlannedPatch};
use crate::format::export_subst::{CommitFacts, Moment, subject};
use crate::model::{Finding, Timestamp};
use crate::sys::git::{GitError, Repository, TreeEntry};

/// Fields of DEP-3 that a commit's message may hold and a patch keeps.
const KEPT_FIELDS: [&str; 9] = [
    "Acked-by",
    "Applied-Upstream",
    "Author",
    "Bug",
    "Forwarded",
    "Last-Update",
    "Origin",
    "Reviewed-by",
    "Signed-off-by",
];

/// What is compared and what is not.
pub(super) struct Range<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// Upstream's commit.
    pub base: &'a Base,
    /// The package's commit.
    pub head: &'a str,
    /// The tree of its directory.
    pub tree: &'a str,
    /// That directory.
    pub path: &'a str,
    /// Directories and files at the top that are no change of upstream's.
    pub own: &'a BTreeSet<String>,
    /// The same anywhere.
    pub leave_out: &'a dyn Fn(&str) -> bool,
    /// Who answers for a patch that holds several commits.
    pub maintainer: &'a str,
}

/// Patches, and what was seen while they were planned.
#[derive(Debug)]
pub(super) struct Planned {
    /// In their order.
    pub patches: Vec<PlannedPatch>,
    /// One for each commit, or one for all.
    pub layout: Layout,
    /// What cannot be in a patch, and that commits are in no row.
    pub findings: Vec<Finding>,
}

/// A commit with the trees of the package's directory before and after it.
struct Step {
    commit: CommitFacts,
    before: String,
    after: String,
}

/// A directory's own entries, without those that are no change of upstream's.
type State = Vec<(Vec<u8>, String)>;

impl Range<'_> {
    /// Tells whether the tree is upstream's.
    pub(super) fn is_empty(&self) -> Result<bool, GitError> {
        let (base, head) = (&self.base.tree, self.tree);
        if self.state(base)? == self.state(head)? {
            return Ok(true);
        }
        let diff = self.diff(base, head)?;
        Ok(diff.text.is_empty() && diff.left_out.is_empty())
    }

    /// Plans one patch for each commit that changes upstream's files; one for
    /// all of them where they are in no row, or `layout` asks for it.
    pub(super) fn plan(&self, layout: Layout) -> Result<Planned, GitError> {
        let mut findings = Vec::new();
        let row = match layout {
            Layout::Single => None,
            _ => {
                let row = self.row()?;
                if row.is_none() {
                    let found = format!(
                        "the commits since {} that change upstream's files are in no row \
                         (a merge lies between): one patch holds them all",
                        self.base.tag
                    );
                    let finding = Finding::warning("patches", "debian/patches", found);
                    findings.push(finding.fix("rebase them onto the upstream tag"));
                }
                row
            }
        };
        let (layout, patches) = match row {
            Some(row) => (Layout::Commits, self.each(&row)?),
            None => (Layout::Single, vec![self.whole()?]),
        };
        let mut told = false;
        let mut built = BTreeSet::new();
        for patch in &patches {
            for (path, what) in self.diff(&patch.before, &patch.after)?.left_out {
                if path.starts_with("dist/") {
                    built.insert(patch.commit.clone());
                    continue;
                }
                let found = format!("it changes {what}, which no patch can hold: {path}");
                let subject = patch.commit.as_deref().unwrap_or("debian/patches");
                let finding = Finding::error("patch-cannot-hold", subject, found);
                findings.push(match std::mem::replace(&mut told, true) {
                    true => finding,
                    false => finding.fix(
                        "put the file below debian/ (debian/source/include-binaries) and install \
                         it from there, or into a new upstream tarball",
                    ),
                });
            }
        }
        if let Some(commit) = built.pop_first() {
            let subject = commit.as_deref().unwrap_or("debian/patches");
            let found = "it adds what builds left in dist/, which no patch can hold";
            let finding = Finding::error("patch-cannot-hold", subject, found);
            findings.push(finding.fix(
                "take it out of the history, or git rm --cached -r dist and commit; /dist/ in \
                 .gitignore keeps it out",
            ));
        }
        Ok(Planned {
            patches,
            layout,
            findings,
        })
    }

    fn diff(&self, from: &str, to: &str) -> Result<crate::sys::git::UnifiedDiff, GitError> {
        diff(self.repository, from, to, &|path| {
            let top = path.split('/').next().unwrap_or(path);
            self.own.contains(top) || (self.leave_out)(path)
        })
    }

    fn state(&self, tree: &str) -> Result<State, GitError> {
        let entries = self.repository.directory(tree)?;
        let own = |entry: &TreeEntry| self.own.contains(&*String::from_utf8_lossy(&entry.path));
        let entries = entries.into_iter().filter(|entry| !own(entry));
        Ok(entries
            .map(|entry| (entry.path, format!("{:?} {}", entry.kind, entry.id)))
            .collect())
    }

    /// Returns the tree of the package's directory in a commit.
    fn below(&self, commit: &str, tree: &str) -> Result<String, GitError> {
        if commit == self.base.commit.id {
            return Ok(self.base.tree.clone());
        }
        let below = self.repository.subtree(tree, self.path)?;
        Ok(below.unwrap_or_else(|| tree.to_owned()))
    }

    /// Finds the commits that lead from upstream's files to the package's, each
    /// starting where the one before ended; `None` where there is no such row.
    fn row(&self) -> Result<Option<Vec<Step>>, GitError> {
        let repository = self.repository;
        let mut row = Vec::new();
        let mut at = self.base.tree.clone();
        let mut state = self.state(&at)?;
        for commit in repository.commits_between(&self.base.commit.id, self.head)? {
            let after = self.below(&commit.id, &commit.tree)?;
            let new = self.state(&after)?;
            if new == state {
                continue;
            }
            let [parent] = commit.parents.as_slice() else {
                return Ok(None);
            };
            let parent = self.below(parent, &repository.commit(parent)?.tree)?;
            if self.state(&parent)? != state {
                return Ok(None);
            }
            let before = std::mem::replace(&mut at, after.clone());
            row.push(Step {
                commit,
                before,
                after,
            });
            state = new;
        }
        Ok((state == self.state(self.tree)?).then_some(row))
    }

    fn each(&self, row: &[Step]) -> Result<Vec<PlannedPatch>, GitError> {
        let mut patches = Vec::<PlannedPatch>::new();
        for Step {
            commit,
            before,
            after,
        } in row
        {
            let diff = self.diff(before, after)?;
            if diff.text.is_empty() && diff.left_out.is_empty() {
                continue;
            }
            let message = Message::read(&commit.message);
            let usual = || format!("{:04}-{}.patch", patches.len() + 1, slug(&message.subject));
            let name = message.name.clone().unwrap_or_else(usual);
            let name = match &message.topic {
                Some(topic) => format!("{topic}/{name}"),
                None => name,
            };
            let name = match patches.iter().any(|other| other.name == name) {
                true => format!("{:04}-{name}", patches.len() + 1),
                false => name,
            };
            patches.push(PlannedPatch {
                name,
                commit: Some(commit.id.clone()),
                before: before.clone(),
                after: after.clone(),
                header: message.header(&commit.author),
            });
        }
        Ok(patches)
    }

    fn whole(&self) -> Result<PlannedPatch, GitError> {
        let commits = self
            .repository
            .commits_between(&self.base.commit.id, self.head)?;
        let mut header = format!(
            "Description: All changes since {}\n It holds the changes of these commits that are \
             outside of debian/:\n .\n",
            self.base.tag
        );
        for commit in &commits {
            header.push_str(&format!(
                "  {:.12} {}\n",
                commit.id,
                subject(&commit.message)
            ));
        }
        header.push_str(&format!("Author: {}\n", self.maintainer));
        Ok(PlannedPatch {
            name: "debian-changes".to_owned(),
            commit: None,
            before: self.base.tree.clone(),
            after: self.tree.to_owned(),
            header,
        })
    }
}

/// Compares the trees of a planned patch.
pub(super) fn diff(
    repository: &Repository,
    from: &str,
    to: &str,
    leave_out: &dyn Fn(&str) -> bool,
) -> Result<crate::sys::git::UnifiedDiff, GitError> {
    repository.unified_diff(from, to, leave_out)
}

/// A commit's message, taken apart for a patch.
#[derive(Debug, PartialEq, Eq)]
struct Message {
    subject: String,
    /// Fields of DEP-3, as they were written.
    fields: Vec<String>,
    body: String,
    /// `Gbp-Pq: Name`.
    name: Option<String>,
    /// `Gbp-Pq: Topic`.
    topic: Option<String>,
}

impl Message {
    fn read(message: &str) -> Self {
        let subject = subject(message);
        let (mut fields, mut body) = (Vec::new(), Vec::new());
        let (mut name, mut topic) = (None, None);
        let lines = message.trim_start_matches('\n').lines();
        for line in lines.skip_while(|line| !line.trim().is_empty()) {
            let (key, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.trim();
            match key {
                "Gbp-Pq" | "Gbp" => match value.split_once(' ') {
                    Some(("Name", file)) => name = safe(file),
                    Some(("Topic", directory)) => topic = safe(directory),
                    _ => {}
                },
                "Gbp-Pq-Topic" => topic = safe(value),
                key if !value.is_empty()
                    && (KEPT_FIELDS.contains(&key) || key.starts_with("Bug-")) =>
                {
                    fields.push(line.trim_end().to_owned());
                }
                _ => body.push(line.trim_end()),
            }
        }
        Self {
            subject,
            fields,
            body: body.join("\n").trim_matches('\n').to_owned(),
            name,
            topic,
        }
    }

    fn header(&self, author: &Moment) -> String {
        let Moment {
            name,
            email,
            seconds,
            ..
        } = author;
        let date = Timestamp::from_unix(*seconds).rfc2822();
        let mut header = format!(
            "From: {name} <{email}>\nDate: {date}\nSubject: {}\n",
            self.subject
        );
        for field in &self.fields {
            header.push_str(&format!("{field}\n"));
        }
        header.push('\n');
        for line in self.body.lines() {
            // patch(1) must not take a line of a message for the start of a diff.
            let is_diff = ["--- ", "+++ ", "diff ", "Index:", "@@ ", "***"];
            let shift = is_diff.iter().any(|start| line.starts_with(start));
            header.push_str(if shift { " " } else { "" });
            header.push_str(line);
            header.push('\n');
        }
        header.push_str("---\n");
        header
    }
}

/// Takes a file's name that stays below `debian/patches`.
fn safe(name: &str) -> Option<String> {
    let known = |c: char| c.is_ascii_alphanumeric() || "+-._/".contains(c);
    let is_safe = !name.is_empty()
        && name.chars().all(known)
        && !name.split('/').any(|part| matches!(part, "" | "." | ".."));
    is_safe.then(|| name.to_owned())
}

/// Makes a part of a file's name of a subject, as git-format-patch(1) does.
fn slug(subject: &str) -> String {
    const LONGEST: usize = 52;
    let mut slug = String::new();
    for c in subject.chars() {
        if c.is_ascii_alphanumeric() || "._".contains(c) {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.truncate(LONGEST);
    let slug = slug.trim_matches(['-', '.']);
    if slug.is_empty() { "change" } else { slug }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_headers() {
        let text = "Fix: the  thing\n\nIt broke.\n--- like this\n\nBug-Debian: \
                    https://bugs.debian.org/1\nGbp-Pq: Name fix.patch\nGbp-Pq: Topic up\n";
        let message = Message::read(text);
        assert_eq!(message.name.as_deref(), Some("fix.patch"));
        assert_eq!(message.topic.as_deref(), Some("up"));
        let author = Moment {
            name: "Una".into(),
            email: "u@b.example".into(),
            seconds: 0,
            offset_minutes: 60,
        };
        let want = "From: Una <u@b.example>\nDate: Thu, 01 Jan 1970 00:00:00 +0000\n\
             Subject: Fix: the  thing\nBug-Debian: https://bugs.debian.org/1\n\n\
             It broke.\n --- like this\n---\n";
        assert_eq!(message.header(&author), want);
    }

    #[test]
    fn names_are_files_names() {
        for (subject, want) in [
            ("Fix: the  thing!", "Fix-the-thing"),
            ("../../etc", "etc"),
            ("…", "change"),
            ("v1.0.", "v1.0"),
        ] {
            assert_eq!(slug(subject), want, "{subject}");
        }
        for (name, good) in [
            ("a/b.patch", true),
            ("../a", false),
            ("/a", false),
            ("a b", false),
        ] {
            assert_eq!(safe(name).is_some(), good, "{name}");
        }
    }
}
