//! `[patch.forge]`: how requests look on a forge.

use std::collections::BTreeMap;
use std::str::FromStr;

use toml::Spanned;

use super::written;
use super::{ConfigError, Source};
use crate::model::name::nearest;
use crate::patch::forge::{Mark, Pages, Settings};
use crate::patch::{Decision, answers};
use crate::release::commit::Person;
use crate::sys::forge::Kind;

/// Reads the settings.
pub fn settings(source: &Source<'_>, written: written::Forge) -> Result<Settings, ConfigError> {
    let mut settings = Settings::usual(match written.open_pull_requests {
        Some(false) => Pages::Origin,
        Some(true) | None => Pages::Own,
    });
    let kind = written.kind.map(|kind| {
        let found = Kind::from_str(kind.get_ref());
        found.map_err(|()| source.refuse(&kind.span(), "“github” or “gitlab”"))
    });
    settings.kind = kind.transpose()?;
    let url = written.url.map(|url| address(source, &url));
    settings.url = url.transpose()?;
    let project = written.project.map(|project| path(source, &project));
    settings.project = project.transpose()?;
    let marks: Vec<(String, Mark)> = Mark::all().map(|mark| (mark.name(), mark)).collect();
    for (name, label) in written.labels {
        let mark = named(source, &name, &marks)?;
        settings.labels.insert(mark, pattern(source, &label)?);
    }
    let words = [
        ("approve", Decision::Approve),
        ("hold", Decision::Hold),
        ("reject", Decision::Reject),
    ]
    .map(|(name, decision)| (name.to_owned(), decision));
    for (name, label) in written.decisions {
        let decision = named(source, &name, &words)?;
        let label_pattern = pattern(source, &label)?;
        let taken =
            |other: &String| !other.is_empty() && other.eq_ignore_ascii_case(&label_pattern);
        if settings.labels.values().any(taken) {
            let why = "debcut sets this label itself: what people decide by is another one";
            return Err(source.refuse(&label.span(), why));
        }
        settings.decisions.insert(decision, label_pattern);
    }
    let mut people = BTreeMap::new();
    for (login, who) in written.people {
        let person = person(&login, who.get_ref());
        let wanted = "an address, or “Name <address>”";
        people.insert(
            login,
            person.ok_or_else(|| source.refuse(&who.span(), wanted))?,
        );
    }
    settings.people = people;
    if let Some(backport) = written.backport {
        settings.backport = backport;
    }
    if let Some(body) = written.body {
        let checked = answers::check_template(body.get_ref());
        checked.map_err(|why| source.refuse(&body.span(), format!("no template: {why}")))?;
        settings.body = Some(body.into_inner());
    }
    Ok(settings)
}

/// Takes an address that carries neither a user nor a query: a token comes from
/// the environment alone.
fn address(source: &Source<'_>, url: &Spanned<String>) -> Result<String, ConfigError> {
    let text = url.get_ref().trim_end_matches('/');
    let rest = (text.strip_prefix("https://")).or_else(|| text.strip_prefix("http://"));
    let plain = |rest: &str| {
        !rest.is_empty()
            && !rest.contains(['@', '?', '#', '\\'])
            && !rest.contains(char::is_whitespace)
    };
    match rest.filter(|rest| plain(rest)) {
        Some(_) => Ok(text.to_owned()),
        None => Err(source.refuse(
            &url.span(),
            "the address of the API is expected, such as https://github.example.org/api/v3",
        )),
    }
}

fn path(source: &Source<'_>, project: &Spanned<String>) -> Result<String, ConfigError> {
    let text = project.get_ref().trim_matches('/');
    let plain = |part: &str| {
        let plain = |c: char| c.is_alphanumeric() || "-_.+".contains(c);
        !part.is_empty() && part != ".." && part != "." && part.chars().all(plain)
    };
    match text.contains('/') && text.split('/').all(plain) {
        true => Ok(text.to_owned()),
        false => Err(source.refuse(&project.span(), "a project's path is expected: owner/name")),
    }
}

fn named<T: Copy>(
    source: &Source<'_>,
    name: &Spanned<String>,
    known: &[(String, T)],
) -> Result<T, ConfigError> {
    let found = known.iter().find(|(known, _)| known == name.get_ref());
    found.map(|(_, one)| *one).ok_or_else(|| {
        let known = || known.iter().map(|(name, _)| name.as_str());
        let meant = nearest(name.get_ref(), known());
        let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
        let all: Vec<&str> = known().collect();
        let why = format!("“{}” is none of {}{meant}", name.get_ref(), all.join(", "));
        source.refuse(&name.span(), why)
    })
}

/// Takes a label. A comma would make two of it on GitLab.
fn pattern(source: &Source<'_>, label: &Spanned<String>) -> Result<String, ConfigError> {
    let text = label.get_ref().trim();
    match text.contains(',') || text.contains(char::is_control) {
        true => Err(source.refuse(&label.span(), "a label has no comma")),
        false => Ok(text.to_owned()),
    }
}

fn person(login: &str, who: &str) -> Option<Person> {
    let (name, email) = match who.trim().strip_suffix('>') {
        Some(whole) => whole.split_once('<')?,
        None => (login, who),
    };
    let (name, email) = (name.trim(), email.trim());
    let plain = email.contains('@') && !email.contains(['<', '>', ' ']) && !name.is_empty();
    plain.then(|| Person {
        name: name.to_owned(),
        email: email.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use crate::config::Project;
    use crate::patch::Decision;
    use crate::patch::forge::{Mark, Pages};
    use crate::patch::state::State;
    use crate::sys::forge::Kind;

    #[test]
    fn settings_are_read() {
        let text = r#"
[patch.forge]
kind = "gitlab"
url = "https://git.example.org/api/v4/"
project = "group/sub/name"
open-pull-requests = false
labels = { needs-info = "needs answers", frozen = "" }
decisions = { hold = "not now" }
people = { ada = "Ada Example <ada@example.org>", ben = "ben@example.org" }
backport = ["to-{version}"]
"#;
        let project = Project::parse("debcut.toml", text).expect("read");
        let forge = project.patch.forge.expect("a forge");
        assert_eq!(
            (forge.kind, forge.pages),
            (Some(Kind::GitLab), Pages::Origin)
        );
        assert_eq!(forge.url.as_deref(), Some("https://git.example.org/api/v4"));
        assert_eq!(
            forge.labels[&Mark::State(State::NeedsInfo)],
            "needs answers"
        );
        assert_eq!(forge.labels[&Mark::Frozen], "");
        assert_eq!(
            forge.labels[&Mark::State(State::New)],
            "debcut/{branch}/new"
        );
        assert_eq!(forge.decisions[&Decision::Hold], "not now");
        assert_eq!(forge.people["ada"].name, "Ada Example");
        assert_eq!(forge.people["ben"].email, "ben@example.org");
        let empty = Project::parse("debcut.toml", "[patch.forge]\n").expect("read");
        assert_eq!(empty.patch.forge.expect("a forge").pages, Pages::Own);
        let none = Project::parse("debcut.toml", "[patch]\n").expect("read");
        assert_eq!(none.patch.forge, None);
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (line, want) in [
            ("kind = \"gitea\"", "“github” or “gitlab”"),
            ("url = \"https://me:word@h/api\"", "the address of the API"),
            ("url = \"h/api\"", "the address of the API"),
            ("project = \"name\"", "owner/name"),
            ("project = \"a/../b\"", "owner/name"),
            ("labels = { aproved = \"x\" }", "did you mean approved?"),
            ("labels = { new = \"a,b\" }", "no comma"),
            ("decisions = { aprove = \"x\" }", "did you mean approve?"),
            (
                "decisions = { approve = \"Debcut/approved\" }",
                "debcut sets this label",
            ),
            ("people = { ada = \"Ada\" }", "an address"),
            ("body = \"{{ a }\"", "no template"),
            ("labls = {}", "unknown key"),
        ] {
            let text = format!("[patch.forge]\n{line}\n");
            let error = Project::parse("debcut.toml", &text).expect_err(line);
            let shown = error.to_string();
            assert!(
                shown.contains(want) && shown.contains(":2"),
                "{line}: {shown}"
            );
        }
    }
}
