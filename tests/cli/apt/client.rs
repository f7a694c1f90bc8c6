//! The real apt with a root of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use debcut::model::{Architecture, Sha256};

use crate::world::{Ran, World, tool};

/// A machine that knows one archive and has nothing installed.
pub struct Client<'a> {
    world: &'a World,
    root: PathBuf,
    entrance: Vec<String>,
}

/// What apt brought: each file with its digest.
pub type Fetched = BTreeMap<String, String>;

impl<'a> Client<'a> {
    /// Makes one below `name`, anew; `list` is its file in sources.list.d.
    pub fn new(world: &'a World, name: &str, (list, sources): (&str, &str)) -> Self {
        let root = world.path(name);
        let _ = std::fs::remove_dir_all(&root);
        for below in [
            "etc/apt/apt.conf.d",
            "etc/apt/preferences.d",
            "etc/apt/sources.list.d",
            "etc/apt/trusted.gpg.d",
            "var/lib/apt/lists/partial",
            "var/cache/apt/archives/partial",
            "var/log/apt",
            "var/lib/dpkg",
            "sources",
        ] {
            std::fs::create_dir_all(root.join(below)).expect("a directory");
        }
        let write =
            |below: &str, text: &str| std::fs::write(root.join(below), text).expect("a file");
        write("var/lib/dpkg/status", "");
        write(&format!("etc/apt/sources.list.d/{list}"), sources);
        let (at, here) = (root.display(), Architecture::of_this_machine());
        // apt as root would fetch as another user, who cannot write here.
        let configuration = format!(
            "Dir \"{at}/\";\nDir::State::status \"{at}/var/lib/dpkg/status\";\n\
             APT::Architecture \"{here}\";\nAPT::Architectures {{ \"{here}\"; }};\n\
             APT::Sandbox::User \"\";\nAPT::Update::Error-Mode \"any\";\nAcquire::Retries \"0\";\n\
             Acquire::Languages \"none\";\nAPT::Get::Assume-Yes \"true\";\n"
        );
        write("apt.conf", &configuration);
        Self {
            world,
            root,
            entrance: Vec::new(),
        }
    }

    /// Lets other words start its programs.
    pub fn under(mut self, entrance: Vec<String>) -> Self {
        self.entrance = entrance;
        self
    }

    /// Runs a program of apt's in the directory for sources.
    pub fn apt(&self, program: &str, arguments: &[&str]) -> Ran {
        let mut command = tool(program, "apt");
        if let [entrance, more @ ..] = &*self.entrance {
            command = tool(entrance, "util-linux");
            command.args(more).arg(program);
        }
        command
            .current_dir(self.root.join("sources"))
            .args(arguments);
        self.world.surround(&mut command);
        command.env("APT_CONFIG", self.root.join("apt.conf"));
        crate::world::finished(command.output().expect("it is installed"))
    }

    /// Fetches the indices.
    pub fn update(&self) -> Ran {
        self.apt("apt-get", &["update", "--quiet"])
    }

    /// Fetches indices, packages and sources; the first no is the answer.
    pub fn everything(&self, packages: &[&str], sources: &[&str]) -> Result<Fetched, Ran> {
        let ok = |ran: Ran| if ran.code == 0 { Ok(ran) } else { Err(ran) };
        ok(self.update())?;
        let words = ["install", "--quiet", "--download-only"];
        ok(self.apt("apt-get", &[&words, packages].concat()))?;
        if !sources.is_empty() {
            let words = ["source", "--quiet", "--download-only"];
            ok(self.apt("apt-get", &[&words, sources].concat()))?;
        }
        let mut found = digests(&self.root.join("var/cache/apt/archives"));
        found.extend(digests(&self.root.join("sources")));
        Ok(found)
    }

    /// Lists the versions that it could install of a package.
    pub fn versions(&self, package: &str) -> Vec<String> {
        let ran = self.apt("apt-cache", &["madison", package]).code(0);
        let version = |line: &str| line.split('|').nth(1).map(|word| word.trim().to_owned());
        ran.stdout.lines().filter_map(version).collect()
    }
}

/// Reads the files of a directory that apt fills.
fn digests(directory: &Path) -> Fetched {
    let entries = std::fs::read_dir(directory).expect("it is there");
    let paths = entries.map(|entry| entry.expect("listed").path());
    // apt's own lock, empty, is no file that came.
    let files = paths.filter(|path| path.is_file() && !path.ends_with("lock"));
    let digest = |path: PathBuf| {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        (
            name,
            Sha256::of(&std::fs::read(path).expect("readable")).hex(),
        )
    };
    files.map(digest).collect()
}
