//! An S3 server of one's own: moto, as a process on a free port of loopback.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::{Call, World, tool};

/// The key that tests sign with, and the secret that must never be seen.
pub const KEY: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI-hush";

/// A server, as long as it lives.
pub struct Moto {
    process: Child,
    pub address: SocketAddr,
}

/// Returns a Python that has moto: the system's, else one of our own, installed
/// from the package index when it is not there yet; none when that does not
/// answer.
#[expect(clippy::print_stderr, reason = "who skips says why")]
fn python(world: &World) -> Option<PathBuf> {
    let has_moto = |python: &Path| {
        let mut command = Command::new(python);
        command.args(["-c", "import moto.server, flask_cors"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        world.surround(&mut command);
        command.status().is_ok_and(|status| status.success())
    };
    let usual = Path::new("python3");
    if has_moto(usual) {
        return Some(usual.to_owned());
    }
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("object-store");
    // Several tests may look at once; one installs.
    let lock = File::create(place.with_extension("lock")).expect("a file");
    lock.lock().expect("a lock");
    let python = place.join("bin/python");
    if has_moto(&python) {
        return Some(python);
    }
    let mut venv = tool("python3", "python3");
    venv.args(["-m", "venv", "--clear"]).arg(&place);
    if world.judge(venv).code != 0 {
        eprintln!("skipped: python3 makes no venv: apt-get install python3-venv");
        return None;
    }
    let mut pip = Command::new(place.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]);
    pip.arg("moto[server]==5.2.1")
        .env("HOME", world.path("home"));
    match pip.output() {
        Ok(ran) if ran.status.success() && has_moto(&python) => Some(python),
        ran => {
            eprintln!("skipped: pip cannot install moto: {ran:?}");
            None
        }
    }
}

/// Returns a Python that has Amazon's own library, which moto brings.
pub fn judge(world: &World) -> Command {
    Command::new(python(world).expect("moto runs already"))
}

impl Moto {
    /// Starts one; none, with the reason told, where there is no moto.
    pub fn start(world: &World) -> Option<Self> {
        Self::start_with(world, &[])
    }

    /// Starts one with more arguments.
    pub fn start_with(world: &World, more: &[&str]) -> Option<Self> {
        let mut command = Command::new(python(world)?);
        world.surround(&mut command);
        let log = world.path("moto.log");
        command
            .args(["-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .args(more)
            // So that a few objects make several pages.
            .env("MOTO_S3_DEFAULT_MAX_KEYS", "25")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a file"));
        let mut process = command.spawn().expect("python runs");
        let start = Instant::now();
        loop {
            let said = std::fs::read_to_string(&log).expect("its log");
            let address = said.split("://127.0.0.1:").nth(1);
            let port: String = address.map_or(String::new(), |rest| {
                rest.chars().take_while(char::is_ascii_digit).collect()
            });
            if let (Ok(port), true) = (port.parse::<u16>(), said.contains("CTRL+C")) {
                let address = SocketAddr::from(([127, 0, 0, 1], port));
                return Some(Self { process, address });
            }
            assert!(process.try_wait().expect("a process").is_none(), "{said}");
            assert!(start.elapsed() < Duration::from_secs(60), "{said}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Makes a bucket whose objects everybody may read.
    pub fn bucket(&self, name: &str) {
        self.asks("PUT", &format!("/{name}"), "");
        let policy = format!(
            "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\
             \"Principal\":\"*\",\"Action\":\"s3:GetObject\",\
             \"Resource\":\"arn:aws:s3:::{name}/*\"}}]}}"
        );
        self.asks("PUT", &format!("/{name}?policy"), &policy);
    }

    /// Makes a request as the owner; returns the answer, head and all.
    #[track_caller]
    pub fn asks(&self, method: &str, target: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let length = body.len();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/s3/aws4_request\
             \r\n\r\n{body}",
            self.address
        );
        stream.write_all(head.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 2"), "{target}: {answer}");
        answer
    }

    /// Returns all keys of a bucket.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let list = self.asks("GET", &format!("/{bucket}?list-type=2&max-keys=1000"), "");
        let keys = list.split("<Key>").skip(1);
        keys.map(|rest| rest.split('<').next().expect("text").to_owned())
            .collect()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Gives a run the key, and the server's address.
pub fn as_owner<'a>(call: Call<'a>, address: SocketAddr) -> Call<'a> {
    call.env("AWS_ENDPOINT_URL", format!("http://{address}"))
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_REGION", "eu-central-1")
}
