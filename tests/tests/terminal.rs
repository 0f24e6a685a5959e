//! The program at a terminal and in a pipe: colours, and readers that leave.

use sigwarden_tests::registry::Registry;
use sigwarden_tests::{fixture, program, scratch, write};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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

/// Lines that are drawn while a registry takes its time are drawn by threads of their own, on a terminal only: `script` is one.
#[test]
#[cfg(target_os = "linux")]
fn what_takes_long_is_told_on_a_terminal_and_ends() {
    let registry = Registry::start();
    registry.set(|switches| switches.latency = Duration::from_millis(1500));
    let folder = scratch();
    let containers: Vec<String> = (0..3)
        .map(|number| format!("{{name: c{number}, image: '{}'}}", registry.image(&format!("x/y{number}:1"))))
        .collect();
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{}]}}\n",
        containers.join(", ")
    );
    let manifests = write(folder.path(), "pod.yaml", pod);
    let told = |flag: &str| {
        let line = format!("{} {flag} scan {manifests} --insecure-registry {}", program().display(), registry.host());
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = script.spawn().expect("util-linux");
        let start = Instant::now();
        let code = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            if start.elapsed() > Duration::from_secs(60) {
                child.kill().unwrap();
                panic!("it does not end");
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        // There is no such image, and nothing to say of it.
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("there is no image"), "{text}");
        (text.contains("waiting for http://"), text.contains("/3 images, "))
    };
    assert_eq!(told(""), (true, true));
    assert_eq!(told("--quiet"), (false, false));
}
