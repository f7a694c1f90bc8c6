//! A mail of plain text (RFC 5322, RFC 2045, RFC 2047): headers and a body in
//! UTF-8 that every transport passes on unchanged.

use crate::model::Timestamp;

/// A mail.
#[derive(Debug, Clone)]
pub struct Mail<'a> {
    /// Who sends it: `Name <address>`, or an address.
    pub from: &'a str,
    /// Who gets it, in the same form.
    pub to: &'a [String],
    /// What it is about, in a line.
    pub subject: &'a str,
    /// When it is sent.
    pub date: Timestamp,
    /// What names it whenever it is sent, without angle brackets: it stays the
    /// same when it is sent again.
    pub id: &'a str,
    /// What it says.
    pub body: &'a str,
}

/// The longest line of a body that is passed on as it is (RFC 5322, 2.1.1, asks
/// for 78 and allows 998; some servers fold what is longer than that).
const LINE: usize = 990;
/// The longest line of quoted-printable text (RFC 2045, 6.7).
const QUOTED_LINE: usize = 76;
/// How many bytes go into one encoded word: 75 characters at most with its frame
/// (RFC 2047, 2).
const WORD: usize = 42;

impl Mail<'_> {
    /// Writes it with `\n` at the ends of lines, as sendmail(8) reads it.
    pub fn text(&self) -> String {
        let plain = self.body.is_ascii() && self.body.lines().all(|line| line.len() <= LINE);
        let (encoding, body) = match plain {
            true => ("7bit", self.body.to_owned()),
            false => ("quoted-printable", quoted_printable(self.body)),
        };
        let to: Vec<String> = self.to.iter().map(|one| mailbox(one)).collect();
        let headers = [
            ("From", mailbox(self.from)),
            ("To", to.join(",\n\t")),
            ("Subject", words(self.subject)),
            ("Date", self.date.rfc2822()),
            ("Message-ID", format!("<{}>", one_line(self.id))),
            ("MIME-Version", "1.0".to_owned()),
            ("Content-Type", "text/plain; charset=utf-8".to_owned()),
            ("Content-Transfer-Encoding", encoding.to_owned()),
        ];
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        format!("{headers}\n{body}")
    }
}

/// Tells whether a text is one address, with or without a name before it.
pub fn is_mailbox(text: &str) -> bool {
    let address = address_of(text);
    let plain = |c: char| c.is_ascii_graphic() && !"<>()[]\\,;:\"".contains(c);
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    let whole = text.chars().all(|c| !c.is_control());
    whole
        && !local.is_empty()
        && !domain.is_empty()
        && address.chars().all(plain)
        && !domain.contains('@')
}

/// Returns the address of `Name <address>`.
pub fn address_of(text: &str) -> &str {
    match text.rsplit_once('<') {
        Some((_, rest)) => rest.trim_end().trim_end_matches('>'),
        None => text.trim(),
    }
}

/// Writes `Name <address>` so that any name is read as one.
fn mailbox(text: &str) -> String {
    let address = one_line(address_of(text));
    let name = text.rsplit_once('<').map_or("", |(name, _)| name);
    let name = one_line(name);
    let name = name.trim().trim_matches('"');
    if name.is_empty() {
        return address;
    }
    let is_atom = |c: char| c.is_ascii_alphanumeric() || " !#$%&'*+-/=?^_`{|}~".contains(c);
    let name = match name.chars().all(is_atom) {
        true => name.to_owned(),
        false if name.is_ascii() => {
            format!("\"{}\"", name.replace('\\', r"\\").replace('"', "\\\""))
        }
        false => words(name),
    };
    format!("{name} <{address}>")
}

/// Takes out what would begin another header.
fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.collect()
}

/// Writes a header's text: as it is, or in encoded words.
fn words(text: &str) -> String {
    let text = one_line(text);
    // What looks like an encoded word would be decoded.
    if text.is_ascii() && text.len() <= LINE && !text.contains("=?") {
        return text;
    }
    let mut parts: Vec<String> = vec![String::new()];
    for c in text.chars() {
        let last = parts.last_mut().expect("there is one");
        if last.len() + c.len_utf8() > WORD {
            parts.push(c.to_string());
        } else {
            last.push(c);
        }
    }
    use base64::Engine as _;
    let encode = |part: &String| {
        let coded = base64::engine::general_purpose::STANDARD.encode(part);
        format!("=?utf-8?B?{coded}?=")
    };
    parts.iter().map(encode).collect::<Vec<_>>().join("\n ")
}

/// Writes a text in quoted-printable.
fn quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        let mut width = 0;
        let bytes = line.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            let last = at + 1 == bytes.len();
            let plain = match byte {
                b' ' | b'\t' => !last,
                b'=' => false,
                byte => byte.is_ascii_graphic(),
            };
            let coded = match plain {
                true => char::from(*byte).to_string(),
                false => format!("={byte:02X}"),
            };
            let room = QUOTED_LINE - usize::from(!last);
            if width + coded.len() > room {
                out.push_str("=\n");
                width = 0;
            }
            width += coded.len();
            out.push_str(&coded);
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_plain() {
        let to = [
            "users@example.org".to_owned(),
            "Bö <b@example.org>".to_owned(),
        ];
        let mail = Mail {
            from: "Ada Example <ada@example.org>",
            to: &to,
            subject: "hello 1.2.4\nBcc: all@example.org",
            date: Timestamp::from_unix(1_795_253_400),
            id: "1@example.org",
            body: "Fixed.\n",
        };
        let want = "\
From: Ada Example <ada@example.org>
To: users@example.org,
\t=?utf-8?B?QsO2?= <b@example.org>
Subject: hello 1.2.4 Bcc: all@example.org
Date: Sat, 21 Nov 2026 09:30:00 +0000
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

Fixed.
";
        assert_eq!(mail.text(), want);
    }

    #[test]
    fn lines_of_quoted_text_are_short_and_lose_nothing() {
        for text in [
            "ü",
            "a = b ",
            "\t",
            &"ä".repeat(100),
            &"x".repeat(2000),
            "a\n\nb",
        ] {
            let coded = quoted_printable(text);
            assert!(
                coded.lines().all(|line| line.len() <= QUOTED_LINE),
                "{coded}"
            );
            let mut bytes = Vec::new();
            let joined = coded.replace("=\n", "");
            let mut rest = joined.as_bytes();
            while let [first, tail @ ..] = rest {
                match (first, tail) {
                    (b'=', [a, b, tail @ ..]) => {
                        let hex = [*a, *b];
                        let hex = std::str::from_utf8(&hex).expect("hex");
                        bytes.push(u8::from_str_radix(hex, 16).expect("hex"));
                        rest = tail;
                    }
                    _ => {
                        bytes.push(*first);
                        rest = tail;
                    }
                }
            }
            let read = String::from_utf8(bytes).expect("UTF-8");
            assert_eq!(read, format!("{text}\n"), "{coded}");
        }
    }

    #[test]
    fn addresses_are_told_from_other_texts() {
        for (text, want) in [
            ("a@example.org", true),
            ("Ada <a@example.org>", true),
            ("a@example.org, b@example.org", false),
            ("a", false),
            ("@example.org", false),
            ("a@b@c", false),
            ("a@example.org\nBcc: b@c", false),
        ] {
            assert_eq!(is_mailbox(text), want, "{text}");
        }
    }
}
