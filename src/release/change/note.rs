//! What users are told: fenced `release-note` blocks, as Kubernetes' projects
//! write them, and the texts of `Release-Note:`.

use std::borrow::Cow;

use super::Note;

/// Takes the fenced blocks named `release-note` out of a text.
pub(super) fn take_blocks(text: &str) -> (Cow<'_, str>, Note) {
    let mut note = Note::Unsaid;
    if !text.contains("```") && !text.contains("~~~") {
        return (Cow::Borrowed(text), note);
    }
    let (mut kept, mut taken) = (Vec::new(), Vec::new());
    let mut fence: Option<Fence<'_>> = None;
    for line in text.split('\n') {
        let ends = fence.as_ref().is_some_and(|fence| fence.ends_with(line));
        match &fence {
            Some(open) if open.is_note() => {
                if ends {
                    note = joined(note, written(&taken.join("\n")));
                    taken.clear();
                } else {
                    taken.push(line.trim_end());
                }
            }
            Some(_) => kept.push(line),
            None => {
                fence = Fence::opened_by(line);
                if !fence.as_ref().is_some_and(Fence::is_note) {
                    kept.push(line);
                }
                continue;
            }
        }
        if ends {
            fence = None;
        }
    }
    if fence.as_ref().is_some_and(Fence::is_note) {
        note = joined(note, written(&taken.join("\n")));
    }
    (Cow::Owned(kept.join("\n")), note)
}

/// An open fenced block (CommonMark 4.5).
struct Fence<'a> {
    mark: char,
    length: usize,
    name: &'a str,
}

impl<'a> Fence<'a> {
    fn opened_by(line: &'a str) -> Option<Self> {
        let line = line.trim();
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let name = line.trim_start_matches(mark);
        let length = line.len() - name.len();
        (length >= 3).then_some(Self {
            mark,
            length,
            name: name.trim(),
        })
    }

    fn ends_with(&self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.length && line.chars().all(|c| c == self.mark)
    }

    fn is_note(&self) -> bool {
        self.name.eq_ignore_ascii_case("release-note")
            || self.name.eq_ignore_ascii_case("release-notes")
    }
}

/// Reads what an author wrote: `NONE` says that users are told nothing.
pub(super) fn written(text: &str) -> Note {
    let text = without_comments(text);
    let text = text.trim();
    let bare = text.trim_matches(|c: char| "'\"`. ".contains(c));
    let nothing = ["none", "n/a", "na"];
    if text.is_empty() {
        Note::Unsaid
    } else if nothing.iter().any(|it| bare.eq_ignore_ascii_case(it)) {
        Note::Nothing
    } else {
        Note::Written(text.to_owned())
    }
}

/// Takes `<!-- … -->` out, as templates of pull requests leave it.
fn without_comments(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    while let Some(start) = text.find("<!--") {
        let end = text[start..].find("-->").map(|end| start + end + 3);
        let end = end.unwrap_or(text.len());
        text.to_mut().replace_range(start..end, "");
    }
    text
}

/// Puts two notes together: both texts, and a text before `NONE`.
pub(super) fn joined(first: Note, second: Note) -> Note {
    match (first, second) {
        (Note::Written(first), Note::Written(second)) if first != second => {
            Note::Written(format!("{first}\n{second}"))
        }
        (Note::Written(text), _) | (_, Note::Written(text)) => Note::Written(text),
        (Note::Nothing, _) | (_, Note::Nothing) => Note::Nothing,
        (Note::Unsaid, Note::Unsaid) => Note::Unsaid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let some = |text: &str| Note::Written(text.into());
        let cases = [
            ("plain", "plain", Note::Unsaid),
            (
                "a\n```release-note\nOne.\n\nTwo.\n```\nb",
                "a\nb",
                some("One.\n\nTwo."),
            ),
            ("```Release-Note\nNONE\n```", "", Note::Nothing),
            ("~~~ release-note\n none \n~~~", "", Note::Nothing),
            ("```release-note\n```\nb", "b", Note::Unsaid),
            ("```release-note\nnot closed", "", some("not closed")),
            ("```sh\nmake\n```", "```sh\nmake\n```", Note::Unsaid),
            (
                "````md\n```release-note\nan example\n```\n````",
                "````md\n```release-note\nan example\n```\n````",
                Note::Unsaid,
            ),
            (
                "```release-note\nOne.\n```\nx\n```release-note\nTwo.\n```",
                "x",
                some("One.\nTwo."),
            ),
            (
                "```release-note\nOne.\n```\n```release-note\nNONE\n```",
                "",
                some("One."),
            ),
        ];
        for (text, kept, note) in cases {
            let (got, found) = take_blocks(text);
            assert_eq!((got.as_ref(), &found), (kept, &note), "{text}");
        }
    }
}
