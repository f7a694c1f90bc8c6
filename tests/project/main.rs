//! What the project holds itself to, read from its own source text: the
//! direction of imports, the purity of what must be pure, the way in and out
//! of the process, what may leave, and a command line that its documents agree with.
//!
//! Every rule is shown to fail on a text that breaks it.

mod command_line;
mod examples;
mod layers;
mod outward;
mod purity;
mod source;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Breach {
    /// The file, from the top of the project, and the line.
    place: String,
    /// What stands there, and why it must not.
    why: String,
}

/// Fails with every place, so that one run shows them all.
fn assert_none(breaches: &[Breach]) {
    let shown: Vec<String> = breaches
        .iter()
        .map(|breach| format!("{}: {}", breach.place, breach.why))
        .collect();
    assert!(shown.is_empty(), "\n{}", shown.join("\n"));
}
