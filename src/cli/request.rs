//! What is to be released: the arguments that `plan`, `prepare`, `tag` and
//! `release` share.

use clap::{Args, ValueEnum};

use super::failure::Failure;
use crate::model::PackageName;
use crate::release::Request;
use crate::release::debian_version::Upload;
use crate::release::number::PreKind;

/// What to release.
#[derive(Debug, Clone, Args)]
pub struct RequestArguments {
    /// The packages [default: every one that has changes]
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PackageName>,
    /// Release this version, whatever the commits ask for
    #[arg(long, value_name = "V", conflicts_with_all = ["pre"])]
    set_version: Option<String>,
    /// Release a candidate of the next version; without it the final release
    #[arg(long, value_name = "KIND")]
    pre: Option<Pre>,
    #[command(flatten)]
    upload: UploadArguments,
    /// Prepare a release again that is not tagged yet, with the commits behind it
    #[arg(long)]
    again: bool,
    /// Allow what the policy of a maintenance branch forbids
    #[arg(long)]
    force: bool,
}

/// A Debian upload that is no release of its own.
#[derive(Debug, Clone, Args)]
#[group(multiple = false, conflicts_with_all = ["set_version", "pre"])]
struct UploadArguments {
    /// Debian version for an older suite: ~bpo12+1
    #[arg(long, value_name = "SUITE", help_heading = "Debian uploads")]
    backport: Option<String>,
    /// Debian version for an update of a stable suite: +deb12u1
    #[arg(long, value_name = "SUITE", help_heading = "Debian uploads")]
    stable_update: Option<String>,
    /// Debian version of a non-maintainer upload: -1.1, +nmu1
    #[arg(long, help_heading = "Debian uploads")]
    nmu: bool,
    /// Debian version of the same source built again: +b1, without a tag
    #[arg(long, help_heading = "Debian uploads")]
    rebuild: bool,
    /// Debian version of one's own house: --local +wmf gives +wmf1
    #[arg(long, value_name = "SUFFIX", help_heading = "Debian uploads")]
    local: Option<String>,
    /// Debian version that goes back to an OLD release: 3.1+really2.0-1
    #[arg(long, value_name = "OLD", help_heading = "Debian uploads")]
    really: Option<String>,
}

/// Kinds of pre-releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Pre {
    /// -alpha.1
    Alpha,
    /// -beta.1
    Beta,
    /// -rc.1
    Rc,
}

impl RequestArguments {
    /// Returns what is asked for, where it must be of a source: a rebuild has
    /// none to commit, tag or publish.
    pub fn of_source(self) -> Result<Request, Failure> {
        let request = self.request();
        if request.upload == Upload::Rebuild {
            let why = "a binary-only rebuild has no commit and no tag: there is nothing to do";
            return Err(Failure::request("binary-only", why)
                .hint("debcut plan --rebuild shows its version")
                .hint("--nmu makes a release of the same source"));
        }
        Ok(request)
    }

    /// Returns what is asked for.
    pub fn request(self) -> Request {
        let upload = self.upload;
        let upload = match upload {
            UploadArguments {
                backport: Some(suite),
                ..
            } => Upload::Backport(suite),
            UploadArguments {
                stable_update: Some(suite),
                ..
            } => Upload::StableUpdate(suite),
            UploadArguments { nmu: true, .. } => Upload::Nmu,
            UploadArguments { rebuild: true, .. } => Upload::Rebuild,
            UploadArguments {
                local: Some(suffix),
                ..
            } => Upload::Local(suffix),
            UploadArguments {
                really: Some(old), ..
            } => Upload::Really(old),
            _ => Upload::Release,
        };
        Request {
            packages: self.packages,
            set_version: self.set_version,
            pre: self.pre.map(|pre| match pre {
                Pre::Alpha => PreKind::Alpha,
                Pre::Beta => PreKind::Beta,
                Pre::Rc => PreKind::Rc,
            }),
            upload,
            force: self.force,
            again: self.again,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        request: RequestArguments,
    }

    #[test]
    fn an_upload_has_no_second_version() {
        let cases: &[(&[&str], bool)] = &[
            (&["--nmu"], true),
            (&["--set-version", "2.0"], true),
            (&["--nmu", "--set-version", "2.0-0.1"], false),
            (&["--nmu", "--pre", "rc"], false),
            (&["--backport", "bookworm", "--pre", "rc"], false),
            (&["--nmu", "--rebuild"], false),
        ];
        for (words, want) in cases {
            let line = Line::try_parse_from(["x"].iter().chain(*words));
            assert_eq!(line.is_ok(), *want, "{words:?}");
        }
    }
}
