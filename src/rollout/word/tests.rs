use proptest::prelude::*;

use super::*;

const PROBE: &str = "Last login: yesterday\n\
debcut 1\n\
clock 1780000000\n\
machine 0123456789abcdef0123456789abcdef\n\
boot 5d0b3a2e\n\
system debian\n\
release 12\n\
codename bookworm\n\
architecture amd64\n\
job ended install 100\n\
log E: it broke\n\
log end\n\
package libhello1 i386 1:1.0~rc1-2+b1 hold half-configured auto\n\
package hello amd64 1:1.0~rc1-2 install installed manual\n\
unfinished libhello1\n\
service hello@a\\x2db.service active 12 3400\n\
stale 12 hello.service hello: main\n\
stale 13 - sh\n\
reboot\n\
free 123456789\n\
end\n\
and whatever comes later\n";

#[test]
fn a_probe_is_read() {
    let read = facts(PROBE).expect("an answer");
    assert_eq!(read.clock.unix(), 1_780_000_000);
    let names: Vec<_> = read.installed.iter().map(|i| i.package.as_str()).collect();
    assert_eq!(names, ["hello", "libhello1"]);
    let library = &read.installed[1];
    assert_eq!(library.version.to_string(), "1:1.0~rc1-2+b1");
    assert_eq!(
        (library.selection, library.status, library.auto),
        (Selection::Hold, Status::HalfConfigured, true)
    );
    let job = Job::Ended {
        stage: "install".to_owned(),
        code: 100,
        log: "E: it broke\nend".to_owned(),
    };
    assert_eq!(read.job, job);
    assert_eq!(read.services[0].name, "hello@a\\x2db.service");
    assert_eq!(read.stale[0].program, "hello: main");
    assert_eq!(read.stale[1].unit, None);
    assert!(read.reboot_required && read.free_bytes == 123_456_789);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let changed = |from: &str, to: &str| {
        let text = PROBE.replacen(from, to, 1);
        assert_ne!(text, PROBE, "{from}");
        facts(&text).expect_err(to).to_string()
    };
    for (from, to, wanted) in [
        ("debcut 1\n", "", "the script gave no answer"),
        ("\nend\n", "\n", "the answer was cut after 19 lines"),
        (
            "reboot\nfree 123456789\nend\n",
            "re",
            "the answer was cut after 17 lines",
        ),
        (
            "clock 1780000000",
            "clock soon",
            "line 1 of the answer is not a time in seconds: \"clock soon\"",
        ),
        (
            "1:1.0~rc1-2 install",
            "1:1.0_x install",
            "line 12 of the answer is not a package with its version: \
             \"package hello amd64 1:1.0_x install installed manual\"",
        ),
        ("free 123456789\n", "", "the answer has no free space"),
        (
            "machine 0123456789abcdef0123456789abcdef\n",
            "",
            "the answer has no machine-id",
        ),
        (
            "\nreboot\n",
            "\nrebooot\n",
            "line 17 of the answer is not a line of a probe: \"rebooot \"",
        ),
    ] {
        assert_eq!(changed(from, to), wanted, "{from}");
    }
    let cannot = facts("debcut 1\nclock 1780000000\ncannot tell what is installed: x \nend\n");
    let said = cannot.expect_err("no answer").to_string();
    assert_eq!(said, "it cannot tell what is installed: x");
    let fresh = facts(&PROBE.replace("0123456789abcdef0123456789abcdef", "uninitialized"));
    assert_eq!(fresh.expect("an answer").machine_id, "");
}

#[test]
fn orders_and_checks_are_read() {
    let framed = |text: &str| format!("debcut 1\n{text}end\n");
    assert_eq!(told(&framed("begun\n")), Ok(Told::Begun));
    let why = "disk full: 3 kB free".to_owned();
    let refused = told(&framed("refused disk full: 3 kB free\n"));
    assert_eq!(refused, Ok(Told::NotBegun { why }));
    assert!(told(&framed("")).is_err() && told(&framed("begun now\n")).is_err());
    assert_eq!(told("begun\n"), Err(WordError::NoBeginning));
    let said = |text: &str| text.to_owned();
    for (text, wanted) in [
        ("exit 0\nsaid fine\n", Verdict::Passed),
        (
            "exit 75\nsaid later\n",
            Verdict::Inconclusive {
                said: said("later"),
            },
        ),
        (
            "late 20\nsaid slow\n",
            Verdict::Failed {
                said: said("slow\nit did not end within 20 s"),
            },
        ),
        (
            "exit 124\n",
            Verdict::Failed {
                said: said("exit code 124"),
            },
        ),
        (
            "exit 1\nsaid a\nsaid b\n",
            Verdict::Failed {
                said: said("a\nb\nexit code 1"),
            },
        ),
    ] {
        assert_eq!(verdict(&framed(text)), Ok(wanted), "{text}");
    }
    assert!(verdict(&framed("said x\n")).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        for text in [text.to_string(), format!("debcut 1\n{text}\nend\n")] {
            let _ = (facts(&text), told(&text), verdict(&text));
        }
    }

    /// An answer that lost or gained bytes is read or refused, and one that was
    /// cut is always refused.
    #[test]
    fn a_damaged_answer_is_never_a_panic(at in 0..PROBE.len(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = PROBE.as_bytes().to_vec();
        let end = PROBE.find("\nend\n").expect("it ends") + 4;
        if cut {
            bytes.truncate(at.min(end - 1));
        } else {
            bytes[at] = byte;
        }
        let read = facts(&String::from_utf8_lossy(&bytes));
        prop_assert!(!cut || read.is_err());
    }
}
