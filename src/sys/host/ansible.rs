//! Hosts through `ansible-playbook`, with the user's own configuration and
//! inventory.
//!
//! A playbook of one task runs each host's script by `ansible.builtin.raw`, so
//! hosts need no Python; what comes back is read from the JSON callback that
//! writes a line for each host as it answers (`ansible.posix.jsonl`, of
//! Debian's package ansible). No terminal is asked for: dpkg would ask there.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::destination::divided;
use super::ssh::Become;
use super::{Call, Hosts, Said};
use crate::model::{HostName, Silent};
use crate::sys::environment::Environment;
use crate::sys::outward::Permit;
use crate::sys::process::{Tool, ToolError};

mod events;
mod inventory;

use events::{Events, Lines};

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
    pub fn new(_: &Permit, environment: &Environment) -> Self {
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
        let (destination, port) = divided(call.host.as_str());
        let (user, address) = match destination.split_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, &*destination),
        };
        if let Some(user) = user {
            variables["ansible_user"] = user.into();
        }
        if let Some(port) = port {
            variables["ansible_port"] = port.into();
        }
        // A plain name is the inventory's, which may say more of it.
        if address != call.host.as_str() {
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

    #[test]
    fn scripts_hide_from_templates() {
        let hosts = hosts(&[call("ada@web1")]).to_string();
        assert!(!hosts.contains("{{") && !hosts.contains("{#") && !hosts.contains("{%"));
        assert!(hosts.contains(r#""ansible_user":"ada","ansible_host":"web1""#));
        let of = |host| super::hosts(&[call(host)]).to_string();
        let port = r#""ansible_user":"ada","ansible_port":"2222","ansible_host":"web1""#;
        assert!(of("ada@web1:2222").contains(port));
        assert!(
            of("[2001:db8::2]:22").contains(r#""ansible_port":"22","ansible_host":"2001:db8::2""#)
        );
        assert!(!of("web1").contains("ansible_"));
        let playbook = playbook(Duration::from_secs(40), Become::Sudo).to_string();
        assert!(playbook.contains(r#""become":true"#), "{playbook}");
        assert!(playbook.contains("echo {{ debcut_rollout_script }} | base64 -d | sh"));
    }
}
