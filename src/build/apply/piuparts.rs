//! Installs, upgrades, removes and purges what was built, as piuparts(1) does:
//! maintainer scripts must not fail, and nothing may stay behind (Debian Policy
//! 6.8, 10.7.3).

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::floor::INBOX;
use super::throwaway::{Said, Throwaway};
use super::{Bench, BuildError, name_of};
use crate::model::Finding;

/// Fetches and installs what the packages need, without them: what that leaves
/// is not theirs. `$@` are relations.
const DEPENDENCIES: &str = "\
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
apt-get -q update
[ $# = 0 ] || apt-get -q -y -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root --no-install-recommends satisfy \"$@\"";
/// Names every file of the system that is the system's own affair to have.
const FILES: &str = "\
find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp \\
 -o -path /var/tmp -o -path /build -o -path /var/lib/dpkg -o -path /var/lib/apt \\
 -o -path /var/cache/apt -o -path /var/cache/debconf -o -path /var/cache/ldconfig \\
 -o -path /var/cache/man -o -path /var/log -o -path /etc/ld.so.cache \\) -prune -o -print";
const INSTALL: &str = "apt-get -q -y -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root --no-install-recommends \
 --allow-downgrades -o Dpkg::Options::=--force-confold install \"$@\"; test -z \"$(dpkg --audit)\"";
const REMOVE: &str = "dpkg --remove \"$@\"";
const PURGE: &str = "dpkg --purge \"$@\"; test -z \"$(dpkg --audit)\"";

impl Bench<'_> {
    /// Runs the whole course; returns what ran it and what it found.
    pub(super) fn piuparts(
        &mut self,
        made: &[PathBuf],
        published: &[PathBuf],
    ) -> Result<(String, Vec<Finding>), BuildError> {
        let built = self.built_debs(made)?;
        let mut found = Vec::new();
        let tool = format!("debcut {}", self.plan.builder_version);
        if built.is_empty() {
            return Ok((tool, found));
        }
        let files: Vec<_> = made.iter().chain(published).cloned().collect();
        let place = self.throwaway("piuparts", &files)?;
        let names: Vec<String> = built.iter().map(|deb| deb.name.clone()).collect();
        let at = |path: &PathBuf| format!("{INBOX}/{}", name_of(path));
        let new: Vec<String> = built.iter().map(|deb| at(&deb.path)).collect();
        let old: Vec<String> = published.iter().map(at).collect();
        let needs: Vec<String> = built.iter().flat_map(|deb| deb.needs(&names)).collect();
        if let Err(why) =
            self.in_throwaway(&place, "fetching what is needed by", DEPENDENCIES, &needs)?
        {
            found.push(self.failed_step("what they depend on cannot be installed", &why));
            return Ok((tool, found));
        }
        let before = self.files_of(&place)?;
        let mut courses = vec![vec![("installing", INSTALL, &new)]];
        if !old.is_empty() {
            courses.push(vec![
                ("installing the published version of", INSTALL, &old),
                ("upgrading", INSTALL, &new),
            ]);
        }
        for mut course in courses {
            course.extend([("removing", REMOVE, &names), ("purging", PURGE, &names)]);
            for (step, script, words) in course {
                if let Err(why) = self.in_throwaway(&place, step, script, words)? {
                    found.push(self.failed_step(&format!("{step} them failed"), &why));
                    return Ok((tool, found));
                }
            }
        }
        let left = self.files_of(&place)?;
        for path in left.difference(&before) {
            let message = format!("{path} stays behind when it is purged");
            let finding = Finding::error("piuparts", self.plan.package.as_str(), message);
            found.push(finding.fix("remove it in postrm purge, or let the package own it"));
        }
        for path in before.difference(&left) {
            let message = format!("{path}, which is not its own, is gone with it");
            found.push(Finding::error(
                "piuparts",
                self.plan.package.as_str(),
                message,
            ));
        }
        Ok((tool, found))
    }

    fn files_of(&mut self, place: &Throwaway) -> Result<BTreeSet<String>, BuildError> {
        let said = self.asked_of_throwaway(place, FILES)?;
        Ok(said.lines().map(str::to_owned).collect())
    }

    fn failed_step(&self, what: &str, why: &Said) -> Finding {
        let finding = Finding::error(
            "piuparts",
            self.plan.package.as_str(),
            format!("{what}: {why}"),
        );
        finding.fix(format!(
            "the whole output is in {}",
            self.workshop.log.display()
        ))
    }
}
