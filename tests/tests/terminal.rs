//! The program at a terminal and in a pipe: colours, and readers that leave.

use sigwarden_tests::{fixture, program};
use std::io::Read;
use std::process::{Command, Stdio};

fn inspect() -> Command {
    let mut command = Command::new(program());
    command.args(["inspect", &fixture("keys/k-p256.pub")]);
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env_remove("CLICOLOR");
    command
}

/// Name, environment, flags, and whether there are colours.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str], bool);

#[test]
fn colours_are_where_they_are_wanted() {
    let cases: [Case; 6] = [
        ("a pipe", &[], &[], false),
        ("a pipe that is told to be coloured", &[], &["--color", "always"], true),
        ("forced by the environment", &[("CLICOLOR_FORCE", "1")], &[], true),
        ("NO_COLOR", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[], false),
        ("a flag before NO_COLOR", &[("NO_COLOR", "1")], &["--color", "always"], true),
        ("a flag before the environment", &[("CLICOLOR_FORCE", "1")], &["--color", "never"], false),
    ];
    for (name, environment, flags, expected) in cases {
        let output = inspect().envs(environment.iter().copied()).args(flags).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "case `{name}`");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("a public key"), "case `{name}`: {text}");
        assert_eq!(text.contains("\u{1b}["), expected, "case `{name}`: {text:?}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let settings = fixture("trust/trusted_root.json");
    let cases: [(&[&str], i32); 5] = [
        (&["explain"], 0),
        (&["explain", "SW4001"], 0),
        (&["completions", "bash"], 0),
        (&["inspect", &settings, "-o", "json"], 0),
        (&["--help"], 0),
    ];
    for (words, code) in cases {
        let mut child =
            Command::new(program()).args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut error = String::new();
        child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{words:?}: {error}");
        assert_eq!(error, "", "{words:?}");
    }
}
