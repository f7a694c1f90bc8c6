use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;

/// A message in a line: `type(scopes)[!]: description | body | Token=value`.
fn shown(text: &str) -> String {
    let text = unix_lines(text);
    let message = Message::parse(&text);
    let head = match &message.header {
        Some(header) => {
            let scopes = header.scopes.join(",");
            let breaking = match header.breaking {
                Breaking::Said => "!",
                Breaking::Unsaid => "",
            };
            format!(
                "{}({scopes}){breaking}: {}",
                header.kind, header.description
            )
        }
        None => format!("«{}»", message.subject),
    };
    let trailers = (message.trailers.iter()).map(|trailer| {
        let mark = if trailer.is_breaking() { "!" } else { "" };
        format!("{mark}{}={}", trailer.token, trailer.value)
    });
    [head, message.body]
        .into_iter()
        .chain(trailers)
        .collect::<Vec<_>>()
        .join(" | ")
}

fn check(cases: &[(&str, &str)]) {
    for (text, want) in cases {
        assert_eq!(shown(text), *want, "{text}");
    }
}

/// conventionalcommits.org/en/v1.0.0, the section “Examples”.
#[test]
fn examples_of_the_specification() {
    check(&[
        (
            "feat: allow provided config object to extend other configs\n\nBREAKING CHANGE: `extends` key in config file is now used for extending other config files",
            "feat(): allow provided config object to extend other configs |  | !BREAKING CHANGE=`extends` key in config file is now used for extending other config files",
        ),
        (
            "feat!: send an email to the customer when a product is shipped",
            "feat()!: send an email to the customer when a product is shipped | ",
        ),
        (
            "feat(api)!: send an email to the customer when a product is shipped",
            "feat(api)!: send an email to the customer when a product is shipped | ",
        ),
        (
            "feat!: drop support for Node 6\n\nBREAKING CHANGE: use JavaScript features not available in Node 6.",
            "feat()!: drop support for Node 6 |  | !BREAKING CHANGE=use JavaScript features not available in Node 6.",
        ),
        (
            "docs: correct spelling of CHANGELOG",
            "docs(): correct spelling of CHANGELOG | ",
        ),
        (
            "feat(lang): add Polish language",
            "feat(lang): add Polish language | ",
        ),
        (
            "fix: prevent racing of requests\n\nIntroduce a request id and a reference to latest request. Dismiss\nincoming responses other than from latest request.\n\nRemove timeouts which were used to mitigate the racing issue but are\nobsolete now.\n\nReviewed-by: Z\nRefs: #123\n",
            "fix(): prevent racing of requests | Introduce a request id and a reference to latest request. Dismiss\nincoming responses other than from latest request.\n\nRemove timeouts which were used to mitigate the racing issue but are\nobsolete now. | Reviewed-by=Z | Refs=#123",
        ),
        (
            "revert: let us never again speak of the noodle incident\n\nRefs: 676104e, a215868",
            "revert(): let us never again speak of the noodle incident |  | Refs=676104e, a215868",
        ),
    ]);
}

/// The rules by their numbers in Conventional Commits 1.0.0.
#[test]
fn rules_of_the_specification() {
    check(&[
        // 1: the type, a noun, and the required colon.
        ("feat add it", "«feat add it» | "),
        ("feat : add it", "«feat : add it» | "),
        (": add it", "«: add it» | "),
        // 2, 3, 14: any noun may be one.
        ("update!: a", "update()!: a | "),
        // 4: scopes in parentheses.
        ("fix(parser): a", "fix(parser): a | "),
        ("fix(a, b): c", "fix(a,b): c | "),
        ("fix(): c", "«fix(): c» | "),
        ("fix(a: c", "«fix(a: c» | "),
        ("fix(a:b): c", "fix(a:b): c | "),
        // 5: a description must follow.
        ("fix:", "«fix:» | "),
        ("fix:  ", "«fix:» | "),
        ("fix:   a: b", "fix(): a: b | "),
        // 6, 7: the body is free and may have paragraphs.
        (
            "fix: a\n\none\ntwo\n\nthree",
            "fix(): a | one\ntwo\n\nthree",
        ),
        // 8: footers after an empty line, with `: ` or ` #`.
        ("fix: a\n\nb\n\nX: 1\nY #2", "fix(): a | b | X=1 | Y=2"),
        ("fix: a\n\nX: 1", "fix(): a |  | X=1"),
        ("fix: a\n\nb\nX: 1", "fix(): a | b\nX: 1"),
        // 9: a hyphen in place of blanks, but for BREAKING CHANGE.
        ("fix: a\n\nAcked by: me", "fix(): a | Acked by: me"),
        // 10: a value may have lines, and ends at the next footer.
        (
            "fix: a\n\nBREAKING CHANGE: one\ntwo\nX: 3",
            "fix(): a |  | !BREAKING CHANGE=one\ntwo | X=3",
        ),
        (
            "fix: a\n\nBREAKING CHANGE: one\n\nmore: of it\n\nReviewed-by: Z",
            "fix(): a |  | !BREAKING CHANGE=one\n\nmore: of it | Reviewed-by=Z",
        ),
        // 11 to 13: `!`, a footer, or both.
        (
            "fix!: a\n\nBREAKING CHANGE: b",
            "fix()!: a |  | !BREAKING CHANGE=b",
        ),
        // 15: the type in any case, BREAKING CHANGE in capitals only.
        ("FEAT: a", "feat(): a | "),
        ("Fix(API): a", "fix(API): a | "),
        (
            "fix: a\n\nbreaking change: b",
            "fix(): a | breaking change: b",
        ),
        (
            "fix: a\n\nBreaking-Change: b",
            "fix(): a |  | Breaking-Change=b",
        ),
        // 16: the hyphen means the same.
        (
            "fix: a\n\nBREAKING-CHANGE: b",
            "fix(): a |  | !BREAKING-CHANGE=b",
        ),
        (
            "fix: a\n\nBREAKING CHANGE #b",
            "fix(): a | BREAKING CHANGE #b",
        ),
    ]);
}

#[test]
fn bodies_and_trailers() {
    check(&[
        ("", "«» | "),
        ("\n\n feat: a \n", "feat(): a | "),
        ("feat:no-space", "feat(): no-space | "),
        (
            "feat: a\r\n\r\nb\r\n\r\nX: 1\r\n  2\r\n",
            "feat(): a | b | X=1\n2",
        ),
        // Mid-body, not at a paragraph's start.
        (
            "fix: a\n\nwe speak of\nBREAKING CHANGE: this\nand that\n\nX: 1",
            "fix(): a | we speak of\nBREAKING CHANGE: this\nand that | X=1",
        ),
        ("fix: a\nX: 1", "fix(): a | X: 1"),
        // A forge's paragraph of its own behind other trailers.
        (
            "fix: a\n\nb\n\nCloses: #1\n\nCo-authored-by: A <a@b>",
            "fix(): a | b | Closes=#1 | Co-authored-by=A <a@b>",
        ),
        (
            "fix: a\n\nNote: this is prose\n\nSigned-off-by: A <a@b>",
            "fix(): a | Note: this is prose | Signed-off-by=A <a@b>",
        ),
        (
            "fix: a\n\nRelease-Note: Two\nlines.\n\nRefs: 1",
            "fix(): a |  | Release-Note=Two\nlines. | Refs=1",
        ),
        (
            "fix: a\n\n---------\n\nCo-authored-by: A <a@b>",
            "fix(): a |  | Co-authored-by=A <a@b>",
        ),
        (
            "fix: a\n\nhttps://example.org/x",
            "fix(): a | https://example.org/x",
        ),
        (
            "fix: a\n\n```\nX: 1\n\nBREAKING CHANGE: b\n```",
            "fix(): a | ```\nX: 1\n\nBREAKING CHANGE: b\n```",
        ),
        (
            "fix: a\n\nsome words\nSigned-off-by: A <a@b>\n(cherry picked from commit 1)",
            "fix(): a | some words\n\n(cherry picked from commit 1) | Signed-off-by=A <a@b>",
        ),
        (
            "fix: a\n\nRelease-Note: b\n(cherry picked from commit 1)",
            "fix(): a | (cherry picked from commit 1) | Release-Note=b",
        ),
        (
            "fix: a\n\nRelease-Note: b\nand c\n\n(cherry picked from commit 1)\nFixes: #2",
            "fix(): a | (cherry picked from commit 1) | Release-Note=b\nand c | Fixes=#2",
        ),
    ]);
}

#[test]
fn remarks() {
    use Remark::*;
    let cases: [(&str, &[Remark]); 9] = [
        ("feat: a", &[]),
        ("feat:a", &[NoSpace]),
        ("feat(a:b): c", &[]),
        ("feat(a:b):c", &[NoSpace]),
        ("feat: a\nb", &[NoBlankLine]),
        ("feat: a\n\nb\nBREAKING CHANGE: c", &[BreakingInBody]),
        ("feat: a\n\nBreaking Change: c", &[BreakingCase]),
        ("feat: a\n\nBREAKING CHANGE: c", &[]),
        ("feat: a\n\n```\nbreaking change: c\n```", &[]),
    ];
    for (text, want) in cases {
        assert_eq!(Message::parse(text).remarks, want, "{text}");
    }
}

/// What git itself takes for trailers.
fn git_trailers(text: &str) -> String {
    let mut git = Command::new("git")
        .args(["interpret-trailers", "--parse", "--no-divider"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("PATH is set"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git is installed");
    let mut input = git.stdin.take().expect("stdin is a pipe");
    input.write_all(text.as_bytes()).expect("git reads");
    drop(input);
    let output = git.wait_with_output().expect("git ends");
    String::from_utf8(output.stdout).expect("trailers are UTF-8")
}

/// In one paragraph behind the subject, without what Conventional Commits adds,
/// trailers are those that git finds.
#[test]
fn git_finds_the_same_trailers() {
    const LINES: [&str; 7] = [
        "words of prose",
        "Acked-by: B",
        "Signed-off-by: A <a@b>",
        " folded",
        "(cherry picked from commit 1234567)",
        "X : y",
        "Z:",
    ];
    let mut checked = 0;
    // Every third paragraph of up to four lines, for each costs a process.
    for number in (1..LINES.len().pow(4)).step_by(3) {
        let mut rest = number;
        let mut paragraph = Vec::new();
        while rest > 0 {
            paragraph.push(LINES[rest % LINES.len()]);
            rest /= LINES.len();
        }
        // At a paragraph's start git reads an indented line as prose.
        let text = format!("subject\n\nbody\n\n{}\n", paragraph.join("\n"));
        let ours: String = (Message::parse(&text).trailers.iter())
            .map(|trailer| {
                format!("{}: {}", trailer.token, trailer.line())
                    .trim_end()
                    .to_owned()
                    + "\n"
            })
            .collect();
        let git: String = (git_trailers(&text).lines())
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect();
        assert_eq!(ours, git, "{text}");
        checked += 1;
    }
    assert!(checked > 700);
}

proptest! {
    #[test]
    fn any_text_is_a_message(text in "\\PC*|([a-zA-Z:!()#` \n\r\t-]|feat|BREAKING CHANGE|```|é)*") {
        let unix = unix_lines(&text);
        let message = Message::parse(&unix);
        prop_assert!(!message.body.starts_with('\n') && !message.body.ends_with('\n'));
    }

    #[test]
    fn parts_come_back(
        kind in "[a-z]{1,8}",
        scope in "[a-z]{0,5}",
        breaking in any::<bool>(),
        description in "[a-z][a-z :!()#-]{0,20}[a-z]",
        body in "([a-z ]{1,20}[.]\n){0,3}",
        trailers in prop::collection::vec(("[A-Z][a-z]{1,5}-by", "[a-z]{1,9}( [a-z]+)?"), 0..4),
        ends in prop_oneof![Just("\n"), Just("\r\n")],
    ) {
        let scope_text = if scope.is_empty() { String::new() } else { format!("({scope})") };
        let mark = if breaking { "!" } else { "" };
        let mut text = format!("{kind}{scope_text}{mark}: {description}\n\n{body}\n");
        for (token, value) in &trailers {
            text.push_str(&format!("{token}: {value}\n"));
        }
        let text = text.replace('\n', ends);
        let unix = unix_lines(&text);
        let message = Message::parse(&unix);
        let header = message.header.clone().expect("it is conventional");
        prop_assert_eq!(header.kind.as_ref(), kind);
        prop_assert_eq!(header.scopes.concat(), scope);
        prop_assert_eq!(header.breaking == Breaking::Said, breaking);
        prop_assert_eq!(header.description, description);
        let found: Vec<_> = (message.trailers.iter())
            .map(|trailer| (trailer.token.to_owned(), trailer.value.clone()))
            .collect();
        prop_assert_eq!(found, trailers);
        let want = body.trim().lines().map(str::trim_end).collect::<Vec<_>>();
        let got = message.body.lines().collect::<Vec<_>>();
        prop_assert_eq!(got.join("\n").trim().to_owned(), want.join("\n").trim().to_owned());
    }
}
