//! The stage of a play: a world whose clock goes on with every command, people
//! with a clone each, and a transcript of what they ran and were told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::world::{Ran, World, finished};

/// Somebody who works on the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// Their name; their address is its first word.
    pub name: &'static str,
    /// Their clone, beside the others.
    pub clone: &'static str,
}

/// The hour when a day's work begins.
const BEGINS: u32 = 9;

/// Where and when something happens, and what was written down of it.
pub struct Stage {
    /// The place.
    pub world: World,
    /// The day, `2025-05-05`.
    day: String,
    /// The commands of that day: one a minute.
    minute: u32,
    transcript: String,
}

impl Stage {
    pub fn new(day: &str) -> Self {
        Self {
            world: World::new(),
            day: day.to_owned(),
            minute: 0,
            transcript: String::new(),
        }
    }

    /// Begins another day.
    pub fn day(&mut self, day: &str, what: &str) {
        self.silently(day);
        self.transcript += &format!("\n=== {day}: {what}\n\n");
    }

    /// Begins another day that nobody writes of.
    pub fn silently(&mut self, day: &str) {
        self.day = day.to_owned();
        self.minute = 0;
    }

    /// Lets the time of the day come.
    pub fn hour(&mut self, hour: u32) {
        self.minute = (hour - BEGINS) * 60;
    }

    fn now(&mut self) -> String {
        self.minute += 1;
        let (hour, minute) = (BEGINS + self.minute / 60, self.minute % 60);
        format!("{}T{hour:02}:{minute:02}:00Z", self.day)
    }

    /// Returns a person's clone.
    pub fn at(&self, who: Who) -> PathBuf {
        self.world.path(who.clone)
    }

    fn command(&mut self, program: &str, who: Who) -> Command {
        let now = self.now();
        let mut command = Command::new(program);
        self.world.surround(&mut command);
        let first = who.name.split(' ').next().unwrap_or_default();
        let mail = format!("{}@example.org", first.to_lowercase());
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), who.name);
            command.env(format!("GIT_{role}_EMAIL"), &mail);
            command.env(format!("GIT_{role}_DATE"), &now);
        }
        command.env("DEBFULLNAME", who.name).env("DEBEMAIL", &mail);
        command.env("DEBCUT_NOW", now);
        command.env("DEBCUT_PROGRESS", "never");
        command.env("DEBCUT_ARCHIVE", self.world.path("apt"));
        command.current_dir(self.at(who));
        command
    }

    /// Runs git in somebody's clone, unseen.
    #[track_caller]
    pub fn git(&mut self, who: Who, words: &[&str]) -> String {
        let mut git = self.command("git", who);
        git.args(words);
        let ran = finished(git.output().expect("git runs"));
        assert_eq!(ran.code, 0, "git {words:?}: {}", ran.stderr);
        ran.stdout.trim_end().to_owned()
    }

    /// Runs another program as somebody, unseen.
    pub fn tool(&mut self, who: Who, program: &str, words: &[&str]) -> Ran {
        let mut tool = self.command(program, who);
        tool.args(words);
        finished(tool.output().expect("it is installed"))
    }

    /// Runs debcut as somebody, unseen.
    #[track_caller]
    pub fn unseen(&mut self, who: Who, words: &[&str]) -> Ran {
        let mut debcut = self.command(env!("CARGO_BIN_EXE_debcut"), who);
        debcut.args(words);
        finished(debcut.output().expect("it runs"))
    }

    /// Runs debcut as somebody, and writes down what it said.
    #[track_caller]
    pub fn debcut(&mut self, who: Who, words: &[&str]) -> Ran {
        let ran = self.unseen(who, words);
        let quoted = words.iter().map(|word| match word.contains([' ', '#']) {
            true => format!("'{word}'"),
            false => (*word).to_owned(),
        });
        let quoted: Vec<_> = quoted.collect();
        let first = who.name.split(' ').next().unwrap_or_default();
        let command = format!("{}$ debcut {}", first.to_lowercase(), quoted.join(" "));
        self.write(&command, &ran);
        ran
    }

    /// Shows a file that others see.
    pub fn show(&mut self, name: &str) {
        let text = std::fs::read_to_string(self.world.path(name)).expect("it is there");
        self.transcript += &format!("$ cat ../{name}\n{}\n\n", text.trim_end());
    }

    fn write(&mut self, command: &str, ran: &Ran) {
        self.transcript += command;
        self.transcript.push('\n');
        // Every machine isolates otherwise; that is tested elsewhere.
        let lines = ran.stderr.lines().chain(ran.stdout.lines());
        for line in lines.filter(|line| !line.contains("nothing isolates the build")) {
            self.transcript += line.trim_end();
            self.transcript.push('\n');
        }
        if ran.code != 0 {
            self.transcript += &format!("[exit {}]\n", ran.code);
        }
        self.transcript.push('\n');
    }

    /// Returns what was written down, with names for what differs wherever it
    /// runs: the place, the requests and the commits.
    pub fn transcript(&self) -> String {
        let place = self.world.path("");
        let place = place.display().to_string();
        let text = self.transcript.replace(place.trim_end_matches('/'), "/w");
        named(&text).trim().to_owned()
    }
}

impl Drop for Stage {
    /// Who looks for what went wrong wants to know what went before.
    fn drop(&mut self) {
        if std::thread::panicking() {
            #[expect(clippy::print_stderr, reason = "the play so far, of a failed test")]
            {
                eprintln!("{}", self.transcript());
            }
        }
    }
}

/// Gives ids names of the same length, by their first appearance.
fn named(text: &str) -> String {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut counts = [0, 0];
    let mut name = |id: &str| {
        let is_id = id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        // A request has ten digits, a commit twelve, or forty.
        let (kind, key) = match id.len() {
            10 if is_id => (0, id),
            12 | 40 if is_id => (1, &id[..12]),
            _ => return id.to_owned(),
        };
        let known = names.entry(key.to_owned()).or_insert_with(|| {
            counts[kind] += 1;
            match kind {
                0 => format!("request-{:02}", counts[0]),
                _ => format!("commit-{:05}", counts[1]),
            }
        });
        known.clone()
    };
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let is_word = |c: char| c.is_ascii_alphanumeric();
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        out += &name(&rest[..end]);
        let next = rest[end..].find(is_word).map_or(rest.len(), |at| end + at);
        out += &rest[end..next];
        rest = &rest[next..];
    }
    out
}

#[test]
fn ids_get_names_of_their_length() {
    let text = "0123456789 as 0123456789ab, 0123456789 (0123456789abcdef0123456789abcdef01234567)\n\
        2025-05-14 tally 1234567890x 9876543210";
    assert_eq!(
        named(text),
        "request-01 as commit-00001, request-01 (commit-00001)\n\
        2025-05-14 tally 1234567890x request-02"
    );
}
