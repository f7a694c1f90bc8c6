//! Words of a note that are things of the code: functions, modules, variables,
//! source files. What users meet too under such names is not among them:
//! options, metrics, programs, settings.

/// Endings of names of source files. Configuration and documents are not among
/// them: users see those.
const SOURCES: [&str; 24] = [
    "c", "cc", "cpp", "cs", "cxx", "go", "h", "hpp", "java", "js", "jsx", "kt", "lock", "lua",
    "mk", "php", "pl", "py", "rb", "rs", "swift", "ts", "tsx", "vue",
];
/// Words of those who write code.
const TRADE: [&str; 8] = [
    "boilerplate",
    "clippy",
    "codebase",
    "refactor",
    "refactored",
    "refactoring",
    "refactors",
    "rustfmt",
];

/// Words beside which a name is something that users see.
const SEEN: [&str; 44] = [
    "attribute",
    "charset",
    "collation",
    "column",
    "columns",
    "config",
    "configuration",
    "dependency",
    "directive",
    "driver",
    "drivers",
    "environment",
    "extension",
    "field",
    "fields",
    "flag",
    "flags",
    "key",
    "keys",
    "label",
    "labels",
    "locale",
    "metric",
    "metrics",
    "module",
    "modules",
    "option",
    "options",
    "package",
    "packages",
    "parameter",
    "parameters",
    "plugin",
    "property",
    "role",
    "setting",
    "settings",
    "sysctl",
    "table",
    "tables",
    "template",
    "unit",
    "variable",
    "variables",
];
/// How many words away such a word may be.
const NEAR: usize = 3;

/// Finds a word that is a thing of the code.
pub(super) fn of_code(note: &str) -> Option<String> {
    let words: Vec<&str> = note
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| "`'\"“”‘’,;:!?.".contains(c)))
        .collect();
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let is_file = |word: &String| {
        let ending = word.rsplit_once('.').map(|(_, ending)| ending);
        ending.is_some_and(|it| ["cfg", "conf", "ini", "json", "toml", "yaml", "yml"].contains(&it))
    };
    // What is said of a file of settings is a setting.
    let settings = lower.iter().any(is_file);
    let near = |at: usize| {
        let from = at.saturating_sub(NEAR);
        let to = (at + NEAR + 1).min(lower.len());
        settings
            || lower[from..to]
                .iter()
                .any(|word| SEEN.contains(&word.as_str()))
    };
    for (at, word) in words.iter().enumerate() {
        if at > 0 && words[at - 1] == "fn" && word.contains('(') {
            return Some(format!("fn {word}"));
        }
        let inner = word.trim_matches(['(', ')', '[', ']', '*', '`', '.']);
        // Commands' options, variables of the environment and installed paths
        // are what users see.
        let seen = inner.starts_with(['-', '/', '$', '~', '%']) || inner.contains("://");
        if seen || inner.contains('@') {
            continue;
        }
        let named = is_module(inner) || is_snake(inner);
        if TRADE.contains(&lower[at].as_str())
            || is_call(word)
            || is_member(inner)
            || is_source(inner)
            || named && !near(at)
        {
            return Some((*word).to_owned());
        }
    }
    None
}

/// `greet()`; `NOW()` is SQL.
fn is_call(word: &str) -> bool {
    let name = word.strip_suffix("()").unwrap_or_default();
    name.contains(|c: char| c.is_ascii_lowercase())
}

/// `podWorkers.UpdatePod`; what users configure goes on in lower case
/// (`spec.hostNetwork`).
fn is_member(word: &str) -> bool {
    let Some((object, member)) = word.split_once('.') else {
        return false;
    };
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric());
    let hump = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.contains(|c: char| c.is_ascii_uppercase())
    };
    let upper = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase())
            && part.contains(|c: char| c.is_ascii_lowercase())
    };
    plain(object) && plain(member) && hump(object) && upper(member)
}

/// `2001:db8::1`, `fe80::1%eth0`.
fn is_address(word: &str) -> bool {
    let bare = word.split(['%', '/']).next().unwrap_or_default();
    bare.parse::<std::net::Ipv6Addr>().is_ok()
}

fn is_module(word: &str) -> bool {
    // apt's own settings, and addresses.
    let apt = ["APT::", "Acquire::", "Binary::", "DPkg::", "Dir::"];
    if apt.iter().any(|start| word.starts_with(start)) || is_address(word) {
        return false;
    }
    let mut parts = word.split("::");
    let name = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    word.contains("::") && parts.all(name)
}

/// Names of programs, files and machines that are written like variables.
fn is_known(word: &str) -> bool {
    let starts = ["mod_", "pg_", "x86_64", "amd64_v", "nf_", "snd_"];
    let ends = [
        "_config",
        "_fdw",
        "_hosts",
        "_keys",
        "_exporter",
        "_preferences",
    ];
    starts.iter().any(|start| word.starts_with(start)) || ends.iter().any(|end| word.ends_with(end))
}

fn is_snake(word: &str) -> bool {
    if is_known(word) {
        return false;
    }
    let word = word.split_once('(').map_or(word, |(name, _)| name);
    let mut parts = word.trim_matches('_').split('_');
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let letters = word.contains(|c: char| c.is_ascii_lowercase());
    word.trim_matches('_').contains('_') && letters && parts.all(part)
}

fn is_source(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    let ending = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty());
    let source = ending.is_some_and(|(stem, ending)| {
        let named = stem.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        // `Node.js` and the like are names of things.
        let known = [
            "chart.js", "d3.js", "docs.rs", "init.lua", "next.js", "node.js", "vue.js",
        ];
        let product = ending == "js" && stem.starts_with(|c: char| c.is_ascii_uppercase());
        let product = product || known.contains(&word) || stem.ends_with("config");
        named && SOURCES.contains(&ending) && !product
    });
    source || word.starts_with("src/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sentences as projects' notes have them: those of Kubernetes, systemd,
    /// git, PostgreSQL, Debian.
    #[test]
    fn what_users_see_is_no_code() {
        for note in [
            "Fixed a regression where kubeadm join failed if /etc/kubernetes/pki existed.",
            "The `apiserver_request_duration_seconds` metric has no label `component` any more.",
            "kubelet: the metric kubelet_volume_stats_used_bytes is back.",
            "`spec.template.spec.hostNetwork` is validated again.",
            "Kubernetes is built with Go 1.21.5, golang.org/x/net v0.17.0 and etcd v3.5.10.",
            "k8s.io/client-go: watches end when the context ends.",
            "The sysctl net.ipv4.ip_forward is set before the network is up.",
            "systemd-resolved: DNSSEC answers of fe80::abcd%eth0 and 2001:db8::1 are validated.",
            "networkd: `IPv6AcceptRA=` is honoured with systemd.network files again.",
            "user@.service and wg-quick@.service are ordered behind dbus.socket.",
            "org.freedesktop.login1.Manager answers while suspending.",
            "The kernel module nf_conntrack and snd_hda_intel are loaded on demand.",
            "`git log --pretty=format:%x00` and core.excludesFile work in bare repositories.",
            "\"git apply\" no longer crashes on a patch without a final newline.",
            "pg_dump keeps the order of extensions; postgres_fdw needs no superuser.",
            "`max_connections` in postgresql.conf may be 0.",
            "NOW() and COALESCE() are pushed down to the server.",
            "sshd_config and authorized_keys are read once; known_hosts is hashed.",
            "`APT::Periodic::Enable` and Acquire::http::Proxy are honoured.",
            "Perl: the package Dpkg::Source::Package is found again.",
            "Support Node.js 20, node.js and x86_64; docs.rs shows all features.",
            "webpack.config.js and init.lua may be symbolic links.",
            "The environment variable `https_proxy` is read, also as $https_proxy.",
            "The database's collation utf8mb4_unicode_ci is the default.",
            "The setting `log_level` is case-insensitive.",
            "Long lines are unwrapped when they are copied.",
            "debcut.toml: unknown keys are errors.",
            "Names in pt_BR.UTF-8 and de_DE are sorted as people expect.",
            "Upgraded runc to v1.1.12 to fix CVE-2024-21626.",
            "A null pointer is no longer followed when a disk is pulled out.",
        ] {
            assert_eq!(of_code(note), None, "{note}");
        }
    }

    #[test]
    fn code_is_code() {
        for (note, word) in [
            ("Fix a race in podWorkers.UpdatePod", "podWorkers.UpdatePod"),
            ("Fix NPE in getFoo()", "getFoo()"),
            (
                "fix: make manager_deserialize_one robust",
                "manager_deserialize_one",
            ),
            (
                "pkg/kubelet/pod_workers.go: take the lock",
                "pkg/kubelet/pod_workers.go",
            ),
            ("builtin/stash.c: plug a leak", "builtin/stash.c"),
            ("Refactor the queue", "Refactor"),
            ("Use std::string_view in the parser", "std::string_view"),
            ("Move code to src/basic", "src/basic"),
            ("sd_bus_open() checks its arguments", "sd_bus_open()"),
        ] {
            assert_eq!(of_code(note).as_deref(), Some(word), "{note}");
        }
    }
}
