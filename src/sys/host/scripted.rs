//! A simulated fleet: what a host answers is said by a closure.

use std::cell::RefCell;
use std::ops::ControlFlow;

use super::{Call, Hosts, Said, Script};
use crate::model::HostName;

/// Hosts that are only played.
pub struct Scripted<F> {
    play: RefCell<F>,
}

impl<F: FnMut(&HostName, &Script) -> Said> Scripted<F> {
    /// Has a closure play every host.
    pub fn new(play: F) -> Self {
        let play = RefCell::new(play);
        Self { play }
    }
}

impl<F: FnMut(&HostName, &Script) -> Said> Hosts for Scripted<F> {
    fn run(
        &self,
        calls: Vec<Call>,
        _at_once: usize,
        each: &mut dyn FnMut(&HostName, Said) -> ControlFlow<()>,
    ) {
        for call in calls {
            let said = (self.play.borrow_mut())(&call.host, &call.script);
            if each(&call.host, said).is_break() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn nobody_is_called_after_a_no() {
        let mut called = Vec::new();
        let hosts = Scripted::new(|host: &HostName, script: &Script| {
            called.push(format!("{host} {}", script.name));
            Said::Silent { why: String::new() }
        });
        let call = |name: &str| Call {
            host: name.parse().expect("a host"),
            script: Script {
                name: "probe",
                arguments: Vec::new(),
                body: "",
            },
            limit: Duration::from_secs(1),
        };
        hosts.run(
            vec![call("a"), call("b"), call("c")],
            3,
            &mut |host, _| match host.as_str() {
                "b" => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            },
        );
        assert_eq!(called, ["a probe", "b probe"]);
    }
}
