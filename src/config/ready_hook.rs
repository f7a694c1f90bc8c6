//! Ready commands for `[hooks]`, written into the project by `init --hook`.

/// A ready command; the project owns the file once it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadyHook {
    /// A release on GitHub or GitLab, with notes and artifacts.
    ForgeRelease,
    /// A container image made of a Dockerfile.
    ContainerImage,
    /// A message to a chat with Slack's incoming webhooks.
    SlackMessage,
}

impl ReadyHook {
    /// Returns its file, from the repository's top.
    pub fn path(self) -> &'static str {
        match self {
            Self::ForgeRelease => "hooks/forge-release.sh",
            Self::ContainerImage => "hooks/container-image.sh",
            Self::SlackMessage => "hooks/slack-message.sh",
        }
    }

    /// Returns its text, a POSIX shell script.
    pub fn text(self) -> &'static str {
        match self {
            Self::ForgeRelease => include_str!("../../templates/hooks/forge-release.sh"),
            Self::ContainerImage => include_str!("../../templates/hooks/container-image.sh"),
            Self::SlackMessage => include_str!("../../templates/hooks/slack-message.sh"),
        }
    }
}
