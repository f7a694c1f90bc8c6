//! A declared package's build command: run on the floor, and what the
//! description names brought back from there.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::floor::{Floor, Links};
use super::{Bench, BuildError};
use crate::build::package::{Declared, is_pattern};
use crate::sys::files;

/// What the names of a million files take.
const LISTING_BYTES: u64 = 128 * 1024 * 1024;

impl Bench<'_> {
    /// Runs the command in the exported tree `whole`, and returns the tree to
    /// pack from: the same one, or what came out of the room.
    pub(super) fn command(
        &mut self,
        declared: &Declared,
        command: &str,
        whole: &Path,
    ) -> Result<PathBuf, BuildError> {
        self.open()?;
        self.carry_in("carrying in the source of", &[whole.to_owned()])?;
        let tree = self.ground().join(self.plan.directory_name());
        let shell = self.on_floor("sh", &tree.join(&self.plan.path));
        self.run(
            "running the build command of",
            shell.args(["-euc", command]),
        )?;
        if matches!(self.floor, Floor::Machine) {
            return Ok(whole.to_owned());
        }
        let list = self.on_floor("find", &tree);
        let list = list.args([".", "-mindepth", "1", "-printf", "%y%P\\0%l\\0"]);
        let list = self.said("looking at the result of", list.at_most(LISTING_BYTES))?;
        let sources: Vec<String> = declared.sources().map(str::to_owned).collect();
        let names = wanted(&Listing::read(&list), &self.plan.path, &sources);
        let into = self.work().join("made").join(self.plan.directory_name());
        files::create_dir(&into.join(&self.plan.path))?;
        self.carry_out(&tree, &names, &into, Links::Kept)?;
        Ok(into)
    }
}

/// What is in a tree: files, and links with where they lead.
#[derive(Debug, Default)]
struct Listing {
    files: BTreeSet<PathBuf>,
    links: BTreeMap<PathBuf, PathBuf>,
}

impl Listing {
    /// Reads `find -printf '%y%P\0%l\0'`.
    fn read(said: &[u8]) -> Self {
        let mut found = Self::default();
        let mut words = said.split(|byte| *byte == 0);
        while let (Some(name), Some(target)) = (words.next(), words.next()) {
            let Some((kind, path)) = name.split_first() else {
                break;
            };
            let path = PathBuf::from(OsStr::from_bytes(path));
            match kind {
                b'f' => {
                    found.files.insert(path);
                }
                b'l' => {
                    let target = PathBuf::from(OsStr::from_bytes(target));
                    found.links.insert(path, target);
                }
                _ => {}
            }
        }
        found
    }

    /// Follows the links in a path as far as they stay in the tree.
    fn resolved(&self, path: &Path) -> Option<PathBuf> {
        // As many as the kernel follows (path_resolution(7)).
        let mut left = 40;
        let mut rest: Vec<PathBuf> = vec![path.to_owned()];
        let mut at = PathBuf::new();
        while let Some(next) = rest.pop() {
            let mut parts = next.components();
            let Some(part) = parts.next() else { continue };
            rest.push(parts.as_path().to_owned());
            match part {
                Component::CurDir => {}
                Component::ParentDir => {
                    if !at.pop() {
                        return None;
                    }
                }
                Component::Normal(name) => {
                    at.push(name);
                    if let Some(target) = self.links.get(&at) {
                        left -= 1;
                        if left == 0 {
                            return None;
                        }
                        at.pop();
                        rest.push(target.clone());
                    }
                }
                Component::RootDir | Component::Prefix(_) => return None,
            }
        }
        Some(at)
    }
}

/// Picks what a description's sources may lead to: every link, since one is as
/// small as its name, and the files that are named or match.
fn wanted(tree: &Listing, package: &str, sources: &[String]) -> BTreeSet<PathBuf> {
    let mut found: BTreeSet<PathBuf> = tree.links.keys().cloned().collect();
    for source in sources {
        let whole = Path::new(package).join(source);
        if !is_pattern(source) {
            let places = [tree.resolved(&whole), tree.resolved(&plain(&whole))];
            for place in places.into_iter().flatten() {
                found.extend(below(tree, &place));
            }
            continue;
        }
        let pattern = glob::Pattern::new(&plain(&whole).to_string_lossy());
        let options = glob::MatchOptions {
            require_literal_separator: true,
            ..glob::MatchOptions::new()
        };
        let fixed = plain(&whole);
        let fixed = fixed.components();
        let fixed: PathBuf = fixed
            .take_while(|part| !is_pattern(&part.as_os_str().to_string_lossy()))
            .collect();
        let reached = tree.resolved(&fixed);
        if reached.as_ref() != Some(&fixed) {
            // A link before the pattern: all that may match is behind it.
            found.extend(reached.iter().flat_map(|place| below(tree, place)));
        }
        if let Ok(pattern) = pattern {
            let matching = |path: &&PathBuf| pattern.matches_path_with(path, options);
            found.extend(tree.files.iter().filter(matching).cloned());
        }
        for link in tree.links.keys().filter(|link| link.starts_with(&fixed)) {
            if let Some(place) = tree.resolved(link)
                && !fixed.starts_with(&place)
            {
                found.extend(below(tree, &place));
            }
        }
    }
    found
}

fn below(tree: &Listing, place: &Path) -> Vec<PathBuf> {
    let files = tree.files.iter();
    files
        .filter(|file| file.starts_with(place))
        .cloned()
        .collect()
}

/// Takes `.` and `..` out of a path, as it is written.
fn plain(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                found.pop();
            }
            Component::Normal(name) => found.push(name),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Listing {
        let said = b"dtarget\0\0ftarget/app\0\0ftarget/big.o\0\0fsub/doc/a.txt\0\0\
                     fsub/doc/b/c.txt\0\0fcommon/d\0\0lsub/linked\0../common\0\
                     lsub/out\0/etc\0lsub/loop\0loop\0";
        Listing::read(said)
    }

    #[test]
    fn only_what_is_named_leaves_the_room() {
        let links = ["sub/linked", "sub/loop", "sub/out"];
        let cases: [(&str, &str, &[&str]); 8] = [
            ("", "target/app", &["target/app"]),
            ("", "target", &["target/app", "target/big.o"]),
            ("sub", "doc/*.txt", &["sub/doc/a.txt"]),
            ("sub", "doc/**/*", &["sub/doc/a.txt", "sub/doc/b/c.txt"]),
            ("sub", "../target/app", &["target/app"]),
            ("sub", "linked/d", &["common/d"]),
            ("sub", "linked/*", &["common/d"]),
            ("sub", "out/passwd", &[]),
        ];
        for (package, source, want) in cases {
            let found = wanted(&tree(), package, &[source.to_owned()]);
            let found: BTreeSet<&str> = found.iter().filter_map(|p| p.to_str()).collect();
            let must: BTreeSet<&str> = want.iter().copied().chain(links).collect();
            assert!(found.is_superset(&must), "{package} {source}: {found:?}");
            assert!(
                source.starts_with("target") || !found.contains("target/big.o"),
                "{package} {source}: {found:?}"
            );
        }
    }
}
