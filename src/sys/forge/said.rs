//! What a forge says when it refuses: a clause for an error.

use serde_json::Value;

/// How much of it is repeated.
const CHARS: usize = 300;

/// Reads the message of an answer that is a refusal, in a line. GitHub has
/// `message` and `errors`, GitLab `message` (a text, a list, or lists by field)
/// or `error`.
pub(super) fn said(body: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return String::new();
    };
    let mut parts = Vec::new();
    for key in ["message", "error", "error_description", "errors"] {
        texts(&value[key], "", &mut parts);
    }
    line(&parts.join("; "))
}

/// Reads the title of a web page, in a line.
pub(super) fn page_title(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    // ASCII alone, so that places in both are the same.
    let lower = text.to_ascii_lowercase();
    let title = || {
        let open = lower.find("<title")?;
        let begin = open + lower[open..].find('>')? + 1;
        let end = begin + lower[begin..].find("</title")?;
        Some(text[begin..end].split_whitespace().collect::<Vec<_>>())
    };
    line(&title().unwrap_or_default().join(" "))
}

fn line(text: &str) -> String {
    let line: String = (text.chars())
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(CHARS)
        .collect();
    line.trim().to_owned()
}

fn texts(value: &Value, name: &str, parts: &mut Vec<String>) {
    let named = |text: &str| match name {
        "" => text.to_owned(),
        name => format!("{name} {text}"),
    };
    match value {
        Value::String(text) if !text.is_empty() => parts.push(named(text)),
        Value::Array(all) => all.iter().for_each(|one| texts(one, name, parts)),
        // GitHub: {"resource": "Label", "field": "color", "code": "invalid"}.
        Value::Object(fields) if fields.contains_key("code") => {
            let field = |key: &str| value[key].as_str().unwrap_or_default();
            parts.push(match field("message") {
                "" => format!("{} {}", field("field"), field("code")),
                message => message.to_owned(),
            });
        }
        Value::Object(fields) => fields.iter().for_each(|(key, one)| texts(one, key, parts)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_titles() {
        for (body, want) in [
            (
                "<!DOCTYPE html><HTML><head><TITLE lang=en>Sign in\n · Example</title>",
                "Sign in · Example",
            ),
            ("<html><title>cut", ""),
            ("<html>", ""),
        ] {
            assert_eq!(page_title(body.as_bytes()), want, "{body}");
        }
    }

    #[test]
    fn refusals_are_a_clause() {
        for (body, want) in [
            (
                r#"{"message":"Validation Failed","errors":[{"resource":"Label","code":"invalid","field":"color"}]}"#,
                "Validation Failed; color invalid",
            ),
            (
                r#"{"message":"Validation Failed","errors":[{"resource":"PullRequest","code":"custom","message":"No commits between a and b"}]}"#,
                "Validation Failed; No commits between a and b",
            ),
            (
                r#"{"message":["Another open merge request already exists"]}"#,
                "Another open merge request already exists",
            ),
            (
                r#"{"message":{"title":["is too long"]}}"#,
                "title is too long",
            ),
            (
                r#"{"error":"invalid_token","error_description":"Token\nwas revoked."}"#,
                "invalid_token; Token was revoked.",
            ),
            (r#"{"message":"401 Unauthorized"}"#, "401 Unauthorized"),
            ("<html>", ""),
            ("[]", ""),
        ] {
            assert_eq!(said(body.as_bytes()), want, "{body}");
        }
    }
}
