//! Texts of commits: git keeps bytes, and the name of their encoding where that
//! is not UTF-8 (git-commit(1), "DISCUSSION").

/// Returns a text in UTF-8: Latin-1 is translated where the commit says that it
/// is, what is invalid otherwise is replaced.
pub(super) fn utf8(bytes: &[u8], encoding: &str) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let name = encoding.to_ascii_lowercase();
    if ["iso-8859-1", "iso8859-1", "latin1", "latin-1"].contains(&name.as_str()) {
        return bytes.iter().map(|&byte| char::from(byte)).collect();
    }
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns the encoding that a commit names; empty: UTF-8.
pub(super) fn encoding(commit: &git2::Commit<'_>) -> String {
    let named = commit.message_encoding().ok().flatten();
    named.unwrap_or_default().to_owned()
}
