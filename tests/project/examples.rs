//! Command lines in texts for people: README's blocks and the help's examples
//! are ones that the program takes.

use std::path::Path;

/// A command line as a text shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The line it starts on, counted from 1.
    pub line: usize,
    /// Its words, `debcut` first.
    pub words: Vec<String>,
}

/// Finds the command lines in the fenced blocks of a Markdown text.
pub fn in_markdown(text: &str) -> Vec<Example> {
    let mut fenced = false;
    let mut kept = String::new();
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        if fenced && !fence {
            kept.push_str(line);
        }
        kept.push('\n');
    }
    in_lines(&kept)
}

/// Finds the lines that start with `debcut`, behind a prompt and variables.
pub fn in_lines(text: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut whole = line.trim().to_owned();
        while let Some(head) = whole.strip_suffix('\\') {
            let rest = lines.next().map_or("", |(_, rest)| rest.trim());
            whole = format!("{head}{rest}");
        }
        let mut words = words(whole.strip_prefix("$ ").unwrap_or(&whole));
        let is_variable = |word: &String| word.contains('=') && !word.starts_with('-');
        let skipped = words.iter().take_while(|word| is_variable(word)).count();
        words.drain(..skipped);
        if words.first().is_some_and(|word| word == "debcut") {
            let line = number + 1;
            found.push(Example { line, words });
        }
    }
    found
}

/// Splits as a shell does, up to a comment, a pipe or the next command. Help
/// writes explanations behind two blanks or more; they end a command, too.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut blanks = 0;
    for c in line.chars() {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                blanks = 0;
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => {
                blanks += 1;
                words.extend(word.take());
                if blanks > 1 {
                    break;
                }
            }
            None if word.is_none() && "#|&;<>".contains(c) => break,
            None if "|;<>".contains(c) => break,
            None => {
                blanks = 0;
                word.get_or_insert_default().push(c);
            }
        }
    }
    words.extend(word);
    words
}

/// Says why clap does not take a command line.
pub fn refusal(example: &Example) -> Option<String> {
    use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
    // What a variable holds is not the example's; a digest serves for all.
    let words = example
        .words
        .iter()
        .map(|word| match word.starts_with('$') {
            true => "0".repeat(64),
            false => word.clone(),
        });
    match debcut::cli::command().try_get_matches_from(words) {
        Err(error) if !matches!(error.kind(), DisplayHelp | DisplayVersion) => {
            Some(format!("{}: {error}", example.words.join(" ")))
        }
        _ => None,
    }
}

#[test]
fn commands_of_the_readme_are_ones_the_program_takes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).expect("the project has a README.md");
    let examples = in_markdown(&text);
    assert!(!examples.is_empty(), "README.md shows how debcut is called");
    let refused = examples.iter().filter_map(|example| {
        let why = refusal(example)?;
        Some(format!("README.md:{}: {why}", example.line))
    });
    let refused: Vec<String> = refused.collect();
    assert!(refused.is_empty(), "\n{}", refused.join("\n"));
}

#[test]
fn command_lines_are_found_and_judged() {
    let text = "debcut outside of a block\n```console\n$ debcut build v1.0 # now\nv1.0 built\n\
                X='a b' debcut --json \\\n  build v1.0 | jq .\n```\n```\ndebcut bulid\n\
                debcut build --no-such-flag\ndebcut plan $x --no\ndebcut prepare --plan $x\n```\n";
    let found = in_markdown(text);
    let shown: Vec<_> = found.iter().map(|e| (e.line, e.words.join(" "))).collect();
    let want = [
        (3, "debcut build v1.0"),
        (5, "debcut --json build v1.0"),
        (9, "debcut bulid"),
        (10, "debcut build --no-such-flag"),
        (11, "debcut plan $x --no"),
        (12, "debcut prepare --plan $x"),
    ];
    assert_eq!(shown, want.map(|(line, words)| (line, words.to_owned())));
    let refused: Vec<_> = found.iter().map(|e| refusal(e).is_some()).collect();
    assert_eq!(refused, [false, false, true, true, true, false]);
    let quoted = in_lines("  debcut key new --name 'CI of hello'   makes one\n");
    assert_eq!(
        quoted[0].words,
        ["debcut", "key", "new", "--name", "CI of hello"]
    );
}
