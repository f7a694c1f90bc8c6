//! Hosts through `ansible-playbook`, with the user's own configuration and
//! inventory.
//!
//! A playbook of one task runs each host's script by `ansible.builtin.raw`, so
//! hosts need no Python; what comes back is read from the JSON callback that
//! writes a line for each host as it answers (`ansible.posix.jsonl`, of
//! Debian's package ansible). No terminal is asked for: dpkg would ask there.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::ssh::Become;
use super::{Call, Hosts, Said, reason};
use crate::model::{HostName, Silent};
use crate::sys::environment::Environment;
use crate::sys::process::{Tool, ToolError};

mod inventory;

pub use inventory::{InventoryError, Member, members};

/// Hosts that Ansible reaches.
#[derive(Debug, Clone)]
pub struct Ansible {
    environment: Vec<(String, OsString)>,
    temporary: PathBuf,
    inventory: Option<PathBuf>,
    options: Vec<String>,
    become_root: Become,
}

/// What Ansible needs to start, and to connect to its slowest host.
const AROUND: Duration = Duration::from_secs(60);
/// The group of the hosts that are meant: no user has one of that name.
const GROUP: &str = "debcut_rollout";
/// The variable with a host's script.
const SCRIPT: &str = "debcut_rollout_script";
/// What an answer may have, stdout given twice and more.
const MOST_BYTES: u64 = 64 << 20;

impl Ansible {
    /// Prepares Ansible with what this process was started with, its secrets
    /// for signing left out.
    pub fn new(environment: &Environment) -> Self {
        Self {
            environment: variables(environment),
            temporary: environment.temporary_directory(),
            inventory: None,
            options: Vec::new(),
            become_root: Become::Nothing,
        }
    }

    /// Reads the hosts' own variables (address, user, jump host) from this
    /// inventory.
    #[must_use]
    pub fn inventory(mut self, inventory: Option<PathBuf>) -> Self {
        self.inventory = inventory;
        self
    }

    /// Adds options as ansible-playbook(1) takes them.
    #[must_use]
    pub fn options<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.options.extend(words.into_iter().map(Into::into));
        self
    }

    /// Says how a script becomes root.
    #[must_use]
    pub fn become_root(mut self, how: Become) -> Self {
        self.become_root = how;
        self
    }

    /// Tells whether Ansible and its JSON callback are there.
    pub fn ready(&self) -> Result<(), ToolError> {
        let tool = Tool::new("ansible-doc").envs(pairs(&self.environment));
        let tool = tool.args(["-t", "callback", "--list", "ansible.posix"]);
        let output = tool.limit(AROUND).output()?;
        match String::from_utf8_lossy(&output.stdout).contains("ansible.posix.jsonl") {
            true => Ok(()),
            false => Err(ToolError::Missing {
                program: "ansible's callback ansible.posix.jsonl".to_owned(),
            }),
        }
    }

    /// Runs a playbook over hosts that all begin at once; tells whether more may
    /// follow.
    fn batch(
        &self,
        calls: &[Call],
        each: &mut dyn FnMut(&HostName, Said) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let limit = calls.iter().map(|call| call.limit).max();
        let limit = limit.unwrap_or_default();
        let silent = |why: String, each: &mut dyn FnMut(&HostName, Said) -> ControlFlow<()>| {
            let all = calls.iter();
            all.map(|call| each(&call.host, Said::Silent { why: why.clone() }))
                .find(|flow| flow.is_break())
                .unwrap_or(ControlFlow::Continue(()))
        };
        let written = tempfile::tempdir_in(&self.temporary).and_then(|place| {
            write(&place.path().join("hosts.json"), &hosts(calls))?;
            let playbook = playbook(limit, self.become_root);
            write(&place.path().join("playbook.json"), &playbook)?;
            Ok(place)
        });
        let place = match written {
            Ok(place) => place,
            Err(error) => return silent(format!("cannot write a playbook: {error}"), each),
        };
        let events = RefCell::new(Events::new(calls, each));
        let ended = self
            .tool(place.path(), calls.len())
            .limit(limit + AROUND)
            .logged(&mut Lines::new(&events), &Silent);
        self.end_masters(&place.path().join("cp"));
        let Events {
            waiting,
            complaint,
            flow,
            each,
            ..
        } = events.into_inner();
        if flow.is_break() || matches!(ended, Err(ToolError::Interrupted { .. })) {
            return ControlFlow::Break(());
        }
        let why = match (ended, complaint.is_empty()) {
            (Err(ToolError::Failed { .. }) | Ok(()), false) => complaint,
            (Ok(()), true) => "ansible-playbook said nothing of it".to_owned(),
            (Err(error), _) => error.to_string(),
        };
        for host in waiting.into_values() {
            each(host, Said::Silent { why: why.clone() })?;
        }
        ControlFlow::Continue(())
    }

    /// Ends the connections that Ansible keeps open for its next play: there is
    /// none, and a host that froze would keep one for ever.
    fn end_masters(&self, sockets: &Path) {
        for socket in std::fs::read_dir(sockets).into_iter().flatten().flatten() {
            let mut path = OsString::from("ControlPath=");
            path.push(socket.path());
            let ssh = Tool::new("ssh").envs(pairs(&self.environment));
            let ssh = ssh.args(["-F", "none", "-O", "exit", "-o"]).arg(path);
            // One that has ended meanwhile is as good.
            let _ = ssh.arg("any").limit(Duration::from_secs(5)).output();
        }
    }

    fn tool(&self, place: &Path, forks: usize) -> Tool {
        let mut tool = Tool::new("ansible-playbook").envs(pairs(&self.environment));
        for (name, value) in [
            ("ANSIBLE_STDOUT_CALLBACK", "ansible.posix.jsonl"),
            ("ANSIBLE_JSON_INDENT", "0"),
            ("ANSIBLE_RETRY_FILES_ENABLED", "0"),
            ("ANSIBLE_DEPRECATION_WARNINGS", "0"),
            ("ANSIBLE_NOCOLOR", "1"),
        ] {
            tool = tool.env(name, value);
        }
        tool = tool.env("ANSIBLE_SSH_CONTROL_PATH_DIR", place.join("cp"));
        if let Some(inventory) = &self.inventory {
            tool = tool.arg("-i").arg(inventory);
        }
        tool = tool.arg("-i").arg(place.join("hosts.json"));
        tool = tool.arg("--forks").arg(forks.to_string());
        tool.args(self.options.iter().map(String::as_str))
            .arg(place.join("playbook.json"))
            .at_most(MOST_BYTES)
    }
}

impl Hosts for Ansible {
    fn run(
        &self,
        calls: Vec<Call>,
        at_once: usize,
        each: &mut dyn FnMut(&HostName, Said) -> ControlFlow<()>,
    ) {
        // A playbook that runs cannot be told to begin no more, so each has no
        // more hosts than may begin at once.
        for batch in calls.chunks(at_once.max(1)) {
            if self.batch(batch, each).is_break() {
                return;
            }
        }
    }
}

fn variables(environment: &Environment) -> Vec<(String, OsString)> {
    let clean = environment.without_secrets();
    let all = clean.variables();
    all.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn pairs(variables: &[(String, OsString)]) -> impl Iterator<Item = (&String, &OsString)> {
    variables.iter().map(|(name, value)| (name, value))
}

fn write(path: &Path, value: &Value) -> io::Result<()> {
    std::fs::write(path, value.to_string())
}

/// The inventory: each host with its script, in characters that no template
/// language takes for its own.
fn hosts(calls: &[Call]) -> Value {
    let of = |call: &Call| {
        let script = STANDARD.encode(call.script.text());
        let mut variables = json!({ SCRIPT: script });
        if let Some((user, address)) = call.host.as_str().split_once('@') {
            variables["ansible_user"] = user.into();
            variables["ansible_host"] = address.into();
        }
        (call.host.to_string(), variables)
    };
    let hosts: serde_json::Map<_, _> = calls.iter().map(of).collect();
    json!({ GROUP: { "hosts": hosts } })
}

fn playbook(limit: Duration, become_root: Become) -> Value {
    json!([{
        "name": "debcut",
        "hosts": GROUP,
        "gather_facts": false,
        "become": become_root == Become::Sudo,
        "vars": { "ansible_ssh_use_tty": false },
        "tasks": [{
            "name": "script",
            "ansible.builtin.raw": format!("echo {{{{ {SCRIPT} }}}} | base64 -d | sh"),
            "timeout": limit.as_secs(),
            "changed_when": false,
        }],
    }])
}

/// What is heard of a running playbook.
struct Events<'a> {
    /// Hosts without an answer, by the name that Ansible knows them by.
    waiting: BTreeMap<&'a str, &'a HostName>,
    /// What it complained about: a line that is no event.
    complaint: String,
    flow: ControlFlow<()>,
    each: &'a mut dyn FnMut(&HostName, Said) -> ControlFlow<()>,
}

impl<'a> Events<'a> {
    fn new(calls: &'a [Call], each: &'a mut dyn FnMut(&HostName, Said) -> ControlFlow<()>) -> Self {
        let waiting = calls.iter().map(|call| (call.host.as_str(), &call.host));
        Self {
            waiting: waiting.collect(),
            complaint: String::new(),
            flow: ControlFlow::Continue(()),
            each,
        }
    }

    fn hear(&mut self, line: &[u8]) {
        let Ok(event) = serde_json::from_slice::<Value>(line) else {
            let text = String::from_utf8_lossy(line);
            let text = text.trim();
            let is_error = |text: &str| text.to_ascii_lowercase().contains("error");
            // Its usage and its hints follow what is wrong.
            if !text.is_empty() && !text.starts_with("[WARNING]") && !is_error(&self.complaint) {
                self.complaint = text.chars().take(300).collect();
            }
            return;
        };
        let Some(results) = event["hosts"].as_object() else {
            return;
        };
        for (name, result) in results {
            let Some(host) = self.waiting.remove(name.as_str()) else {
                continue;
            };
            if self.flow.is_continue() {
                self.flow = (self.each)(host, said(name, &event["_event"], result));
            }
        }
    }
}

/// Reads a host's result (of `raw`, in the words of Ansible's documentation).
fn said(host: &str, event: &Value, result: &Value) -> Said {
    let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
    match (event.as_str(), result["rc"].as_i64()) {
        (Some("v2_runner_on_unreachable"), _) | (_, None) => Said::Silent {
            why: match reason::of(host, &text("msg")) {
                why if text("msg").is_empty() => format!("{why}: ansible says {event}"),
                why => why,
            },
        },
        (_, Some(code)) => Said::Ended {
            code: i32::try_from(code).unwrap_or(i32::MAX),
            stdout: text("stdout").replace("\r\n", "\n"),
            stderr: text("stderr"),
        },
    }
}

/// Puts together lines, however they come.
struct Lines<'a, 'b> {
    events: &'a RefCell<Events<'b>>,
    line: Vec<u8>,
}

impl<'a, 'b> Lines<'a, 'b> {
    fn new(events: &'a RefCell<Events<'b>>) -> Self {
        let line = Vec::new();
        Self { events, line }
    }
}

impl Write for Lines<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.events.borrow_mut().hear(&line);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::host::Script;

    fn call(host: &str) -> Call {
        Call {
            host: host.parse().expect("a host"),
            script: Script {
                name: "probe",
                arguments: vec![("a", "{{ x }} {# y".to_owned())],
                body: "echo {% raw\n",
            },
            limit: Duration::from_secs(40),
        }
    }

    fn heard(host: &str, lines: &[&str]) -> Vec<(String, Said)> {
        let calls = [call(host)];
        let mut found = Vec::new();
        let mut each = |host: &HostName, said: Said| {
            found.push((host.to_string(), said));
            ControlFlow::Continue(())
        };
        let events = RefCell::new(Events::new(&calls, &mut each));
        let mut writer = Lines::new(&events);
        for line in lines {
            let (one, two) = line.split_at(line.len() / 2);
            writer.write_all(one.as_bytes()).expect("it is kept");
            writer.write_all(two.as_bytes()).expect("it is kept");
            writer.write_all(b"\n").expect("it is kept");
        }
        drop(events);
        found
    }

    #[test]
    fn scripts_hide_from_templates() {
        let hosts = hosts(&[call("ada@web1")]).to_string();
        assert!(!hosts.contains("{{") && !hosts.contains("{#") && !hosts.contains("{%"));
        assert!(hosts.contains(r#""ansible_user":"ada","ansible_host":"web1""#));
        let playbook = playbook(Duration::from_secs(40), Become::Sudo).to_string();
        assert!(playbook.contains(r#""become":true"#), "{playbook}");
        assert!(playbook.contains("echo {{ debcut_rollout_script }} | base64 -d | sh"));
    }

    #[test]
    fn results_are_read_from_events() {
        let ok = r#"{"_event":"v2_runner_on_ok","hosts":{"h1":{"rc":0,"stdout":"a\r\nb\n","stderr":"c"}}}"#;
        let failed = r#"{"_event":"v2_runner_on_failed","hosts":{"h1":{"rc":3,"failed":true,"msg":"non-zero return code","stdout":"","stderr":"no"}}}"#;
        let late = r#"{"_event":"v2_runner_on_failed","hosts":{"h1":{"failed":true,"msg":"The raw action failed to execute in the expected time frame (2) and was terminated"}}}"#;
        let away = r#"{"_event":"v2_runner_on_unreachable","hosts":{"h1":{"unreachable":true,"msg":"Failed to connect to the host via ssh: ssh: connect to host h1 port 22: Connection refused"}}}"#;
        let ended = |code, stdout: &str, stderr: &str| Said::Ended {
            code,
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        };
        assert_eq!(
            heard("h1", &["[WARNING]: x", ok, failed])[0].1,
            ended(0, "a\nb\n", "c")
        );
        assert_eq!(heard("h1", &[ok, failed]).len(), 1);
        assert_eq!(heard("h1", &[failed])[0].1, ended(3, "", "no"));
        for (line, word) in [(late, "expected time frame"), (away, "Connection refused")] {
            match &heard("h1", &[line])[0].1 {
                Said::Silent { why } => assert!(why.contains(word), "{why}"),
                said => panic!("{said:?}"),
            }
        }
        assert_eq!(heard("other", &[ok]), []);
    }
}
