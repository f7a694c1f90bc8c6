//! Who releases: git's author, and the name under changelog entries.

use super::Patient;
use crate::model::{Checkup, Finding};
use crate::sys::git::Repository;

/// A name and an address, as far as they are given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

/// Both identities.
#[derive(Debug, Clone, Default)]
pub(super) struct Identities {
    /// Of commits and tags.
    pub(super) git: Who,
    /// Of changelog entries and uploads.
    pub(super) debian: Who,
}

/// Reads the environment and git's settings.
pub(super) fn observe(patient: &Patient<'_>) -> Identities {
    let (name, email) = Repository::user_at(patient.directory);
    let var = |name: &str| patient.environment.var(name).map(str::to_owned);
    Identities {
        debian: Who {
            name: var("DEBFULLNAME").or_else(|| name.clone()),
            email: var("DEBEMAIL").or_else(|| email.clone()),
        },
        git: Who {
            name: var("GIT_AUTHOR_NAME").or(name).or(var("DEBFULLNAME")),
            email: var("GIT_AUTHOR_EMAIL").or(email).or(var("DEBEMAIL")),
        },
    }
}

/// Judges both.
pub(super) fn judge(found: &Identities) -> Checkup {
    let mut checkup = Checkup::default();
    let fixes = [
        (
            "git-identity",
            "commits and tags",
            &found.git,
            "git config user.name \"Your Name\"; git config user.email you@example.org",
        ),
        (
            "debian-identity",
            "changelog entries",
            &found.debian,
            "export DEBFULLNAME=\"Your Name\" DEBEMAIL=you@example.org, or set git's user",
        ),
    ];
    for (rule, subject, who, fix) in fixes {
        let lacks = match (&who.name, &who.email) {
            (None, None) => Some("neither name nor address is known"),
            (None, _) => Some("no name is known"),
            (_, None) => Some("no address is known"),
            _ => None,
        };
        if let Some(lacks) = lacks {
            checkup.find(Finding::error(rule, subject, lacks).fix(fix));
            continue;
        }
        let (name, email) = (
            who.name.as_deref().unwrap_or_default(),
            who.email.as_deref().unwrap_or_default(),
        );
        match odd(name, email) {
            Some(why) => {
                let why = format!("{name} <{email}>: {why}");
                checkup.find(Finding::warning(rule, subject, why).fix(fix));
            }
            None => checkup.pass(rule, subject, format!("{name} <{email}>")),
        }
    }
    checkup
}

/// Says what is odd about an identity: what tools that read it stumble over.
fn odd(name: &str, email: &str) -> Option<&'static str> {
    let bad = |text: &str| text.contains(['<', '>', '\n']) || text.contains(char::is_control);
    let Some((user, host)) = email.rsplit_once('@') else {
        return Some("the address has no @");
    };
    if bad(name) || bad(email) || email.contains(char::is_whitespace) {
        return Some("it holds characters that no identity has");
    }
    if user.is_empty() || !host.contains('.') || host.ends_with(".(none)") {
        return Some("nobody can write to that address");
    }
    let local = [".local", ".localdomain", ".invalid", ".lan"];
    if local.iter().any(|end| host.ends_with(end)) {
        return Some("nobody else can write to that address");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_judged() {
        let cases: &[(&str, &str, Option<&str>)] = &[
            ("Ada Example", "ada@example.org", None),
            ("Ada", "ada@sub.example.org", None),
            ("Ada", "ada", Some("no @")),
            ("Ada", "ada@host", Some("nobody can")),
            ("Ada", "ada@box.(none)", Some("nobody can")),
            ("Ada", "ada@box.local", Some("nobody else")),
            ("Ada <x>", "ada@example.org", Some("characters")),
            ("Ada", "ada b@example.org", Some("characters")),
            ("Ada", "@example.org", Some("nobody can")),
        ];
        for (name, email, want) in cases {
            let found = odd(name, email);
            let fits = match (found, want) {
                (Some(found), Some(want)) => found.contains(want),
                (found, want) => found.is_none() && want.is_none(),
            };
            assert!(fits, "{name} <{email}>: {found:?}");
        }
    }

    #[test]
    fn what_lacks_is_named() {
        let who = |name: &str, email: &str| Who {
            name: (!name.is_empty()).then(|| name.to_owned()),
            email: (!email.is_empty()).then(|| email.to_owned()),
        };
        for (name, email, want) in [
            ("", "", "neither name nor address"),
            ("", "a@b.example", "no name"),
            ("A", "", "no address"),
        ] {
            let found = judge(&Identities {
                git: who("A", "a@b.example"),
                debian: who(name, email),
            });
            assert_eq!(
                super::super::tests::shown(&found),
                ["error debian-identity"]
            );
            assert!(found.findings[0].message.contains(want), "{name} {email}");
        }
    }
}
