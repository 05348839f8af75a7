//! The page's wasm taken apart: what a first visit needs, and the modules that are fetched later. The frontend says
//! where to cut, at its functions marked `wasm_split`; this finds what each side reaches.

use std::path::{Path, PathBuf};

use wasm_split_cli_support::{Options, transform};

use crate::dist::hashed_name;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::tree::Tree;

/// The script that fetches the later modules. Its place is beside the glue of the first.
const SCRIPT: &str = "later.js";

/// The flag for the linker: without relocations nobody knows which function uses which data.
pub(crate) const LINK_ARGUMENT: &str = "-Clink-arg=--emit-relocs";

/// Takes cargo's module apart and returns the first part, still to be read by wasm-bindgen, which writes `glue`.
///
/// The script reaches the others by their address beside itself, so they get their final names here.
pub(crate) fn split(tree: &Tree, module: &Path, glue: &str) -> Outcome<PathBuf> {
    let folder = tree.target("bundle/split");
    files::remove_folder(&folder)?;
    files::remove_folder(&later_folder(tree))?;
    files::create_folder(&later_folder(tree))?;
    let input = files::read(module)?;
    let first = folder.join("first.wasm");
    let glue = format!("./{glue}.js");
    let link = format!("./{SCRIPT}");
    let mut options = Options::new(&input);
    options.output_dir = &folder;
    options.main_out_path = &first;
    options.main_module = &glue;
    options.link_name = &link;
    let parts = transform(options)
        .map_err(|error| Failure::new(format!("The page's wasm cannot be taken apart: {error:#}")))?;
    let mut script = files::read_text(&folder.join(SCRIPT))?;
    for part in parts.split_modules {
        let name = part.file_name().unwrap_or_default().to_string_lossy();
        let bytes = without_custom_sections(&files::read(&part)?)
            .ok_or_else(|| Failure::new(format!("{name} is no wasm module.")))?;
        let hashed = hashed_name(&name, &bytes);
        script = script.replace(&format!("\"./{name}\""), &format!("\"./{hashed}\""));
        files::write(&later_folder(tree).join(hashed), bytes)?;
    }
    files::write(&crate::wasm::glue_folder(tree).join(SCRIPT), script)?;
    Ok(first)
}

/// Where the later modules are, under the names they are served by.
pub(crate) fn later_folder(tree: &Tree) -> PathBuf {
    tree.target("bundle/later")
}

/// A module without names and other notes for tools: half of its bytes. `None` when it ends within a section.
fn without_custom_sections(module: &[u8]) -> Option<Vec<u8>> {
    const HEADER: usize = 8;
    const CUSTOM: u8 = 0;
    let (header, mut rest) = module.split_at_checked(HEADER)?;
    let mut kept = header.to_vec();
    while let Some((&kind, after)) = rest.split_first() {
        let (length, width) = unsigned_leb128(after)?;
        let (section, next) = rest.split_at_checked(1 + width + length)?;
        if kind != CUSTOM {
            kept.extend_from_slice(section);
        }
        rest = next;
    }
    Some(kept)
}

/// A number as wasm writes it, seven bits a byte, and how many bytes it took.
fn unsigned_leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let width = 1 + bytes.iter().position(|byte| byte & 0x80 == 0)?;
    let digits = bytes.iter().take(width).rev();
    let number = digits.fold(0, |number, byte| (number << 7) | usize::from(byte & 0x7f));
    Some((number, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_sections_go_and_the_others_stay() {
        let header = b"\0asm\x01\0\0\0";
        let types = [1, 0x80 | 3, 0, 9, 9, 9];
        let names = [0, 2, 1, b'n'];
        let module = [header.as_slice(), &names, &types, &names].concat();
        assert_eq!(without_custom_sections(&module), Some([header.as_slice(), &types].concat()));
        assert_eq!(without_custom_sections(&module[..module.len() - 1]), None);
    }
}
