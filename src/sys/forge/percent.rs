//! Percent-encoding of one part of a path or a query (RFC 3986, 2.1).

/// Encodes all but unreserved characters: `group/name` becomes `group%2Fname`,
/// as GitLab wants a project's path.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Decodes what is encoded so; what is no UTF-8 then is shown as such.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let byte =
            digits.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for (text, want) in [
            ("a/b c", "a%2Fb%20c"),
            ("grün~", "gr%C3%BCn~"),
            ("%", "%25"),
        ] {
            assert_eq!(encoded(text), want, "{text}");
            assert_eq!(decoded(want), text, "{want}");
        }
        assert_eq!(decoded("%2"), "%2");
        assert_eq!(decoded("%zz"), "%zz");
    }
}
