use super::*;
use crate::sys::host::Said;

fn ended(code: i32, stdout: &str, stderr: &str) -> Said {
    Said::Ended {
        code,
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
    }
}

#[test]
fn what_is_no_answer_is_silence_with_its_reason() {
    let silence = |why: &str| {
        let why = why.to_owned();
        Err(Silence { why })
    };
    for (said, wanted) in [
        (
            ended(0, "hi\ndebcut 1\nbegun\nend\n", "noise"),
            Ok(Told::Begun),
        ),
        (
            ended(1, "", "sudo: a password is required\n"),
            silence("the script gave no answer: sudo: a password is required"),
        ),
        (
            ended(1, "This account is currently not available.\n", ""),
            silence("the script gave no answer: This account is currently not available."),
        ),
        (ended(0, "", ""), silence("the script gave no answer")),
        (
            ended(9, "", ""),
            silence("the script gave no answer (exit code 9)"),
        ),
        (
            ended(0, "debcut 1\nbeg", ""),
            silence("the answer was cut after 1 lines"),
        ),
        (
            Said::Silent {
                why: "no answer within 60 s".to_owned(),
            },
            silence("no answer within 60 s"),
        ),
    ] {
        assert_eq!(understood(&said, word::told), wanted, "{said:?}");
    }
    let long = ended(1, "", &"x".repeat(100_000));
    let told = understood(&long, word::told).expect_err("no answer");
    assert!(told.why.len() < 500);
}
