//! What a declared package's description names and its tree lacks, before
//! anything is built. Knows nothing of what a build command makes.

use super::license::License;
use super::package::{Content, CopyrightSource, Declared, Package, is_pattern};
use crate::sys::git::{TreeEntry, TreeEntryKind};

/// Lists each file that is named and is not among the tree's entries, with
/// the key that names it. Whatever is reached through a link counts as there:
/// links are followed when the package is built.
pub fn missing(entries: &[TreeEntry], package: &Package, declared: &Declared) -> Vec<String> {
    let mut named: Vec<(&str, String, bool)> = Vec::new();
    for content in &declared.contents {
        if let Content::File { source, .. } = content {
            named.push((source, "files".to_owned(), false));
        }
    }
    if let CopyrightSource::File(file) = &declared.copyright {
        named.push((file, "copyright".to_owned(), true));
    }
    if let Some(file) = &declared.changelog {
        named.push((file, "changelog".to_owned(), true));
    }
    for (script, file) in &declared.scripts {
        named.push((file, format!("scripts.{script}"), true));
    }
    let lacking = named.into_iter().filter_map(|(name, key, file_only)| {
        let path = package.file(name);
        let there = match is_pattern(name) && !file_only {
            true => matches(entries, package, &path),
            false => is_there(entries, path.trim_end_matches('/'), file_only),
        };
        (!there).then(|| match key.as_str() {
            "copyright" => copyright_of(&path, name),
            key => format!("{path} ({key})"),
        })
    });
    lacking.collect()
}

/// Names the licence's file that the tree lacks, where a command makes the
/// rest: no command makes a file that is called like a licence, or as licences'
/// texts usually are.
pub fn missing_copyright(
    entries: &[TreeEntry],
    package: &Package,
    declared: &Declared,
) -> Option<String> {
    let CopyrightSource::File(file) = &declared.copyright else {
        return None;
    };
    let stem = file.split('.').next().unwrap_or(file).to_uppercase();
    let usual = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT"].contains(&stem.as_str());
    let path = package.file(file);
    let there = is_there(entries, &path, true);
    (!there && (usual || License::new(file).is_ok())).then(|| copyright_of(&path, file))
}

/// Says which file is meant, and that a name is none.
fn copyright_of(path: &str, file: &str) -> String {
    match License::new(file) {
        Ok(_) => format!("{path} (copyright; for a licence's name write license = \"{file}\")"),
        Err(_) => format!("{path} (copyright)"),
    }
}

fn is_there(entries: &[TreeEntry], path: &str, file_only: bool) -> bool {
    let path = path.as_bytes();
    entries.iter().any(|entry| match entry.kind {
        TreeEntryKind::Symlink => is_at_or_below(path, &entry.path),
        TreeEntryKind::File { .. } if file_only => entry.path == path,
        TreeEntryKind::File { .. } => is_at_or_below(&entry.path, path),
        TreeEntryKind::Directory | TreeEntryKind::Submodule => false,
    })
}

fn matches(entries: &[TreeEntry], package: &Package, pattern: &str) -> bool {
    let Ok(pattern) = glob::Pattern::new(pattern) else {
        // The build says what is wrong with it.
        return true;
    };
    let options = glob::MatchOptions {
        require_literal_separator: true,
        ..glob::MatchOptions::new()
    };
    let own = |entry: &&TreeEntry| is_at_or_below(&entry.path, package.path.as_bytes());
    entries.iter().filter(own).any(|entry| match entry.kind {
        TreeEntryKind::Symlink => true,
        TreeEntryKind::File { .. } => {
            let path = String::from_utf8_lossy(&entry.path);
            pattern.matches_with(&path, options)
        }
        TreeEntryKind::Directory | TreeEntryKind::Submodule => false,
    })
}

fn is_at_or_below(path: &[u8], top: &[u8]) -> bool {
    let below = path.strip_prefix(top);
    top.is_empty() || below.is_some_and(|below| below.is_empty() || below[0] == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(paths: &[&str]) -> Vec<TreeEntry> {
        let entry = |path: &&str| {
            let (path, kind) = match (path.strip_suffix('@'), path.strip_suffix('/')) {
                (Some(link), _) => (link, TreeEntryKind::Symlink),
                (_, Some(directory)) => (directory, TreeEntryKind::Directory),
                _ => (*path, TreeEntryKind::File { executable: false }),
            };
            TreeEntry {
                path: path.as_bytes().to_vec(),
                kind,
                id: String::new(),
            }
        };
        paths.iter().map(entry).collect()
    }

    #[test]
    fn files_and_directories_are_looked_up() {
        let tree = entries(&["a", "sub/", "sub/b", "link@", "subway"]);
        let cases = [
            ("a", true, true),
            ("sub/b", true, true),
            ("sub", false, true),
            ("sub", true, false),
            ("su", false, false),
            ("b", false, false),
            ("a/b", false, false),
            ("link", true, true),
            ("link/anything", true, true),
            ("", false, true),
        ];
        for (path, file_only, want) in cases {
            assert_eq!(is_there(&tree, path, file_only), want, "{path} {file_only}");
        }
    }

    #[test]
    fn patterns_need_a_match() {
        use crate::build::package::{Debian, Kind};
        let package = |path: &str| Package {
            name: crate::model::PackageName::new("pp").expect("name"),
            path: path.to_owned(),
            tags: Vec::new(),
            version_files: Vec::new(),
            kind: Kind::Debian(Debian::default()),
        };
        let plain = entries(&["bin/", "bin/a", "sub/", "sub/x/", "sub/x/b.txt"]);
        let linked = entries(&["sub/", "sub/l@"]);
        let cases = [
            (&plain, "", "bin/*", true),
            (&plain, "", "*/a", true),
            (&plain, "", "*", false),
            (&plain, "", "**/*.txt", true),
            (&plain, "", "lib/*", false),
            (&plain, "sub", "sub/*", false),
            (&plain, "sub", "sub/**/*", true),
            (&linked, "sub", "sub/l/*", true),
            (&linked, "other", "other/*", false),
        ];
        for (tree, path, pattern, want) in cases {
            assert_eq!(
                matches(tree, &package(path), pattern),
                want,
                "{path} {pattern}"
            );
        }
    }
}
