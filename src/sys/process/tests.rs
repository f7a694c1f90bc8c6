use super::*;
use crate::model::Silent;

fn sh(script: &str) -> Tool {
    Tool::new("sh")
        .arg("-c")
        .arg(script)
        .env("PATH", "/usr/bin:/bin")
}

#[test]
fn ends_are_told_apart() {
    let ok = sh("cat; echo err >&2").input("in").output().expect("runs");
    assert_eq!(
        (ok.stdout.as_slice(), ok.stderr.as_slice()),
        (&b"in"[..], &b"err\n"[..])
    );
    let cases: &[(Tool, &str)] = &[
        (sh("echo no >&2; exit 3"), "sh ended with 3: no"),
        (sh("kill -9 $$"), "sh was killed by signal 9"),
        (
            Tool::new("no-such-program"),
            "no-such-program is not installed",
        ),
        (
            sh("echo slow >&2; sleep 60").limit(Duration::from_millis(300)),
            "sh did not end within 0 s and was killed: slow",
        ),
    ];
    for (tool, want) in cases {
        let found = tool.clone().output().expect_err(want).to_string();
        assert_eq!(&found, want);
    }
}

#[test]
fn environment_is_only_what_was_given() {
    let ok = Tool::new("/usr/bin/env")
        .env("A", "1")
        .output()
        .expect("runs");
    assert_eq!(String::from_utf8_lossy(&ok.stdout), "A=1\n");
}

#[test]
fn what_is_left_behind_holds_nobody_up() {
    let cases = [
        ("a child", "sleep 60 & echo out; echo err >&2"),
        (
            "a daemon",
            "setsid sleep 7 & sleep 0.3; echo out; echo err >&2",
        ),
    ];
    for (case, script) in cases {
        let started = Instant::now();
        let output = sh(script).output().expect(case);
        assert_eq!(output.stdout, b"out\n", "{case}");
        assert_eq!(output.stderr, b"err\n", "{case}");
        let mut log = Vec::new();
        sh(script).logged(&mut log, &Silent).expect(case);
        assert_eq!(String::from_utf8_lossy(&log), "out\nerr\n", "{case}");
        assert!(started.elapsed() < 3 * LINGER, "{case}");
    }
}

#[test]
fn what_is_left_behind_is_ended() {
    let dir = tempfile::tempdir().expect("dir");
    let script = "{ sleep 1; touch late; } & echo $!";
    sh(script).dir(dir.path()).output().expect("runs");
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!dir.path().join("late").exists());
}

#[test]
fn log_holds_both_streams_in_order() {
    let mut log = Vec::new();
    let tool = sh("echo a; echo b >&2; echo c");
    tool.logged(&mut log, &Silent).expect("runs");
    assert_eq!(String::from_utf8_lossy(&log), "a\nb\nc\n");
    let error = sh("echo last words; exit 1")
        .logged(&mut log, &Silent)
        .expect_err("fails");
    assert_eq!(error.to_string(), "sh ended with 1: last words");
}

#[test]
fn who_says_too_much_is_ended() {
    const ENDLESS: &str = "cat /dev/zero";
    let too_much = |error: ToolError| matches!(error, ToolError::TooMuch { most: 5000, .. });
    let tool = || sh(ENDLESS).most(5000).limit(Duration::from_secs(60));
    assert!(too_much(tool().output().expect_err("stdout")));
    let aloud = sh("cat /dev/zero >&2").most(5000);
    assert!(too_much(aloud.output().expect_err("stderr")));
    let file = tempfile::NamedTempFile::new().expect("a file");
    let kept = file.reopen().expect("it is there");
    assert!(too_much(tool().write_to(kept).expect_err("a file")));
    assert_eq!(file.path().metadata().expect("it is there").len(), 5001);
    let enough = sh("printf %05000d 0").most(5000);
    assert_eq!(enough.output().expect("just enough").stdout.len(), 5000);
}

#[test]
fn lines_without_end_are_heard_in_pieces() {
    struct Longest(std::sync::Mutex<usize>);
    impl Listener for Longest {
        fn hear(&self, event: Event) {
            if let Event::Output(text) = event {
                let mut longest = self.0.lock().expect("no panic");
                *longest = text.len().max(*longest);
            }
        }
    }
    let heard = Longest(Default::default());
    let mut log = Vec::new();
    let endless = sh("printf %0100000d 0");
    endless.logged(&mut log, &heard).expect("runs");
    assert_eq!(log.len(), 100_000);
    let longest = *heard.0.lock().expect("no panic");
    assert_eq!(longest as u64, LONGEST_LINE_BYTES);
}

#[test]
fn full_logs_say_so_once() {
    let mut text = Vec::new();
    let mut log = Log {
        to: &mut text,
        room: 8,
    };
    for line in ["one\n", "two two\n", "3\n", "4\n"] {
        log.write(line.as_bytes()).expect("memory");
    }
    let text = String::from_utf8(text).expect("text");
    let full = "the log is full: what the program says further is left out\n";
    assert_eq!(text, format!("one\n\n{full}"));
}
