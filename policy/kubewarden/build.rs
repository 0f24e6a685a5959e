//! Has the linker write addresses as short as they are, and not as long as they could be: a sixteenth of the module.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    // The linker cannot do so where it keeps debug information, as quick builds do.
    if is("CARGO_CFG_TARGET_FAMILY", "wasm") && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-cdylib=--compress-relocations");
    }
}
