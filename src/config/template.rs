//! What was detected → a commented `debcut.toml`.

use std::fmt::Write;

use super::detect::{Detected, DetectedEdge, DetectedGroup, DetectedKind, DetectedPackage};
use crate::build::license::License;
use crate::release::policy::GroupKind;
use crate::release::tag_pattern::USUAL;

const HEAD: &str = "\
# debcut.toml: how this project becomes Debian packages.
# Every key has a default; what is commented out shows it.
# A build reads this file from the tag that it builds: commit it before you tag.
";

const TAIL: &str = "
# [release]                   # from commits to versions
# types = { feat = \"minor\" }  # or none, patch, major; also by scope: \"fix(api)\" = \"none\"
# other = \"patch\"             # every other type of a conventional commit
# unconventional = \"patch\"    # or ignore, error
# merges = \"all-commits\"      # or first-parent: merges count, by their pull request's title
# maintenance-branches = [\"release-{version}\", \"release/{version}\"]   # patch releases only
# remote = \"origin\"

# [release.notes]
# sections = [{ title = \"Added\", types = [\"feat\"] }, { title = \"Other\", types = [\"*\"] }]
# pull-request = \"https://example.org/pull/{number}\"   # default: of a known forge's remote
# contributors = true
# scopes = true               # “parser: read tabs”, where a subject is all there is
# by-component = \"patch-releases\"   # or never, always: in each section by scope

# [release.debian]
# distribution = \"unstable\"   # default: as the entry before
# urgency = { usual = \"medium\", security = \"high\", exploited = \"critical\" }
# multi-maintainer = true

# [hooks]                     # before- and after- prepare, build, tag, publish, release
# before-tag = \"make check\"
# after-publish = [\"./announce\"]

# [signing]
# key = \"FINGERPRINT\"        # or gpg:FINGERPRINT; default: the only key there is
# tag-keys = [\"FINGERPRINT\"]  # whose signatures on tags count; default: every known key

# build-keys = [\"FINGERPRINT\"]    # whose builds may be published; default: anybody's
# publish-keys = [\"FINGERPRINT\"]  # who may sign a suite; default: every known key
# signed-commits = true       # verify --chain refuses a tagged commit that is not signed
# isolation = [\"chroot\"]      # and what was not built in a clean chroot

# [build]
# timeout-minutes = 240
# jobs = 4                    # default: as many as there are processors
# isolation = \"chroot\"       # default: chroot for debian/, namespace for declared packages
# memory = \"8G\"              # what a build may use; default: what there is
# space = \"8G\"               # what it may write; default: half of the memory
# processes = 4096
# network = \"warn\"           # of builds that try it in vain; default: they fail
# limits = \"warn\"            # of builds that ran into one; default: they fail
# gates = [\"lintian\"]        # also lintian-warning, autopkgtest, piuparts
# suffix = { bookworm = \"~bpo12+1\" }  # of versions built --for it; default: ~deb12u1
# host-paths = [\"/opt/sdk\"]  # what a build may read beside the system; commands find its bin/
# suite = \"trixie\"           # of the clean chroot; default: what the changelog says
# mirror = \"http://deb.debian.org/debian\"   # default: the one of this machine's apt
# refresh-days = 7            # how old a chroot may be
# snapshot = \"2025-05-20\"    # pin it to a day of snapshot.debian.org
# archives = [\"main\", { location = \"http://apt.example.org\", suite = \"stable\", key = \"apt.asc\" }]

# [archive.main]
# location = \"/srv/apt\"       # for `debcut publish --archive main`
# mirrors = [\"apt@mirror.example.org:/srv/apt\"]   # for `debcut archive mirror`
# attestations = 2            # how many builders must attest what is published

# [patch]                     # maintenance branches: debcut patch pick COMMIT --onto release-1.12
# main = \"main\"              # where fixes come from; default: the remote's main branch
# approvers = [\"rita@example.org\"]   # who decides, by address or name; default: everybody
# approvals = 1               # how many of them must approve
# owners = [\"olaf@example.org\"]   # who may let in what breaks, or is of no allowed kind
# kinds = [\"fix\", \"perf\", \"revert\", \"docs\", \"test\", \"ci\", \"build\", \"chore\"]
# unconventional = \"refuse\"   # what says no kind; or allow
# note = \"required\"           # Release-Note: TEXT or NONE in each commit; or wanted
# parents = \"merged\"          # only what the main branch has; or any
# require-green = \"./ci-status\"   # says whether DEBCUT_COMMIT is green: exit 0, 75 for not yet; or \"@forge\"
# questions = [\"bug\", \"affected\", \"severity\", \"verified\"]   # answered before anybody decides
# template = \"{% for one in questions %}{{ one.name }}: {{ one.answer }}\\n{% endfor %}\"   # in an editor
# sync = false                # share what is written with the remote at once, not by patch sync
# interval = \"2w..4w\"         # how often patch releases are cut; default: nobody is reminded
# working-days = [\"mon-fri\"]
# closed = [\"2026-12-24\"]
# zone = \"Europe/Berlin\"      # default: UTC
# back-merge = \"pick\"         # how changelog and versions come to main after a cut; or merge
# back-merge-into = [\"main\"]  # default: the main branch

# [patch.forge]               # pull requests and labels: debcut patch forge sync; DEBCUT_FORGE_TOKEN
# kind = \"github\"             # or gitlab; default: by the remote's host
# url = \"https://github.example.org/api/v3\"   # of the API; default: by the remote's host
# project = \"owner/name\"      # default: by the remote's address
# open-pull-requests = true   # or false: only labels, on the pull requests that were asked for
# labels = { approved = \"backport/approved\" }   # what debcut sets, by state; \"\" sets none
# decisions = { hold = \"hold-patch\" }   # what people set: approve, hold, reject
# people = { ida-gh = \"Ida Example <ida@example.org>\" }   # who the forge's users are
# backport = [\"backport/{version}\", \"backport/{branch}\"]   # labels that patch suggest heeds
# body = \"{{ title }}\"        # of a pull request's page; default: with the four questions

# [[patch.notify]]            # who is told of a freeze
# name = \"chat\"
# on = [\"frozen\", \"thawed\"]  # default: everything
# webhook = \"https://hooks.example.org/…\"   # or $VARIABLE; or command = \"…\", which reads the text
# template = \"slack\"          # or text, md, json, or a file

# [rollout]                   # how a version reaches hosts: debcut rollout start NAME=VERSION
# archive = \"main\"           # a name of these, a directory or a URL; default: the only one
# from = \"incoming\"          # the suite where versions enter; or { bookworm = \"…\", trixie = \"…\" }
# hosts = \"@all\"             # everyone; default: --hosts
# engine = \"ssh\"             # or ansible
# ssh-options = [\"-F\", \"fleet.ssh\"]
# become = true               # sudo -n on hosts; default: the user is root
# inventory = \"hosts.ini\"    # what @GROUP and ansible read
# sources-file = \"/etc/apt/sources.list.d/main.sources\"   # where hosts have this archive
# supersede = \"refuse\"       # a newer version while one is open: or wait, replace
# restart = \"nothing\"        # or stale (units that run what is gone), or [\"hello.service\"]
# rehearsal = true            # old, new and old again in a throw-away root; or { skip = \"why\" }, { base = \"host\" }
# approvals = { count = 1, keys = [\"FINGERPRINT\"] }   # default: none is needed
# start-days = [\"mon-thu\"]   # default: any day
# windows = [\"mon-thu 09:00-16:00\"]   # when batches begin; default: always
# closed = [\"2026-12-24\"]
# zone = \"Europe/Berlin\"     # default: UTC
# soak = \"24h\"               # this and what follows, to check-time: also in each ring
# batch = \"10%\"              # how many hosts may be away at once, or how large a part of a ring
# concurrency = 20            # connections at once
# max-failures = 0            # more halt it
# max-unreachable = \"10%\"    # more keep the gate shut
# min-sample = 1              # fewer that are well prove nothing
# check-time = \"5m\"          # how often checks are repeated
# job-time = \"30m\"           # what one host's transaction may take
# lock-time = \"2m\"           # how long a host's package locks are waited for
# attempts = 3                # how often a host that did nothing is asked to begin
# retry-time = \"5m\"          # when a silent host is asked again

# [[rollout.ring]]            # without any: a canary, then everybody else
# name = \"canary\"
# hosts = [\"a.example.org\", \"@canaries\"]   # or { command = \"…\" }, or \"rest\"
# suite = \"canary\"           # what opens for it; or suites = { bookworm = \"…\" }
# checks = [\"answers\"]       # default: all that name no other ring

# [[rollout.ring]]
# name = \"everyone\"          # hosts that update themselves: the suite is opened, a command counts
# pull = { observe = \"./count-hosts\", every = \"5m\", adoption = \"90%\", phases = [10, 50, 100], phase-time = \"24h\" }
# suite = \"stable\"

# [[rollout.check]]
# name = \"answers\"
# host = \"curl -fsS http://localhost/\"   # or controller = \"…\", or service = \"hello.service\"
# limit = \"60s\"
# failures = 1                # in a row, before it counts
# rings = [\"canary\"]         # default: all

# [[rollout.notify]]
# name = \"chat\"
# on = [\"halted\", \"done\"]  # default: every state
# webhook = \"https://hooks.example.org/…\"   # or $VARIABLE; or command = \"…\", which reads the text
# template = \"slack\"         # or text, md, json, or a file

# [rollout.request]           # what is asked for approval
# command = \"mail -s rollout ops@example.org\"   # or file, or webhook
# template = \"md\"            # or text, json, or a file

# [rollout.profile.emergency] # --emergency
# soak = \"10m\"
# batch = \"50%\"
# rehearsal = false
# windows = false
# reason = true               # demand one
";

/// Writes the file. `maintainer` is `Name <address>`, where it is known.
pub fn render(detected: &Detected, maintainer: Option<&str>) -> String {
    let mut text = HEAD.to_owned();
    let maintainer = maintainer.unwrap_or("Your Name <you@example.org>");
    for package in &detected.packages {
        let mut entry = String::new();
        self::package(&mut entry, package, maintainer);
        if package.kind.is_library() {
            let name = &package.name;
            let _ = writeln!(
                text,
                "\n# {name} is a library: nothing to install was found."
            );
            comment_out(&mut text, entry.trim_start());
        } else {
            text.push_str(&entry);
        }
    }
    if detected.packages.is_empty() {
        text.push_str("\n# No package was found here; one is described like this:\n#\n");
        let mut example = String::new();
        let license_file = detected.license_file.as_deref();
        declared(&mut example, "hello", maintainer, license_file);
        let head = "# [[package]]\n# name = \"hello\"\n# build = \"declared\"\n";
        text.push_str(head);
        comment_out(&mut text, &example);
    }
    for group in &detected.groups {
        self::group(&mut text, group);
    }
    text.push_str(TAIL);
    text
}

fn group(text: &mut String, group: &DetectedGroup) {
    let DetectedGroup {
        name,
        packages,
        kind,
    } = group;
    let listed: Vec<_> = packages
        .iter()
        .map(|package| quoted(package.as_str()))
        .collect();
    let (kind, why) = match kind {
        GroupKind::Together => ("together", "if one is released, all are"),
        GroupKind::SameVersion => ("same-version", "those that are released"),
    };
    let _ = writeln!(
        text,
        "\n[[release.group]]\nname = {}\npackages = [{}]\nkind = \"{kind}\"   # {why}",
        quoted(name),
        listed.join(", ")
    );
}

fn edge(edge: &DetectedEdge) -> String {
    let package = quoted(edge.package.as_str());
    let requirement = edge
        .requirement
        .as_ref()
        .map(|path| match &edge.dependency {
            None => quoted(path),
            Some(name) => format!(
                "{{ path = {}, dependency = {} }}",
                quoted(path),
                quoted(name)
            ),
        });
    match requirement {
        None => format!("{{ package = {package} }}"),
        Some(place) => format!("{{ package = {package}, requirements = [{place}] }}"),
    }
}

fn comment_out(text: &mut String, entry: &str) {
    for line in entry.lines() {
        let _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
}

fn package(text: &mut String, package: &DetectedPackage, maintainer: &str) {
    let DetectedPackage {
        name,
        path,
        version_files,
        include,
        depends_on,
        changes_file,
        tag,
        license_file,
        kind,
    } = package;
    let copyright = license_file.as_deref();
    let _ = writeln!(text, "\n[[package]]\nname = {}", quoted(name.as_str()));
    if !path.is_empty() {
        let _ = writeln!(text, "path = {}", quoted(path));
    }
    let build = if *kind == DetectedKind::Debian {
        "debian"
    } else {
        "declared"
    };
    let _ = writeln!(text, "build = \"{build}\"");
    match tag {
        Some(tag) => {
            let _ = writeln!(text, "tag = {}", quoted(&tag.to_string()));
        }
        None => {
            let usual: Vec<_> = USUAL.iter().map(|pattern| quoted(pattern)).collect();
            let _ = writeln!(text, "# tag = [{}]   # the default", usual.join(", "));
        }
    }
    let listed: Vec<String> = version_files
        .iter()
        .map(|(file, _)| quoted(&file.path))
        .collect();
    let files = format!("version-files = [{}]", listed.join(", "));
    let _ = match listed.as_slice() {
        [] => writeln!(text, "# version-files = [\"VERSION\"]"),
        _ => writeln!(text, "{files}"),
    };
    if !include.is_empty() {
        let listed: Vec<_> = include.iter().map(|path| quoted(path)).collect();
        let _ = writeln!(text, "include = [{}]   # built into it", listed.join(", "));
    }
    if !depends_on.is_empty() {
        let listed: Vec<_> = depends_on.iter().map(edge).collect();
        let _ = writeln!(
            text,
            "# When one of these is released, so is this: follow = \"patch\", \"same\" or \"ignore\"\n\
             depends-on = [{}]",
            listed.join(", ")
        );
    }
    let usual = match path.as_str() {
        "" => "CHANGELOG.md".to_owned(),
        path => format!("{path}/CHANGELOG.md"),
    };
    // The usual one is found without a word.
    if let Some(file) = changes_file.as_ref().filter(|file| **file != usual) {
        let _ = writeln!(text, "changes-file = {}", quoted(file));
    }
    match kind {
        DetectedKind::Debian => text.push_str(
            "# upstream-tag = \"upstream/{version}\"   # where a quilt package's upstream release is\n\
             # orig = \"../NAME_VERSION.orig.tar.xz\"  # or the upstream tarball, or its directory\n\
             # components = [\"NAME\"]                # its orig-NAME.tar.*: upstream's directory, or { name, tag }\n\
             # pristine-tar = false                 # do not take tarballs from the branch pristine-tar\n\
             # export-attributes = false            # pack upstream's tag whole, without export-ignore and -subst\n\
             # patches = \"auto\"                     # or unapplied, applied, commits, single, overlay\n",
        ),
        DetectedKind::Cargo { summary, license, binaries } if !binaries.is_empty() => {
            start(text, name.as_str(), maintainer, summary.as_deref());
            text.push_str(&self::copyright(copyright, license.as_deref()));
            text.push_str("architecture = \"any\"\n");
            // In a workspace, the build's own directory is that of the package.
            let place = if path.is_empty() { "" } else { " --target-dir target" };
            let debug = "--config profile.release.debug=1";
            let _ = writeln!(
                text,
                "# What debuggers want becomes a package of its own, {name}-dbgsym.\n\
                 command = \"cargo build --release --locked {debug}{place}\"\nfiles = ["
            );
            for binary in binaries {
                let source = quoted(&format!("target/release/{binary}"));
                let target = quoted(&format!("/usr/bin/{binary}"));
                let _ = writeln!(text, "  {{ source = {source}, target = {target}, mode = \"0755\" }},");
            }
            text.push_str("]\n");
        }
        DetectedKind::Cargo { summary, license, .. }
        | DetectedKind::Other { summary, license, programs: None } => {
            start(text, name.as_str(), maintainer, summary.as_deref());
            text.push_str(&self::copyright(copyright, license.as_deref()));
            text.push_str(KEYS);
            text.push_str(FILES);
            text.push_str(MORE);
        }
        DetectedKind::Make => {
            start(text, name.as_str(), maintainer, None);
            text.push_str(&self::copyright(copyright, None));
            text.push_str("architecture = \"any\"      # or \"all\", where nothing is compiled\n");
            for line in MAKE.lines() {
                let _ = writeln!(text, "{}", line.trim_start_matches("# "));
            }
            text.push_str(MORE);
        }
        DetectedKind::Other { summary, license, programs: Some(programs) } => {
            start(text, name.as_str(), maintainer, summary.as_deref());
            text.push_str(&self::copyright(copyright, license.as_deref()));
            let source = quoted(programs);
            let _ = writeln!(text, "files = [{{ source = {source}, target = \"/usr/bin/\" }}]");
            text.push_str(KEYS);
            text.push_str(MORE);
        }
    }
}

/// What a Makefile installs is taken from below a directory.
const MAKE: &str = "\
# command = \"make && make install DESTDIR=$PWD/out PREFIX=/usr prefix=/usr\"
# files = [{ source = \"out\", target = \"/\" }]   # all that it installed there
";

const KEYS: &str = "\
# architecture = \"all\"      # or \"any\": this machine's
# section = \"misc\"
# priority = \"optional\"
# homepage = \"https://example.org/tool\"
# depends = [\"adduser\"]      # and so pre-depends, recommends, suggests, enhances,
#                              # breaks, conflicts, replaces, provides; the
#                              # packages of programs' libraries are found
# command = \"make\"          # run in the tag's tree before files are collected
# revision = \"1\"            # 1.2.3 becomes 1.2.3-1
# distribution = \"stable\"    # what the changelog's entry and .changes name
# changelog = \"changelog\"    # a file in Debian's format; default: one is made
# compression = \"xz\"         # or gzip, zstd, none
";

/// What is active, or commented out, is what the package installs.
const FILES: &str = "\
# files = [
#   { source = \"bin/*\", target = \"/usr/bin/\", mode = \"0755\" },
#   { source = \"etc/tool.conf\", target = \"/etc/tool.conf\" },   # a conffile
# ]
";

const MORE: &str = "\
# directories = [{ target = \"/var/lib/tool\", owner = \"root\", mode = \"0750\" }]
# symlinks = [{ target = \"/usr/bin/alias\", to = \"tool\" }]
# scripts = { postinst = \"packaging/postinst\" }   # #DEBHELPER# is replaced
# units = [{ source = \"packaging/tool.service\", enable = true, start = true }]
# alternatives = [{ link = \"/usr/bin/editor\", path = \"/usr/bin/tool\", priority = 50 }]
# triggers = [\"interest-noawait /usr/share/tool\"]
# multi-arch = \"foreign\"
# strip = true               # with debug-symbols = true for a NAME-dbgsym package
# detect-depends = true      # look up the packages of programs' libraries
";

fn start(text: &mut String, name: &str, maintainer: &str, summary: Option<&str>) {
    let _ = writeln!(
        text,
        "\n[package.declared]\nmaintainer = {}",
        quoted(maintainer)
    );
    let _ = writeln!(text, "summary = {}", quoted(&synopsis(name, summary)));
    let _ = writeln!(
        text,
        "# description = \"\"\"\n# What it is for, in a paragraph or two.\"\"\""
    );
}

/// Makes a description's first line a synopsis, which is no sentence (Debian
/// Policy 3.4.1).
pub(super) fn synopsis(name: &str, summary: Option<&str>) -> String {
    let first = summary
        .and_then(|summary| summary.lines().next())
        .filter(|first| !first.trim().is_empty())
        .map_or_else(|| format!("software of the {name} project"), str::to_owned);
    let first = first.trim().trim_end_matches('.');
    let articles = ["a ", "an ", "the ", "A ", "An ", "The "];
    let bare = articles
        .iter()
        .find_map(|article| first.strip_prefix(article));
    bare.unwrap_or(first).to_owned()
}

/// Names where the copyright file comes from: the project's own file, else the
/// licence of its metadata, when its text is known.
fn copyright(file: Option<&str>, license: Option<&str>) -> String {
    let known = license.filter(|license| License::new(license).is_ok());
    match (file, known) {
        (Some(file), _) => {
            let license = quoted(known.unwrap_or("MIT"));
            format!(
                "copyright = {}   # or license = {license}, by name\n",
                quoted(file)
            )
        }
        (None, Some(license)) => {
            format!(
                "license = {}   # or copyright = \"LICENSE\", a file\n",
                quoted(license)
            )
        }
        (None, None) => "copyright = \"LICENSE\"   # correct this: a file with the licence; or, \
                         instead of this line, license = \"MIT\", by name\n"
            .to_owned(),
    }
}

fn declared(text: &mut String, name: &str, maintainer: &str, license_file: Option<&str>) {
    start(text, name, maintainer, None);
    text.push_str(&copyright(license_file, None));
    for keys in [KEYS, FILES, MORE] {
        text.push_str(keys);
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests;
