//! The steps of a release as tests take them, and the small project that they
//! take them in.

use serde_json::Value;

use crate::world::{Ran, World, tool};

/// The tables of one package whose version stands in `PATH/VERSION`.
pub fn package(name: &str, path: &str, more: &str) -> String {
    let below = match path {
        "" => String::new(),
        path => format!("{path}/"),
    };
    let place = match path {
        "" => String::new(),
        path => format!("path = \"{path}\"\n"),
    };
    format!(
        "[[package]]\nname = \"{name}\"\n{place}version-files = [\"{below}VERSION\"]\n{more}\n\
         [package.declared]\nmaintainer = \"Ada Example <ada@example.org>\"\n\
         summary = \"counts lines\"\nlicense = \"MIT\"\n\n"
    )
}

impl World {
    /// Makes a project whose version stands in one file, released as this.
    pub fn counted(version: &str) -> Self {
        let world = Self::new();
        world.write("debcut.toml", package("tally", "", "tag = \"v{version}\""));
        world.write("VERSION", format!("{version}\n"));
        world.commit("feat: count lines");
        world.tag(&format!("v{version}"));
        world
    }

    /// Makes a project with a package in each of these directories, all
    /// released as 1.0.0.
    pub fn several(tables: &[String], paths: &[&str]) -> Self {
        let world = Self::new();
        world.write("debcut.toml", tables.concat());
        for path in paths {
            world.write(&format!("{path}/VERSION"), "1.0.0\n");
        }
        world.commit("feat: begin");
        for path in paths {
            let name = path.rsplit('/').next().expect("a name");
            world.tag(&format!("{name}-v1.0.0"));
        }
        world
    }

    /// Commits a change of one file; returns the commit.
    pub fn change(&self, path: &str, message: &str) -> String {
        let old = std::fs::read_to_string(self.project().join(path)).unwrap_or_default();
        self.write(path, format!("{old}{message}\n"));
        self.commit(message);
        self.head()
    }

    /// Returns the commit of HEAD.
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Returns the commit that a tag leads to.
    #[track_caller]
    pub fn tagged(&self, tag: &str) -> String {
        self.git(&["rev-parse", &format!("{tag}^{{commit}}")])
    }

    /// Runs a step for its document.
    #[track_caller]
    pub fn step(&self, verb: &str, more: &[&str]) -> Ran {
        let words = [verb, "--json"].into_iter();
        self.run(words.chain(more.iter().copied()))
    }

    /// Plans, and returns the document.
    #[track_caller]
    pub fn plan(&self, more: &[&str]) -> Value {
        self.step("plan", more).code(0).document("debcut/plan/1")
    }

    /// Plans, and returns the one package.
    #[track_caller]
    pub fn planned(&self, more: &[&str]) -> Value {
        self.plan(more)["packages"][0].clone()
    }

    /// Plans the one package's next version; none: nothing is released.
    #[track_caller]
    pub fn next(&self, more: &[&str]) -> String {
        text(&self.planned(more)["next"])
    }

    /// Prepares, and returns the document.
    #[track_caller]
    pub fn prepare(&self, more: &[&str]) -> Value {
        let ran = self.step("prepare", more).code(0);
        ran.document("debcut/prepare/1")
    }

    /// Tags without a signature, and returns the document.
    #[track_caller]
    pub fn tags(&self, more: &[&str]) -> Value {
        let more: Vec<_> = ["--no-sign"].iter().chain(more).copied().collect();
        self.step("tag", &more).code(0).document("debcut/tag/1")
    }

    /// Prepares and tags; returns the tags that were made.
    #[track_caller]
    pub fn cut(&self, more: &[&str]) -> Vec<String> {
        self.prepare(more);
        let done = self.tags(&[]);
        let tags = done["tags"].as_array().expect("a list");
        let new = tags.iter().filter(|tag| tag["existed"] == false);
        new.map(|tag| text(&tag["name"])).collect()
    }

    /// Runs a step that is refused with exit code 1; returns its rules.
    #[track_caller]
    pub fn refused(&self, verb: &str, more: &[&str]) -> Vec<String> {
        let ran = self.step(verb, more).code(1);
        let document = ran.document(&format!("debcut/{verb}/1"));
        let findings = document["findings"].as_array().expect("a list");
        let errors = findings.iter().filter(|f| f["severity"] == "error");
        for finding in errors.clone() {
            assert_ne!(text(&finding["fix"]), "", "a fix: {finding}");
        }
        errors.map(|finding| text(&finding["rule"])).collect()
    }

    /// Runs a step whose request is wrong; returns the kind of the error, which
    /// has a hint.
    #[track_caller]
    pub fn wrong(&self, verb: &str, more: &[&str]) -> String {
        let document = (self.step(verb, more).code(2)).document("debcut/error/1");
        let hints = document["hints"].as_array().expect("a list");
        assert!(!hints.is_empty(), "a hint: {document}");
        text(&document["kind"])
    }

    /// Checks that there is nothing to plan, prepare or tag, and that git has
    /// nothing to complain of.
    #[track_caller]
    pub fn assert_settled(&self) {
        for package in self.plan(&[])["packages"].as_array().expect("a list") {
            assert_eq!(package["skip"], true, "{package}");
        }
        assert_eq!(self.prepare(&[])["changed"], false);
        assert_eq!(self.tags(&[])["changed"], false);
        assert_eq!(self.git(&["status", "--porcelain"]), "");
        assert_eq!(self.git(&["fsck", "--strict", "--no-dangling"]), "");
    }

    /// Asks dpkg whether a version is higher than another.
    #[track_caller]
    pub fn assert_higher(&self, new: &str, old: &str) {
        let mut dpkg = tool("dpkg", "dpkg");
        dpkg.args(["--compare-versions", new, "gt", old]);
        assert_eq!(self.judge(dpkg).code, 0, "{new} > {old}");
    }

    /// Reads a file of a commit.
    #[track_caller]
    pub fn show(&self, revision: &str, path: &str) -> String {
        self.git(&["show", &format!("{revision}:{path}")])
    }
}

/// Returns a value's text; of none, nothing.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Lists a package's changes, oldest first: the subjects.
pub fn changes(package: &Value) -> Vec<String> {
    let commits = package["commits"].as_array().expect("a list");
    let told = commits.iter().filter(|commit| commit["ignored"].is_null());
    told.rev().map(|commit| text(&commit["subject"])).collect()
}

/// Lists what is left out of a list of commits: subject and reason.
pub fn left_out(commits: &Value) -> Vec<(String, String)> {
    let commits = commits.as_array().expect("a list");
    let left = commits.iter().filter(|commit| !commit["ignored"].is_null());
    let left = left.map(|commit| (text(&commit["subject"]), text(&commit["ignored"]["why"])));
    left.rev().collect()
}
