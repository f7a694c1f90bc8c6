//! Other programs: started with exactly the environment they need, limited in
//! time, ended with all their children.

mod ears;
mod error;
mod group;
mod hearing;
mod starting;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::model::{Event, Listener};
use crate::sys::interrupt;

pub use error::ToolError;

#[cfg(test)]
use ears::LINGER;
use ears::{Ears, End};
use group::{LOOK, end, has_ended, note_others};
use hearing::{Meter, Stop, WAITING_LINES, chunks, hear_out, hear_some};

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
    most_bytes: u64,
    through: Vec<OsString>,
    outlived: Option<Outlived>,
}

/// The names of programs that ran on when the tool that started them had ended
/// well, for whoever wants to know.
pub type Outlived = Arc<Mutex<Vec<String>>>;

/// How many of the last lines an error repeats.
const TAIL_LINES: usize = 12;
/// How much of a line an error repeats.
const TAIL_LINE_CHARS: usize = 1000;
/// A line that is longer is heard of in pieces: a program that writes and never
/// ends its line must not fill the memory.
const PIECE_BYTES: u64 = 8 * 1024;
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
            most_bytes: u64::MAX,
            through: Vec::new(),
            outlived: None,
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

    /// Limits what it may write, to its output and errors together; who writes
    /// more is ended. Without it there is no limit; of several the least counts.
    #[must_use]
    pub fn at_most(mut self, bytes: u64) -> Self {
        self.most_bytes = bytes.min(self.most_bytes);
        self
    }

    /// Has other programs run it, somewhere else: these words come before its
    /// own. Its directory, program and environment are looked for there.
    #[must_use]
    pub fn through<W: Into<OsString>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.through = words.into_iter().map(Into::into).collect();
        self
    }

    /// Notes whom of its group it leaves behind, before they are ended.
    #[must_use]
    pub fn noting(mut self, outlived: &Outlived) -> Self {
        self.outlived = Some(Arc::clone(outlived));
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
        let meter = Meter::new(self.most_bytes);
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.start(&mut command)?;
        drop(command);
        let end = End::default();
        let stdout = child.stdout.take().map(|from| chunks(from, &meter, &end));
        let stderr = child.stderr.take().map(|from| chunks(from, &meter, &end));
        let (mut said, mut written) = (Vec::new(), Ok(()));
        let mut keep = |chunk: Vec<u8>| {
            if written.is_ok() {
                written = file.write_all(&chunk);
            }
        };
        let ended = self.wait_with(&mut child, || {
            hear_some(stdout.as_ref(), &mut keep);
            meter.checked()
        });
        end.tell();
        for (from, keep) in [
            (stdout, &mut keep as &mut dyn FnMut(Vec<u8>)),
            (stderr, &mut |chunk| said.extend(chunk)),
        ] {
            if let Some(from) = from {
                hear_out(&from, keep);
            }
        }
        let status = ended.map_err(|why| self.stopped(why, tail(&said)))?;
        meter
            .checked()
            .map_err(|why| self.stopped(why, tail(&said)))?;
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
        let meter = Meter::new(self.most_bytes);
        let mut whole = (Vec::new(), Vec::new());
        let end = End::default();
        let stdout = child.stdout.take().map(|from| chunks(from, &meter, &end));
        let stderr = child.stderr.take().map(|from| chunks(from, &meter, &end));
        let ended = self.wait_with(&mut child, || {
            hear_some(stdout.as_ref(), |chunk| whole.0.extend(chunk));
            hear_some(stderr.as_ref(), |chunk| whole.1.extend(chunk));
            meter.checked()
        });
        end.tell();
        let read = |chunks: Option<Receiver<Vec<u8>>>, mut whole: Vec<u8>| {
            if let Some(chunks) = chunks {
                hear_out(&chunks, |chunk| whole.extend(chunk));
            }
            whole
        };
        let output = Output {
            stdout: read(stdout, whole.0),
            stderr: read(stderr, whole.1),
        };
        let stopped = |why| self.stopped(why, tail(&output.stderr));
        let status = ended.map_err(stopped)?;
        meter.checked().map_err(stopped)?;
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
        let end = End::default();
        let ears = Ears::new(reader, &end);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(ears);
            let mut line = Vec::new();
            let mut next =
                |line: &mut Vec<u8>| (&mut reader).take(PIECE_BYTES).read_until(b'\n', line);
            while matches!(next(&mut line), Ok(1..)) {
                if lines.send(std::mem::take(&mut line)).is_err() {
                    break;
                }
            }
        });
        let meter = Meter::new(self.most_bytes);
        let mut written = Ok(());
        let mut hear = |line: Vec<u8>| {
            if meter.add(line.len()).is_err() {
                return;
            }
            if written.is_ok() {
                written = log.write_all(&line);
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            listener.hear(Event::Output(text.clone()));
            last.push_back(text.chars().take(TAIL_LINE_CHARS).collect::<String>());
            if last.len() > TAIL_LINES {
                last.pop_front();
            }
        };
        let (started, mut told) = (Instant::now(), 0);
        let ended = self.wait_with(&mut child, || {
            hear_some(Some(&waiting), &mut hear);
            let seconds = started.elapsed().as_secs();
            if seconds >= next_word(told) {
                told = seconds;
                listener.hear(Event::Still { seconds });
            }
            meter.checked()
        });
        end.tell();
        hear_out(&waiting, &mut hear);
        written.map_err(run)?;
        let tail = Vec::from(last).join("\n");
        let status = ended.map_err(|why| self.stopped(why, tail.clone()))?;
        meter
            .checked()
            .map_err(|why| self.stopped(why, tail.clone()))?;
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

    fn wait_with(
        &self,
        child: &mut Child,
        mut look: impl FnMut() -> Result<(), Stop>,
    ) -> Result<ExitStatus, Stop> {
        let started = Instant::now();
        loop {
            let looked = look();
            let stop = match has_ended(child) {
                Ok(true) => {
                    if let Some(outlived) = &self.outlived {
                        note_others(child, outlived);
                    }
                    return end(child).map_err(Stop::Broken);
                }
                Ok(false) if looked.is_err() => Stop::TooMuch,
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
            Stop::TooMuch => ToolError::TooMuch {
                program,
                most_bytes: self.most_bytes,
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

/// When a tool that runs on is told of again, in seconds: often enough that
/// nobody takes it for dead, seldom enough that a log can be read.
fn next_word(told: u64) -> u64 {
    told + if told < 60 { 10 } else { 60 }
}

fn tail(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests;
