//! dpkg's database of a system (`/var/lib/dpkg`): whose a file is, and which
//! version is installed.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::format::deb822::{Syntax, paragraphs};
use crate::sys::layers::Layers;

/// Where packages' own files are kept.
pub(super) const INFO: &str = "/var/lib/dpkg/info";

/// Finds the packages that own these files, by name: `libc6:amd64` where that
/// matters to dpkg.
pub(super) fn owners<'a>(
    system: &Layers,
    files: impl Iterator<Item = &'a Path>,
) -> HashMap<PathBuf, Vec<String>> {
    // What the lists may call each one, as bytes of a line.
    let mut wanted: HashMap<Vec<u8>, Vec<PathBuf>> = HashMap::new();
    for file in files {
        for name in names(system, file) {
            let known = wanted.entry(name).or_default();
            if !known.iter().any(|known| known == file) {
                known.push(file.to_owned());
            }
        }
    }
    let mut owners: HashMap<PathBuf, Vec<String>> = HashMap::new();
    if wanted.is_empty() {
        return owners;
    }
    let lengths: Vec<usize> = wanted.keys().map(Vec::len).collect();
    for name in system.names(Path::new(INFO)) {
        let Some(package) = name.to_str().and_then(|name| name.strip_suffix(".list")) else {
            continue;
        };
        let Some(bytes) = system.read(&Path::new(INFO).join(&name)) else {
            continue;
        };
        for line in bytes.split(|b| *b == b'\n') {
            // Most lines are told by their length.
            if !lengths.contains(&line.len()) {
                continue;
            }
            for file in wanted.get(line).into_iter().flatten() {
                let known = owners.entry(file.clone()).or_default();
                if !known.iter().any(|known| known == package) {
                    known.push(package.to_owned());
                }
            }
        }
    }
    owners
}

/// Lists the names that a package may have installed a file under: `/lib` may
/// be `/usr/lib` by now, and the file a link to the real one.
fn names(system: &Layers, file: &Path) -> Vec<Vec<u8>> {
    let real = system.file(file).map(|place| place.inside);
    let mut found = Vec::new();
    for path in std::iter::once(file.to_owned()).chain(real) {
        let whole = path.to_string_lossy().into_owned();
        let bare = whole.trim_start_matches('/');
        let merged = bare.strip_prefix("usr/").unwrap_or(bare);
        for name in [format!("/{merged}"), format!("/usr/{merged}")] {
            found.push(name.into_bytes());
        }
    }
    found
}

/// Reads the versions of some installed packages, which are called as their
/// owners of files are.
pub(super) fn versions<'a>(
    system: &Layers,
    owners: impl Iterator<Item = &'a str>,
) -> HashMap<String, String> {
    let owners: HashSet<&str> = owners.collect();
    let names: HashSet<&str> = owners.iter().map(|owner| bare(owner)).collect();
    let status = system.read(Path::new("/var/lib/dpkg/status"));
    let status = String::from_utf8_lossy(&status.unwrap_or_default()).into_owned();
    let mut found = HashMap::new();
    // Only the few are read in full, of thousands.
    for text in status.split("\n\n") {
        let name = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("Package: "));
        if !name.is_some_and(|name| names.contains(name)) {
            continue;
        }
        let package = paragraphs(text.as_bytes(), Syntax::Generated).unwrap_or_default();
        let Some(package) = package.first() else {
            continue;
        };
        let fields = ["Package", "Architecture", "Version"].map(|field| package.get(field));
        let state = package.get("Status").unwrap_or_default();
        if let [Some(name), Some(architecture), Some(version)] = fields
            && state.ends_with(" installed")
        {
            for called in [name.to_owned(), format!("{name}:{architecture}")] {
                if owners.contains(&*called) {
                    found.insert(called, version.to_owned());
                }
            }
        }
    }
    found
}

/// Returns an owner's name without its architecture.
pub(super) fn bare(owner: &str) -> &str {
    owner.split(':').next().unwrap_or(owner)
}

/// What dpkg calls the ways in which a system is not what its packages make
/// it, as deb-buildinfo(5) lists them in `Build-Tainted-By`, in order.
pub(super) fn taints(system: &Layers) -> Vec<String> {
    let aliased = |name: &str| {
        let link = system.link(Path::new(&format!("/{name}")));
        link.is_some_and(|to| {
            to == Path::new("usr").join(name) || to == Path::new("/usr").join(name)
        })
    };
    let mut found = Vec::new();
    let top = ["bin", "sbin", "lib", "lib32", "libo32", "libx32", "lib64"];
    if top.into_iter().any(aliased) {
        found.push("merged-usr-via-aliased-dirs");
    }
    for (name, directories) in [
        ("usr-local-has-configs", &["etc"][..]),
        ("usr-local-has-includes", &["include"]),
        ("usr-local-has-libraries", &["lib"]),
        ("usr-local-has-programs", &["bin", "sbin"]),
    ] {
        let local = directories
            .iter()
            .map(|name| Path::new("/usr/local").join(name));
        if local
            .into_iter()
            .any(|directory| has_files(system, &directory, 0))
        {
            found.push(name);
        }
    }
    found.into_iter().map(str::to_owned).collect()
}

/// Tells whether a file is somewhere below a directory.
fn has_files(system: &Layers, directory: &Path, depth: usize) -> bool {
    /// Deeper than anything is installed by hand; a loop of links ends here.
    const DEEPEST: usize = 12;
    let mut below = system.names(directory).into_iter();
    depth < DEEPEST
        && below.any(|name| {
            let path = directory.join(name);
            let linked = system.link(&path).is_some();
            system.file(&path).is_some() || !linked && has_files(system, &path, depth + 1)
        })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_was_put_there_by_hand_is_told() {
        let dir = tempfile::tempdir().expect("a directory");
        let system = Layers::of(vec![dir.path().to_owned()]);
        fs::create_dir_all(dir.path().join("usr/local/bin")).expect("a directory");
        fs::create_dir_all(dir.path().join("usr/local/share")).expect("a directory");
        fs::write(dir.path().join("usr/local/share/x"), "").expect("a file");
        assert_eq!(taints(&system), [""; 0]);
        std::os::unix::fs::symlink("usr/bin", dir.path().join("bin")).expect("a link");
        fs::create_dir_all(dir.path().join("usr/local/lib/python3")).expect("a directory");
        fs::write(dir.path().join("usr/local/lib/python3/x.py"), "").expect("a file");
        fs::write(dir.path().join("usr/local/bin/cc"), "").expect("a file");
        let want = [
            "merged-usr-via-aliased-dirs",
            "usr-local-has-libraries",
            "usr-local-has-programs",
        ];
        assert_eq!(taints(&system), want);
    }

    #[test]
    fn a_machine_is_tainted_as_dpkg_says() {
        let perl = "require Dpkg::Vendor::Debian; \
                    print join(' ', Dpkg::Vendor::Debian::_build_tainted_by(undef))";
        let said = std::process::Command::new("perl")
            .args(["-e", perl])
            .output();
        let said = said.expect("apt-get install dpkg-dev");
        assert!(said.status.success(), "{said:?}");
        let want = String::from_utf8_lossy(&said.stdout).into_owned();
        assert_eq!(taints(&Layers::machine()).join(" "), want);
    }
}
