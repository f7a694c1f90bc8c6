//! Source packages: every format, every place that upstream's tarball comes
//! from, every way of keeping patches; judged by dpkg-source's unpacking of
//! them. A source package that would not give the tag's tree back is refused.

mod layouts;
mod orders;
mod tarballs;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::world::{Ran, World, tool};

/// A library with a patch-shaped history; what it is made of varies.
pub struct Project {
    /// Where it is.
    pub world: World,
}

impl Project {
    /// Makes upstream's release 1.0, tagged `upstream/1.0`.
    pub fn upstream(files: &[(&str, &str)]) -> Self {
        let world = World::new();
        for (path, text) in files {
            world.write(path, text);
        }
        world.commit("feat: first release");
        world.tag("upstream/1.0");
        Self { world }
    }

    /// Adds `debian/` for a version; `format` is the text of
    /// `debian/source/format`, and empty for none.
    pub fn packaged(self, version: &str, format: &str) -> Self {
        let world = &self.world;
        world.debian(version, format);
        if format.is_empty() {
            std::fs::remove_dir_all(world.project().join("debian/source")).expect("it was written");
        }
        self
    }

    /// Commits everything and tags it `debian/VERSION`.
    pub fn tagged(&self, version: &str) -> String {
        let tag = format!("debian/{version}");
        self.world.commit(&format!("build: {version}"));
        self.world.tag(&tag);
        tag
    }

    /// Builds the source package of a tag into an empty directory.
    pub fn build(&self, tag: &str, more: &[&str]) -> Ran {
        let out = self.out("");
        if out.exists() {
            std::fs::remove_dir_all(&out).expect("it was built");
        }
        let words = [
            "build",
            tag,
            "--source-only",
            "--no-sign",
            "--out",
            "../out",
        ];
        let words = words.into_iter().chain(more.iter().copied());
        self.world.run(words)
    }

    /// Returns what was planned for a tag's source package.
    pub fn plan(&self, tag: &str) -> Value {
        let words = [
            "build",
            tag,
            "--source-only",
            "--no-sign",
            "--json",
            "--dry-run",
        ];
        let document = self.world.run(words).code(0).document("debcut/build/1");
        document["plan"]["recipe"].clone()
    }

    /// Returns a file of the result.
    pub fn out(&self, name: &str) -> PathBuf {
        self.world.path("out").join(name)
    }

    /// Unpacks the result as everybody does; patches are applied.
    pub fn unpacked(&self, dsc: &str) -> PathBuf {
        let to = self.world.path("unpacked");
        if to.exists() {
            std::fs::remove_dir_all(&to).expect("it was unpacked");
        }
        let mut unpack = tool("dpkg-source", "dpkg-dev");
        unpack.args(["--no-check", "--no-copy", "--extract"]);
        unpack.arg(self.out(dsc)).arg(&to);
        self.world.judge(unpack).code(0);
        to
    }
}

/// Lists the members of a tarball, as GNU tar shows them.
pub fn members(world: &World, tarball: &Path) -> Vec<String> {
    let mut tar = tool("tar", "tar");
    tar.arg("--list").arg("--file").arg(tarball);
    let said = world.judge(tar).code(0).stdout;
    let mut found: Vec<_> = said.lines().map(str::to_owned).collect();
    found.sort();
    found
}

/// Reads a text.
#[track_caller]
pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Takes the findings of a refusal.
#[track_caller]
pub fn findings(ran: Ran) -> Vec<String> {
    let document: Value = serde_json::from_str(&ran.stdout).expect(&ran.stdout);
    let found = document["findings"].as_array().expect("findings");
    let errors = found
        .iter()
        .filter(|finding| finding["severity"] == "error");
    let text = |finding: &Value, name: &str| finding[name].as_str().expect("text").to_owned();
    errors
        .map(|finding| {
            let words = ["rule", "subject", "message", "fix"].map(|name| text(finding, name));
            words.join(" | ")
        })
        .collect()
}
