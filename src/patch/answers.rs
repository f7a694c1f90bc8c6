//! A release manager's four questions: answered by the commit where it answers
//! them, asked in an editor where it does not.
//!
//! A commit answers in trailers (`Bug:`, `Closes:`, `Resolves:`, `LP:`,
//! `Bug-Debian:`, and `Fixes:` where that names no commit; `Affects:`,
//! `Severity:`, `Verified:`, `Tested-by:`) and in fenced blocks named after the
//! questions.

use std::collections::BTreeMap;

use minijinja::{Environment, UndefinedBehavior, context};

use super::entry::{Answers, Ask};
use super::question::Question;
use crate::format::conventional::{Message, Separator, Trailer, unix_lines};

/// Reads what a commit's message answers.
pub fn of_message(message: &str) -> Answers {
    let text = unix_lines(message);
    let (rest, mut answers) = without_blocks(&text);
    for trailer in &Message::parse(&rest).trailers {
        if let Some((question, answer)) = answered(trailer) {
            add(answers.to_mut(question), &answer);
        }
    }
    answers
}

/// Puts the answers of several commits together.
pub fn joined(all: impl IntoIterator<Item = Answers>) -> Answers {
    let mut joined = Answers::default();
    for answers in all {
        for question in Question::ALL {
            add(joined.to_mut(question), answers.to(question));
        }
    }
    joined
}

fn add(to: &mut String, answer: &str) {
    let answer = answer.trim();
    let known = to.split(", ").any(|one| one == answer);
    if answer.is_empty() || known || to.as_str() == answer {
        return;
    }
    if !to.is_empty() {
        to.push_str(if to.contains('\n') || answer.contains('\n') {
            "\n"
        } else {
            ", "
        });
    }
    to.push_str(answer);
}

fn answered(trailer: &Trailer<'_>) -> Option<(Question, String)> {
    let is = |names: &[&str]| names.iter().any(|name| trailer.is(name));
    let line = trailer.line();
    let value = match trailer.separator {
        Separator::Colon => line.to_string(),
        Separator::Hash => format!("#{line}"),
    };
    if is(&["Bug", "Closes", "Resolves", "Bug-Debian", "Bug-Ubuntu"]) {
        return Some((Question::Bug, value));
    }
    if is(&["LP"]) {
        return Some((Question::Bug, format!("LP: {value}")));
    }
    // The kernel's way names a commit: `Fixes: 54a4f0239f2e ("…")`.
    if is(&["Fixes"]) && !names_a_commit(&value) {
        return Some((Question::Bug, value));
    }
    if is(&["Affects", "Affected"]) {
        return Some((Question::Affected, value));
    }
    if is(&["Severity", "Priority"]) {
        return Some((Question::Severity, value));
    }
    if is(&["Verified", "Verified-on", "Test-plan"]) {
        return Some((Question::Verified, value));
    }
    if is(&["Tested-by", "Verified-by"]) {
        return Some((Question::Verified, format!("by {value}")));
    }
    None
}

/// Tells whether a trailer's value begins with a commit's id.
fn names_a_commit(value: &str) -> bool {
    let word = value.split([' ', '(', '"']).next().unwrap_or_default();
    let hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex && (7..=64).contains(&word.len()) && word.bytes().any(|b| b.is_ascii_alphabetic())
        || hex && word.len() == 40
}

/// Takes fenced blocks that are named after questions out of a message.
fn without_blocks(text: &str) -> (String, Answers) {
    let mut answers = Answers::default();
    let mut kept = Vec::new();
    let mut open: Option<(Option<Question>, String, Vec<&str>)> = None;
    for line in text.lines() {
        let bare = line.trim();
        match &mut open {
            Some((question, mark, lines)) => {
                let ends = bare.len() >= mark.len()
                    && bare.starts_with(mark.as_str())
                    && bare.chars().all(|c| mark.starts_with(c));
                match (question, ends) {
                    (Some(question), true) => add(answers.to_mut(*question), &lines.join("\n")),
                    (Some(_), false) => lines.push(line.trim_end()),
                    (None, _) => kept.push(line),
                }
                if ends {
                    open = None;
                }
            }
            None => {
                let mark: String = bare
                    .chars()
                    .take_while(|c| bare.starts_with(*c) && matches!(c, '`' | '~'))
                    .collect();
                if mark.len() < 3 {
                    kept.push(line);
                    continue;
                }
                let name = bare[mark.len()..].trim();
                let question = Question::ALL
                    .into_iter()
                    .find(|question| question.word().eq_ignore_ascii_case(name));
                if question.is_none() {
                    kept.push(line);
                }
                open = Some((question, mark, Vec::new()));
            }
        }
    }
    if let Some((Some(question), _, lines)) = open {
        add(answers.to_mut(question), &lines.join("\n"));
    }
    (kept.join("\n"), answers)
}

/// The text that asks, where `[patch] template` has none of its own.
pub const TEMPLATE: &str = "\
# Answers for {{ onto }}: {{ title }}
{%- for commit in commits %}
#   {{ commit }}
{%- endfor %}
#
# Whoever decides reads this. Lines that begin with # are not kept; what is
# left empty can be said later: debcut patch answer.
{% for question in questions %}
# {{ question.text }}
{{ question.name }}: {{ question.answer }}
{% endfor %}";

/// Says that a template cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the questions' template cannot be used")]
pub struct TemplateError(#[source] pub minijinja::Error);

/// Makes the text that asks for answers. A template sees `onto`, `title`,
/// `commits` (full ids), `authors` and `questions` (`name`, `text`, `answer`).
pub fn asked(template: Option<&str>, ask: &Ask) -> Result<String, TemplateError> {
    let text = environment().render_str(template.unwrap_or(TEMPLATE), seen(ask));
    text.map_err(TemplateError)
}

/// Returns what every template sees of a request: `onto`, `title`, `commits`
/// (full ids), `authors` and `questions` (`name`, `text`, `answer`).
pub(super) fn seen(ask: &Ask) -> minijinja::Value {
    let question = |one: Question| {
        BTreeMap::from([
            ("name", one.word().to_owned()),
            ("text", one.text().to_owned()),
            ("answer", ask.answers.to(one).to_owned()),
        ])
    };
    let questions: Vec<_> = Question::ALL.into_iter().map(question).collect();
    let authors: Vec<String> = ask.authors.iter().map(|one| one.name.clone()).collect();
    context! {
        onto => ask.onto.as_str(), title => &ask.title, commits => &ask.commits,
        authors => authors, questions => questions,
    }
}

/// Checks a template of the configuration, as far as that is possible without
/// a request.
pub fn check_template(template: &str) -> Result<(), minijinja::Error> {
    environment().template_from_str(template).map(drop)
}

pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
}

/// Reads what was left in an editor: `bug: …` and so on, each until the next.
pub fn of_text(text: &str) -> Answers {
    let mut answers = Answers::default();
    let mut current: Option<Question> = None;
    for line in unix_lines(text).lines() {
        if line.starts_with('#') {
            continue;
        }
        let named = line.split_once(':').and_then(|(name, rest)| {
            let is = |one: &Question| one.word().eq_ignore_ascii_case(name.trim());
            Some((Question::ALL.into_iter().find(is)?, rest))
        });
        let value = match named {
            Some((question, rest)) => {
                current = Some(question);
                rest
            }
            None => line,
        };
        if let Some(question) = current {
            let answer = answers.to_mut(question);
            *answer = format!("{answer}\n{}", value.trim_end());
        }
    }
    for question in Question::ALL {
        let answer = answers.to_mut(question);
        *answer = answer.trim().to_owned();
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_answer() {
        let cases: [(&str, [&str; 4]); 9] = [
            ("fix: a", ["", "", "", ""]),
            (
                "fix: a\n\nCloses: #12\nSeverity: high\nTested-by: Ida <i@x>\n",
                ["#12", "", "high", "by Ida <i@x>"],
            ),
            ("fix: a\n\nFixes: #12\n", ["#12", "", "", ""]),
            ("fix: a\n\nFixes #12\n", ["#12", "", "", ""]),
            (
                "fix: a\n\nFixes: 54a4f0239f2e (\"feat: b\")\nBug: 7\nLP: #8\n",
                ["7, LP: #8", "", "", ""],
            ),
            (
                "fix: a\n\nBug: https://bugs.example/1\nAffects: all since 1.2\n",
                ["https://bugs.example/1", "all since 1.2", "", ""],
            ),
            (
                "fix: a\r\n\r\n```affected\r\nUsers of X.\r\nNobody else.\r\n```\r\n\r\nCloses: #1\r\n",
                ["#1", "Users of X.\nNobody else.", "", ""],
            ),
            (
                "fix: a\n\n```sh\nbug: 1\n```\n~~~ verified\non main\n",
                ["", "", "", "on main"],
            ),
            ("fix: a\n\nCloses: #1\nCloses: #1\n", ["#1", "", "", ""]),
        ];
        for (message, [bug, affected, severity, verified]) in cases {
            let want = Answers {
                bug: bug.into(),
                affected: affected.into(),
                severity: severity.into(),
                verified: verified.into(),
                note: String::new(),
            };
            assert_eq!(of_message(message), want, "{message}");
        }
    }

    #[test]
    fn an_editor_gives_back_what_it_was_given() {
        let ask = Ask {
            onto: crate::model::BranchName::new("release-1.2").expect("a name"),
            commits: vec!["ab".repeat(20)],
            title: "fix: a".into(),
            authors: Vec::new(),
            answers: Answers {
                bug: "#1".into(),
                severity: "high: it crashes\nevery time".into(),
                ..Answers::default()
            },
            pull_request: None,
        };
        let text = asked(None, &ask).expect("renders");
        insta::assert_snapshot!(text);
        assert_eq!(of_text(&text), ask.answers);
        let edited = text.replace("affected:", "Affected: all\r\nof them\r\n# no");
        assert_eq!(of_text(&edited).affected, "all\nof them");
        assert!(check_template("{{ a }").is_err());
        assert!(asked(Some("{{ nonsense }}"), &ask).is_err());
    }
}
