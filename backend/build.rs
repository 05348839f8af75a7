//! Lets the compiler notice when the page was built anew: it is embedded in the binary.

use std::{fs, path::Path};

fn main() {
    let dist = Path::new("../frontend/dist");
    // Cargo takes a folder that is missing for one that has just changed, and would compile the server anew
    // each time. When it cannot be made, that is all that happens.
    let _ = fs::create_dir_all(dist);
    println!("cargo::rerun-if-changed={}", dist.display());
}
