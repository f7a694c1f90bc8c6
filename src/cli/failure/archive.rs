//! Errors of archives: stores and publishes.

use super::{Exit, Failure};
use crate::publish::PublishError;
use crate::publish::mirror::MirrorError;
use crate::sys::process::ToolError;
use crate::sys::store::{S3Error, S3Store, StoreError as ArchiveStoreError};
use crate::sys::web::WayError;

impl From<S3Error> for Failure {
    fn from(error: S3Error) -> Self {
        let failure = Self::of(Exit::Request, kind(&error), &error);
        hints(&error).into_iter().fold(failure, Self::hint)
    }
}

fn kind(error: &S3Error) -> &'static str {
    match error {
        S3Error::Location { .. } | S3Error::Endpoint { .. } | S3Error::SecretInEndpoint => {
            "unsupported-archive"
        }
        S3Error::NoCredentials { .. }
        | S3Error::HalfCredentials { .. }
        | S3Error::Credentials { .. } => "no-credentials",
        S3Error::Profile { .. } | S3Error::Way(WayError::Authorities { .. }) => "no-file",
        S3Error::Way(WayError::Proxy { .. }) => "proxy",
        S3Error::NoBucket { .. } | S3Error::Region { .. } => "no-bucket",
        S3Error::Clock { .. } => "clock",
        S3Error::Insecure { .. } => "insecure",
    }
}

fn hints(error: &S3Error) -> Vec<String> {
    let hints: &[&str] = match error {
        S3Error::Location { .. } | S3Error::Endpoint { .. } => {
            &["s3://apt/debian?endpoint=https://s3.example.org&region=eu-west-1"]
        }
        S3Error::SecretInEndpoint => &["set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"],
        S3Error::NoCredentials { .. } | S3Error::HalfCredentials { .. } => &[
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN of a role)",
            "AWS_PROFILE names a profile of ~/.aws/credentials",
            "eval \"$(aws configure export-credentials --format env)\"   # of a role, or after sso login",
        ],
        S3Error::Credentials { .. } => &[
            "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; of a role they expire within hours",
        ],
        S3Error::Profile { .. } => &[],
        S3Error::Way(WayError::Authorities { .. }) => &["AWS_CA_BUNDLE names a PEM file"],
        S3Error::Insecure { .. } => &[
            "AWS_CA_BUNDLE names a PEM file with the authority that the server has its certificate from",
        ],
        S3Error::Way(WayError::Proxy { .. }) => &["http://HOST:PORT names one"],
        S3Error::NoBucket { bucket } => {
            return vec![format!(
                "aws s3 mb s3://{bucket}   # or correct its name, or the endpoint"
            )];
        }
        S3Error::Clock { .. } => &["timedatectl set-ntp true"],
        S3Error::Region { region, .. } => {
            let region = region.as_deref().unwrap_or("NAME");
            return vec![format!(
                "AWS_REGION={region}, or ?region={region} after the location"
            )];
        }
    };
    hints.iter().map(|hint| (*hint).to_owned()).collect()
}

impl From<ArchiveStoreError> for Failure {
    fn from(error: ArchiveStoreError) -> Self {
        match error {
            ArchiveStoreError::Outward(error) => error.into(),
            ArchiveStoreError::NoSpace { .. } => Self::of(Exit::Outside, "no-space", &error)
                .hint("make room and run the same command again"),
            ArchiveStoreError::Denied { ref place, .. } => {
                let hint = match S3Store::is_s3(place) {
                    true => {
                        "the key needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket"
                    }
                    false => "run it as the archive's owner",
                };
                Self::of(Exit::Request, "permission", &error).hint(hint)
            }
            ArchiveStoreError::Setup { ref source, .. } => {
                let failure = Self::of(Exit::Request, kind(source), &error);
                hints(source).into_iter().fold(failure, Self::hint)
            }
            ArchiveStoreError::Conflict { .. } | ArchiveStoreError::Changed { .. } => {
                Self::of(Exit::Outside, "changed-meanwhile", &error)
                    .hint("run the same command again")
            }
            ArchiveStoreError::Local { .. } | ArchiveStoreError::Failed { .. } => {
                Self::of_failed_io(&error)
            }
        }
    }
}

impl From<MirrorError> for Failure {
    fn from(error: MirrorError) -> Self {
        match error {
            MirrorError::Store(error) => error.into(),
            MirrorError::Publish(error) => error.into(),
            MirrorError::Rsync {
                source: ToolError::Missing { .. },
                ..
            } => Self::of(Exit::Request, "tool", &error).hint("apt-get install rsync"),
            MirrorError::Rsync { .. } => Self::of(Exit::Outside, "rsync", &error)
                .hint("run the same command again: only what lacks is sent"),
            MirrorError::Stopped { .. } => Self::of(Exit::Stopped, "stopped", &error)
                .hint("run the same command again: only what lacks is sent"),
            MirrorError::OnTheWay { .. } => Self::of_failed_io(&error),
            MirrorError::Another { .. } => Self::of(Exit::Request, "not-a-mirror", &error)
                .hint("push to an empty place, or to a mirror of this archive")
                .hint("remove .debcut/ there first, if it is to follow this archive from now on"),
            MirrorError::NotADirectory { .. } => Self::of(Exit::Request, "location", &error)
                .hint("push to a directory or an object store, and from there on"),
        }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Store(error) => error.into(),
            PublishError::LostRace { .. } => {
                Self::of(Exit::Outside, "lost-race", &error).hint("run the same command again")
            }
            PublishError::Collecting { .. } => Self::of(Exit::Outside, "collecting", &error)
                .hint("run the same command again when debcut archive gc has ended"),
            PublishError::Foreign { .. } => Self::of(Exit::Request, "foreign-archive", &error)
                .hint("debcut archive check --rebuild makes a lost state anew")
                .hint("debcut archive import takes over what another program publishes"),
            PublishError::Stopped { .. } => {
                Self::of(Exit::Stopped, "stopped", &error).hint("run the same command again")
            }
            PublishError::Sign { .. } => Self::of(Exit::Request, "signing", &error),
            PublishError::Unread(_) => Self::of(Exit::Bug, "bug", &error),
            PublishError::Head { .. }
            | PublishError::Manifest { .. }
            | PublishError::Shelf { .. }
            | PublishError::Pin { .. }
            | PublishError::Missing { .. }
            | PublishError::Damaged { .. }
            | PublishError::Chunk { .. }
            | PublishError::Package { .. }
            | PublishError::Piece { .. } => Self::of(Exit::Request, "damaged-archive", &error)
                .hint("debcut archive check --deep says what else is damaged"),
        }
    }
}
