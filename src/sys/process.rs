//! Other programs: started with exactly the environment they need, limited in
//! time, ended with all their children.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::model::{Event, Listener};
use crate::sys::interrupt;

/// Why a program gave no answer, or a bad one.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The program is not on the search path.
    #[error("{program} is not installed")]
    Missing {
        /// The program's name.
        program: String,
    },
    /// The program could not be started or spoken to.
    #[error("cannot run {program}")]
    Run {
        /// The program's name.
        program: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The program ended with a failure.
    #[error("{program} {how}{}", Said(tail))]
    Failed {
        /// The program's name.
        program: String,
        /// How it ended: `ended with 2`, `was killed by signal 9`.
        how: String,
        /// The exit code, where it has one.
        code: Option<i32>,
        /// The last lines of what it said.
        tail: String,
    },
    /// The program took too long and was ended.
    #[error("{program} did not end within {} s and was killed{}", limit.as_secs(), Said(tail))]
    TimedOut {
        /// The program's name.
        program: String,
        /// The time it was given.
        limit: Duration,
        /// The last lines of what it said.
        tail: String,
    },
    /// The program said more than anybody wants to hear.
    #[error("{program} wrote more than {most} bytes")]
    TooMuch {
        /// The program's name.
        program: String,
        /// What it was allowed.
        most: u64,
    },
    /// The user asked to stop; the program was ended.
    #[error("stopped while {program} was running")]
    Interrupted {
        /// The program's name.
        program: String,
    },
}

struct Said<'a>(&'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.trim().is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.0.trim_end())
        }
    }
}

/// What a program wrote until it ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its standard output, whole.
    pub stdout: Vec<u8>,
    /// Its standard error, whole.
    pub stderr: Vec<u8>,
}

/// A program about to be run, with an empty environment and no input.
#[derive(Debug, Clone)]
pub struct Tool {
    program: OsString,
    called: Option<String>,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    input: Vec<u8>,
    limit: Duration,
    most: u64,
    through: Vec<OsString>,
}

/// How many of the last lines an error repeats.
const TAIL_LINES: usize = 12;
/// How often a running child is looked at; short against any tool's run time.
const LOOK: Duration = Duration::from_millis(5);
/// How long the output of a program that has ended is waited for. A pipe holds
/// 64 KiB, which take no time; only a process that has left the program's group
/// (a daemon it started) can hold it open longer, perhaps for ever.
const LINGER: Duration = Duration::from_secs(3);
/// The longest piece of a line that is passed on at once: a program that never
/// ends its line must not fill the memory.
const LONGEST_LINE_BYTES: u64 = 8 * 1024;
/// How many lines may wait for whoever hears them; then the program waits.
const WAITING_LINES: usize = 1024;
/// How much of one program a log keeps: more than any build of Debian says, and
/// little enough for every disk.
const LONGEST_LOG_BYTES: u64 = 512 * 1024 * 1024;

impl Tool {
    /// Prepares a program by name (found on the given `PATH`) or by path.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            called: None,
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: None,
            input: Vec::new(),
            limit: Duration::from_secs(600),
            most: u64::MAX,
            through: Vec::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds a variable to the environment, which is otherwise empty.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Adds variables to the environment, which is otherwise empty.
    #[must_use]
    pub fn envs<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        variables
            .into_iter()
            .fold(self, |tool, (name, value)| tool.env(name, value))
    }

    /// Names it in errors by the tool that it only starts.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        self.called = Some(name.to_owned());
        self
    }

    /// Sets the directory it runs in.
    #[must_use]
    pub fn dir(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    /// Gives it this standard input instead of none.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Limits its run time; ten minutes otherwise.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Limits what it may write to each of its streams, where that is kept or
    /// goes to a file: who writes more is ended.
    #[must_use]
    pub fn most(mut self, bytes: u64) -> Self {
        self.most = bytes;
        self
    }

    /// Has other programs run it, somewhere else: these words come before its
    /// own. Its directory, program and environment are looked for there.
    #[must_use]
    pub fn through<W: Into<OsString>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.through = words.into_iter().map(Into::into).collect();
        self
    }

    /// Returns the command line for a human to read.
    pub fn shown(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Runs it to its end and returns what it wrote; any other exit code than
    /// 0 is an error that repeats its last words.
    pub fn output(self) -> Result<Output, ToolError> {
        let (status, output) = self.finish()?;
        if status.success() {
            return Ok(output);
        }
        let said = if output.stderr.is_empty() {
            &output.stdout
        } else {
            &output.stderr
        };
        Err(self.failed(status, tail(said)))
    }

    /// Runs it to its end, its standard output written to a file; any other
    /// exit code than 0 is an error that repeats its last words.
    pub fn write_to(self, mut file: File) -> Result<(), ToolError> {
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.start(&mut command)?;
        drop(command);
        let (done, written) = mpsc::channel();
        let mut stdout = child.stdout.take().expect("it is piped");
        let most = self.most;
        std::thread::spawn(move || {
            let copied = io::copy(&mut (&mut stdout).take(most.saturating_add(1)), &mut file);
            // Whoever writes on finds nobody who reads.
            drop(stdout);
            let _ = done.send(copied);
        });
        let stderr = child.stderr.take().map(|from| chunks(from, most));
        let ended = self.wait(&mut child);
        let mut said = Vec::new();
        if let Some(chunks) = stderr {
            hear_out(&chunks, Instant::now() + LINGER, |chunk| said.extend(chunk));
        }
        // As long as a slow disk may take; a daemon is never waited for longer.
        let written = written.recv_timeout(10 * LINGER);
        let written = written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        if said.len() as u64 > most || matches!(written, Ok(bytes) if bytes > most) {
            return Err(self.too_much());
        }
        let status = ended.map_err(|why| self.stopped(why, tail(&said)))?;
        written.map_err(|source| ToolError::Run {
            program: self.name(),
            source,
        })?;
        match status.success() {
            true => Ok(()),
            false => Err(self.failed(status, tail(&said))),
        }
    }

    /// Runs it to its end, whatever its exit code.
    pub fn finish(&self) -> Result<(ExitStatus, Output), ToolError> {
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.start(&mut command)?;
        drop(command);
        let stdout = child.stdout.take().map(|from| chunks(from, self.most));
        let stderr = child.stderr.take().map(|from| chunks(from, self.most));
        let ended = self.wait(&mut child);
        let until = Instant::now() + LINGER;
        let read = |chunks: Option<Receiver<Vec<u8>>>| {
            let mut whole = Vec::new();
            if let Some(chunks) = chunks {
                hear_out(&chunks, until, |chunk| whole.extend(chunk));
            }
            whole
        };
        let output = Output {
            stdout: read(stdout),
            stderr: read(stderr),
        };
        let longest = output.stdout.len().max(output.stderr.len());
        if longest as u64 > self.most {
            return Err(self.too_much());
        }
        let status = ended.map_err(|why| self.stopped(why, tail(&output.stderr)))?;
        if self.is_missing_there(status, &output.stderr) {
            return Err(self.missing());
        }
        Ok((status, output))
    }

    /// Runs it to its end, its output and errors copied line by line, in
    /// order, to `log` and to the listener.
    pub fn logged(self, log: &mut dyn Write, listener: &dyn Listener) -> Result<(), ToolError> {
        let run = |source| ToolError::Run {
            program: self.name(),
            source,
        };
        let (reader, writer) = io::pipe().map_err(run)?;
        let mut command = self.command();
        command
            .stdout(writer.try_clone().map_err(run)?)
            .stderr(writer);
        let mut child = self.start(&mut command)?;
        // The command keeps the pipe's writing end open until it is dropped.
        drop(command);
        let mut last = std::collections::VecDeque::new();
        let (lines, waiting) = mpsc::sync_channel(WAITING_LINES);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(reader);
            let mut line = Vec::new();
            let mut next = |line: &mut Vec<u8>| {
                let piece = (&mut reader).take(LONGEST_LINE_BYTES);
                { piece }.read_until(b'\n', line)
            };
            while matches!(next(&mut line), Ok(1..)) {
                if lines.send(std::mem::take(&mut line)).is_err() {
                    break;
                }
            }
        });
        let mut written = Ok(());
        let mut log = Log {
            to: log,
            room: LONGEST_LOG_BYTES,
        };
        let mut hear = |line: Vec<u8>| {
            if written.is_ok() {
                written = log.write(&line);
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            listener.hear(Event::Output(text.clone()));
            last.push_back(text);
            if last.len() > TAIL_LINES {
                last.pop_front();
            }
        };
        let ended = self.wait_with(&mut child, || {
            while let Ok(line) = waiting.try_recv() {
                hear(line);
            }
        });
        hear_out(&waiting, Instant::now() + LINGER, &mut hear);
        written.map_err(run)?;
        let tail = Vec::from(last).join("\n");
        let status = ended.map_err(|why| self.stopped(why, tail.clone()))?;
        if status.success() {
            Ok(())
        } else if self.is_missing_there(status, tail.as_bytes()) {
            Err(self.missing())
        } else {
            Err(self.failed(status, tail))
        }
    }

    /// Runs it with the terminal for itself, as an editor needs it: in this
    /// process's group, with its standard streams, for as long as it takes.
    pub fn interactive(self) -> Result<(), ToolError> {
        let mut command = self.here();
        // Standard output is the answer's, and nothing else's.
        if let Ok(terminal) = File::options().write(true).open("/dev/tty") {
            command.stdout(terminal);
        } else {
            command.stdout(Stdio::null());
        }
        let status = self.start(&mut command)?.wait();
        let status = status.map_err(|source| ToolError::Run {
            program: self.name(),
            source,
        })?;
        match status.success() {
            true => Ok(()),
            false => Err(self.failed(status, String::new())),
        }
    }

    fn name(&self) -> String {
        if let Some(called) = &self.called {
            return called.clone();
        }
        let path = Path::new(&self.program);
        path.file_name()
            .unwrap_or(&self.program)
            .to_string_lossy()
            .into_owned()
    }

    fn too_much(&self) -> ToolError {
        ToolError::TooMuch {
            program: self.name(),
            most: self.most,
        }
    }

    fn missing(&self) -> ToolError {
        ToolError::Missing {
            program: self.name(),
        }
    }

    /// Tells whether those who were to run it did not find it, in the words of
    /// `env` in the C locale.
    fn is_missing_there(&self, status: ExitStatus, said: &[u8]) -> bool {
        let program = self.program.to_string_lossy();
        let words = format!("env: '{program}': No such file or directory");
        !self.through.is_empty()
            && status.code() == Some(127)
            && String::from_utf8_lossy(said).trim_end().ends_with(&words)
    }

    fn command(&self) -> Command {
        let mut command = match self.through.split_first() {
            Some((first, more)) => self.elsewhere(first, more),
            None => self.here(),
        };
        let stdin = if self.input.is_empty() {
            Stdio::null()
        } else {
            Stdio::piped()
        };
        // A group of its own, so that its children can be ended with it.
        command.stdin(stdin).process_group(0);
        command
    }

    fn here(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().cloned());
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }

    /// Those who run it have no environment: what is meant for it (another
    /// language, a library loaded first) is not for them.
    fn elsewhere(&self, first: &OsStr, more: &[OsString]) -> Command {
        let mut command = Command::new(first);
        command.env_clear().args(more);
        command.args(["/usr/bin/env", "-i"]);
        if let Some(directory) = &self.directory {
            command.arg("-C").arg(directory);
        }
        for (name, value) in &self.environment {
            let mut setting = name.clone();
            setting.push("=");
            setting.push(value);
            command.arg(setting);
        }
        command.arg(&self.program).args(&self.arguments);
        command
    }

    fn start(&self, command: &mut Command) -> Result<Child, ToolError> {
        let mut child = command.spawn().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound
                if self.through.is_empty()
                    && self.directory.as_ref().is_none_or(|d| d.is_dir()) =>
            {
                ToolError::Missing {
                    program: self.name(),
                }
            }
            _ => ToolError::Run {
                program: self.name(),
                source,
            },
        })?;
        if let Some(mut stdin) = child.stdin.take() {
            let input = self.input.clone();
            // A program that ends without reading its input has its reasons;
            // its exit code tells.
            std::thread::spawn(move || stdin.write_all(&input));
        }
        Ok(child)
    }

    fn wait(&self, child: &mut Child) -> Result<ExitStatus, Stop> {
        self.wait_with(child, || ())
    }

    fn wait_with(&self, child: &mut Child, mut look: impl FnMut()) -> Result<ExitStatus, Stop> {
        let started = Instant::now();
        loop {
            look();
            let stop = match has_ended(child) {
                Ok(true) => return end(child).map_err(Stop::Broken),
                Ok(false) if interrupt::asked() => Stop::Interrupted,
                Ok(false) if started.elapsed() > self.limit => Stop::TimedOut,
                Ok(false) => {
                    std::thread::sleep(LOOK);
                    continue;
                }
                Err(source) => Stop::Broken(source),
            };
            // How it ended when it was ended tells nothing.
            let _ = end(child);
            return Err(stop);
        }
    }

    fn stopped(&self, why: Stop, tail: String) -> ToolError {
        let program = self.name();
        match why {
            Stop::Interrupted => ToolError::Interrupted { program },
            Stop::TimedOut => ToolError::TimedOut {
                program,
                limit: self.limit,
                tail,
            },
            Stop::Broken(source) => ToolError::Run { program, source },
        }
    }

    fn failed(&self, status: ExitStatus, tail: String) -> ToolError {
        use std::os::unix::process::ExitStatusExt;
        // Ctrl-C reaches nobody but us, yet a signal may have hit both.
        if interrupt::asked() {
            return ToolError::Interrupted {
                program: self.name(),
            };
        }
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("ended with {code}"),
            (None, Some(signal)) => format!("was killed by signal {signal}"),
            (None, None) => "ended in an unknown way".to_owned(),
        };
        ToolError::Failed {
            program: self.name(),
            how,
            code: status.code(),
            tail,
        }
    }
}

/// A log that keeps no more than it has room for.
struct Log<'a> {
    to: &'a mut dyn Write,
    room: u64,
}

impl Log<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.room == 0 {
            return Ok(());
        }
        match self.room.checked_sub(line.len() as u64) {
            Some(left) if left > 0 => {
                self.room = left;
                self.to.write_all(line)
            }
            _ => {
                self.room = 0;
                self.to
                    .write_all(b"\nthe log is full: what the program says further is left out\n")
            }
        }
    }
}

enum Stop {
    Interrupted,
    TimedOut,
    Broken(io::Error),
}

/// Tells whether a child has ended, and leaves it unreaped: until it is reaped
/// nobody else can get the number of its group.
fn has_ended(child: &Child) -> io::Result<bool> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(Pid::from_child(child)), options) {
        Err(Errno::INTR) => Ok(false),
        found => Ok(found?.is_some()),
    }
}

/// Ends a child and all of its group: what it left behind would hold its
/// output open, and work on in directories that are about to go.
fn end(child: &mut Child) -> io::Result<ExitStatus> {
    // It may fail only because everybody has already gone.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    child.wait()
}

/// Reads a stream on a thread of its own, piece by piece, and stops at the
/// first that makes it more than this.
fn chunks(from: impl Read + Send + 'static, most: u64) -> Receiver<Vec<u8>> {
    let (pieces, waiting) = mpsc::channel();
    std::thread::spawn(move || {
        let mut from = from.take(most.saturating_add(1));
        let mut buffer = [0; 1 << 14];
        loop {
            match from.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What was read before an error is still what the tool said.
                Ok(0) | Err(_) => break,
                Ok(length) => {
                    if pieces.send(buffer[..length].to_vec()).is_err() {
                        break;
                    }
                }
            }
        }
    });
    waiting
}

/// Takes what is still on its way, until its writers are gone or it is late.
fn hear_out<T>(waiting: &Receiver<T>, until: Instant, mut hear: impl FnMut(T)) {
    while let Ok(piece) = waiting.recv_timeout(until.saturating_duration_since(Instant::now())) {
        hear(piece);
    }
}

fn tail(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests;
