//! `$Format:…$` in files with the attribute `export-subst`, gitattributes(5):
//! what git-archive(1) puts in their place.
//!
//! Only placeholders that depend on the commit alone are filled. The others
//! give other bytes in another clone, on another day or with another git
//! (abbreviated ids, names of refs, relative dates, `%cI`), and are refused.

use std::ops::Range;

use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};

/// A commit, as placeholders see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitFacts {
    /// Its id in hexadecimal.
    pub id: String,
    /// Its tree's id.
    pub tree: String,
    /// Its parents' ids.
    pub parents: Vec<String>,
    /// Who wrote it, and when.
    pub author: Moment,
    /// Who committed it, and when.
    pub committer: Moment,
    /// Its message.
    pub message: String,
}

/// A person at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// In seconds since 1970.
    pub seconds: i64,
    /// Minutes east of Greenwich.
    pub offset_minutes: i32,
}

/// A placeholder that is not filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unstable {
    /// The line of the file, from 1.
    pub line: usize,
    /// The placeholder, such as `%d`.
    pub placeholder: String,
}

/// The placeholders that are filled, for a reader.
pub const FILLED: &str = "%H %T %P %an %ae %at %ai %as %aD %cn %ce %ct %ci %cs %cD %s %n %%";

/// Finds each `$Format:…$`.
fn fields(text: &[u8]) -> Vec<Range<usize>> {
    const BEGIN: &[u8] = b"$Format:";
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(start) = text[at..].windows(BEGIN.len()).position(|w| w == BEGIN) {
        let start = at + start;
        let inside = start + BEGIN.len();
        let Some(length) = text[inside..].iter().position(|byte| *byte == b'$') else {
            break;
        };
        at = inside + length + 1;
        found.push(start..at);
    }
    found
}

/// Fills the placeholders of a file's text.
pub fn substitute(text: &[u8], commit: &CommitFacts) -> Result<Vec<u8>, Unstable> {
    let (mut filled, mut done) = (Vec::new(), 0);
    for field in fields(text) {
        filled.extend_from_slice(&text[done..field.start]);
        let format = &text[field.start + "$Format:".len()..field.end - 1];
        let line = text[..field.start].iter().filter(|b| **b == b'\n').count() + 1;
        let value = expand(&String::from_utf8_lossy(format), commit);
        let value = value.map_err(|placeholder| Unstable { line, placeholder })?;
        filled.extend_from_slice(value.as_bytes());
        done = field.end;
    }
    filled.extend_from_slice(&text[done..]);
    Ok(filled)
}

/// Tells whether `filled` is `text` with something in the place of every
/// `$Format:…$`, whoever filled it.
pub fn is_filled(text: &[u8], filled: &[u8]) -> bool {
    let fields = fields(text);
    let Some(last) = fields.last() else {
        return text == filled;
    };
    let (end, mut done, mut rest) = (&text[last.end..], 0, filled);
    for (at, field) in fields.iter().enumerate() {
        let literal = &text[done..field.start];
        let found = match at {
            0 => rest.starts_with(literal).then_some(0),
            _ if literal.is_empty() => Some(0),
            _ => rest.windows(literal.len()).position(|w| w == literal),
        };
        let Some(found) = found else {
            return false;
        };
        rest = &rest[found + literal.len()..];
        done = field.end;
    }
    rest.ends_with(end)
}

fn expand(format: &str, commit: &CommitFacts) -> Result<String, String> {
    let mut value = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        value.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let word = |length: usize| rest.get(..length).unwrap_or_default();
        let one = match word(1) {
            "H" => Some(commit.id.clone()),
            "T" => Some(commit.tree.clone()),
            "P" => Some(commit.parents.join(" ")),
            "s" => Some(subject(&commit.message)),
            "n" => Some("\n".to_owned()),
            "%" => Some("%".to_owned()),
            _ => None,
        };
        let (length, filled) = match (one, word(1)) {
            (Some(filled), _) => (1, Some(filled)),
            (None, "a") => (2, person(&commit.author, word(2))),
            (None, "c") => (2, person(&commit.committer, word(2))),
            (None, _) => (1, None),
        };
        let Some(filled) = filled else {
            let shown: String = rest.chars().take(length).collect();
            return Err(format!("%{shown}"));
        };
        value.push_str(&filled);
        rest = &rest[length..];
    }
    value.push_str(rest);
    Ok(value)
}

fn person(who: &Moment, word: &str) -> Option<String> {
    let written = |format: &str| {
        let offset = Offset::from_seconds(who.offset_minutes.checked_mul(60)?).ok()?;
        let at = jiff::Timestamp::from_second(who.seconds).ok()?;
        let at = at.to_zoned(TimeZone::fixed(offset));
        strtime::format(format, &at).ok()
    };
    match word.get(1..)? {
        "n" => Some(who.name.clone()),
        "e" => Some(who.email.clone()),
        "t" => Some(who.seconds.to_string()),
        "i" => written("%Y-%m-%d %H:%M:%S %z"),
        "s" => written("%Y-%m-%d"),
        "D" => written("%a, %-d %b %Y %H:%M:%S %z"),
        _ => None,
    }
}

/// Returns the first paragraph of a message as one line.
pub fn subject(message: &str) -> String {
    let lines = message.trim_start_matches('\n').lines();
    let lines: Vec<_> = lines.take_while(|line| !line.trim().is_empty()).collect();
    let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit() -> CommitFacts {
        let moment = |name: &str, seconds| Moment {
            name: name.into(),
            email: "u@b.example".into(),
            seconds,
            offset_minutes: -210,
        };
        CommitFacts {
            id: "11".into(),
            tree: "22".into(),
            parents: vec!["33".into(), "44".into()],
            author: moment("Una", 0),
            committer: moment("Cid", 86_400 * 400),
            message: "Say it\nloudly\n\nbody\n".into(),
        }
    }

    #[test]
    fn stable_placeholders_are_filled_and_others_named() {
        type Case = (&'static str, Result<&'static str, (usize, &'static str)>);
        let cases: &[Case] = &[
            ("plain %H $Id$", Ok("plain %H $Id$")),
            ("$Format:%H$ $Format:%T$", Ok("11 22")),
            ("$Format:%P|%an <%ae>$", Ok("33 44|Una <u@b.example>")),
            (
                "$Format:%at %ai %as$",
                Ok("0 1969-12-31 20:30:00 -0330 1969-12-31"),
            ),
            ("$Format:%cn %cD$", Ok("Cid Thu, 4 Feb 1971 20:30:00 -0330")),
            ("a$Format:%s%n100%%$b", Ok("aSay it loudly\n100%b")),
            ("$Format:%H", Ok("$Format:%H")),
            ("one\n$Format:%H%d$", Err((2, "%d"))),
            ("$Format:%h$", Err((1, "%h"))),
            ("\n\n$Format:%cI$", Err((3, "%cI"))),
            ("$Format:%ad$", Err((1, "%ad"))),
            ("$Format:%(describe)$", Err((1, "%("))),
            ("$Format:%$", Err((1, "%"))),
            ("$Format:%ä$", Err((1, "%ä"))),
            ("$Format:%aä$", Err((1, "%aä"))),
        ];
        for (text, want) in cases {
            let found = substitute(text.as_bytes(), &commit());
            let found = found.map(|bytes| String::from_utf8(bytes).expect("text"));
            let want = want.map(str::to_owned).map_err(|(line, text)| Unstable {
                line,
                placeholder: text.to_owned(),
            });
            assert_eq!(found, want, "{text}");
        }
    }

    #[test]
    fn filled_files_are_recognised() {
        let cases = [
            ("a $Format:%d$ b", "a  (tag: v1) b", true),
            ("a $Format:%d$ b", "a $Format:%d$ b", true),
            ("a $Format:%d$ b", "c x b", false),
            ("$Format:%d$ m $Format:%h$", "x m y", true),
            ("$Format:%d$ m $Format:%h$", "x y", false),
            ("none", "none", true),
            ("none", "other", false),
        ];
        for (text, filled, want) in cases {
            let found = is_filled(text.as_bytes(), filled.as_bytes());
            assert_eq!(found, want, "{text} → {filled}");
        }
    }
}
