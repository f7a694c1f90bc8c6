//! What is wrong with a package's description: Debian Policy 3.4, Developer's
//! Reference 6.2, as lintian warns of it. Pure.

use crate::model::{Finding, PackageName};

/// apt and others cut longer synopses off.
const LONGEST_SYNOPSIS: usize = 80;

/// Lists what a reader of package lists would stumble over; none of it stops a
/// build.
pub fn remarks(package: &PackageName, synopsis: &str, description: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut remark = |message: String, fix: &str| {
        let finding = Finding::warning("package-description", package.as_str(), message);
        found.push(finding.fix(fix));
    };
    let length = synopsis.chars().count();
    if length > LONGEST_SYNOPSIS {
        remark(
            format!("its summary has {length} letters, more than lists have room for"),
            "say it in 80 letters, and the rest in description",
        );
    }
    if synopsis.ends_with('.') && !synopsis.ends_with("etc.") && !synopsis.ends_with("...") {
        remark(
            "its summary ends in a full stop, and a summary is no sentence".to_owned(),
            "leave the full stop out",
        );
    }
    let first = synopsis.split_whitespace().next().unwrap_or_default();
    if ["a", "an", "the"].contains(&first.to_lowercase().as_str()) {
        remark(
            format!("its summary starts with “{first}”"),
            "leave the article out: it is read after “PACKAGE is a”",
        );
    }
    if first.eq_ignore_ascii_case(package.as_str()) {
        remark(
            "its summary starts with the package's own name".to_owned(),
            "say what it is: the name stands before it in every list",
        );
    }
    let begins = description.trim().lines().next().unwrap_or_default();
    if !begins.is_empty() && begins.trim() == synopsis.trim() {
        remark(
            "its description repeats its summary".to_owned(),
            "begin it with something new: both are always shown together",
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_stumble_over_what_lintian_warns_of() {
        let package = PackageName::new("tally").expect("a name");
        let long = "counts ".repeat(12);
        for (synopsis, description, want) in [
            ("counts lines", "Reads lines.", None),
            ("counts lines, words, etc.", "", None),
            (long.as_str(), "", Some("its summary has 84 letters")),
            ("counts lines.", "", Some("its summary ends in a full stop")),
            ("A counter", "", Some("its summary starts with “A”")),
            (
                "tally of lines",
                "",
                Some("its summary starts with the package's"),
            ),
            (
                "counts lines",
                "counts lines\nand more",
                Some("its description repeats"),
            ),
        ] {
            let found = remarks(&package, synopsis, description);
            match want {
                None => assert!(found.is_empty(), "{synopsis}: {found:?}"),
                Some(want) => {
                    assert_eq!(found.len(), 1, "{synopsis}: {found:?}");
                    assert!(found[0].message.starts_with(want), "{found:?}");
                }
            }
        }
    }
}
