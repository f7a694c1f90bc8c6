//! `/etc`: the machine's or the layers', with the room's own account, host
//! name and resolver.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::super::description::{Account, Network};
use super::super::wire::Order;
use super::mounts::{NEW, OLD, Sources, directory, file, make_directory};
use super::{Doing, Failed};

/// Who nobody needs to know in a build: passwords, and what tells one machine
/// from another.
const LEFT_OUT: [&str; 12] = [
    "shadow",
    "shadow-",
    "gshadow",
    "gshadow-",
    "passwd-",
    "group-",
    "sudoers",
    "sudoers.d",
    "subuid",
    "subgid",
    "machine-id",
    "krb5.keytab",
];

/// The first number of accounts that are people's (Debian Policy 9.2.2), and
/// the one that is nobody's.
const PEOPLE: std::ops::Range<u32> = 1000..65534;

/// Where no name server is: an address for documentation (RFC 5737), so that
/// a question for a name can be seen going there.
const RESOLVER: &str = "nameserver 192.0.2.53\noptions timeout:1 attempts:1\n";

/// Puts the machine's `/etc` together without what is left out.
pub(super) fn of_the_machine(order: &Order, sources: &mut Sources) -> Result<(), Failed> {
    let (from, to) = (Path::new(OLD).join("etc"), Path::new(NEW).join("etc"));
    let own = own_files(order, &|name| fs::read_to_string(from.join(name)).ok());
    let entries = fs::read_dir(&from).doing(|| "read /etc".to_owned())?;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let known = name.to_string_lossy();
        let replaced = own.iter().any(|(own, _)| *own == known);
        if replaced || LEFT_OUT.contains(&known.as_ref()) {
            continue;
        }
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let target = to.join(&name);
        if kind.is_symlink() {
            let link = fs::read_link(entry.path()).doing(|| format!("read /etc/{known}"))?;
            symlink(link, target).doing(|| format!("make /etc/{known}"))?;
        } else if kind.is_dir() {
            directory(&target, 0o755)?;
            sources.place(&Path::new("/etc").join(&name), &target)?;
        } else if kind.is_file()
            // One that only some may read is not for the room.
            && let Ok(text) = fs::read(entry.path())
        {
            file(&target, "")?;
            fs::write(&target, text).doing(|| format!("write /etc/{known}"))?;
            let mode = entry.metadata().doing(|| format!("look at /etc/{known}"))?;
            fs::set_permissions(&target, mode.permissions())
                .doing(|| format!("write /etc/{known}"))?;
        }
    }
    for (name, text) in own {
        file(&to.join(name), &text)?;
    }
    Ok(())
}

/// Writes what the room itself needs above layers.
pub(super) fn of_layers(
    order: &Order,
    layers: &[PathBuf],
    installing: bool,
    skeleton: &Path,
) -> Result<(), Failed> {
    let etc = skeleton.join("etc");
    make_directory(&etc)?;
    let read = |name: &str| {
        let mut layers = layers.iter();
        layers.find_map(|layer| fs::read_to_string(layer.join("etc").join(name)).ok())
    };
    for (name, text) in own_files(order, &read) {
        // The layers' accounts are what maintainer scripts add to.
        let accounts = ["passwd", "group", "nsswitch.conf"].contains(&name.as_str());
        if !(accounts && installing) && (name != "nsswitch.conf" || read(&name).is_none()) {
            file(&etc.join(name), &text)?;
        }
    }
    for (path, text) in &order.description.files {
        let path = skeleton.join(path.strip_prefix("/").unwrap_or(path));
        if let Some(parent) = path.parent() {
            make_directory(parent)?;
        }
        file(&path, text)?;
    }
    Ok(())
}

/// Returns the files of `/etc` that are the room's own.
fn own_files(order: &Order, read: &dyn Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let description = &order.description;
    let account = &description.account;
    let host = &description.host_name;
    let hosts = format!("127.0.0.1\tlocalhost\n127.0.1.1\t{host}\n::1\tlocalhost ip6-localhost\n");
    let resolver = match description.network {
        Network::None => RESOLVER.to_owned(),
        Network::Host => {
            fs::read_to_string(Path::new(OLD).join("etc/resolv.conf")).unwrap_or_default()
        }
    };
    let passwd = read("passwd").unwrap_or_else(|| ROOT_PASSWD.to_owned());
    let group = read("group").unwrap_or_else(|| "root:x:0:\n".to_owned());
    let own = [
        ("passwd", passwd_with(&passwd, account)),
        ("group", group_with(&group, account)),
        ("hosts", hosts),
        ("hostname", format!("{host}\n")),
        ("resolv.conf", resolver),
        ("nsswitch.conf", SWITCH.to_owned()),
    ];
    let mut own: Vec<(String, String)> = own
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text))
        .collect();
    for (path, text) in &description.files {
        if let Ok(name) = path.strip_prefix("/etc")
            && name.components().count() == 1
        {
            let name = name.display().to_string();
            own.retain(|(own, _)| *own != name);
            own.push((name, text.clone()));
        }
    }
    own
}

const ROOT_PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n";
/// Names come from files: no directory service is in the room.
const SWITCH: &str = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n\
    networks: files\nprotocols: files\nservices: files\nethers: files\nrpc: files\n";

/// Returns `passwd` with the system's accounts and the one that builds.
fn passwd_with(passwd: &str, account: &Account) -> String {
    let Account { name, uid, home } = account;
    let own = format!("{name}:x:{uid}:{uid}:{name}:{}:/bin/sh", home.display());
    with(passwd, name, *uid, own)
}

/// Returns `group` with the system's groups and the account's.
fn group_with(group: &str, account: &Account) -> String {
    let Account { name, uid, .. } = account;
    with(group, name, *uid, format!("{name}:x:{uid}:"))
}

fn with(file: &str, name: &str, id: u32, own: String) -> String {
    let mut text = String::new();
    for line in file.lines() {
        let mut fields = line.split(':');
        let (its_name, its_id) = (fields.next().unwrap_or_default(), fields.nth(1));
        let Some(Ok(its_id)) = its_id.map(str::parse::<u32>) else {
            continue;
        };
        if its_name != name && its_id != id && !PEOPLE.contains(&its_id) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text.push_str(&own);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_the_systems_and_the_builds() {
        let account = Account {
            name: "builder".to_owned(),
            uid: 1234,
            home: "/build/home".into(),
        };
        let passwd = "root:x:0:0:root:/root:/bin/bash\nman:x:6:12::/var/cache/man:/bin/false\n\
            ada:x:1000:1000:Ada,,,:/home/ada:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n+::::\n";
        assert_eq!(
            passwd_with(passwd, &account),
            "root:x:0:0:root:/root:/bin/bash\nman:x:6:12::/var/cache/man:/bin/false\n\
             nobody:x:65534:65534::/:/bin/false\n\
             builder:x:1234:1234:builder:/build/home:/bin/sh\n"
        );
        let group = "root:x:0:\nadm:x:4:ada\nbuilder:x:7:\n";
        assert_eq!(
            group_with(group, &account),
            "root:x:0:\nadm:x:4:ada\nbuilder:x:1234:\n"
        );
    }
}
