//! Packages of the fleet's own: with a service, a configuration file, and
//! maintainer scripts that do what a test wants.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::world::{World, tool};

/// A package about to be made by dpkg-deb.
#[derive(Debug, Clone)]
pub struct Package {
    name: String,
    version: String,
    files: Vec<(String, String)>,
    conffiles: Vec<String>,
    scripts: Vec<(&'static str, String)>,
    daemon: Option<&'static str>,
}

impl Package {
    /// Names one of this version, with one file that says it.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            files: vec![(format!("usr/share/{name}/version"), version.to_owned())],
            conffiles: Vec::new(),
            scripts: Vec::new(),
            daemon: None,
        }
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Adds a configuration file.
    pub fn conffile(mut self, path: &str, text: &str) -> Self {
        self.conffiles.push(format!("/{path}\n"));
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    /// Adds a maintainer script.
    pub fn script(mut self, name: &'static str, body: &str) -> Self {
        self.scripts
            .push((name, format!("#!/bin/sh\nset -e\n{body}\n")));
        self
    }

    /// Adds a service of the package's name, which every version restarts.
    pub fn service(self) -> Self {
        let start = "systemctl daemon-reload\nsystemctl restart NAME.service";
        self.unit().script_named("postinst", start)
    }

    /// Adds a service of the package's name, which nobody restarts once it runs.
    pub fn lazy_service(self) -> Self {
        let start = "systemctl daemon-reload\nsystemctl start NAME.service";
        self.unit().script_named("postinst", start)
    }

    /// Adds a service whose program is the package's own, called with a word;
    /// nobody restarts it once it runs.
    pub fn daemon(mut self, word: &'static str) -> Self {
        self.daemon = Some(word);
        self.lazy_service()
    }

    fn unit(mut self) -> Self {
        let name = &self.name;
        let start = match self.daemon {
            Some(word) => format!("/usr/lib/{name}/{name} {word}"),
            None => "/bin/sleep infinity".to_owned(),
        };
        let unit = format!(
            "[Unit]\nDefaultDependencies=no\n\
             [Service]\nExecStart={start}\n\
             [Install]\nWantedBy=fleet.target\n"
        );
        let path = format!("usr/lib/systemd/system/{name}.service");
        self.files.push((path, unit));
        self
    }

    fn script_named(self, name: &'static str, body: &str) -> Self {
        let body = body.replace("NAME", &self.name);
        self.script(name, &body)
    }

    /// Makes it in the world's directory of packages; returns the file.
    pub fn make(&self, world: &World) -> PathBuf {
        let tree = world.path("package");
        let _ = std::fs::remove_dir_all(&tree);
        for (path, text) in &self.files {
            write(&tree.join(path), text, 0o644);
        }
        let (name, version) = (&self.name, &self.version);
        if self.daemon.is_some() {
            // Each version's is another file to the kernel.
            let at = tree.join(format!("usr/lib/{name}/{name}"));
            write(&at, "", 0o755);
            std::fs::copy("/bin/sleep", at).expect("a program");
        }
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\n\
             Section: misc\nPriority: optional\nMaintainer: Ada Example <ada@example.org>\n\
             Description: a package of the fleet\n It exists to be rolled out.\n"
        );
        write(&tree.join("DEBIAN/control"), &control, 0o644);
        if !self.conffiles.is_empty() {
            write(
                &tree.join("DEBIAN/conffiles"),
                &self.conffiles.concat(),
                0o644,
            );
        }
        for (name, text) in &self.scripts {
            write(&tree.join("DEBIAN").join(name), text, 0o755);
        }
        let into = world.path("packages");
        std::fs::create_dir_all(&into).expect("a directory");
        let made = into.join(format!("{name}_{}_all.deb", version.replace(':', "%3a")));
        let mut dpkg = tool("dpkg-deb", "dpkg");
        dpkg.args(["--root-owner-group", "-Zgzip", "--build"]);
        world.judge({
            dpkg.arg(&tree).arg(&made);
            dpkg
        });
        std::fs::remove_dir_all(tree).expect("it was there");
        assert!(made.is_file(), "{}", made.display());
        made
    }

    /// Makes it and adds it to a suite of the world's archive.
    #[track_caller]
    pub fn publish(&self, world: &World, suite: &str) {
        let made = self.make(world);
        let made = made.to_str().expect("text");
        world.archive(["add", "--to", suite, made]).code(0);
    }
}

fn write(path: &Path, text: &str, mode: u32) {
    let parent = path.parent().expect("it is in the tree");
    std::fs::create_dir_all(parent).expect("a directory");
    std::fs::write(path, text).expect("a file");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
}
