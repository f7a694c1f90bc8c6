//! Manual pages, changelogs and long documents, compressed as Debian Policy
//! 12.1 and 12.7 want them and dh_compress(1) does it.
//!
//! By gzip(1) itself, which is on every Debian system: GNU gzip cuts longer
//! texts into other blocks than zlib, and packages shall not differ from those
//! that debhelper makes.

use std::collections::BTreeMap;

use super::Shaping;
use super::place::replaced;
use crate::build::apply::{Bench, BuildError};
use crate::build::observe::TOOL_PATH;
use crate::format::tar::{Content, Kind, Node, Tree, TreePath};
use crate::model::PackageName;

/// What is compressed already, or gains nothing, or is read by browsers.
const LEFT_ALONE: [&str; 31] = [
    ".xhtml",
    ".gif",
    ".png",
    ".jpg",
    ".jpeg",
    ".gz",
    ".taz",
    ".tgz",
    ".z",
    ".bz2",
    "-gz",
    "-z",
    "_z",
    ".epub",
    ".jar",
    ".zip",
    ".odg",
    ".odp",
    ".odt",
    ".htaccess",
    ".css",
    ".xz",
    ".lz",
    ".lzma",
    ".haddock",
    ".hs",
    ".woff",
    ".woff2",
    ".svg",
    ".svgz",
    ".js",
];

/// Compresses what is to be, and leads links to where it went.
pub(super) fn compress(bench: &mut Bench<'_>, shaping: &mut Shaping) -> Result<(), BuildError> {
    let mut compressed = BTreeMap::new();
    for (path, node) in shaping.data.iter() {
        let Kind::File(content) = &node.kind else {
            continue;
        };
        if !is_compressed(path, content.size(), &bench.plan.package) {
            continue;
        }
        let mut bytes = Vec::new();
        content
            .open()
            .and_then(|mut file| std::io::Read::read_to_end(&mut file, &mut bytes))
            .map_err(|error| bench.refuse(format!("cannot read /{path}: {error}")))?;
        let gzip = bench.on_floor("gzip", &bench.ground());
        let gzip = gzip.env("PATH", TOOL_PATH).args(["-9n"]).input(bytes);
        let packed = bench.said("compressing the documents of", gzip)?;
        compressed.insert(path.clone(), Content::bytes(packed));
    }
    if compressed.is_empty() {
        return Ok(());
    }
    let refuse = |why: String| bench.refuse(why);
    let data = replaced(&shaping.data, |path, node| {
        let content = compressed.get(path)?.clone();
        let node = Node {
            kind: Kind::File(content),
            mode: node.mode & !0o111,
            ..node.clone()
        };
        Some((with_ending(path), node))
    });
    shaping.data = followed(data.map_err(refuse)?).map_err(refuse)?;
    Ok(())
}

fn with_ending(path: &TreePath) -> TreePath {
    TreePath::new([path.as_bytes(), b".gz"].concat()).expect("a path with three letters more")
}

/// Leads links whose file was compressed to the new name, under a new name
/// themselves; and links to such links.
fn followed(mut data: Tree) -> Result<Tree, String> {
    loop {
        let mut changed = false;
        let next = replaced(&data, |path, node| {
            let Kind::Symlink(to) = &node.kind else {
                return None;
            };
            let target = target(path, to)?;
            if data.get(&target).is_some() || data.get(&with_ending(&target)).is_none() {
                return None;
            }
            changed = true;
            let path = match path.as_bytes().ends_with(b".gz") {
                true => path.clone(),
                false => with_ending(path),
            };
            let kind = Kind::Symlink([to, &b".gz"[..]].concat());
            Some((
                path,
                Node {
                    kind,
                    ..node.clone()
                },
            ))
        })?;
        if !changed {
            return Ok(data);
        }
        data = next;
    }
}

/// Resolves what a link in the tree says, without looking at other links.
pub(super) fn target(link: &TreePath, to: &[u8]) -> Option<TreePath> {
    let mut parts: Vec<&[u8]> = Vec::new();
    let above = link.parent()?;
    let above = match to.starts_with(b"/") {
        true => &b""[..],
        false => above.as_bytes(),
    };
    for part in above.split(|b| *b == b'/').chain(to.split(|b| *b == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    TreePath::new(parts.join(&b'/')).ok()
}

fn is_compressed(path: &TreePath, size: u64, package: &PackageName) -> bool {
    let whole = String::from_utf8_lossy(path.as_bytes());
    let name = whole.rsplit('/').next().unwrap_or_default();
    let lower = name.to_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
    if ["usr/share/man/", "usr/share/info/"]
        .iter()
        .any(|top| whole.starts_with(top))
    {
        return !ends(&[".gz", ".gif", ".png", ".jpg", ".jpeg"]);
    }
    if whole.starts_with("usr/share/fonts/X11/") {
        return name.ends_with(".pcf");
    }
    if !whole.starts_with("usr/share/doc/")
        || whole.starts_with(&format!("usr/share/doc/{package}/examples/"))
        || whole.contains("/_sources/")
    {
        return false;
    }
    let asked = name.starts_with("changelog") || name.starts_with("NEWS");
    let page = lower.contains(".htm") && name != "changelog.html";
    let known = [
        "index.sgml",
        "objects.inv",
        "search_index.json",
        "copyright",
    ]
    .contains(&name)
        || name.ends_with(".map")
        || name.ends_with(".devhelp2");
    // find's -size +4k counts whole KiB.
    (asked || size > 4096) && !page && !known && !ends(&LEFT_ALONE)
}

/// Returns the mode that a file usually has where it is put, as dh_fixperms(1)
/// gives it; none: as git says.
pub(super) fn usual_mode(target: &TreePath) -> Option<u32> {
    let whole = String::from_utf8_lossy(target.as_bytes());
    let (directory, name) = whole.rsplit_once('/')?;
    let programs = [
        "bin",
        "sbin",
        "usr/bin",
        "usr/sbin",
        "usr/games",
        "etc/init.d",
    ];
    let texts = [
        "usr/share/man/",
        "usr/include/",
        "usr/share/applications/",
        "usr/lib/systemd/system/",
        "usr/lib/systemd/user/",
        "lib/systemd/system/",
        "usr/lib/tmpfiles.d/",
        "usr/lib/sysusers.d/",
    ];
    let documents = whole.starts_with("usr/share/doc/") && !whole.contains("/examples/");
    let library = name.contains(".so.") || [".so", ".a", ".la"].iter().any(|e| name.ends_with(e));
    let library = library && (whole.starts_with("usr/lib/") || whole.starts_with("lib/"));
    let text = texts.iter().any(|top| whole.starts_with(top));
    if programs.contains(&directory) {
        Some(0o755)
    } else if documents || text || library {
        Some(0o644)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dh_compress_compresses() {
        let package = PackageName::new("tally").expect("a name");
        for (path, size, want) in [
            ("usr/share/man/man1/tally.1", 10, true),
            ("usr/share/man/de/man1/tally.1", 10, true),
            ("usr/share/man/man1/tally.1.gz", 10, false),
            ("usr/share/doc/tally/changelog", 10, true),
            ("usr/share/doc/tally/changelog.html", 10, true),
            ("usr/share/doc/tally/NEWS.Debian", 10, true),
            ("usr/share/doc/tally/README", 4096, false),
            ("usr/share/doc/tally/README", 4097, true),
            ("usr/share/doc/tally/copyright", 9000, false),
            ("usr/share/doc/tally/index.html", 9000, false),
            ("usr/share/doc/tally/a.tar.gz", 9000, false),
            ("usr/share/doc/tally/examples/long", 9000, false),
            ("usr/share/tally/changelog", 9000, false),
            ("usr/bin/tally", 9000, false),
        ] {
            let found = is_compressed(&TreePath::new(path).expect(path), size, &package);
            assert_eq!(found, want, "{path} {size}");
        }
    }

    #[test]
    fn links_follow_what_was_compressed() {
        let mut data = Tree::new();
        let mut put = |path: &str, node: Node| {
            data.insert(TreePath::new(path).expect(path), node)
                .expect(path);
        };
        put("m/a.1.gz", Node::file(*b"", 0o644, 0));
        put("m/b.1", Node::symlink("a.1", 0));
        put("m/c.1", Node::symlink("../m/b.1", 0));
        put("m/d.1.gz", Node::symlink("/m/a.1", 0));
        put("m/e", Node::symlink("nothing", 0));
        put("m/f", Node::symlink("../../../out", 0));
        let found = followed(data).expect("no path is taken");
        let shown = found.iter().map(|(path, node)| match &node.kind {
            Kind::Symlink(to) => format!("{path} {}", String::from_utf8_lossy(to)),
            _ => path.to_string(),
        });
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [
                "m/a.1.gz",
                "m/b.1.gz a.1.gz",
                "m/c.1.gz ../m/b.1.gz",
                "m/d.1.gz /m/a.1.gz",
                "m/e nothing",
                "m/f ../../../out"
            ]
        );
    }

    #[test]
    fn files_get_the_mode_of_their_place() {
        for (path, want) in [
            ("usr/bin/tally", Some(0o755)),
            ("usr/share/man/man1/tally.1", Some(0o644)),
            ("usr/lib/x86_64-linux-gnu/libtally.so.1", Some(0o644)),
            ("usr/lib/tally/helper", None),
            ("usr/share/doc/tally/examples/run", None),
            ("usr/share/doc/tally/README", Some(0o644)),
            ("opt/tally", None),
        ] {
            assert_eq!(
                usual_mode(&TreePath::new(path).expect(path)),
                want,
                "{path}"
            );
        }
    }
}
