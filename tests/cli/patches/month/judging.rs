//! What git, dpkg and apt say at the end of the month.

use super::LINE;
use super::project::{ADA, Wanted};
use super::stage::{Stage, Who};
use crate::apt::client::Client;

/// Lets git, dpkg and apt say what has become of it all.
pub fn judged(stage: &mut Stage, wanted: &Wanted) {
    for (clone, line) in [("project", "origin/release-1.12"), ("private", LINE)] {
        let who = Who { clone, ..ADA };
        stage.git(who, &["fsck", "--strict", "--no-dangling"]);
        let log = stage.git(who, &["log", "--format=%an%n%B", line]);
        for commit in [
            &wanted.last_line,
            &wanted.bytes,
            &wanted.words,
            &wanted.refuse,
            &wanted.news,
            &wanted.manual,
            &wanted.copyright,
            &wanted.bump,
            &wanted.longest,
        ] {
            let origin = format!("(cherry picked from commit {commit})");
            assert_eq!(log.matches(&origin).count(), 1, "{commit} in\n{log}");
        }
        assert!(!log.contains(&wanted.usage), "{log}");
        assert_eq!(log.matches("Ben Example").count(), 1, "{log}");
    }
    stage.git(ADA, &["--git-dir", "../origin.git", "fsck", "--strict"]);
    let versions = |stage: &mut Stage, at: &str| {
        stage.git(ADA, &["switch", "--quiet", "--detach", at]);
        let words = ["--all", "--format", "rfc822", "--show-field", "Version"];
        let said = stage.tool(ADA, "dpkg-parsechangelog", &words).code(0);
        said.stdout
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let main = versions(stage, "origin/main");
    assert_eq!(main, ["1.12.1.1", "1.12.1", "1.12.0"], "main");
    let line = versions(stage, "v1.12.2");
    assert_eq!(line, ["1.12.2", "1.12.1.1", "1.12.1", "1.12.0"], "the line");
    assert_eq!(
        versions(stage, "v1.12.1.1"),
        ["1.12.1.1", "1.12.1", "1.12.0"]
    );
    // A hotfix has exactly one change.
    let words = ["diff", "--name-only", "v1.12.1", "v1.12.1.1"];
    let changed = stage.git(ADA, &words);
    assert_eq!(
        changed.split('\n').collect::<Vec<_>>(),
        ["VERSION", "debian/changelog", "tally.sh"]
    );
    let sources = stage.unseen(ADA, &["archive", "sources", "stable"]).code(0);
    let client = Client::new(&stage.world, "machine", ("tally.sources", &sources.stdout));
    client.update().code(0);
    // Of each the package and its source.
    let mut seen = client.versions("tally");
    seen.sort();
    seen.dedup();
    assert_eq!(seen, ["1.12.1", "1.12.1.1", "1.12.2"]);
}
