//! What forges make of a message: merge subjects with the pull request's title
//! below, and its number at the subject's end.

/// A message, with what its forge put around it taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Titled<'a> {
    /// The subject; of a merge that a forge made, the pull request's title.
    pub title: &'a str,
    /// What follows the title's line.
    pub rest: &'a str,
    /// The pull request's number.
    pub pull_request: Option<u64>,
}

/// Reads a message with LF at its lines' ends.
///
/// Knows the merges of GitHub (`Merge pull request #12 from …`, the title
/// below), Gitea (`Merge pull request 'Title' (#12) from …`), GitLab (`Merge
/// branch …`, the title below, `See merge request group/project!12` last),
/// Bitbucket (`Merged in branch (pull request #12)`, the title below) and
/// Azure (`Merged PR 12: Title`).
pub(super) fn titled(text: &str) -> Titled<'_> {
    let (subject, rest) = first_line(text);
    let (rest, seen) = without_reference(rest);
    let found = merge(subject, rest, seen).unwrap_or(Titled {
        title: subject,
        rest,
        pull_request: None,
    });
    let (title, number) = without_number(found.title);
    Titled {
        title,
        rest: found.rest,
        pull_request: number.or(found.pull_request).or(seen),
    }
}

fn merge<'a>(subject: &'a str, rest: &'a str, seen: Option<u64>) -> Option<Titled<'a>> {
    if let Some(from) = subject.strip_prefix("Merge pull request ") {
        if let Some(number) = from.strip_prefix('#').and_then(leading_number) {
            return Some(below(subject, rest, Some(number)));
        }
        let (title, behind) = from.strip_prefix('\'')?.rsplit_once("' (#")?;
        return Some(Titled {
            title,
            rest,
            pull_request: leading_number(behind),
        });
    }
    if subject.starts_with("Merge branch ") && seen.is_some() {
        return Some(below(subject, rest, seen));
    }
    if subject.starts_with("Merged in ") {
        let (_, number) = subject.rsplit_once("(pull request #")?;
        return Some(below(subject, rest, Some(leading_number(number)?)));
    }
    let (number, title) = subject.strip_prefix("Merged PR ")?.split_once(": ")?;
    Some(Titled {
        title,
        rest,
        pull_request: Some(number.parse().ok()?),
    })
}

/// Takes the first line of `rest` that is not empty as the title. Where there is
/// none (`git merge -m`), the subject stays; the number is the pull request's all
/// the same.
fn below<'a>(subject: &'a str, rest: &'a str, pull_request: Option<u64>) -> Titled<'a> {
    let (title, rest) = match first_line(rest) {
        ("", _) => (subject, rest),
        below => below,
    };
    Titled {
        title,
        rest,
        pull_request,
    }
}

/// Tells whether a title is a forge's own words for a merge: the pull request's
/// title is not in the message.
pub(super) fn is_untitled(title: &str) -> bool {
    let begins = ["Merge pull request #", "Merge branch ", "Merged in "];
    begins.iter().any(|begin| title.starts_with(begin))
}

/// Splits off the first line that is not empty.
fn first_line(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    (line.trim_end(), rest)
}

/// Takes GitLab's `See merge request group/project!12` off the end.
fn without_reference(rest: &str) -> (&str, Option<u64>) {
    let end = rest.trim_end();
    let start = end.rfind('\n').map_or(0, |at| at + 1);
    match end[start..].trim().strip_prefix("See merge request ") {
        Some(reference) => {
            let number = reference.rsplit_once('!').map(|(_, number)| number);
            match number.and_then(|number| number.parse().ok()) {
                Some(number) => (&rest[..start], Some(number)),
                None => (rest, None),
            }
        }
        None => (rest, None),
    }
}

/// Takes `(#12)`, or GitLab's `(!12)`, off a subject's end. Where there are
/// several, as after a backport, the last one is this commit's.
pub(super) fn without_number(subject: &str) -> (&str, Option<u64>) {
    let mut bare = subject.trim();
    let mut found = None;
    while let Some((before, number)) = last_number(bare) {
        bare = before;
        found = found.or(Some(number));
    }
    (bare, found)
}

fn last_number(subject: &str) -> Option<(&str, u64)> {
    let (before, number) = subject.strip_suffix(')')?.rsplit_once('(')?;
    let digits = number.strip_prefix(['#', '!'])?;
    let before = before.trim_end();
    // A subject that is nothing but a number keeps it.
    (!before.is_empty() && !before.ends_with(':') && digits.bytes().all(|b| b.is_ascii_digit()))
        .then_some((before, digits.parse().ok()?))
}

fn leading_number(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forges_subjects() {
        let cases: [(&str, &str, &str, Option<u64>); 15] = [
            ("feat: a (#12)\n\nb", "feat: a", "\nb", Some(12)),
            ("feat: a (!7)", "feat: a", "", Some(7)),
            ("fix: a (#12) (#30)", "fix: a", "", Some(30)),
            ("fix: a (see #12)", "fix: a (see #12)", "", None),
            ("Fix #12", "Fix #12", "", None),
            ("(#12)", "(#12)", "", None),
            ("fix: (#12)", "fix: (#12)", "", None),
            (
                "Merge pull request #12 from me/topic\n\nfeat: a\n\nb",
                "feat: a",
                "\nb",
                Some(12),
            ),
            (
                "Merge pull request #12 from me/topic",
                "Merge pull request #12 from me/topic",
                "",
                Some(12),
            ),
            (
                "Merge pull request 'feat: it''s' (#3) from a/b into main",
                "feat: it''s",
                "",
                Some(3),
            ),
            (
                "Merge branch 'topic' into 'main'\n\nfeat: a\n\nCloses #4\n\nSee merge request g/sub/p!12\n",
                "feat: a",
                "\nCloses #4\n\n",
                Some(12),
            ),
            (
                "Merge branch 'topic'\n\nfeat: a",
                "Merge branch 'topic'",
                "\nfeat: a",
                None,
            ),
            (
                "Merged in topic (pull request #8)\n\nfix: b\n",
                "fix: b",
                "",
                Some(8),
            ),
            (
                "Merged in topic (pull request #8)",
                "Merged in topic (pull request #8)",
                "",
                Some(8),
            ),
            ("Merged PR 9: fix: b", "fix: b", "", Some(9)),
        ];
        for (text, title, rest, pull_request) in cases {
            let want = Titled {
                title,
                rest,
                pull_request,
            };
            assert_eq!(titled(text), want, "{text}");
        }
    }
}
