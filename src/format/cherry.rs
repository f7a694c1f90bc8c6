//! What a message says that its commit was picked from.
//!
//! git-cherry-pick(1) with `-x` writes `(cherry picked from commit ID)`, once
//! for each time that a commit was picked on; Ubuntu's kernels say `(backported
//! from commit ID)`, Linux' stable ones `[ Upstream commit ID ]` or `commit ID
//! upstream.` (Documentation/process/stable-kernel-rules.rst). Each stands on a
//! line of its own.

/// Lists the ids, as they are written and each once, in their order: of several
/// picks in a row the original is the first.
///
/// ```
/// use debcut::format::cherry::origins;
///
/// let message = "net: wake up\n\n[ Upstream commit 0123456789abcdef ]\n\nText.\n";
/// assert_eq!(origins(message), ["0123456789abcdef"]);
/// ```
pub fn origins(message: &str) -> Vec<&str> {
    let mut found = Vec::new();
    // Nearly no message has one.
    if !message.contains("ommit ") {
        return found;
    }
    for id in message.lines().filter_map(|line| origin(line.trim())) {
        if !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

/// Lists the ids of the commits that a message takes back, as git-revert(1)
/// writes it: `This reverts commit ID.` at a line's start.
///
/// ```
/// use debcut::format::cherry::reverts;
///
/// let message = "Revert \"fix: a\"\n\nThis reverts commit 0123456789abcdef.\n";
/// assert_eq!(reverts(message), ["0123456789abcdef"]);
/// ```
pub fn reverts(message: &str) -> Vec<&str> {
    let lines = message.lines();
    let named = lines.filter_map(|line| line.trim().strip_prefix("This reverts commit "));
    let ids = named.filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_hexdigit());
        id(&rest[..end.unwrap_or(rest.len())])
    });
    ids.collect()
}

fn origin(line: &str) -> Option<&str> {
    if let Some(inside) = line.strip_prefix('(').and_then(|it| it.strip_suffix(')')) {
        let starts = [
            "cherry picked from commit ",
            "cherry-picked from commit ",
            "backported from commit ",
        ];
        let rest = starts.iter().find_map(|start| inside.strip_prefix(start))?;
        // Ubuntu names the tree behind the id: `… ID linux-next)`.
        return id(rest.split_whitespace().next()?);
    }
    if let Some(inside) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        let rest = lower_start(inside.trim(), "upstream commit ")?;
        return id(rest.trim());
    }
    let rest = lower_start(line, "commit ")?;
    let rest = rest.strip_suffix('.').unwrap_or(rest);
    id(rest.strip_suffix(" upstream")?)
}

fn lower_start<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

fn id(word: &str) -> Option<&str> {
    let hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hex && (7..=64).contains(&word.len())).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_what_they_were_picked_from() {
        let (a, b) = ("a".repeat(40), "0123456789ab");
        let cases: [(String, &[&str]); 12] = [
            (
                format!("fix: x\n\n(cherry picked from commit {a})\n"),
                &[&a],
            ),
            (
                format!(
                    "fix: x\n\n(cherry picked from commit {a})\n\
                     (cherry picked from commit {b})\n(cherry picked from commit {a})\n"
                ),
                &[&a, b],
            ),
            (
                format!("x\r\n\r\n(cherry-picked from commit {b})\r\n"),
                &[b],
            ),
            (
                format!("x\n\n(backported from commit {b} linux-next)\n"),
                &[b],
            ),
            (
                format!("net: x\n\n[ Upstream commit {a} ]\n\nText.\n"),
                &[&a],
            ),
            (format!("net: x\n\ncommit {a} upstream.\n\nText.\n"), &[&a]),
            (format!("net: x\n\nCommit {a} upstream\n"), &[&a]),
            (format!("x\n\nIt goes on from commit {b} upstream.\n"), &[]),
            (format!("x\n\n(cherry picked from commit {b}"), &[]),
            ("x\n\n(cherry picked from commit the other)\n".into(), &[]),
            (format!("x\n\nThis reverts commit {a}.\n"), &[]),
            (format!("x\n\n> (cherry picked from commit {b})\n"), &[]),
        ];
        for (message, want) in cases {
            assert_eq!(origins(&message), want, "{message}");
        }
    }
}
