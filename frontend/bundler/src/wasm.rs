//! Rust to the browser: cargo builds the wasm modules, wasm-bindgen makes their JavaScript.
//! Bundling that JavaScript is `scripts.rs`.

use std::path::PathBuf;

use wasm_bindgen_cli_support::Bindgen;

use crate::failure::{Failure, Outcome};
use crate::files;
use crate::progress::{say, step};
use crate::split;
use crate::tool::Tool;
use crate::tree::Tree;

/// The target of all modules.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A wasm module of the page.
struct Module {
    package: &'static str,
    profile: &'static str,
    /// The name of cargo's output.
    output: &'static str,
    /// The name of the files made from it.
    name: &'static str,
    /// Whether parts of it are fetched later.
    is_split: bool,
}

const MODULES: [Module; 3] = [
    Module {
        package: "studio-frontend",
        profile: "wasm",
        output: "studio-frontend.wasm",
        name: "app",
        is_split: true,
    },
    Module {
        package: "studio-linter",
        profile: "wasm-linter",
        output: "studio_linter.wasm",
        name: "linter",
        is_split: false,
    },
    Module {
        package: "studio-parser",
        profile: "wasm",
        output: "studio_parser.wasm",
        name: "parser",
        is_split: false,
    },
];

/// Builds all modules; their glue is `<name>.js` in [`glue_folder`], the wasm `<name>_bg.wasm`.
pub(crate) fn build(tree: &Tree) -> Outcome {
    check_versions(&files::read_text(&tree.at("Cargo.lock"))?)?;
    ensure_target()?;
    for module in &MODULES {
        step(&format!("wasm module of the {} (cargo)", module.name), || {
            let cargo = Tool::cargo().args(["rustc", "--target", TARGET]).args([
                "--profile",
                module.profile,
                "--package",
                module.package,
            ]);
            let cargo = if module.is_split { cargo.args(["--", split::LINK_ARGUMENT]) } else { cargo };
            cargo.within(tree.root()).run()
        })?;
    }
    step("bindings (wasm-bindgen)", || {
        let folder = glue_folder(tree);
        files::remove_folder(&folder)?;
        files::create_folder(&folder)?;
        MODULES.iter().try_for_each(|module| bind(tree, module))
    })
}

/// Where the glue of the modules is.
pub(crate) fn glue_folder(tree: &Tree) -> PathBuf {
    tree.target("bundle/glue")
}

fn bind(tree: &Tree, module: &Module) -> Outcome {
    let built = tree.target(TARGET).join(module.profile).join(module.output);
    let input = if module.is_split { split::split(tree, &built, module.name)? } else { built };
    let make = || {
        Bindgen::new()
            .input_path(&input)
            .out_name(module.name)
            .web(true)?
            .typescript(false)
            .remove_name_section(true)
            // The later parts call through the first part's table of functions.
            .keep_lld_exports(module.is_split)
            .remove_producers_section(true)
            // The address of the wasm carries a hash that nobody knows yet.
            .omit_default_module_path(true)
            .generate(glue_folder(tree))
    };
    make().map_err(|error| Failure::new(format!("wasm-bindgen cannot read {}: {error:#}", module.output)))
}

/// The library in the module and the program that reads it must be one version, or the page fails
/// in ways that point elsewhere.
fn check_versions(lock: &str) -> Outcome {
    let library = locked_version(lock, "wasm-bindgen");
    let program = locked_version(lock, "wasm-bindgen-cli-support");
    if library == program {
        return Ok(());
    }
    let said = |version: Option<&str>| version.unwrap_or("none").to_owned();
    Err(Failure::new(format!(
        "Cargo.lock has wasm-bindgen {} and wasm-bindgen-cli-support {}, which must be one version. \
         Set both to the same `=` version in Cargo.toml and run `cargo update -p wasm-bindgen`.",
        said(library),
        said(program)
    )))
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let entry = lock.split("[[package]]").find(|entry| {
        entry.lines().any(|line| line.strip_prefix("name = ") == Some(&format!("\"{package}\"")))
    })?;
    let version = entry.lines().find_map(|line| line.strip_prefix("version = "))?;
    Some(version.trim_matches('"'))
}

/// Looks for the target's own library rather than asking rustup, which a distribution's Rust lacks.
pub(crate) fn ensure_target() -> Outcome {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = Tool::new(rustc, "Install Rust with rustup.").args(["--print", "sysroot"]);
    let sysroot = PathBuf::from(sysroot.output()?.trim());
    if sysroot.join("lib/rustlib").join(TARGET).join("lib").exists() {
        return Ok(());
    }
    say(format_args!("adding the Rust target {TARGET}"));
    let rustup = "Install Rust with rustup, or the wasm32 standard library of your distribution.";
    Tool::new("rustup", rustup).args(["target", "add", TARGET]).run()
}

#[cfg(test)]
mod tests {
    use super::check_versions;

    fn lock(library: &str, program: &str) -> String {
        format!(
            "[[package]]\nname = \"wasm-bindgen\"\nversion = \"{library}\"\n\n\
             [[package]]\nname = \"wasm-bindgen-cli-support\"\nversion = \"{program}\"\n"
        )
    }

    #[test]
    fn two_versions_of_wasm_bindgen_are_refused() {
        assert!(check_versions(&lock("0.2.130", "0.2.130")).is_ok());
        let failure = check_versions(&lock("0.2.129", "0.2.130")).unwrap_err().to_string();
        assert!(failure.contains("0.2.129") && failure.contains("0.2.130"), "{failure}");
    }
}
