//! Scripts for hosts: a body that never changes, and arguments as variables.

use std::fmt::Write;

/// A POSIX shell script (sh(1)) with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What it does, in a word: a simulated host goes by it.
    pub name: &'static str,
    /// Variables that are set before the body, in this order. Names are the
    /// caller's and plain; values may be anything but NUL.
    pub arguments: Vec<(&'static str, String)>,
    /// The body.
    pub body: &'static str,
}

impl Script {
    /// Returns the text that sh(1) reads.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.arguments {
            let _ = writeln!(text, "{name}='{}'", value.replace('\'', r"'\''"));
        }
        text.push_str(self.body);
        text
    }

    /// Returns the value of an argument.
    pub fn argument(&self, name: &str) -> Option<&str> {
        let found = self.arguments.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_words_whatever_is_in_them() {
        let script = Script {
            name: "show",
            arguments: vec![
                ("a", "it's $HOME `x`\nand".to_owned()),
                ("b", String::new()),
            ],
            body: "printf '%s|%s' \"$a\" \"$b\"\n",
        };
        let ran = std::process::Command::new("sh")
            .arg("-c")
            .arg(script.text())
            .output();
        let said = String::from_utf8(ran.expect("sh is there").stdout).expect("text");
        assert_eq!(said, "it's $HOME `x`\nand|");
        assert_eq!(script.argument("b"), Some(""));
        assert_eq!(script.argument("c"), None);
    }
}
