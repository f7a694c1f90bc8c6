//! What a running playbook says: a line of JSON for each host as it answers,
//! from the callback `ansible.posix.jsonl`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;

use serde_json::Value;

use crate::model::HostName;
use crate::sys::host::{Call, Said, reason};

/// What is heard of a running playbook.
pub(super) struct Events<'a> {
    /// Hosts without an answer, by the name that Ansible knows them by.
    pub(super) waiting: BTreeMap<&'a str, &'a HostName>,
    /// What it complained about: a line that is no event.
    pub(super) complaint: String,
    pub(super) flow: ControlFlow<()>,
    pub(super) each: &'a mut dyn FnMut(&HostName, Said) -> ControlFlow<()>,
}

impl<'a> Events<'a> {
    pub(super) fn new(
        calls: &'a [Call],
        each: &'a mut dyn FnMut(&HostName, Said) -> ControlFlow<()>,
    ) -> Self {
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
pub(super) struct Lines<'a, 'b> {
    events: &'a RefCell<Events<'b>>,
    line: Vec<u8>,
}

impl<'a, 'b> Lines<'a, 'b> {
    pub(super) fn new(events: &'a RefCell<Events<'b>>) -> Self {
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
                arguments: Vec::new(),
                body: "",
            },
            limit: std::time::Duration::from_secs(1),
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
