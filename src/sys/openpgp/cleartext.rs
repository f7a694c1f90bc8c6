//! The cleartext signature framework: a text, readable as it is, between an
//! armour header and its signature (RFC 9580, 7).
//!
//! What is signed is the text without blanks at the ends of lines, lines ended
//! by CR LF, without the last line's end. So blanks at line ends prove nothing:
//! a text to sign loses them (as with `gpg --clearsign`), and a text that was
//! verified is returned without them. Stricter than the specification, because
//! whoever reads on must see exactly what was verified: nothing may stand
//! before or after the armour, no header but `Hash` is known, and a line that
//! starts with a dash must be escaped.

use std::fmt::Write as _;

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

/// Why a text cannot be signed, or is not a signed one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct TextError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// A text as it is signed: its lines, without blanks at their ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<'a> {
    lines: Vec<&'a str>,
}

impl<'a> Text<'a> {
    /// Takes a text to sign.
    pub fn new(text: &'a str) -> Result<Self, TextError> {
        if text.starts_with(BEGIN) {
            let what = "the text is signed already";
            return Err(TextError { line: 1, what });
        }
        let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let lines = lines.enumerate().map(|(at, line)| clean(line, at + 1));
        Ok(Self {
            lines: lines.collect::<Result<_, _>>()?,
        })
    }

    /// Returns the bytes that are signed.
    pub fn signed_bytes(&self) -> Vec<u8> {
        self.lines.join("\r\n").into_bytes()
    }

    /// Returns the text, every line ended by LF.
    pub fn plain(&self) -> String {
        self.lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    /// Frames it with its armoured signature.
    pub fn framed(&self, hash: &str, signature: &str) -> String {
        let mut out = format!("{BEGIN}\nHash: {hash}\n\n");
        for line in &self.lines {
            let escape = if line.starts_with('-') { "- " } else { "" };
            writeln!(out, "{escape}{line}").expect("memory");
        }
        out.push_str(signature);
        if !out.ends_with('\n') {
            out.push('\n');
        }
        out
    }
}

/// Takes a signed text apart into what is signed and the armoured signature.
pub fn unframe(framed: &str) -> Result<(Text<'_>, &str), TextError> {
    let fail = |line, what| Err(TextError { line, what });
    let mut lines = Lines::of(framed);
    if lines.next().map(|(_, line)| line.trim_end()) != Some(BEGIN) {
        return fail(1, "“-----BEGIN PGP SIGNED MESSAGE-----” expected");
    }
    loop {
        match lines.next() {
            Some((_, line)) if line.trim_end().is_empty() => break,
            Some((_, line)) if line.starts_with("Hash: ") => {}
            Some((number, _)) => {
                return fail(
                    number,
                    "only “Hash” headers and then an empty line may stand here",
                );
            }
            None => return fail(lines.number, "the text ends within the headers"),
        }
    }
    let mut text = Text { lines: Vec::new() };
    let start = loop {
        let at = lines.offset;
        match lines.next() {
            Some((_, line)) if line.trim_end() == SIGNATURE => break at,
            Some((number, line)) if line.starts_with('-') => match line.strip_prefix("- ") {
                Some(line) => text.lines.push(clean(line, number)?),
                None => return fail(number, "a line that starts with a dash is not escaped"),
            },
            Some((number, line)) => text.lines.push(clean(line, number)?),
            None => return fail(lines.number, "the text ends without a signature"),
        }
    };
    let end = loop {
        match lines.next() {
            Some((_, line)) if line.trim_end() == END => break lines.offset,
            Some(_) => {}
            None => return fail(lines.number, "the signature is cut off"),
        }
    };
    if let Some((number, _)) = lines.find(|(_, line)| !line.trim().is_empty()) {
        return fail(
            number,
            "there is text after the signature, which nobody signed",
        );
    }
    Ok((text, &framed[start..end]))
}

/// Returns the text inside a signed one, for looking only: nobody has checked
/// who signed it.
pub fn text_of(framed: &str) -> Result<String, TextError> {
    Ok(unframe(framed)?.0.plain())
}

/// Takes blanks and a CR off a line's end.
fn clean(line: &str, number: usize) -> Result<&str, TextError> {
    let line = line.strip_suffix('\r').unwrap_or(line);
    // Programs disagree whether these end a line or a text.
    if line.contains(['\r', '\0']) {
        let what = "a CR within the line or a NUL";
        return Err(TextError { line: number, what });
    }
    Ok(line.trim_end_matches([' ', '\t']))
}

/// Lines with their numbers, and the offset behind the last one returned.
struct Lines<'a> {
    text: &'a str,
    offset: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            offset: 0,
            number: 0,
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = &self.text[self.offset..];
        let line = rest.split_inclusive('\n').next()?;
        self.offset += line.len();
        self.number += 1;
        Some((self.number, line.strip_suffix('\n').unwrap_or(line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ARMOUR: &str = "-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n";

    #[test]
    fn texts_are_signed_without_blanks_at_line_ends() {
        let cases: &[(&str, &str, &str)] = &[
            ("a\n", "a", "a\n"),
            ("a", "a", "a\n"),
            ("a \t\nb\r\n", "a\r\nb", "a\nb\n"),
            ("a\n\n", "a\r\n", "a\n\n"),
            ("- a\n--b\n", "- a\r\n--b", "- a\n--b\n"),
            ("", "", "\n"),
        ];
        for (text, signed, plain) in cases {
            let found = Text::new(text).expect(text);
            assert_eq!(found.signed_bytes(), signed.as_bytes(), "{text:?}");
            assert_eq!(&found.plain(), plain, "{text:?}");
        }
    }

    #[test]
    fn texts_that_readers_would_not_agree_on_are_refused() {
        for (text, line) in [("a\rb\n", 1), ("a\nb\0\n", 2), (BEGIN, 1)] {
            assert_eq!(Text::new(text).expect_err(text).line, line, "{text:?}");
        }
    }

    #[test]
    fn frames_that_show_more_than_is_signed_are_refused() {
        let good = Text::new("a\n-b\n").expect("text").framed("SHA512", ARMOUR);
        assert!(unframe(&good).is_ok(), "{good}");
        let cases = [
            (format!("x\n{good}"), 1),
            (format!("\n{good}"), 1),
            (format!("\u{feff}{good}"), 1),
            (format!("{good}x\n"), 10),
            (format!("{good}{good}"), 10),
            (good.replace("Hash: SHA512", "NotDashEscaped: yes"), 2),
            (good.replace("Hash: SHA512\n\n", "Hash: SHA512\nx\n\n"), 3),
            (good.replace("- -b", "-b"), 5),
            (good.replace("- -b", "-----BEGIN PGP SIGNATURE----- x"), 5),
            (good.replace("a\n", "a\rb\n"), 4),
            (good.replace("-----END", "-----"), 9),
            (good.replace("SIGNATURE", "MESSAGE"), 6),
            (BEGIN.to_owned(), 1),
        ];
        for (framed, line) in cases {
            let error = unframe(&framed).expect_err(&framed);
            assert_eq!(error.line, line, "{error}\n{framed}");
        }
    }

    proptest! {
        #[test]
        fn unframing_gives_back_what_was_framed(text in "([-a \t\u{e4}]{0,6}\r?\n){0,6}[- a]{0,3}") {
            let text = Text::new(&text).expect("no stray CR");
            let framed = text.framed("SHA256", ARMOUR);
            let (found, armour) = unframe(&framed).expect("framed");
            prop_assert_eq!(found, text);
            prop_assert_eq!(armour, ARMOUR);
        }

        #[test]
        fn unframing_never_panics(text in "(-----BEGIN PGP SIGNED MESSAGE-----\n)?(Hash: x\n)?\n?.{0,40}\n?(-----BEGIN PGP SIGNATURE-----\n)?.{0,9}(\n-----END PGP SIGNATURE-----)?\\PC{0,3}") {
            let _ = unframe(&text);
        }
    }
}
