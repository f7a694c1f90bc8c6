//! Packages to publish, made by Debian's own tools; and broken ones, made byte
//! by byte, which no tool would make.

use std::path::{Path, PathBuf};

use debcut::model::Architecture;

use crate::world::{World, tool};

/// A binary package about to be made by dpkg-deb.
#[derive(Clone, Copy)]
pub struct Deb<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its architecture; `None` is this machine's.
    pub architecture: Option<&'a str>,
    /// Its section.
    pub section: &'a str,
    /// The content of its only file.
    pub content: &'a [u8],
}

/// Names a package for all architectures.
pub fn deb<'a>(name: &'a str, version: &'a str) -> Deb<'a> {
    Deb {
        name,
        version,
        architecture: Some("all"),
        section: "misc",
        content: b"content\n",
    }
}

impl Deb<'_> {
    fn control(&self) -> String {
        let here = Architecture::of_this_machine();
        let architecture = self.architecture.unwrap_or(here.as_str());
        let Self { name, version, .. } = self;
        format!(
            "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n\
             Section: {}\nPriority: optional\nMaintainer: Ada Example <ada@example.org>\n\
             Description: a package\n It exists to be published.\n",
            self.section
        )
    }

    /// Makes it in a directory of the world; returns the file.
    pub fn make(&self, world: &World, below: &str) -> PathBuf {
        let tree = world.path("tree");
        let _ = std::fs::remove_dir_all(&tree);
        let share = tree.join("usr/share").join(self.name);
        std::fs::create_dir_all(tree.join("DEBIAN")).expect("a directory");
        std::fs::create_dir_all(&share).expect("a directory");
        std::fs::write(tree.join("DEBIAN/control"), self.control()).expect("a file");
        std::fs::write(share.join("content"), self.content).expect("a file");
        let into = world.path(below);
        std::fs::create_dir_all(&into).expect("a directory");
        let mut dpkg = tool("dpkg-deb", "dpkg");
        dpkg.args(["--root-owner-group", "-Zgzip", "--build"]);
        let said = world.judge_at_epoch(dpkg, &tree, &into).stdout;
        let made = said.rsplit('\'').nth(1).expect("dpkg-deb names the file");
        std::fs::remove_dir_all(tree).expect("it was there");
        PathBuf::from(made)
    }

    /// Makes it with a path in its data that leads out of the root.
    pub fn make_escaping(&self, world: &World) -> PathBuf {
        let mut control = tar::Builder::new(Vec::new());
        let text = self.control();
        control
            .append(&header("./control", text.len()), text.as_bytes())
            .expect("a member");
        let mut content = tar::Builder::new(Vec::new());
        let evil = b"evil\n";
        content
            .append(&header("./../../etc/evil", evil.len()), &evil[..])
            .expect("a member");
        let members = [
            ("debian-binary", b"2.0\n".to_vec()),
            ("control.tar", control.into_inner().expect("in memory")),
            ("data.tar", content.into_inner().expect("in memory")),
        ];
        let path = world.path(&format!("{}_escaping.deb", self.name));
        let mut archive = ar::Builder::new(std::fs::File::create(&path).expect("a file"));
        for (name, bytes) in members {
            let header = ar::Header::new(name.into(), bytes.len() as u64);
            archive.append(&header, &*bytes).expect("a member");
        }
        path
    }
}

/// Makes a tar header as it is, without the `tar` crate's refusal of `..`.
fn header(name: &str, size: usize) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// Makes the quilt source package plum 1.0-1; returns its `.dsc`.
pub fn source(world: &World) -> PathBuf {
    let into = world.path("source");
    let debian = into.join("plum-1.0/debian");
    std::fs::create_dir_all(debian.join("source")).expect("a directory");
    let write = |path: &Path, text: &str| std::fs::write(path, text).expect("a file");
    write(&into.join("plum-1.0/plum"), "upstream's\n");
    let mut tar = tool("tar", "tar");
    tar.current_dir(&into).args([
        "--exclude=debian",
        "-czf",
        "plum_1.0.orig.tar.gz",
        "plum-1.0",
    ]);
    world.judge(tar).code(0);
    write(&debian.join("source/format"), "3.0 (quilt)\n");
    write(
        &debian.join("changelog"),
        "plum (1.0-1) stable; urgency=medium\n\n  * First.\n\n \
         -- Ada Example <ada@example.org>  Thu, 01 May 2025 10:00:00 +0000\n",
    );
    write(
        &debian.join("control"),
        "Source: plum\nSection: misc\nPriority: optional\n\
         Maintainer: Ada Example <ada@example.org>\nStandards-Version: 4.6.2\n\n\
         Package: plum\nArchitecture: all\nDescription: a package\n It has a source.\n",
    );
    let mut dpkg = tool("dpkg-source", "dpkg-dev");
    dpkg.current_dir(&into).args(["--build", "plum-1.0"]);
    world.judge(dpkg).code(0);
    into.join("plum_1.0-1.dsc")
}

/// Writes a `.changes` for these files beside the first of them.
pub fn changes(distribution: &str, files: &[&Path]) -> PathBuf {
    let digests = |file: &Path| {
        let bytes = std::fs::read(file).expect("it was made");
        debcut::model::FileDigests::of(&bytes)
    };
    let name = |file: &Path| {
        file.file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    };
    let (mut sha256, mut md5) = (String::new(), String::new());
    for file in files {
        let (found, name) = (digests(file), name(file));
        sha256 += &format!("\n {} {} {name}", found.sha256, found.size);
        md5 += &format!("\n {} {} misc optional {name}", found.md5, found.size);
    }
    let text = format!(
        "Format: 1.8\nDate: Thu, 01 May 2025 10:00:00 +0000\nSource: upload\n\
         Binary: upload\nArchitecture: all\nVersion: 1.0\nDistribution: {distribution}\n\
         Urgency: medium\nMaintainer: Ada Example <ada@example.org>\n\
         Changes:\n upload (1.0) {distribution}; urgency=medium\n .\n   * First.\n\
         Checksums-Sha256:{sha256}\nFiles:{md5}\n"
    );
    let path = files[0].with_file_name("upload_1.0_all.changes");
    std::fs::write(&path, text).expect("a file");
    path
}

impl World {
    /// Runs dpkg-deb on a tree, always at the same moment.
    pub fn judge_at_epoch(
        &self,
        mut dpkg: std::process::Command,
        tree: &Path,
        into: &Path,
    ) -> crate::world::Ran {
        // The world's environment is set first; it has no epoch.
        self.surround(&mut dpkg);
        dpkg.env("SOURCE_DATE_EPOCH", "1746093600")
            .arg(tree)
            .arg(into);
        crate::world::finished(dpkg.output().expect("it is installed")).code(0)
    }
}
