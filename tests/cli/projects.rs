//! Small projects to release: one that debcut.toml describes, one with
//! debian/, native and quilt.

use crate::world::World;

const CONFIGURATION: &str = r#"[[package]]
name = "tally"
build = "declared"
tag = "v{version}"
version-files = ["VERSION"]

[package.declared]
maintainer = "Ada Example <ada@example.org>"
summary = "counts the lines on its standard input"
description = """
Reads lines until there are no more and says how many there were.

It exists to be released."""
section = "utils"
license = "MIT"
command = "@COMMAND@"
files = [
  { source = "tally", target = "/usr/bin/tally", mode = "0755" },
  { source = "tally.1.gz", target = "/usr/share/man/man1/" },
  { source = "tally.conf", target = "/etc/tally.conf" },
]
symlinks = [
  { target = "/usr/bin/count-lines", to = "tally" },
  { target = "/usr/share/man/man1/count-lines.1.gz", to = "tally.1.gz" },
]
"#;
const SCRIPT: &str = "#!/bin/sh\n# tally @VERSION@\nset -e\nwc -l\n";
const MANUAL: &str = ".TH TALLY 1 2025-05-01 tally\n.SH NAME\ntally \\- counts lines\n\
                      .SH SYNOPSIS\n.B tally\n.SH DESCRIPTION\nCounts lines.\n";

/// The command that the declared project is built with.
pub const COMMAND: &str = "sed s/@VERSION@/$(cat VERSION)/ tally.in > tally && gzip -9n tally.1";

impl World {
    /// Makes a project that debcut.toml describes, with the tag v1.2.0.
    pub fn declared() -> Self {
        let world = Self::new();
        world.write("debcut.toml", CONFIGURATION.replace("@COMMAND@", COMMAND));
        world.write("VERSION", "1.2.0\n");
        world.write("tally.in", SCRIPT);
        world.write("tally.1", MANUAL);
        world.write("tally.conf", "# how to count\n");
        world.commit("feat: count lines");
        world.tag("v1.2.0");
        world
    }

    /// Makes a native Debian package with the tag debian/1.0.
    pub fn native() -> Self {
        let world = Self::new();
        world.debian("1.0", "3.0 (native)");
        world.commit("feat: tell the time of the build");
        world.tag("debian/1.0");
        world
    }

    /// Makes a quilt Debian package whose version has an epoch, with the tags
    /// upstream/1.0 and debian/1%1.0-1.
    pub fn quilt() -> Self {
        let world = Self::new();
        world.write("stamp.in", "upstream's\n");
        world.commit("feat: tell the time of the build");
        world.tag("upstream/1.0");
        world.debian("1:1.0-1", "3.0 (quilt)");
        let patch = "Description: be ours\n--- a/stamp.in\n+++ b/stamp.in\n@@ -1 +1 @@\n\
                     -upstream's\n+ours\n";
        world.write("debian/patches/ours.patch", patch);
        world.write("debian/patches/series", "ours.patch\n");
        world.commit("build: package it");
        world.tag("debian/1%1.0-1");
        world
    }

    /// Tags HEAD, as an annotated tag.
    pub fn tag(&self, name: &str) {
        self.git(&["tag", "--annotate", "--message", name, name]);
    }

    /// Writes debian/ of a package that embeds whatever it can of its build;
    /// of its path all but the user, of whom each has a place.
    pub fn debian(&self, version: &str, format: &str) {
        let changelog = format!(
            "stamp ({version}) stable; urgency=medium\n\n  * First release.\n\n \
             -- Ada Example <ada@example.org>  Thu, 01 May 2025 10:00:00 +0000\n"
        );
        self.write("debian/changelog", changelog);
        self.write("debian/control", CONTROL);
        self.write("debian/copyright", COPYRIGHT);
        self.write("debian/source/format", format!("{format}\n"));
        if !self.project().join("stamp.in").is_file() {
            self.write("stamp.in", "ours\n");
        }
        self.write("debian/rules", RULES);
        let rules = self.project().join("debian/rules");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(rules, mode).expect("it was written");
    }
}

const CONTROL: &str = "Source: stamp\nSection: misc\nPriority: optional\n\
    Maintainer: Ada Example <ada@example.org>\nBuild-Depends: debhelper-compat (= 13)\n\
    Standards-Version: 4.6.2\nRules-Requires-Root: no\n\nPackage: stamp\nArchitecture: all\n\
    Depends: ${misc:Depends}\nDescription: tells how it was built\n Holds the circumstances \
    of its build, which must be the same for\n everybody who builds it.\n";
const COPYRIGHT: &str = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n\
    Files: *\nCopyright: 2025 Ada Example\nLicense: CC0-1.0\n On Debian systems, the text is \
    in /usr/share/common-licenses/CC0-1.0.\n";
const RULES: &str = "#!/usr/bin/make -f\n%:\n\tdh $@\n\noverride_dh_auto_install:\n\
    \tmkdir -p debian/stamp/usr/share/stamp\n\
    \t(cat stamp.in; pwd; env | grep -E '^(LANG|LC_|TZ|SOURCE_DATE|HOSTCC|CFLAGS)' | sort; \\\n\
    \t date -d @$$SOURCE_DATE_EPOCH) | \\\n\
    \t sed s/debcut-[0-9]*/debcut-USER/g > debian/stamp/usr/share/stamp/stamp\n\
    \ttouch debian/stamp/usr/share/stamp/empty\n";
