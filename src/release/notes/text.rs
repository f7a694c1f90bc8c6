//! The text of a note: without what cannot be seen, with a capital letter.

/// Takes out what a reader cannot see or what moves other text about: control
/// characters, bidirectional overrides, zero-width characters. Tabs are blanks,
/// every line separator is a newline, and no line ends in a blank.
pub(super) fn cleaned(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\r' | '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                clean.truncate(clean.trim_end_matches(' ').len());
                clean.push('\n');
            }
            '\t' | '\u{a0}' => clean.push(' '),
            c if c.is_control() || is_unseen(c) => {}
            c => clean.push(c),
        }
    }
    clean.trim_matches([' ', '\n']).to_owned()
}

/// Cleans a text and makes one line of it.
pub(super) fn one_line(text: &str) -> String {
    let clean = cleaned(text);
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Begins a description with a capital letter, unless its first word is
/// evidently written as it must be: `iOS`, `apt-get`, `x86`, `utf_8`, `--help`.
pub(super) fn capitalised(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let plain = first.trim_end_matches([',', ':', ';', '.']);
    let mut letters = text.chars();
    match letters.next() {
        Some(c) if plain.chars().all(char::is_lowercase) => {
            c.to_uppercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// Ends a text of one line with a full stop where another sentence follows.
pub(super) fn sentence(mut text: String, follows: bool) -> String {
    let open = text.ends_with(|c: char| c.is_alphanumeric() || "`)]\"'".contains(c));
    if follows && open && !text.contains('\n') {
        text.push('.');
    }
    text
}

/// Tells whether a text says anything at all.
pub(super) fn tells(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

/// Returns what two notes that say the same have in common.
pub(super) fn key(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_end_matches('.').to_owned()
}

/// Takes `(#12)` off the end, where forges put the pull request's number.
pub(super) fn without_request(text: &str, number: Option<u64>) -> &str {
    let Some(number) = number else { return text };
    let end = format!("(#{number})");
    text.trim_end()
        .strip_suffix(&end)
        .map_or(text, str::trim_end)
}

/// Writes a tag as part of a page's address: Debian's tags may hold `%`
/// (DEP-14), which has a meaning there.
pub(super) fn in_url(name: &str) -> String {
    let mut address = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/+@!".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}
