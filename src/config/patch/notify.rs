//! `[[patch.notify]]`: who is told of what happens to a maintenance branch.

use toml::Spanned;

use super::{ConfigError, Source};
use crate::config::notify;
use crate::config::written::Notify;
use crate::rollout::telling;

/// What is worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    /// A branch takes nothing for a while.
    Frozen,
    /// It takes what was approved again.
    Thawed,
}

impl News {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Frozen, Self::Thawed];

    /// Returns its word, as in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Thawed => "thawed",
        }
    }
}

/// Somebody who wants to hear of maintenance branches.
pub type Channel = telling::Channel<News>;

/// Takes the channels.
pub fn channels(
    source: &Source<'_>,
    written: Vec<Spanned<Notify>>,
) -> Result<Vec<Channel>, ConfigError> {
    let all = News::ALL.map(|news| (news, news.word()));
    notify::channels(source, "patch", written, all)
}

#[cfg(test)]
mod tests {
    use crate::config::Project;

    #[test]
    fn channels_are_checked() {
        let read = |text: &str| {
            let project = Project::parse("debcut.toml", &format!("[[patch.notify]]\n{text}\n"));
            let project = project.map_err(|error| error.to_string())?;
            Ok::<_, String>(project.patch_channels)
        };
        let good = read("name = 'a'\non = ['frozen']\ncommand = 'cat'").expect("a channel");
        assert!(good[0].wants(super::News::Frozen) && !good[0].wants(super::News::Thawed));
        for wrong in [
            "command = 'cat'",
            "name = 'a'",
            "name = 'a'\non = ['melted']\ncommand = 'cat'",
            "name = 'a'\nwebhook = 'x'",
            "name = 'a'\ncommand = 'cat'\n[[patch.notify]]\nname = 'a'\ncommand = 'cat'",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
