//! A real sshd(8) on the loopback, with keys and a configuration of its own.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use debcut::sys::environment::Environment;
use debcut::sys::host::Ssh;
use debcut::sys::outward::{Destination, Gate, Permit};

use crate::world::{is_root, tool};

/// Lets a test reach hosts.
pub fn permit() -> Permit {
    let gate = Gate::default();
    gate.permit(Destination::Hosts)
        .expect("there is no embargo")
}

/// The server; it ends with this value.
pub struct Server {
    place: tempfile::TempDir,
    child: Child,
    pub port: u16,
}

impl Server {
    /// Starts one that lets in whoever has its client key, or says why not.
    #[expect(clippy::print_stderr, reason = "who skips says why")]
    pub fn start() -> Option<Self> {
        if !is_root() {
            eprintln!("skipped: only root lets itself in");
            return None;
        }
        let place = tempfile::tempdir().expect("a directory");
        for key in ["host", "other-host", "client", "stranger"] {
            let mut keygen = tool("ssh-keygen", "openssh-client");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]);
            let ran = keygen.arg(place.path().join(key)).status();
            assert!(ran.expect("it runs").success());
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let dir = place.path().display();
        let configuration = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {dir}/host\nPidFile none\n\
             AuthorizedKeysFile {dir}/client.pub\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin yes\nMaxStartups 200\nPrintMotd no\nLogLevel QUIET\n"
        );
        std::fs::write(place.path().join("sshd_config"), configuration).expect("written");
        // Its directory for privileges lies where nobody else sees it, and so
        // does root's home: what a login shell reads there is this machine's.
        let script = "mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && \
                      mount -t tmpfs tmpfs \"$(getent passwd root | cut -d: -f6)\" && \
                      exec /usr/sbin/sshd -D -e -f \"$1\"";
        assert!(
            PathBuf::from("/usr/sbin/sshd").is_file(),
            "sshd is not installed: apt-get install openssh-server"
        );
        let mut unshare = Command::new("setpriv");
        unshare.args([
            "--pdeathsig",
            "KILL",
            "unshare",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
        ]);
        unshare.arg(place.path().join("sshd_config"));
        unshare.stdin(Stdio::null()).stdout(Stdio::null());
        let child = unshare.spawn().expect("it starts");
        let server = Self { place, child, port };
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "sshd listens");
            std::thread::sleep(Duration::from_millis(20));
        }
        server.known(port, "host");
        Some(server)
    }

    /// Writes which key the clients know of it.
    pub fn known(&self, port: u16, key: &str) {
        let public = std::fs::read_to_string(self.file(&format!("{key}.pub"))).expect("a key");
        let line = format!("[127.0.0.1]:{port} {public}");
        std::fs::write(self.file("known_hosts"), line).expect("written");
    }

    /// A file of its directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// A client whose every host is this server.
    pub fn client(&self, more: &str) -> Ssh {
        let dir = self.place.path().display();
        let text = format!(
            "{more}\nHost *\n  HostName 127.0.0.1\n  Port {}\n  User root\n  IdentityFile {dir}/client\n  \
             IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile {dir}/known_hosts\n  \
             GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n  ConnectTimeout 60\n  UpdateHostKeys no\n",
            self.port
        );
        std::fs::write(self.file("ssh_config"), text).expect("written");
        let options = ["-F".to_owned(), format!("{dir}/ssh_config")];
        Ssh::new(&permit(), &self.environment()).options(options)
    }

    /// What a client needs.
    pub fn environment(&self) -> Environment {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let home = self.place.path().as_os_str().to_owned();
        Environment::new("/", [("PATH", path), ("HOME", home)])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
