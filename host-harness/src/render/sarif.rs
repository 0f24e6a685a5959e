//! SARIF 2.1.0 (OASIS): the frame around the results of one run.

use std::io::{self, Write};

use serde_json::{Value, json};

/// A file as a URI reference (RFC 3986), which SARIF wants (3.4.3): relative to where the command ran, if the path is.
pub(super) fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte.into()),
            // A colon would make a scheme of what stands in front of it.
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

/// Writes one run. Each of the `results` names one of the `rules`.
pub(super) fn write(out: &mut dyn Write, rules: &[Value], results: &[Value]) -> io::Result<()> {
    let driver = json!({
        "name": "sigwarden",
        "version": env!("CARGO_PKG_VERSION"),
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules,
    });
    super::json::pretty(
        out,
        &json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "results": results}],
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_uri_references() {
        let cases = [
            ("as it is", "deploy/web-1_a.yaml", "deploy/web-1_a.yaml"),
            ("here", "./web.yaml", "web.yaml"),
            ("above", "../web.yaml", "../web.yaml"),
            ("absolute", "/srv/web.yaml", "/srv/web.yaml"),
            ("a space", "standard input", "standard%20input"),
            ("a colon", "a:b.yaml", "a%3Ab.yaml"),
            ("what means something in URIs", "a%20b?c#d", "a%2520b%3Fc%23d"),
            ("another script", "ä.yaml", "%C3%A4.yaml"),
        ];
        for (name, path, expected) in cases {
            assert_eq!(uri(path), expected, "case `{name}`");
        }
    }
}
