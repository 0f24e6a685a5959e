//! Every command in the README prints what the README says, from the top of the checkout.

use std::path::Path;

#[test]
fn commands_and_outputs_are_true() {
    assert!(std::env::var_os("SIGWARDEN_MODULE").is_some(), "SIGWARDEN_MODULE is not set: run `make test`");
    std::env::set_current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).expect("the top of the checkout");
    let cases = trycmd::TestCases::new();
    cases.case("README.md").register_bin("sigwarden", trycmd::cargo::cargo_bin!("sigwarden"));
}
