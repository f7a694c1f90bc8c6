//! What the user has written down for all programs that speak S3: the files
//! `~/.aws/credentials` and `~/.aws/config`, of which one profile counts.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;

use rusty_s3::Credentials;

use super::S3Error;
use crate::sys::environment::Environment;

/// A profile's settings, by name.
#[derive(Default)]
pub(super) struct Profile {
    settings: BTreeMap<String, String>,
}

impl Profile {
    /// Reads the profile that `AWS_PROFILE` names, else `default`. Files that
    /// are not there have nothing.
    pub(super) fn read(environment: &Environment) -> Result<Self, S3Error> {
        let mut settings = BTreeMap::new();
        for (variable, usual) in [
            ("AWS_CONFIG_FILE", "config"),
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ] {
            let home = environment.home().map(|home| home.join(".aws").join(usual));
            let Some(path) = environment.path(variable).or(home) else {
                continue;
            };
            settings.extend(read(path, name(environment))?);
        }
        Ok(Self { settings })
    }

    /// Makes one of these settings.
    #[cfg(test)]
    pub(super) fn of<const N: usize>(settings: [(&str, &str); N]) -> Self {
        let owned = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            settings: BTreeMap::from(owned),
        }
    }

    /// Returns a setting.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    /// Returns whose requests are signed: the environment's, else the profile's.
    pub(super) fn credentials(&self, environment: &Environment) -> Result<Credentials, S3Error> {
        let half = |has: &'static str, lacks: &'static str| S3Error::HalfCredentials { has, lacks };
        // As botocore does: these also win over a profile that is named.
        let var = |name: &str| environment.var(name);
        let (key, secret, token) = match (var("AWS_ACCESS_KEY_ID"), var("AWS_SECRET_ACCESS_KEY")) {
            (Some(key), Some(secret)) => (key, secret, var("AWS_SESSION_TOKEN")),
            (Some(_), None) => return Err(half("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
            (None, Some(_)) => return Err(half("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")),
            (None, None) => {
                let found = (
                    self.get("aws_access_key_id"),
                    self.get("aws_secret_access_key"),
                );
                let (Some(key), Some(secret)) = found else {
                    return Err(S3Error::NoCredentials {
                        profile: name(environment).to_owned(),
                    });
                };
                (key, secret, self.get("aws_session_token"))
            }
        };
        Ok(match token {
            Some(token) => Credentials::new_with_token(key, secret, token),
            None => Credentials::new(key, secret),
        })
    }
}

fn name(environment: &Environment) -> &str {
    environment.var("AWS_PROFILE").unwrap_or("default")
}

fn read(path: PathBuf, profile: &str) -> Result<BTreeMap<String, String>, S3Error> {
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(parse(&text, profile)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(BTreeMap::new())
        }
        Err(source) => Err(S3Error::Profile { path, source }),
    }
}

/// Reads one section: `[NAME]`, in `config` also `[profile NAME]`. Indented
/// lines belong to nested settings, which we have no use for.
fn parse(text: &str, profile: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut ours = false;
    for line in text.lines() {
        if line.starts_with([' ', '\t', '#', ';']) {
            continue;
        }
        if let Some(section) = line.trim_end().strip_prefix('[') {
            let section = section.trim_end_matches(']').trim();
            let named = section.strip_prefix("profile ").unwrap_or(section);
            ours = named.trim() == profile;
        } else if let Some((name, value)) = line.split_once('=').filter(|_| ours) {
            found.insert(
                name.trim().to_ascii_lowercase(),
                value.trim().trim_matches('"').to_owned(),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# made by hand
[default]
aws_access_key_id = AKDEFAULT
aws_secret_access_key=secret/with=equals
s3 =
  addressing_style = path
[profile ci]
AWS_ACCESS_KEY_ID=AKCI
aws_secret_access_key = other
aws_session_token = token
region = eu-west-1
[half]
aws_access_key_id = AKHALF
";

    #[test]
    fn a_profile_is_one_section() {
        let cases = [
            ("default", Some(("AKDEFAULT", "secret/with=equals", None))),
            ("ci", Some(("AKCI", "other", Some("token")))),
            ("half", None),
            ("none", None),
        ];
        for (profile, want) in cases {
            let environment = Environment::new("/", [("AWS_PROFILE", profile)]);
            let read = Profile {
                settings: parse(FILE, profile),
            };
            let found = read.credentials(&environment).ok();
            let found = found.as_ref().map(|c| (c.key(), c.secret(), c.token()));
            assert_eq!(found, want, "{profile}");
        }
        assert_eq!(
            parse(FILE, "ci").get("region").map(String::as_str),
            Some("eu-west-1")
        );
    }

    #[test]
    fn the_environment_comes_first_and_never_in_half() {
        let profile = Profile {
            settings: parse(FILE, "default"),
        };
        let with = |variables: &[(&str, &str)]| {
            let environment = Environment::new("/", variables.iter().copied());
            let found = profile.credentials(&environment);
            found.map(|c| c.key().to_owned()).map_err(|e| e.to_string())
        };
        let (key, secret) = (
            ("AWS_ACCESS_KEY_ID", "AKENV"),
            ("AWS_SECRET_ACCESS_KEY", "hush"),
        );
        assert_eq!(with(&[key, secret]).as_deref(), Ok("AKENV"));
        assert_eq!(with(&[]).as_deref(), Ok("AKDEFAULT"));
        for half in [key, secret] {
            let error = with(&[half]).expect_err("half");
            assert!(error.contains("AWS_") && !error.contains("hush"), "{error}");
        }
    }
}
