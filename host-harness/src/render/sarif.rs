//! SARIF 2.1.0 (OASIS): the frame around the results of one run.

use std::io::{self, Write};

use serde_json::{Value, json};

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
