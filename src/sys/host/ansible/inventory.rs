//! An Ansible inventory, read as Ansible reads it: `ansible-inventory --list`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::{pairs, variables};
use crate::model::HostName;
use crate::model::name::NameError;
use crate::sys::environment::Environment;
use crate::sys::process::{Tool, ToolError};

/// Why nobody knows the members of a group.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// ansible-inventory is missing or says no.
    #[error("cannot read the inventory {path}")]
    Read {
        /// The inventory.
        path: PathBuf,
        /// What the tool said.
        source: ToolError,
    },
    /// What it says is no inventory.
    #[error("ansible-inventory says of {path} what is not understood")]
    Answer {
        /// The inventory.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The inventory has no such group.
    #[error("the inventory {path} has no group {group}, but {}", known.join(", "))]
    NoGroup {
        /// The inventory.
        path: PathBuf,
        /// The group that was asked for.
        group: String,
        /// The groups that it has.
        known: Vec<String>,
    },
    /// A host's name is none for us.
    #[error("host {host} of the inventory {path} cannot be used")]
    Name {
        /// The inventory.
        path: PathBuf,
        /// The host.
        host: String,
        /// What is wrong with it.
        source: NameError,
    },
}

/// A host of an inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name in the inventory: what Ansible calls it.
    pub name: HostName,
    /// How ssh(1) is told of it: by the address, user and port that the
    /// inventory says (`USER@ADDRESS:PORT`), else by its name.
    pub address: HostName,
}

/// Returns the hosts of a group, those of its children after its own, each
/// once, in the inventory's order. The group `all` has every host.
pub fn members(
    inventory: &Path,
    group: &str,
    environment: &Environment,
) -> Result<Vec<Member>, InventoryError> {
    of_group(inventory, &listed(inventory, environment)?, group)
}

fn listed(inventory: &Path, environment: &Environment) -> Result<Value, InventoryError> {
    let tool = Tool::new("ansible-inventory").envs(pairs(&variables(environment)));
    let tool = tool.env("ANSIBLE_DEPRECATION_WARNINGS", "0");
    let tool = tool.args(["--list", "-i"]).arg(inventory);
    let tool = tool.limit(Duration::from_secs(120)).at_most(256 << 20);
    let path = || inventory.to_owned();
    let output = tool.output().map_err(|source| InventoryError::Read {
        path: path(),
        source,
    })?;
    let list = serde_json::from_slice(&output.stdout);
    list.map_err(|source| InventoryError::Answer {
        path: path(),
        source,
    })
}

fn of_group(path: &Path, list: &Value, group: &str) -> Result<Vec<Member>, InventoryError> {
    let mut names = Vec::new();
    let is_there = list.get(group).is_some() || group == "all";
    if !is_there || group == "_meta" {
        let known = list.as_object().into_iter().flat_map(|all| all.keys());
        let known = known.filter(|name| *name != "_meta");
        return Err(InventoryError::NoGroup {
            path: path.to_owned(),
            group: group.to_owned(),
            known: known.cloned().collect(),
        });
    }
    collect(list, group, &mut names, &mut BTreeSet::new());
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let variables = &list["_meta"]["hostvars"];
    let member = |name: &str| {
        Ok(Member {
            name: host(path, name)?,
            address: host(path, &address(name, &variables[name]))?,
        })
    };
    names.into_iter().map(member).collect()
}

fn collect<'a>(
    list: &'a Value,
    group: &'a str,
    names: &mut Vec<&'a str>,
    seen: &mut BTreeSet<&'a str>,
) {
    if !seen.insert(group) {
        return;
    }
    let items = |what: &str| list[group][what].as_array().into_iter().flatten();
    names.extend(items("hosts").filter_map(Value::as_str));
    for child in items("children").filter_map(Value::as_str) {
        collect(list, child, names, seen);
    }
}

fn host(path: &Path, name: &str) -> Result<HostName, InventoryError> {
    HostName::new(name).map_err(|source| InventoryError::Name {
        path: path.to_owned(),
        host: name.to_owned(),
        source,
    })
}

/// Says how a host is reached by what its variables say.
fn address(name: &str, variables: &Value) -> String {
    let text = |names: [&str; 2]| -> Option<String> {
        names.iter().find_map(|name| match &variables[*name] {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let mut address = text(["ansible_host", "ansible_ssh_host"]).unwrap_or(name.to_owned());
    if let Some(port) = text(["ansible_port", "ansible_ssh_port"]) {
        address = match address.contains(':') {
            true => format!("[{address}]:{port}"),
            false => format!("{address}:{port}"),
        };
    }
    if let Some(user) = text(["ansible_user", "ansible_ssh_user"]) {
        address = format!("{user}@{address}");
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{
        "_meta": {"hostvars": {
            "web1": {"ansible_host": "192.0.2.1", "ansible_port": 2222, "ansible_user": "ada"},
            "web2": {"ansible_host": "2001:db8::2", "ansible_port": "2222"},
            "web3": {"colour": "red"}
        }},
        "all": {"children": ["ungrouped", "web"]},
        "web": {"children": ["canaries"], "hosts": ["web3", "web1"]},
        "canaries": {"hosts": ["web2", "web1"], "children": ["web"]}
    }"#;

    #[test]
    fn groups_have_the_hosts_of_their_children() {
        let list: Value = serde_json::from_str(LIST).expect("JSON");
        let path = Path::new("inv");
        let of = |group| {
            of_group(path, &list, group).map(|members| {
                let shown = members.iter().map(|m| format!("{}={}", m.name, m.address));
                shown.collect::<Vec<_>>().join(" ")
            })
        };
        let all = "web3=web3 web1=ada@192.0.2.1:2222 web2=[2001:db8::2]:2222";
        assert_eq!(of("web").expect("hosts"), all);
        assert_eq!(of("all").expect("hosts"), all);
        assert_eq!(
            of("canaries").expect("hosts"),
            "web2=[2001:db8::2]:2222 web1=ada@192.0.2.1:2222 web3=web3"
        );
        assert_eq!(
            of("nobody").expect_err("no group").to_string(),
            "the inventory inv has no group nobody, but all, web, canaries"
        );
    }
}
