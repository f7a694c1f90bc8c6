//! Parts of maintainer scripts that a package's contents call for: debhelper's
//! own (`templates/maintscript`), put together as debhelper 13 does
//! (`autoscript` and `debhelper_script_subst` in Dh_Lib).

use std::collections::BTreeMap;

/// A maintainer script that parts are added to, Debian Policy 6.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Script {
    Preinst,
    Postinst,
    Prerm,
    Postrm,
}

impl Script {
    pub(super) const ALL: [Self; 4] = [Self::Preinst, Self::Postinst, Self::Prerm, Self::Postrm];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Preinst => "preinst",
            Self::Postinst => "postinst",
            Self::Prerm => "prerm",
            Self::Postrm => "postrm",
        }
    }

    /// Tells whether it undoes what the others do, and so in reverse order.
    pub(super) fn undoes(self) -> bool {
        matches!(self, Self::Prerm | Self::Postrm)
    }
}

/// A part of a script, with `#NAME#` where a value belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    script: Script,
    text: &'static str,
}

macro_rules! parts {
    ($($part:ident = $script:ident, $file:literal;)*) => {
        $(pub(super) const $part: Part = Part {
            script: Script::$script,
            text: include_str!(concat!("../../../../templates/maintscript/", $file)),
        };)*
    };
}

parts! {
    ENABLE = Postinst, "postinst-systemd-enable";
    DO_NOT_ENABLE = Postinst, "postinst-systemd-dont-enable";
    RESTART = Postinst, "postinst-systemd-restart";
    RESTART_IF_RUNNING = Postinst, "postinst-systemd-restartnostart";
    START = Postinst, "postinst-systemd-start";
    STOP_BEFORE_UPGRADE = Preinst, "preinst-systemd-stop";
    STOP_BEFORE_REMOVAL = Prerm, "prerm-systemd-restart";
    RELOAD = Postrm, "postrm-systemd-reload-only";
    PURGE_UNITS = Postrm, "postrm-systemd";
    ENABLE_USERS = Postinst, "postinst-systemd-user-enable";
    DO_NOT_ENABLE_USERS = Postinst, "postinst-systemd-user-dont-enable";
    PURGE_USERS_UNITS = Postrm, "postrm-systemd-user";
    MAKE_ACCOUNTS = Postinst, "postinst-sysusers";
    MAKE_TEMPORARY_FILES = Postinst, "postinst-init-tmpfiles";
    OFFER_ALTERNATIVE = Postinst, "postinst-alternatives";
    WITHDRAW_ALTERNATIVE = Prerm, "prerm-alternatives";
    PURGE_ANSWERS = Postrm, "postrm-debconf";
}

/// When a part comes among the others of its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// As it was added.
    Usual,
    /// What concerns running services: after all that they need is there, and
    /// before it goes.
    Services,
}

/// The parts that were collected.
#[derive(Debug, Default)]
pub(super) struct Snippets(BTreeMap<(Script, Turn), String>);

impl Snippets {
    /// Adds a part with these values in it; where things are undone, before
    /// those that are there.
    pub(super) fn add(&mut self, part: Part, turn: Turn, values: &[(&str, &str)]) {
        let mut text = part.text.to_owned();
        for (name, value) in values {
            text = text.replace(&format!("#{name}#"), value);
        }
        // No version: the same contents give the same scripts for ever.
        let text =
            format!("# Automatically added by debcut\n{text}# End automatically added section\n");
        let whole = self.0.entry((part.script, turn)).or_default();
        match part.script.undoes() {
            true => whole.insert_str(0, &text),
            false => whole.push_str(&text),
        }
    }

    /// Returns what was added to a script; empty: nothing.
    pub(super) fn of(&self, script: Script) -> String {
        let mut turns = [Turn::Usual, Turn::Services];
        if script.undoes() {
            turns.reverse();
        }
        let parts = turns.iter().filter_map(|turn| self.0.get(&(script, *turn)));
        parts.map(String::as_str).collect()
    }
}

/// Puts what was added into a script of the user's, or makes one of it: for
/// debhelper's mark, or, in a script without it, after everything where things
/// are made and before everything where they are undone.
pub(super) fn whole(script: Script, users: Option<&str>, added: &str) -> Result<String, String> {
    const MARK: &str = "#DEBHELPER#";
    let Some(users) = users else {
        return Ok(format!("#!/bin/sh\nset -e\n{added}"));
    };
    let name = script.name();
    let first = users.lines().next().unwrap_or_default();
    if !first.starts_with("#!") {
        return Err(format!(
            "scripts.{name} has no interpreter in its first line, such as #!/bin/sh"
        ));
    }
    if users.contains(MARK) {
        return Ok(users.replace(MARK, added));
    }
    if added.is_empty() {
        return Ok(users.to_owned());
    }
    let shells = ["sh", "bash", "dash", "ksh", "mksh", "zsh"];
    let interpreter = first.trim_start_matches("#!").split_whitespace();
    let program = |word: &str| word.rsplit('/').next().unwrap_or(word).to_owned();
    if !interpreter
        .map(program)
        .any(|word| shells.contains(&word.as_str()))
    {
        return Err(format!(
            "scripts.{name} is no shell script ({first}), so what the package's contents call \
             for cannot be added to it: write a shell script that runs it and says {MARK}"
        ));
    }
    let at = match script.undoes() {
        true => begin(users),
        false => end(users),
    };
    let (before, after) = users.split_at(at);
    let line_end = if before.ends_with('\n') { "" } else { "\n" };
    Ok(format!("{before}{line_end}{added}{after}"))
}

/// Finds where a script's first command is: after comments and `set`.
fn begin(text: &str) -> usize {
    let prelude = |line: &&str| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line.starts_with("set -")
    };
    text.split_inclusive('\n')
        .take_while(prelude)
        .map(str::len)
        .sum()
}

/// Finds where a script ends: before an `exit 0` that nothing follows, which
/// would keep whatever comes after from running.
fn end(text: &str) -> usize {
    let mut at = text.len();
    for line in text.split_inclusive('\n').rev() {
        at -= line.len();
        match line.trim() {
            "" => {}
            "exit 0" | "exit" | ":" => return at,
            comment if comment.starts_with('#') => {}
            _ => break,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_undone_in_reverse_and_services_come_last() {
        let mut snippets = Snippets::default();
        snippets.add(START, Turn::Services, &[("UNITFILES", "'a'")]);
        snippets.add(
            MAKE_ACCOUNTS,
            Turn::Usual,
            &[("CONFILE_BASENAME", "b.conf")],
        );
        snippets.add(OFFER_ALTERNATIVE, Turn::Usual, &[("INSTALL_OPTIONS", "c")]);
        snippets.add(STOP_BEFORE_REMOVAL, Turn::Services, &[("UNITFILES", "'a'")]);
        snippets.add(WITHDRAW_ALTERNATIVE, Turn::Usual, &[("RM_OPTIONS", "d")]);
        snippets.add(WITHDRAW_ALTERNATIVE, Turn::Usual, &[("RM_OPTIONS", "e")]);
        let order = |script: Script, words: &[&str]| {
            let text = snippets.of(script);
            let at: Vec<_> = words.iter().map(|word| text.find(word)).collect();
            assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{text}");
        };
        order(Script::Postinst, &["b.conf", "alternatives c", "start 'a'"]);
        order(
            Script::Prerm,
            &["stop 'a'", "alternatives e", "alternatives d"],
        );
        assert_eq!(snippets.of(Script::Preinst), "");
    }

    #[test]
    fn added_parts_reach_a_users_script() {
        use Script::{Postinst, Prerm};
        let cases = [
            (Postinst, None, Ok("#!/bin/sh\nset -e\nADDED\n")),
            (
                Postinst,
                Some("#!/bin/sh\nset -e\none\n#DEBHELPER#\ntwo\n"),
                Ok("#!/bin/sh\nset -e\none\nADDED\n\ntwo\n"),
            ),
            (
                Postinst,
                Some("#!/bin/bash -e\none"),
                Ok("#!/bin/bash -e\none\nADDED\n"),
            ),
            (
                Postinst,
                Some("#!/usr/bin/env sh\none\n\nexit 0\n\n# the end\n"),
                Ok("#!/usr/bin/env sh\none\n\nADDED\nexit 0\n\n# the end\n"),
            ),
            (
                Prerm,
                Some("#!/bin/sh\n# why\n\nset -eu\none\nexit 0\n"),
                Ok("#!/bin/sh\n# why\n\nset -eu\nADDED\none\nexit 0\n"),
            ),
            (
                Postinst,
                Some("one\n"),
                Err("scripts.postinst has no interpreter"),
            ),
            (
                Prerm,
                Some("#!/usr/bin/perl\n1;\n"),
                Err("scripts.prerm is no shell script (#!/usr/bin/perl)"),
            ),
        ];
        for (script, users, want) in cases {
            match (whole(script, users, "ADDED\n"), want) {
                (Ok(found), Ok(want)) => assert_eq!(found, want, "{users:?}"),
                (Err(found), Err(want)) => assert!(found.starts_with(want), "{found}"),
                (found, want) => panic!("{users:?}: {found:?}, not {want:?}"),
            }
        }
        let perl = "#!/usr/bin/perl\n1;\n";
        assert_eq!(
            whole(Prerm, Some(perl), ""),
            Ok(perl.to_owned()),
            "as it is"
        );
    }

    #[test]
    fn debhelpers_parts_are_still_these() {
        let installed = std::path::Path::new("/usr/share/debhelper/autoscripts");
        let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/maintscript");
        for entry in std::fs::read_dir(ours).expect("a directory") {
            let path = entry.expect("listed").path();
            let name = path.file_name().expect("a name");
            if name == "README.md" {
                continue;
            }
            let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("a file");
            assert_eq!(read(&path), read(&installed.join(name)), "{name:?}");
        }
    }
}
