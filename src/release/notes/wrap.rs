//! Plain text in lines of a width.

/// Wraps a text at blanks: the first line begins with `first`, the others with
/// `next`; both count. Lines that begin with a blank or a list's mark stay lines
/// of their own, blank lines stay, and a longer word (an address) is never cut.
/// Widths are counted in characters.
pub(super) fn wrapped(text: &str, width: usize, first: &str, next: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            lines.push(String::new());
            open = false;
            continue;
        }
        let own = line.starts_with([' ', '-', '*', '+', '>', '`', '~']);
        if own {
            open = false;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        for word in line.split_whitespace() {
            let fits = |line: &String| line.chars().count() + 1 + word.chars().count() <= width;
            match lines.last_mut().filter(|line| open && fits(line)) {
                Some(line) => line.extend([" ", word]),
                None => {
                    let begin = if lines.is_empty() { first } else { next };
                    let indent = if open { "" } else { indent };
                    lines.push(format!("{begin}{indent}{word}"));
                }
            }
            open = true;
        }
        // A marked line is a line of its own, and so is what follows it.
        open &= !line.starts_with(['>', '`', '~', ' ']);
    }
    lines.join("\n")
}
