//! Binary packages from the machine's own mirror, kept for the next run.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::world::{finished, tool};

/// What is fetched, 24 MB of packages together.
const NAMES: &str = "\
    adduser apg at attr base-files bash-completion bc binfmt-support bsd-mailx bsdextrautils \
    bsdmainutils busybox bzip2 ca-certificates cabextract cowsay cpio cron \
    cron-daemon-common dash dc debconf debhelper debianutils desktop-file-utils dh-python \
    diffutils distro-info-data dmidecode dosfstools dput e2fsprogs ed eject fakeroot figlet \
    file findutils fortunes-min fping gettext-base gnupg-agent grep groff-base gzip hdparm \
    hello hicolor-icon-theme hostname init-system-helpers insserv iputils-ping jq keyutils \
    kmod less libattr1 libbz2-1.0 libbz2-dev libcap2-bin libjs-sphinxdoc libjs-underscore \
    liblocale-gettext-perl libnss-mdns libpam-modules libpam-runtime libsysfs2 \
    libtext-iconv-perl liburi-perl login logrotate lsb-release lsof mawk media-types \
    mime-support mlocate mount mtr-tiny nano-tiny ncurses-base netbase netcat-openbsd \
    node-balanced-match node-semver passwd patch patchutils perl-base pinentry-curses \
    plocate powermgmt-base procps psmisc publicsuffix python3-idna python3-minimal \
    python3-six python3-wheel-whl quilt rename rsync screen sed sensible-utils sl strace \
    sudo sysvinit-utils tar tcpdump telnet tofrodos traceroute tree tzdata ucf unzip \
    update-inetd usbutils uuid-runtime wdiff whiptail whois xdelta zip zlib1g zlib1g-dev";

/// Gets the packages, from the mirror where they are not here yet; or says why
/// not.
pub fn packages() -> Result<Vec<PathBuf>, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let cache = target.expect("it is below target/").join("debian-packages");
    fs::create_dir_all(&cache).expect("target/ is writable");
    let lock = File::create(cache.join("lock")).expect("target/ is writable");
    lock.lock().expect("the lock");
    let directory = cache.join("packages");
    if !directory.is_dir() {
        let new = tempfile::tempdir_in(&cache).expect("target/ is writable");
        download(new.path())?;
        fs::rename(new.keep(), &directory).expect("it is not there yet");
    }
    let entries = fs::read_dir(&directory).expect("it is there");
    let paths = entries.map(|entry| entry.expect("listed").path());
    let packages: BTreeSet<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "deb"))
        .collect();
    Ok(Vec::from_iter(packages))
}

fn download(into: &Path) -> Result<(), String> {
    // One name that this release does not have would stop them all.
    let mut show = tool("apt-cache", "apt");
    show.args(["show", "--no-all-versions"])
        .args(NAMES.split_whitespace());
    let known = finished(show.output().expect("it runs")).stdout;
    let known: BTreeSet<&str> = known
        .lines()
        .filter_map(|line| line.strip_prefix("Package: "))
        .collect();
    if known.is_empty() {
        return Err("apt has no lists of packages: apt-get update".to_owned());
    }
    let mut get = tool("apt-get", "apt");
    get.args(["--quiet", "--option", "APT::Sandbox::User=root", "download"]);
    let ran = finished(get.args(known).current_dir(into).output().expect("it runs"));
    let last = ran.stderr.lines().last().unwrap_or("apt-get says nothing");
    match ran.code {
        0 => Ok(()),
        _ => Err(format!("no packages from the mirror: {last}")),
    }
}
