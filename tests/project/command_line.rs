//! Every verb explains itself: help with an example, completions, manual.

use std::collections::BTreeSet;

use clap::Command;

use crate::examples;

/// Calls `visit` with every verb that does something, and its whole name.
fn verbs(command: &Command, name: &str, visit: &mut dyn FnMut(&Command, &str)) {
    let below = || command.get_subcommands().filter(|c| c.get_name() != "help");
    for verb in below() {
        let name = format!("{name} {}", verb.get_name());
        if verb.has_subcommands() {
            verbs(verb, &name, visit);
        } else {
            visit(verb, &name);
        }
    }
}

fn whole() -> Command {
    let mut command = debcut::cli::command();
    command.build();
    command
}

/// Says what a verb's help lacks.
fn lacks(verb: &Command, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    if verb.get_about().is_none() {
        found.push(format!("{name}: no line says what it does"));
    }
    let own = |argument: &&clap::Arg| {
        let known = ["help", "version"];
        !argument.is_global_set() && !known.contains(&argument.get_id().as_str())
    };
    for argument in verb.get_arguments().filter(own) {
        if argument.get_help().is_none() && !argument.is_hide_set() {
            found.push(format!("{name}: {} has no help", argument.get_id()));
        }
    }
    let flags = verb.get_arguments().filter(own).any(|a| !a.is_positional());
    // Examples are indented; prose may begin a line with the program's name.
    let after = verb.get_after_long_help().map(ToString::to_string);
    let after = after.unwrap_or_default();
    let indented: Vec<&str> = after
        .lines()
        .filter(|line| line.starts_with("  "))
        .collect();
    let shown = examples::in_lines(&indented.join("\n"));
    if flags && shown.is_empty() {
        found.push(format!("{name}: it has flags and no example"));
    }
    for example in shown {
        found.extend(examples::refusal(&example).map(|why| format!("{name}: its example {why}")));
        if !example.words.join(" ").contains(verb.get_name()) {
            found.push(format!("{name}: an example of something else"));
        }
    }
    found
}

#[test]
fn every_verb_explains_itself() {
    let mut found = Vec::new();
    let mut count = 0;
    verbs(&whole(), "debcut", &mut |verb, name| {
        count += 1;
        found.extend(lacks(verb, name));
        let help = verb.clone().render_long_help().to_string();
        assert!(help.contains("Usage:"), "{name}: {help}");
    });
    assert!(count > 5, "the verbs were visited");
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn help_that_lacks_something_is_found() {
    let good = || Command::new("build").about("Build");
    let flag = || clap::Arg::new("x").long("x").help("x");
    let cases = [
        (good(), ""),
        (Command::new("build"), "no line says"),
        (good().arg(flag()), "no example"),
        (good().arg(clap::Arg::new("x")), "x has no help"),
        (
            good().arg(flag()).after_long_help("  debcut build v1\n"),
            "",
        ),
        (
            good().arg(flag()).after_long_help("  debcut build --zz\n"),
            "its example",
        ),
        (
            good().arg(flag()).after_long_help("  debcut key list\n"),
            "something else",
        ),
    ];
    for (verb, want) in cases {
        let found = lacks(&verb, "debcut build").join("; ");
        assert_eq!(found.is_empty(), want.is_empty(), "{want}: {found}");
        assert!(found.contains(want), "{want}: {found}");
    }
}

#[test]
fn completions_know_every_verb() {
    use clap_complete::Shell;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut debcut::cli::command(), "debcut", &mut script);
        let script = String::from_utf8(script).expect("scripts are text");
        verbs(&whole(), "debcut", &mut |verb, name| {
            assert!(script.contains(verb.get_name()), "{name} in {shell}");
        });
    }
}

#[test]
fn manual_has_a_page_for_every_verb() {
    let dir = tempfile::tempdir().expect("a directory");
    let argv = ["debcut", "manual"].map(Into::into).into_iter();
    let argv = argv.chain([dir.path().into()]).collect();
    let nothing: [(&str, &str); 0] = [];
    let environment = debcut::sys::environment::Environment::new(dir.path(), nothing);
    let _ = debcut::cli::run(argv, environment);
    let listing = std::fs::read_dir(dir.path()).expect("it was made");
    let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let pages: BTreeSet<String> = listing.map(|entry| name(entry.expect("listed"))).collect();
    verbs(&whole(), "debcut", &mut |_, name| {
        let page = format!("{}.1", name.replace(' ', "-"));
        assert!(pages.contains(&page), "{page} in {pages:?}");
    });
    let main = std::fs::read_to_string(dir.path().join("debcut.1")).expect("a page");
    assert!(main.contains(".TH debcut 1"), "{main}");
}
