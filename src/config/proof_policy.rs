//! A verifier's policy: the file of somebody who has no project, and the same
//! lists of a project's `debcut.toml`.

use serde::Deserialize;
use toml::Spanned;

use super::policy::{Project, fingerprints, words};
use super::read::{ConfigError, Source};
use super::written::Isolation;
use crate::verify::chain::Policy;

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    tag_keys: Vec<Spanned<String>>,
    #[serde(default)]
    build_keys: Vec<Spanned<String>>,
    #[serde(default)]
    publish_keys: Vec<Spanned<String>>,
    #[serde(default)]
    signed_commits: bool,
    #[serde(default)]
    attestations: u32,
    #[serde(default)]
    isolation: Vec<Isolation>,
}

/// Reads a policy file; `file` is its name for errors.
pub fn proof_policy(file: &str, text: &str) -> Result<Policy, ConfigError> {
    let source = Source {
        file: file.to_owned(),
        text,
    };
    let written: File = source.parse_as()?;
    Ok(Policy {
        tag_keys: fingerprints(&source, &written.tag_keys)?,
        build_keys: fingerprints(&source, &written.build_keys)?,
        publish_keys: fingerprints(&source, &written.publish_keys)?,
        signed_commits: written.signed_commits,
        attestations: written.attestations,
        isolation: words(&written.isolation),
    })
}

impl Project {
    /// Returns what the project's own configuration demands of a proof; `archive`
    /// is the one that a package came from, where it has a name.
    pub fn proof_policy(&self, archive: Option<&str>) -> Policy {
        let attestations = archive.and_then(|name| self.attestations.get(name));
        Policy {
            tag_keys: self.tag_keys.clone(),
            build_keys: self.build_keys.clone(),
            publish_keys: self.publish_keys.clone(),
            signed_commits: self.signed_commits,
            attestations: attestations.copied().unwrap_or_default(),
            isolation: self.proven_isolation.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_lists_and_wishes() {
        let key = "AB".repeat(20);
        let text = format!(
            "tag-keys = ['{key}']\nsigned-commits = true\nattestations = 2\n\
             isolation = ['chroot']\n"
        );
        let found = proof_policy("policy.toml", &text).expect("valid");
        assert_eq!(found.tag_keys[0].as_str(), key);
        assert!(found.signed_commits && found.build_keys.is_empty());
        assert_eq!(found.attestations, 2);
        assert_eq!(found.isolation, ["chroot"]);
        for (text, want) in [
            ("tag-keys = ['x']", "policy.toml:1: “x” is no fingerprint"),
            ("\ntag-key = []", "policy.toml:2: unknown key “tag-key”"),
        ] {
            let error = proof_policy("policy.toml", text).expect_err(text);
            assert!(error.to_string().contains(want), "{error}");
        }
    }
}
