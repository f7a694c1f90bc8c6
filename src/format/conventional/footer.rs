//! Where a message's body ends and its trailers start.

use super::{Remark, Separator, Trailer, fenced};

/// A line of a message behind its subject.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    form: Form<'a>,
}

/// What a line is by its form alone.
#[derive(Clone, Copy)]
enum Form<'a> {
    /// Nothing, or a ruler of dashes that forges put before the trailers.
    Blank,
    /// `Token: value` or `Token #value`.
    Token(&'a str, Separator, &'a str),
    /// It starts with a blank.
    Indented,
    /// Where a commit was picked from, as git writes it: it belongs to no
    /// trailer, whatever stands before it.
    Origin,
    /// Anything else.
    Text,
    /// Part of a fenced block, so never a trailer.
    Fenced,
}

/// Trailers whose text goes on over lines without indentation, as rule 10 has
/// it. For all others git's rule holds, or every sentence of the form
/// `Note: …` would swallow what follows it.
const LONG: [&str; 3] = ["Release-Note", "Release-Notes", "Action-Required"];

/// Trailers without a hyphen that may stand in a paragraph before the last.
const WELL_KNOWN: [&str; 7] = ["Closes", "LP", "Fixes", "CVE", "Refs", "Exploited", "Cc"];

pub(super) fn is_breaking(token: &str) -> bool {
    matches!(token, "BREAKING CHANGE" | "BREAKING-CHANGE")
}

fn is_long(token: &str, separator: Separator) -> bool {
    separator == Separator::Colon
        && (is_breaking(token) || LONG.iter().any(|long| token.eq_ignore_ascii_case(long)))
}

fn is_well_known(token: &str) -> bool {
    token.contains('-')
        || is_breaking(token)
        || (WELL_KNOWN.iter()).any(|known| token.eq_ignore_ascii_case(known))
}

/// Splits `rest` into body and trailers; `joined` is what stands before it and
/// is body in any case.
pub(super) fn split<'a>(
    joined: &'a str,
    rest: &'a str,
    remarks: &mut Vec<Remark>,
) -> (String, Vec<Trailer<'a>>) {
    if rest.trim().is_empty() {
        return (joined.trim().to_owned(), Vec::new());
    }
    let mut lines = lines(rest);
    hide_rulers(&mut lines);
    let paragraphs = paragraphs(&lines);

    let mut first = paragraphs.len();
    while first > 0 && is_trailers(paragraphs[first - 1], first == paragraphs.len()) {
        first -= 1;
    }
    let running = (paragraphs[..first].iter())
        .position(
            |paragraph| matches!(paragraph[0].form, Form::Token(token, ..) if is_breaking(token)),
        )
        .unwrap_or(first);

    let mut body = joined.trim().to_owned();
    let mut trailers: Vec<Trailer<'a>> = Vec::new();
    for (at, paragraph) in paragraphs.iter().enumerate() {
        if at < running {
            remark_place(&paragraph[1..], remarks);
            push_paragraph(&mut body, paragraph);
            continue;
        }
        let (mut first_line, mut folds) = (true, false);
        for line in *paragraph {
            let open = trailers.last_mut();
            match (line.form, open) {
                (Form::Token(token, separator, value), open)
                    if at >= first || open.is_none() || is_well_known(token) =>
                {
                    trailers.push(Trailer {
                        token,
                        separator,
                        value: value.to_owned(),
                    });
                    folds = true;
                }
                (Form::Indented, Some(open)) if at >= first && folds => {
                    continue_with(open, line.text, first_line)
                }
                (form, Some(open))
                    if !matches!(form, Form::Origin) && is_long(open.token, open.separator) =>
                {
                    continue_with(open, line.text, first_line);
                }
                // A line that git leaves alone among trailers.
                _ => {
                    push_paragraph(&mut body, std::slice::from_ref(line));
                    folds = false;
                }
            }
            first_line = false;
        }
    }
    remark_case(&lines, remarks);
    (body.trim_end().to_owned(), trailers)
}

/// Remarks on lines that would count if they started a paragraph.
fn remark_place(lines: &[Line<'_>], remarks: &mut Vec<Remark>) {
    let found = |line: &Line<'_>| matches!(line.form, Form::Token(token, ..) if is_breaking(token));
    if lines.iter().any(found) {
        remarks.push(Remark::BreakingInBody);
    }
}

/// Remarks on lines that would count if they were in capitals.
fn remark_case(lines: &[Line<'_>], remarks: &mut Vec<Remark>) {
    let looks = ["BREAKING CHANGE:", "BREAKING-CHANGE:"];
    let found = |line: &Line<'_>| {
        let token = line.text.trim_start().get(..looks[0].len());
        let token = token.unwrap_or_default();
        !matches!(line.form, Form::Fenced)
            && looks.iter().any(|it| token.eq_ignore_ascii_case(it))
            && !looks.contains(&token)
    };
    if lines.iter().any(found) {
        remarks.push(Remark::BreakingCase);
    }
}

fn push_paragraph(body: &mut String, lines: &[Line<'_>]) {
    if !body.is_empty() {
        body.push_str("\n\n");
    }
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            body.push('\n');
        }
        body.push_str(line.text.trim_end());
    }
}

fn continue_with(trailer: &mut Trailer<'_>, text: &str, new_paragraph: bool) {
    if !trailer.value.is_empty() {
        trailer
            .value
            .push_str(if new_paragraph { "\n\n" } else { "\n" });
    }
    trailer.value.push_str(text.trim());
}

fn lines(rest: &str) -> Vec<Line<'_>> {
    fenced(rest.split('\n'))
        .map(|(text, fenced)| Line {
            text,
            form: if fenced { Form::Fenced } else { form(text) },
        })
        .collect()
}

/// Takes rulers that stand alone for empty lines; one below a line of text is
/// a heading's.
fn hide_rulers(lines: &mut [Line<'_>]) {
    let ruler = |line: &Line<'_>| {
        let text = line.text.trim();
        text.len() >= 3 && text.bytes().all(|b| b == b'-')
    };
    for at in 0..lines.len() {
        if ruler(&lines[at])
            && !matches!(lines[at].form, Form::Fenced)
            && (at == 0 || matches!(lines[at - 1].form, Form::Blank))
        {
            lines[at].form = Form::Blank;
        }
    }
}

fn paragraphs<'l, 'a>(lines: &'l [Line<'a>]) -> Vec<&'l [Line<'a>]> {
    lines
        .split(|line| matches!(line.form, Form::Blank))
        .filter(|paragraph| !paragraph.is_empty())
        .collect()
}

fn form(text: &str) -> Form<'_> {
    if text.trim().is_empty() {
        return Form::Blank;
    }
    if text.starts_with([' ', '\t']) {
        return Form::Indented;
    }
    if text.starts_with("(cherry picked from commit ") {
        return Form::Origin;
    }
    for token in ["BREAKING CHANGE", "BREAKING-CHANGE"] {
        if let Some(value) = (text.strip_prefix(token)).and_then(|rest| rest.strip_prefix(':')) {
            return Form::Token(&text[..token.len()], Separator::Colon, value.trim());
        }
    }
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .unwrap_or(text.len());
    let (token, rest) = text.split_at(end);
    if token.is_empty() {
        return Form::Text;
    }
    let bare = rest.trim_start_matches([' ', '\t']);
    if let Some(value) = bare.strip_prefix(':') {
        if value.starts_with("//") {
            return Form::Text;
        }
        return Form::Token(token, Separator::Colon, value.trim());
    }
    match rest.strip_prefix(" #") {
        Some(value) if !value.starts_with([' ', '\t']) && !value.is_empty() => {
            Form::Token(token, Separator::Hash, value.trim())
        }
        _ => Form::Text,
    }
}

/// Tells whether a paragraph holds trailers; `last`: it is the message's last,
/// for which git's rules hold.
fn is_trailers(paragraph: &[Line<'_>], last: bool) -> bool {
    let (mut tokens, mut others) = (0, 0);
    let (mut by_git, mut all_known) = (false, true);
    let mut folded = false;
    for line in paragraph {
        match line.form {
            Form::Fenced => return false,
            Form::Token(token, separator, _) => {
                tokens += 1;
                folded = true;
                by_git |= separator == Separator::Colon && token == "Signed-off-by";
                all_known &= is_well_known(token);
            }
            Form::Indented if folded => {}
            Form::Origin => {
                tokens += 1;
                by_git = true;
                folded = false;
            }
            _ => {
                others += 1;
                folded = false;
            }
        }
    }
    let opening =
        matches!(paragraph[0].form, Form::Token(token, separator, _) if is_long(token, separator));
    opening
        || match last {
            true => tokens > 0 && (others == 0 || (by_git && tokens * 3 >= others)),
            false => tokens > 0 && others == 0 && all_known,
        }
}
