//! How this machine's apt fetches: proxies, retries and dates, for an apt that
//! reads another configuration. Knows nothing of what is fetched.

use std::time::Duration;

use crate::sys::environment::Environment;
use crate::sys::process::Tool;

/// Options of `Acquire::` that say how to reach a mirror. What weakens the
/// check of signatures is left out: here it is somebody else's archive.
const OPTIONS: [&str; 11] = [
    "Acquire::http::",
    "Acquire::https::",
    "Acquire::ftp::",
    "Acquire::Retries",
    "Acquire::Queue-Mode",
    "Acquire::ForceIPv4",
    "Acquire::ForceIPv6",
    "Acquire::Check-Valid-Until",
    "Acquire::Check-Date",
    "Acquire::Max-ValidTime",
    "Acquire::Min-ValidTime",
];
/// Variables that name a proxy.
const VARIABLES: [&str; 8] = [
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "NO_PROXY",
];

/// How to reach mirrors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acquire {
    /// Lines of apt.conf(5).
    pub options: Vec<String>,
    /// Environment variables.
    pub variables: Vec<(String, String)>,
}

/// Asks this machine's apt.
pub fn acquire(environment: &Environment) -> Acquire {
    let dump = Tool::new("apt-config").arg("dump");
    let dump = dump
        .env("PATH", crate::sys::sandbox::PATH)
        .env("LC_ALL", "C.UTF-8");
    let dump = dump.limit(Duration::from_secs(30)).output();
    // Without apt here, its usual ways are taken.
    let dump = dump.map(|output| output.stdout).unwrap_or_default();
    let variable = |name: &&str| Some(((*name).to_owned(), environment.var(name)?.to_owned()));
    Acquire {
        options: chosen(&String::from_utf8_lossy(&dump)),
        variables: VARIABLES.iter().filter_map(variable).collect(),
    }
}

/// Chooses from what `apt-config dump` says.
fn chosen(dump: &str) -> Vec<String> {
    let own = |line: &&str| OPTIONS.iter().any(|option| line.starts_with(option));
    // A program of this machine's is not there in another system.
    let is_program = |line: &&str| line.to_ascii_lowercase().contains("proxy-auto-detect");
    let lines = dump.lines().filter(own).filter(|line| !is_program(line));
    let set = lines.filter(|line| !line.ends_with(" \"\";"));
    set.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_way_to_the_mirror_is_taken() {
        let dump = "APT \"\";\nAcquire \"\";\nAcquire::AllowInsecureRepositories \"1\";\n\
            Acquire::http \"\";\nAcquire::http::Proxy \"http://proxy.example:3142\";\n\
            Acquire::http::Proxy::deb.debian.org \"DIRECT\";\n\
            Acquire::http::Proxy-Auto-Detect \"/usr/bin/auto-apt-proxy\";\n\
            Acquire::https::Verify-Peer \"true\";\nAcquire::Check-Valid-Until \"false\";\n\
            Acquire::IndexTargets \"\";\nAcquire::Retries \"\";\n";
        let want = [
            "Acquire::http::Proxy \"http://proxy.example:3142\";",
            "Acquire::http::Proxy::deb.debian.org \"DIRECT\";",
            "Acquire::https::Verify-Peer \"true\";",
            "Acquire::Check-Valid-Until \"false\";",
        ];
        assert_eq!(chosen(dump), want);
    }
}
