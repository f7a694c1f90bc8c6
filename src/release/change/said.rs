//! One message → one change: type and scopes, what its trailers say, which
//! bugs and holes it names.

use std::collections::BTreeSet;

use super::{Change, GbpDch, Note, forge, note};
use crate::format::changelog::{closes, launchpad};
use crate::format::conventional::{Breaking, Header, Message, Separator, Trailer};
use crate::release::commit::{Commit, Person};

/// Reads one message of a commit; `rest`: what follows the title's line.
pub(super) fn change(commit: &Commit, title: &str, rest: &str, types: &BTreeSet<String>) -> Change {
    let (rest, told) = note::take_blocks(rest);
    let message = Message::of(title, &rest);
    let mut change = Change {
        commit: commit.id.clone(),
        kind: None,
        scopes: Vec::new(),
        breaking: None,
        description: String::new(),
        body: String::new(),
        note: told,
        action_required: None,
        closes: Vec::new(),
        launchpad: Vec::new(),
        cves: Vec::new(),
        exploited: false,
        fixes: Vec::new(),
        release_as: None,
        authors: vec![commit.author.clone()],
        pull_request: None,
        gbp_dch: GbpDch::Short,
        reverts: None,
        parents: Vec::new(),
        remarks: message.remarks.iter().map(ToString::to_string).collect(),
    };
    let description = subject(&mut change, &message, types);
    let description = closing_subject(&mut change, description);
    change.description = description.to_owned();
    body(&mut change, &message.body);
    holes(&mut change.cves, message.subject);
    holes(&mut change.cves, &message.body);
    for trailer in &message.trailers {
        trailer_says(&mut change, trailer);
    }
    let said = message
        .header
        .is_some_and(|header| breaks(&header, &change));
    if said && change.breaking.is_none() {
        change.breaking = Some(change.description.clone());
    }
    change
}

/// Tells whether a subject's `!` counts. It does with types that are not known
/// too (rule 14), unless they look like a word of prose (`Hooray!: …`).
fn breaks(header: &Header<'_>, change: &Change) -> bool {
    header.breaking == Breaking::Said
        && (change.kind.is_some() || matches!(header.kind, std::borrow::Cow::Borrowed(_)))
}

/// Takes type and scopes from the subject; returns what is left of it.
fn subject<'a>(change: &mut Change, message: &Message<'a>, types: &BTreeSet<String>) -> &'a str {
    let Some(header) = &message.header else {
        return message.subject;
    };
    if !types.contains(header.kind.as_ref()) {
        change
            .remarks
            .push(format!("“{}” is no known type", header.kind));
        return message.subject;
    }
    change.kind = Some(header.kind.to_string());
    change.scopes = header.scopes.iter().map(|scope| (*scope).into()).collect();
    header.description
}

/// Takes the bugs that the subject closes, and a parenthesis that says nothing
/// else off its end: `debian/changelog` has its own place for it.
fn closing_subject<'a>(change: &mut Change, description: &'a str) -> &'a str {
    let (mut bare, number) = forge::without_number(description);
    change.pull_request = number;
    if !bare.contains(':') {
        return bare;
    }
    extend(&mut change.closes, closes(bare));
    extend(&mut change.launchpad, launchpad(bare));
    while let Some((before, inside)) = (bare.strip_suffix(')')).and_then(|it| it.rsplit_once('(')) {
        let mut words = inside
            .split([' ', ',', ':', '#'])
            .filter(|it| !it.is_empty());
        let only_bugs = words.all(|word| {
            let word = word.to_ascii_lowercase();
            word.bytes().all(|b| b.is_ascii_digit())
                || ["closes", "bug", "lp"].contains(&word.as_str())
        });
        let closes = closes(inside).len() + launchpad(inside).len();
        if closes == 0 || !only_bugs || before.trim().is_empty() {
            break;
        }
        bare = before.trim_end();
    }
    bare
}

/// Takes the body, without the lines that speak to gbp-dch(1), which reads
/// them anywhere.
fn body(change: &mut Change, text: &str) {
    let mut kept = Vec::new();
    for line in text.lines() {
        let said = (line.trim().split_once(':')).is_some_and(|(token, value)| {
            let token = token.trim_end();
            (["closes", "lp", "gbp-dch", "git-dch"].iter())
                .any(|known| token.eq_ignore_ascii_case(known))
                && gbp_says(change, token, value.trim())
        });
        if !said {
            kept.push(line);
        }
    }
    change.body = kept.join("\n").trim().to_owned();
}

/// Follows what gbp-dch(1) understands; tells whether it was anything.
fn gbp_says(change: &mut Change, token: &str, value: &str) -> bool {
    if token.eq_ignore_ascii_case("closes") {
        let found = closes(&format!("closes: {value}"));
        let any = !found.is_empty();
        extend(&mut change.closes, found);
        return any;
    }
    if token.eq_ignore_ascii_case("lp") {
        let found = launchpad(&format!("lp: {value}"));
        let any = !found.is_empty();
        extend(&mut change.launchpad, found);
        return any;
    }
    change.gbp_dch = match value.to_ascii_lowercase().as_str() {
        "short" => GbpDch::Short,
        "full" => GbpDch::Full,
        "ignore" => GbpDch::Ignore,
        _ => {
            change
                .remarks
                .push(format!("“{token}: {value}” is none of Short, Full, Ignore"));
            return false;
        }
    };
    true
}

fn trailer_says(change: &mut Change, trailer: &Trailer<'_>) {
    holes(&mut change.cves, &trailer.value);
    if trailer.is("Fixes") && !trailer.value.is_empty() {
        let mark = match trailer.separator {
            Separator::Colon => "",
            Separator::Hash => "#",
        };
        push(&mut change.fixes, format!("{mark}{}", trailer.line()));
    }
    if trailer.separator == Separator::Hash {
        return;
    }
    if trailer.is_breaking() {
        if !trailer.value.is_empty() {
            change.breaking = Some(match change.breaking.take() {
                Some(first) => format!("{first}\n{}", trailer.value),
                None => trailer.value.clone(),
            });
        } else if change.breaking.is_none() {
            change.breaking = Some(change.description.clone());
        }
    } else if ["Closes", "LP", "Gbp-Dch", "Git-Dch"]
        .iter()
        .any(|it| trailer.is(it))
    {
        gbp_says(change, trailer.token, &trailer.line());
    } else if trailer.is("CVE") {
        let bare = trailer.value.split([' ', ',', ';', '\n']);
        for id in bare.filter(|id| id.starts_with(|c: char| c.is_ascii_digit())) {
            holes(&mut change.cves, &format!("CVE-{id}"));
        }
    } else if trailer.is("Release-Note") || trailer.is("Release-Notes") {
        let told = std::mem::replace(&mut change.note, Note::Unsaid);
        change.note = note::joined(told, note::written(&trailer.value));
    } else if trailer.is("Action-Required") {
        action(change, &trailer.value);
    } else if trailer.is("Exploited") {
        let yes = ["yes", "true", "1"];
        change.exploited |= yes.iter().any(|it| trailer.value.eq_ignore_ascii_case(it));
    } else if trailer.is("Release-As") && !trailer.value.is_empty() {
        change.release_as = Some(trailer.line().into_owned());
    } else if trailer.is("Co-authored-by") {
        match person(&trailer.line()) {
            Some(author) => push_author(change, author),
            None => change
                .remarks
                .push(format!("“{}” names no author", trailer.line())),
        }
    }
}

fn action(change: &mut Change, text: &str) {
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("none") {
        return;
    }
    change.action_required = Some(match change.action_required.take() {
        Some(first) if first != text => format!("{first}\n{text}"),
        _ => text.to_owned(),
    });
}

/// Reads `Name <address>`.
fn person(text: &str) -> Option<Person> {
    let (name, rest) = text.split_once('<')?;
    let (email, _) = rest.split_once('>')?;
    (!name.trim().is_empty()).then(|| Person {
        name: name.trim().to_owned(),
        email: email.trim().to_owned(),
    })
}

pub(super) fn push_author(change: &mut Change, author: Person) {
    let known = |it: &Person| {
        if author.email.is_empty() {
            it.name == author.name
        } else {
            it.email.eq_ignore_ascii_case(&author.email)
        }
    };
    if !change.authors.iter().any(known) {
        change.authors.push(author);
    }
}

/// Adds what `other` says beside its words: bugs, holes, authors, notes. So a
/// title that a bullet repeats, and trailers of a whole squash, are not lost.
pub(super) fn absorb(change: &mut Change, other: &Change) {
    extend(&mut change.closes, other.closes.iter().copied());
    extend(&mut change.launchpad, other.launchpad.iter().copied());
    for cve in &other.cves {
        push(&mut change.cves, cve.clone());
    }
    for fixed in &other.fixes {
        push(&mut change.fixes, fixed.clone());
    }
    change.exploited |= other.exploited;
    if let Some(text) = &other.action_required {
        action(change, text);
    }
    let told = std::mem::replace(&mut change.note, Note::Unsaid);
    change.note = note::joined(told, other.note.clone());
    if other.gbp_dch != GbpDch::Short {
        change.gbp_dch = other.gbp_dch;
    }
    if change.breaking.is_none() {
        change.breaking.clone_from(&other.breaking);
    }
    if change.release_as.is_none() {
        change.release_as.clone_from(&other.release_as);
    }
    for remark in &other.remarks {
        push(&mut change.remarks, remark.clone());
    }
    share(change, other);
}

/// Adds what every change of a squash has of the whole: authors and the pull
/// request.
pub(super) fn share(change: &mut Change, whole: &Change) {
    for author in &whole.authors {
        push_author(change, author.clone());
    }
    change.pull_request = change.pull_request.or(whole.pull_request);
}

/// Finds `CVE-2026-1234` in a text, in either case.
fn holes(found: &mut Vec<String>, text: &str) {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(dash) = text[from..].find('-').map(|at| from + at) {
        from = dash + 1;
        let digits = |at: usize| {
            bytes[at..]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count()
        };
        let named = dash >= 3
            && bytes[dash - 3..dash].eq_ignore_ascii_case(b"cve")
            && !bytes[..dash - 3]
                .last()
                .is_some_and(u8::is_ascii_alphanumeric);
        if !named || digits(from) != 4 || bytes.get(from + 4) != Some(&b'-') {
            continue;
        }
        // cve.org: at least four digits, since 2014 without an upper limit.
        let number = digits(from + 5);
        if number >= 4 {
            push(found, format!("CVE-{}", &text[from..from + 5 + number]));
        }
    }
}

pub(super) fn push(list: &mut Vec<String>, item: String) {
    if !list.contains(&item) {
        list.push(item);
    }
}

pub(super) fn extend(list: &mut Vec<u64>, items: impl IntoIterator<Item = u64>) {
    for item in items {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}
