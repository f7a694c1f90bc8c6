//! What a tree's `.gitattributes` say about packing it. Writes nothing.

use std::collections::BTreeSet;

use super::upstream::{Exported, Follow};
use crate::format::export_subst::{self, CommitFacts};
use crate::format::gitattributes::{Attributes, PathKind, State};
use crate::model::Finding;
use crate::sys::git::{GitError, Repository, TreeEntry, TreeEntryKind};

/// A tree's attributes, as far as packing is concerned; paths are those of the
/// packed directory.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// `export-ignore`, each directory alone.
    pub left_out: BTreeSet<String>,
    /// `export-subst`: the file and its object.
    pub filled: Vec<(String, String)>,
    /// Files whose content is elsewhere (`filter=lfs`).
    pub elsewhere: Vec<String>,
    /// Files that a checkout would have with other bytes, and by which
    /// attribute.
    pub converted: Vec<(String, &'static str)>,
}

/// Looks at a directory of a tree, the empty path being the whole.
pub(super) fn look(repository: &Repository, tree: &str, path: &str) -> Result<Seen, GitError> {
    let entries = repository.entries(tree)?;
    let mut files = Vec::new();
    for entry in &entries {
        let (above, name) = match entry.path.iter().rposition(|byte| *byte == b'/') {
            None => (&b""[..], &entry.path[..]),
            Some(at) => (&entry.path[..at], &entry.path[at + 1..]),
        };
        if name == b".gitattributes" && matches!(entry.kind, TreeEntryKind::File { .. }) {
            files.push((above, repository.blob(&entry.id)?));
        }
    }
    let attributes = Attributes::new(files.iter().map(|(above, text)| (*above, &text[..])));
    let mut seen = Seen::default();
    if attributes.is_empty() {
        return Ok(seen);
    }
    let prefix = match path {
        "" => String::new(),
        path => format!("{path}/"),
    };
    for entry in &entries {
        let Some(below) = entry.path.strip_prefix(prefix.as_bytes()) else {
            continue;
        };
        let shown = String::from_utf8_lossy(below).into_owned();
        if is_below(&seen.left_out, &shown) {
            continue;
        }
        one(repository, &attributes, entry, shown, &mut seen)?;
    }
    Ok(seen)
}

fn is_below(directories: &BTreeSet<String>, path: &str) -> bool {
    let mut above = path.match_indices('/').map(|(at, _)| &path[..at]);
    above.any(|above| directories.contains(above))
}

fn one(
    repository: &Repository,
    attributes: &Attributes,
    entry: &TreeEntry,
    path: String,
    seen: &mut Seen,
) -> Result<(), GitError> {
    let kind = match entry.kind {
        TreeEntryKind::Directory => PathKind::Directory,
        _ => PathKind::File,
    };
    let of = |name: &str| attributes.of(&entry.path, kind, name);
    if of("export-ignore") == State::Set {
        seen.left_out.insert(path);
        return Ok(());
    }
    if !matches!(entry.kind, TreeEntryKind::File { .. }) {
        return Ok(());
    }
    if of("export-subst") == State::Set {
        seen.filled.push((path.clone(), entry.id.clone()));
    }
    let value = |text: &str| State::Value(text.to_owned());
    if of("filter") == value("lfs") {
        // A file that was added without the filter is here whole.
        let content = repository.blob(&entry.id)?;
        if content.starts_with(b"version https://git-lfs.github.com/spec/") {
            seen.elsewhere.push(path);
            return Ok(());
        }
    }
    let by = if of("eol") == value("crlf") {
        Some("eol=crlf")
    } else if of("ident") == State::Set {
        Some("ident")
    } else if matches!(of("working-tree-encoding"), State::Value(name) if !name.eq_ignore_ascii_case("utf-8"))
    {
        Some("working-tree-encoding")
    } else {
        None
    };
    seen.converted.extend(by.map(|by| (path, by)));
    Ok(())
}

impl Seen {
    /// Says what speaks against packing the tree, by its name.
    pub(super) fn findings(&self, name: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        for path in &self.elsewhere {
            let found = format!("in {name} it is a pointer of git-lfs, not the file");
            let finding = Finding::error("git-lfs", path, found);
            findings.push(finding.fix(
                "git lfs migrate export brings it into the history; or give the published \
                 tarball with --orig",
            ));
        }
        if let Some((path, by)) = self.converted.first() {
            let found = format!(
                "{} file(s) of {name} are packed as git stores them, not as a checkout \
                 would have them: {path} has {by}",
                self.converted.len()
            );
            findings.push(Finding::warning("converted-file", path, found));
        }
        findings
    }

    /// Decides what the tarball of this tree is, and says what cannot be
    /// promised of it.
    pub(super) fn exported(
        &self,
        repository: &Repository,
        follow: Follow,
        tag: &str,
        commit: &CommitFacts,
    ) -> Result<(Exported, Vec<Finding>), GitError> {
        let mut findings = Vec::new();
        if follow == Follow::Nothing {
            let exported = Exported {
                follow,
                ..Exported::default()
            };
            return Ok((exported, findings));
        }
        let mut filled = BTreeSet::new();
        for (path, blob) in &self.filled {
            let text = repository.blob(blob)?;
            match export_subst::substitute(&text, commit) {
                Ok(new) if new == text => {}
                Ok(_) => {
                    filled.insert(path.clone());
                }
                Err(export_subst::Unstable { line, placeholder }) => {
                    let found = format!(
                        "line {line} of it in {tag} asks for $Format:{placeholder}$, which is \
                         not the same in every clone and with every git"
                    );
                    let finding = Finding::error("export-subst", path, found);
                    findings.push(finding.fix(format!(
                        "export-attributes = false packs the tree as it is, --orig takes the \
                         published tarball; stable are {}",
                        export_subst::FILLED
                    )));
                }
            }
        }
        let exported = Exported {
            follow,
            left_out: self.left_out.clone(),
            filled,
        };
        Ok((exported, findings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::git::scratch::Scratch;

    #[test]
    fn git_sees_the_same_attributes() {
        let scratch = Scratch::new();
        let texts = [
            (
                ".gitattributes",
                "*.bak export-ignore\n/top export-ignore\nd/**/x export-ignore\n\
                 [a-m]?.c export-ignore\ne/* export-ignore\n\\#odd export-ignore\n\
                 **/deep export-ignore\nkeep.bak -export-ignore\n[attr]gone export-ignore\n\
                 v[!0-9] gone\nw[[:digit:]] gone\nu* export-ignore\nuu !export-ignore\n\
                 d/f*r export-ignore\n\"q q\" export-ignore\n",
            ),
            (
                "sub/.gitattributes",
                "/top export-ignore\n*.bak !export-ignore\n",
            ),
        ];
        for (path, text) in texts {
            scratch.write(path, text);
        }
        let paths = [
            "a.bak",
            "keep.bak",
            "sub/a.bak",
            "top",
            "sub/top",
            "sub/sub/top",
            "d/x",
            "d/e/x",
            "d/e/f/x",
            "ab.c",
            "zb.c",
            "abc.c",
            "e/f",
            "e/g/h",
            "#odd",
            "deep",
            "s/deep",
            "va",
            "v1",
            "w1",
            "wa",
            "u",
            "uu",
            "d/foor",
            "d/fo/or",
            "q q",
            "sub/a/b.bak",
        ];
        for path in paths {
            scratch.write(path, "x");
        }
        scratch.commit("all");
        let repository = scratch.repository();
        let tree = repository.commit("HEAD").expect("a commit").tree;
        let entries = repository.entries(&tree).expect("lists");
        let read = |path| {
            repository
                .file(&tree, path)
                .expect("reads")
                .expect("is there")
        };
        let files = [
            (&b""[..], read(".gitattributes")),
            (b"sub", read("sub/.gitattributes")),
        ];
        let attributes = Attributes::new(files.iter().map(|(at, text)| (*at, &text[..])));
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        for entry in entries {
            if entry.kind == TreeEntryKind::Directory {
                continue;
            }
            let path = String::from_utf8(entry.path.clone()).expect("text");
            let set = attributes.of(&entry.path, PathKind::File, "export-ignore") == State::Set;
            ours.push((path.clone(), set));
            let words = format!("check-attr export-ignore -- {}", path.replace(' ', "+"));
            theirs.push((path, scratch.git(&words).ends_with(": set")));
        }
        assert_eq!(ours, theirs);
        assert!(ours.len() > 25);
        let seen = look(&repository, &tree, "sub").expect("looks");
        assert_eq!(Vec::from_iter(seen.left_out), ["top"]);
    }
}
