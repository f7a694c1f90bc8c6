//! Tells what this user may not do from what libgit2 and git say: neither has a
//! code of its own for it, only the system's words.

/// Tells whether an error says that the system does not let this user write
/// there: strerror(3)'s words at the end of a line, or those of git's
/// object-file.c. ssh's `Permission denied (publickey)` is another's, and what a
/// remote says is about itself.
pub fn is_denial(error: &str) -> bool {
    error.lines().any(|line| {
        // git2's errors go on with their class.
        let line = line.split("; class=").next().unwrap_or_default();
        let line = line.trim_end().trim_end_matches('.');
        let system = ["Permission denied", "Read-only file system"];
        !line.starts_with("remote:")
            && (system.iter().any(|word| line.ends_with(word))
                || line.contains("insufficient permission for adding an object"))
    })
}

#[cfg(test)]
mod tests {
    use super::is_denial;

    #[test]
    fn only_the_systems_own_words_are_a_denial() {
        let adding = "error: insufficient permission for adding an object to repository database";
        for (error, want) in [
            (
                "failed to create '/r/.git/x': Permission denied; class=Os (2)",
                true,
            ),
            (
                "git ended with 128\nfatal: cannot lock '/r/x.lock': Read-only file system",
                true,
            ),
            (adding, true),
            ("git@host: Permission denied (publickey).", false),
            (
                "remote: fatal: Unable to create 'x.lock': Permission denied",
                false,
            ),
            (
                "failed to write: No space left on device; class=Os (2)",
                false,
            ),
        ] {
            assert_eq!(is_denial(error), want, "{error}");
        }
    }
}
