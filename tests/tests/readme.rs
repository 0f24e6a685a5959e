//! Every command in the README and in the tutorial prints what they say, from the top of the checkout.

use sigwarden_tests::{program, top};

#[test]
fn commands_and_outputs_are_true() {
    std::env::set_current_dir(top()).expect("the top of the checkout");
    let cases = trycmd::TestCases::new();
    cases.case("README.md").case("docs/tutorial.md").register_bin("sigwarden", program());
}
