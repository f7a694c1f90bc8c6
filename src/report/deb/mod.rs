//! Packages in files: packed, shown, compared.

mod diff;
mod pack;
mod show;

pub use diff::DebDiff;
pub use pack::DebPack;
pub use show::DebShow;

/// Escapes what a terminal would obey: a package's texts are anybody's.
fn harmless(text: &str) -> String {
    let escaped = text.chars().map(|letter| match letter {
        '\t' => letter.to_string(),
        _ if letter.is_control() => letter.escape_default().to_string(),
        _ => letter.to_string(),
    });
    escaped.collect()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn terminals_obey_no_package() {
        for (text, want) in [
            ("plain\ttext, ümläut", "plain\ttext, ümläut"),
            ("\x1b]0;evil\x07", "\\u{1b}]0;evil\\u{7}"),
            ("a\rb\u{9b}2J", "a\\rb\\u{9b}2J"),
        ] {
            assert_eq!(harmless(text), want, "{text:?}");
        }
    }
}
