//! Where a bucket is, and how requests name it:
//! `s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME&addressing=path|virtual]`,
//! and what the environment says where the location does not.

use rusty_s3::{Bucket, UrlStyle};

use super::profile::Profile;
use super::{S3Error, percent};
use crate::model::ArchivePath;
use crate::sys::environment::Environment;

/// The beginning of every location in an object store.
const SCHEME: &str = "s3://";

/// A part of a bucket, and the server that has it.
#[derive(Debug, Clone)]
pub(super) struct Location {
    /// The location as it was given, for readers and for hints.
    pub(super) shown: String,
    /// The bucket.
    pub(super) bucket: Bucket,
    /// What all keys begin with.
    pub(super) prefix: Option<ArchivePath>,
    /// Whose server it is.
    pub(super) server: Server,
}

/// Whose server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// Amazon's own, of which it is known what it does.
    Amazon,
    /// Any other, of which it is not.
    Other,
}

/// What a location says by itself.
#[derive(Debug, PartialEq, Eq, Default)]
struct Written {
    bucket: String,
    prefix: Option<String>,
    endpoint: Option<String>,
    region: Option<String>,
    addressing: Option<Addressing>,
}

/// How requests name the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Addressing {
    /// In the path, as most servers of one's own want it.
    Path,
    /// In the host's name, as Amazon wants it.
    Virtual,
}

/// Tells whether a location is one in an object store.
pub(super) fn is_s3(location: &str) -> bool {
    location.starts_with(SCHEME)
}

impl Location {
    /// Reads a location; what it does not say, the environment does, then the
    /// user's profile, then custom: `us-east-1`, Amazon's server.
    pub(super) fn new(
        location: &str,
        environment: &Environment,
        profile: &Profile,
    ) -> Result<Self, S3Error> {
        let written = Written::parse(location)?;
        let var = |names: &[&str]| {
            let mut found = names.iter().filter_map(|name| environment.var(name));
            found.next().map(str::to_owned)
        };
        let region = written
            .region
            .or_else(|| var(&["AWS_REGION", "AWS_DEFAULT_REGION"]))
            .or_else(|| profile.get("region").map(str::to_owned))
            .unwrap_or_else(|| "us-east-1".to_owned());
        let endpoint = written
            .endpoint
            .or_else(|| var(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]))
            .or_else(|| profile.get("endpoint_url").map(str::to_owned));
        let server = match endpoint {
            None => Server::Amazon,
            Some(_) => Server::Other,
        };
        let addressing = written.addressing.unwrap_or(match server {
            // No certificate holds for a host with more dots than Amazon's own.
            Server::Amazon if !written.bucket.contains('.') => Addressing::Virtual,
            _ => Addressing::Path,
        });
        let endpoint = endpoint.unwrap_or_else(|| match region.starts_with("cn-") {
            true => format!("https://s3.{region}.amazonaws.com.cn"),
            false => format!("https://s3.{region}.amazonaws.com"),
        });
        if endpoint.contains('@') {
            return Err(S3Error::SecretInEndpoint);
        }
        let wrong = |why: String| S3Error::Endpoint {
            endpoint: endpoint.clone(),
            why,
        };
        let style = match addressing {
            Addressing::Path => UrlStyle::Path,
            Addressing::Virtual => UrlStyle::VirtualHost,
        };
        let parsed = endpoint
            .parse()
            .map_err(|_| wrong("it is no URL".to_owned()))?;
        let bucket = Bucket::new(parsed, style, written.bucket, region)
            .map_err(|error| wrong(error.to_string()))?;
        let prefix = written.prefix.map(ArchivePath::new).transpose();
        Ok(Self {
            shown: location.to_owned(),
            bucket,
            prefix: prefix.map_err(|error| malformed(location, error.to_string()))?,
            server,
        })
    }

    /// Returns the key of a path.
    pub(super) fn key(&self, path: &ArchivePath) -> String {
        match &self.prefix {
            Some(prefix) => format!("{prefix}/{path}"),
            None => path.to_string(),
        }
    }

    /// Returns the path of a key; none where it is outside of the archive, or
    /// none that an archive has.
    pub(super) fn path(&self, key: &str) -> Option<ArchivePath> {
        let own = match &self.prefix {
            Some(prefix) => key.strip_prefix(prefix.as_str())?.strip_prefix('/')?,
            None => key,
        };
        ArchivePath::new(own).ok()
    }
}

fn malformed(location: &str, why: impl Into<String>) -> S3Error {
    S3Error::Location {
        location: location.to_owned(),
        why: why.into(),
    }
}

impl Written {
    fn parse(location: &str) -> Result<Self, S3Error> {
        let wrong = |why: String| malformed(location, why);
        let rest = location.strip_prefix(SCHEME);
        let rest = rest.ok_or_else(|| wrong("it does not begin with s3://".to_owned()))?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let valid = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(valid) {
            return Err(wrong(format!("“{bucket}” is no bucket's name")));
        }
        let prefix = prefix.trim_end_matches('/');
        let mut written = Self {
            bucket: bucket.to_owned(),
            prefix: (!prefix.is_empty()).then(|| prefix.to_owned()),
            ..Self::default()
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent::decoded(value)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| wrong(format!("{name} has no value")))?;
            match name {
                "endpoint" => written.endpoint = Some(value),
                "region" => written.region = Some(value),
                "addressing" => {
                    written.addressing = Some(match &*value {
                        "path" => Addressing::Path,
                        "virtual" => Addressing::Virtual,
                        _ => return Err(wrong("addressing is path or virtual".to_owned())),
                    });
                }
                _ => {
                    let known = "endpoint, region and addressing are known";
                    return Err(wrong(format!("“{name}” is unknown: {known}")));
                }
            }
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(text: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        let environment = Environment::new("/", variables.iter().copied());
        let profile = Profile::of([("region", "eu-north-1")]);
        let location = Location::new(text, &environment, &profile);
        let location = location.map_err(|error| error.to_string())?;
        let path = ArchivePath::new("pool/a~1+2.deb").expect("a path");
        let key = location.key(&path);
        assert_eq!(location.path(&key), Some(path));
        let Location { bucket, server, .. } = &location;
        let url = bucket.object_url(&key);
        Ok(format!("{} {server:?} {url}", bucket.region()))
    }

    #[test]
    fn what_is_not_written_is_known_otherwise() {
        let custom = ("AWS_ENDPOINT_URL", "http://127.0.0.1:9000");
        type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
        let cases: &[Case<'_>] = &[
            (
                "s3://apt",
                &[],
                "eu-north-1 Amazon https://apt.s3.eu-north-1.amazonaws.com/pool/a~1%2B2.deb",
            ),
            (
                "s3://apt/deb/",
                &[("AWS_DEFAULT_REGION", "us-west-2")],
                "us-west-2 Amazon https://apt.s3.us-west-2.amazonaws.com/deb/pool/a~1%2B2.deb",
            ),
            (
                "s3://apt.example.org?region=us-east-2",
                &[("AWS_REGION", "us-west-2")],
                "us-east-2 Amazon \
                 https://s3.us-east-2.amazonaws.com/apt.example.org/pool/a~1%2B2.deb",
            ),
            (
                "s3://apt",
                &[custom],
                "eu-north-1 Other http://127.0.0.1:9000/apt/pool/a~1%2B2.deb",
            ),
            (
                "s3://apt/x/y?endpoint=https%3A%2F%2Fs3.example.org&addressing=virtual",
                &[custom],
                "eu-north-1 Other https://apt.s3.example.org/x/y/pool/a~1%2B2.deb",
            ),
            (
                "s3://apt",
                &[custom, ("AWS_ENDPOINT_URL_S3", "http://localhost:1/base")],
                "eu-north-1 Other http://localhost:1/base/apt/pool/a~1%2B2.deb",
            ),
        ];
        for (text, variables, want) in cases {
            assert_eq!(located(text, variables).as_deref(), Ok(*want), "{text}");
        }
    }

    #[test]
    fn what_names_no_bucket_is_refused() {
        for (text, want) in [
            ("s3://", "is no bucket's name"),
            ("s3://ab", "is no bucket's name"),
            ("s3://a b c", "is no bucket's name"),
            ("s3://user:secret@apt", "is no bucket's name"),
            ("s3://apt/../other", "parts"),
            ("s3://apt//x", "parts"),
            ("s3://apt?endpoint", "endpoint has no value"),
            ("s3://apt?acl=public", "“acl” is unknown"),
            ("s3://apt?addressing=dns", "path or virtual"),
            ("s3://apt?endpoint=nowhere", "it is no URL"),
            ("s3://apt?endpoint=ftp://x", "unsupported"),
            ("s3://apt?endpoint=http://u:pw@h/", "holds a password"),
            (
                "s3://apt?endpoint=http://127.0.0.1&addressing=virtual",
                "127.0.0.1",
            ),
        ] {
            let error = located(text, &[]).expect_err(text);
            assert!(
                error.to_lowercase().contains(&want.to_lowercase()),
                "{text}: {error}"
            );
            assert!(!error.contains(":pw@"), "{error}");
        }
    }
}
