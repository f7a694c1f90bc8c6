//! A Debian made from nothing but the suite; and the source of one of its
//! packages.

use super::{Minimal, fetch, makes_systems, skip};
use crate::apt::client::Client;
use crate::world::{Ran, World, finished, tool};

/// What hello says when it is unpacked, configured, and finds its library.
const GREETING: &str = "Hello, world!";

/// Prepares mmdebstrap, which leaves no system behind.
fn mmdebstrap(variant: &str, hook: &str) -> std::process::Command {
    let mut command = tool("mmdebstrap", "mmdebstrap");
    command.args(["--quiet", "--mode=root", "--format=null"]);
    // What is thrown away need not reach the disk.
    command.arg("--dpkgopt=force-unsafe-io");
    command.arg(format!("--variant={variant}"));
    command.arg(format!("--customize-hook={hook}"));
    command
}

fn script(world: &World, text: &str) -> String {
    let path = world.path("hook");
    std::fs::write(&path, format!("set -eu\n{text}")).expect("a file");
    format!("sh {} \"$1\"", path.display())
}

#[test]
fn mmdebstrap_makes_a_debian_of_it_alone_and_apt_gets_the_source() {
    if !makes_systems() {
        return;
    }
    let settings = ["--compress", "xz,gz,zst", "--translations"];
    let Some(debian) = Minimal::publish(&settings) else {
        return;
    };
    let (world, served) = (&debian.world, debian.served());
    let keyring = world.keyring();
    let hook = script(
        world,
        "chroot \"$1\" dpkg --audit\nchroot \"$1\" apt-get check\n\
         chroot \"$1\" dpkg-query --show --showformat='is ${Package} ${Version}\\n'\n\
         chroot \"$1\" hello\n",
    );
    let mut make = mmdebstrap("minbase", &hook);
    let line = format!(
        "deb [signed-by={}] {} {} main",
        keyring.display(),
        served.url,
        debian.suite
    );
    make.args(["--include=hello,apt", &debian.suite, "/dev/null", &line]);
    // It keeps its standard output for the system, and there is none.
    let said = world.judge(make).code(0).stderr;
    assert!(said.contains(GREETING), "{said}");
    let known = debian.names_and_versions();
    let installed: Vec<_> = said
        .lines()
        .filter_map(|line| line.strip_prefix("is "))
        .collect();
    assert!(installed.len() > 70, "{said}");
    for package in installed {
        assert!(known.contains(package), "{package} came from elsewhere");
    }

    let client = Client::new(world, "client", ("a.sources", &debian.sources(&served)));
    client.update().code(0);
    // It unpacks with dpkg-source, which checks what the .dsc promises.
    client.apt("apt-get", &["source", "hello"]).code(0);
    let unpacked = std::fs::read_dir(world.path("client/sources")).expect("it is there");
    let is_tree = |path: std::path::PathBuf| path.join("debian/changelog").is_file();
    assert!(unpacked.flatten().any(|entry| is_tree(entry.path())));
    served.end();
}

#[test]
fn debootstrap_makes_a_debian_of_it_alone() {
    if !makes_systems() {
        return;
    }
    let Some(debian) = Minimal::publish(&["--compress", "gz", "--no-contents"]) else {
        return;
    };
    let (world, served) = (&debian.world, debian.served());
    let (keyring, system) = (world.keyring(), world.path("system"));
    // What it mounts is gone when it ends, however it ends.
    let mut make = tool("unshare", "util-linux");
    make.args(["--mount", "--propagation", "private"]);
    make.args(["debootstrap", "--variant=minbase", "--include=hello,apt"]);
    make.arg(format!("--keyring={}", keyring.display()));
    make.args([debian.suite.as_str()])
        .arg(&system)
        .arg(&served.url);
    tool("debootstrap", "debootstrap");
    let ran = world.judge(make).code(0);
    assert!(
        ran.stdout.contains("Valid Release signature"),
        "{}",
        ran.stdout
    );
    let inside = |words: &[&str]| -> Ran {
        let mut enter = tool("chroot", "coreutils");
        enter.arg(&system).args(words).env_clear();
        enter.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        finished(enter.output().expect("it runs")).code(0)
    };
    assert_eq!(inside(&["dpkg", "--audit"]).stdout, "");
    assert_eq!(inside(&["hello"]).stdout.trim(), GREETING);
    served.end();
}

#[test]
fn newer_apt_reads_it() {
    if !makes_systems() {
        return;
    }
    let newer = match &*fetch::codename() {
        "bookworm" => "trixie",
        _ => "sid",
    };
    let mirror = match fetch::mirror() {
        Ok(mirror) => mirror,
        Err(why) => return skip(&why),
    };
    let Some(debian) = Minimal::publish(&["--compress", "xz,gz,zst", "--pdiffs", "3"]) else {
        return;
    };
    let (world, served) = (&debian.world, debian.served());
    let list = world.path("ours.sources");
    std::fs::write(&list, debian.sources(&served)).expect("a file");
    let hook = script(
        world,
        &format!(
            "rm -rf \"$1\"/etc/apt/sources.list* \"$1\"/var/lib/apt/lists/*\n\
             mkdir \"$1/etc/apt/sources.list.d\"\n\
             cp {} \"$1/etc/apt/sources.list.d\"\n\
             chroot \"$1\" apt-get --version\n\
             chroot \"$1\" apt-get update --error-on=any\n\
             chroot \"$1\" apt-get install --yes --quiet hello\n\
             chroot \"$1\" hello\n",
            list.display()
        ),
    );
    let mut make = mmdebstrap("apt", &hook);
    make.args([newer, "/dev/null", &mirror]);
    let ran = world.judge(make);
    // Before our hook starts, all is the mirror's.
    let apt = |line: &str| line.strip_prefix("apt ").map(str::to_owned);
    let version = ran.stderr.lines().find_map(apt);
    if ran.code != 0 && version.is_none() {
        return skip(&format!("no {newer} from the mirror: {}", ran.stderr));
    }
    let said = ran.code(0).stderr;
    let version = version.expect("the hook says it");
    assert!(!version.starts_with("2.6"), "{version}");
    assert!(said.contains(GREETING), "{said}");
    served.end();
}
