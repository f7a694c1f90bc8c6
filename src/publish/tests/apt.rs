//! The judge: apt itself reads what was published, signed by gpg.
//!
//! Needs the packages apt, gpg, gzip and xz-utils.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::world::World;
use super::*;
use crate::model::{Silent, Timestamp};
use crate::sys::store::DirectoryStore;

/// Runs a program of a Debian package; returns what it said, wherever it did.
fn run(package: &str, command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error} (install the package {package})"));
    let said = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(status.success(), "{command:?}: {status}\n{said}");
    said
}

/// A signer with a key of its own, which is gone when it is.
struct Gpg {
    home: TempDir,
}

impl Gpg {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let gpg = Self { home };
        let mut make = gpg.command(&["--quick-gen-key", "Archive <a@example.org>", "ed25519"]);
        run("gpg", make.args(["sign", "never"]));
        gpg
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("gpg");
        command.args(["--batch", "--pinentry-mode=loopback", "--passphrase="]);
        command
            .arg("--homedir")
            .arg(self.home.path())
            .args(arguments);
        command
    }

    fn export(&self, to: &Path) {
        let mut export = self.command(&["--export", "--output"]);
        run("gpg", export.arg(to));
    }

    fn sign(&self, how: &str, bytes: &[u8]) -> Result<String, SealError> {
        let file = self.home.path().join("text");
        fs::write(&file, bytes)?;
        let mut sign = self.command(&["--armor", "--output=-", how]);
        let output = sign.arg(&file).output()?;
        assert!(output.status.success(), "{output:?}");
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        // The agent that gpg started for this home only.
        let mut end = Command::new("gpgconf");
        end.arg("--homedir").arg(self.home.path());
        let _ = end.args(["--kill", "gpg-agent"]).output();
    }
}

impl Seal for Gpg {
    fn clear_sign(&self, text: &str, _: Timestamp) -> Result<String, SealError> {
        self.sign("--clear-sign", text.as_bytes())
    }

    fn detach_sign(&self, bytes: &[u8], _: Timestamp) -> Result<String, SealError> {
        self.sign("--detach-sign", bytes)
    }
}

/// A host with nothing but apt, for one architecture and a foreign one.
struct Host {
    root: TempDir,
}

impl Host {
    fn new(archive: &Path, gpg: &Gpg) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let at = |name: &str| root.path().join(name);
        for folder in [
            "etc/apt.conf.d",
            "etc/preferences.d",
            "etc/trusted.gpg.d",
            "etc/sources.list.d",
            "state/lists/partial",
            "cache/archives/partial",
        ] {
            fs::create_dir_all(at(folder)).expect(folder);
        }
        fs::write(at("status"), "").expect("writes");
        gpg.export(&at("archive.gpg"));
        let sources = format!(
            "Types: deb deb-src\nURIs: file:{}\nSuites: stable\nComponents: main contrib\n\
             Signed-By: {}\n",
            archive.display(),
            at("archive.gpg").display()
        );
        fs::write(at("etc/sources.list.d/archive.sources"), sources).expect("writes");
        let config = format!(
            "Dir \"{0}\";\nDir::Etc \"etc\";\nDir::State \"state\";\nDir::Cache \"cache\";\n\
             Dir::State::status \"{0}/status\";\nAPT::Architecture \"amd64\";\n\
             APT::Architectures {{ \"amd64\"; \"arm64\"; }};\nAPT::Sandbox::User \"root\";\n\
             Acquire::Languages \"none\";\n",
            root.path().display()
        );
        fs::write(at("apt.conf"), config).expect("writes");
        Self { root }
    }

    fn apt(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        command.env("APT_CONFIG", self.root.path().join("apt.conf"));
        command.env("LC_ALL", "C").current_dir(self.root.path());
        run("apt", command.args(arguments))
    }

    fn update(&self, options: &[&str]) {
        let lists = self.root.path().join("state/lists");
        fs::remove_dir_all(&lists).expect("is there");
        fs::create_dir_all(lists.join("partial")).expect("writes");
        let said = self.apt("apt-get", &[&["update"], options].concat());
        for line in said.lines() {
            let bad = ["W:", "E:", "N:", "Err", "Ign"]
                .iter()
                .any(|b| line.starts_with(b));
            assert!(!bad, "{options:?}: {said}");
        }
    }
}

#[test]
fn apt_reads_every_form_of_an_index() {
    let (world, gpg) = (World::new(), Gpg::new());
    let folder = tempfile::tempdir().expect("a folder");
    let store = DirectoryStore::new(folder.path().join("archive"));
    // apt refuses dates in the future, so this one test lives in the present.
    let mut world = world;
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = clock.expect("after 1970").as_secs();
    world.now = Timestamp::from_unix(seconds as i64 - 60);

    let publish = |plan: PublishPlan| {
        let published = apply(&store, &plan, &gpg, Dating::of(world.now), &Silent);
        published.expect("published");
    };
    publish(world.plan_create(&store).expect("works").expect("a change"));
    let many: Vec<_> = (0..120)
        .map(|n| {
            world.deb(
                &format!("package{n}"),
                "1.0",
                ["amd64", "all", "arm64"][n % 3],
            )
        })
        .chain([world.deb("contributed", "1.0", "all")])
        .chain([world.source("hello", "2.10-3", &[("hello_2.10.orig.tar.gz", b"orig")])])
        .collect();
    publish(
        world
            .plan_add(&store, &many)
            .expect("works")
            .expect("a change"),
    );

    let suite = store.root().join("dists/stable");
    let xz = suite.join("main/binary-amd64/Packages.xz");
    let list = run(
        "xz-utils",
        Command::new("xz").args(["--robot", "--list"]).arg(&xz),
    );
    let blocks: usize = list
        .lines()
        .find_map(|line| {
            line.strip_prefix("file\t1\t")?
                .split('\t')
                .next()?
                .parse()
                .ok()
        })
        .expect("one stream");
    assert!(blocks > 10, "only {blocks} blocks make no test");
    for index in [
        "main/binary-amd64/Packages",
        "main/source/Sources",
        "contrib/source/Sources",
    ] {
        let file = |end: &str| suite.join(format!("{index}.{end}"));
        run("xz-utils", Command::new("xz").arg("--test").arg(file("xz")));
        run("gzip", Command::new("gzip").arg("--test").arg(file("gz")));
    }

    let host = Host::new(store.root(), &gpg);
    let xz_by_hash = ["-oAcquire::By-Hash=force"];
    let gz_only = [
        "-oAcquire::CompressionTypes::Order::=gz",
        "-oAcquire::CompressionTypes::xz=",
    ];
    let plain = ["-oAcquire::By-Hash=no"];
    for options in [&xz_by_hash[..], &gz_only, &plain] {
        host.update(options);
        let names = host.apt("apt-cache", &["pkgnames", "package"]);
        assert_eq!(names.lines().count(), 120, "{options:?}");
        let policy = host.apt("apt-cache", &["policy", "package117", "package118:amd64"]);
        assert_eq!(policy.matches("Candidate: 1.0").count(), 2, "{policy}");
        let sources = host.apt("apt-cache", &["showsrc", "--only-source", "hello"]);
        assert!(sources.contains("hello_2.10.orig.tar.gz"), "{sources}");
    }

    // The next generation, and what is in it.
    let next = [world.deb("package7", "1.1", "all")];
    publish(
        world
            .plan_add(&store, &next)
            .expect("works")
            .expect("a change"),
    );
    host.update(&[]);
    let policy = host.apt("apt-cache", &["policy", "package7"]);
    assert!(policy.contains("Candidate: 1.1"), "{policy}");
    host.apt("apt-get", &["download", "package7"]);
    let file = fs::read(host.root.path().join("package7_1.1_all.deb")).expect("downloaded");
    assert_eq!(file, b"package7 1.1 all");
    host.apt("apt-get", &["source", "--download-only", "hello"]);
    assert!(host.root.path().join("hello_2.10-3.dsc").exists());

    // The same signature, whichever of the two files a client reads.
    let verify = |files: &[&str]| {
        let keyring = host.root.path().join("archive.gpg");
        let mut command = Command::new("gpgv");
        command.arg("--keyring").arg(keyring).current_dir(&suite);
        run("gpgv", command.args(files));
    };
    verify(&["InRelease"]);
    verify(&["Release.gpg", "Release"]);
}
