//! Shell patterns as git matches them (`wildmatch.c`).

/// What a slash is to `*`, `?` and `[`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slash {
    /// It divides directories; only `**` crosses it.
    Divides,
    /// It is a character like any other.
    IsACharacter,
}

/// Tells whether a pattern matches a whole text.
pub fn matches(pattern: &[u8], text: &[u8], slash: Slash) -> bool {
    let Some((&first, rest)) = pattern.split_first() else {
        return text.is_empty();
    };
    let divides = slash == Slash::Divides;
    match first {
        b'*' => {
            let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
            let rest = &pattern[stars..];
            // Whether `**` stood between slashes is checked where it began: in
            // front of it is the start or a slash, because anything else has
            // been matched literally before it.
            let crosses = !divides || (stars == 2 && (rest.is_empty() || rest[0] == b'/'));
            if crosses && divides && rest.first() == Some(&b'/') && matches(&rest[1..], text, slash)
            {
                return true;
            }
            for end in 0..=text.len() {
                if matches(rest, &text[end..], slash) {
                    return true;
                }
                if !crosses && text.get(end) == Some(&b'/') {
                    return false;
                }
            }
            false
        }
        b'?' => match text.split_first() {
            Some((b'/', _)) if divides => false,
            Some((_, text)) => matches(rest, text, slash),
            None => false,
        },
        b'[' => {
            let Some((&character, after)) = text.split_first() else {
                return false;
            };
            match class(rest, character) {
                Some((true, rest)) if !(divides && character == b'/') => {
                    matches(rest, after, slash)
                }
                _ => false,
            }
        }
        b'\\' if !rest.is_empty() => {
            text.first() == rest.first() && matches(&rest[1..], &text[1..], slash)
        }
        _ => text.first() == Some(&first) && matches(rest, &text[1..], slash),
    }
}

/// Reads a class after its `[`; says whether the character is of it, and what
/// follows the class. `None`: it has no end, and matches nothing.
fn class(pattern: &[u8], character: u8) -> Option<(bool, &[u8])> {
    let mut at = 0;
    let negated = matches!(pattern.first(), Some(b'!' | b'^'));
    if negated {
        at += 1;
    }
    let (start, mut found) = (at, false);
    loop {
        let mut low = *pattern.get(at)?;
        if low == b']' && at > start {
            return Some((found != negated, &pattern[at + 1..]));
        }
        if low == b'[' && pattern.get(at + 1) == Some(&b':') {
            let rest = &pattern[at + 2..];
            let end = rest.windows(2).position(|pair| pair == b":]")?;
            found |= is_of(&rest[..end], character)?;
            at += end + 4;
            continue;
        }
        if low == b'\\' {
            at += 1;
            low = *pattern.get(at)?;
        }
        at += 1;
        let mut high = low;
        if pattern.get(at) == Some(&b'-') && pattern.get(at + 1).is_some_and(|byte| *byte != b']') {
            high = *pattern.get(at + 1)?;
            at += 2;
            if high == b'\\' {
                high = *pattern.get(at)?;
                at += 1;
            }
        }
        found |= (low..=high).contains(&character);
    }
}

fn is_of(name: &[u8], character: u8) -> Option<bool> {
    Some(match name {
        b"alnum" => character.is_ascii_alphanumeric(),
        b"alpha" => character.is_ascii_alphabetic(),
        b"blank" => matches!(character, b' ' | b'\t'),
        b"cntrl" => character.is_ascii_control(),
        b"digit" => character.is_ascii_digit(),
        b"graph" => character.is_ascii_graphic(),
        b"lower" => character.is_ascii_lowercase(),
        b"print" => character.is_ascii_graphic() || character == b' ',
        b"punct" => character.is_ascii_punctuation(),
        b"space" => character.is_ascii_whitespace(),
        b"upper" => character.is_ascii_uppercase(),
        b"xdigit" => character.is_ascii_hexdigit(),
        _ => return None,
    })
}
