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
