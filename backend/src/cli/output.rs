//! What the commands print. Whoever reads may stop reading at any line: what was begun goes on unheard, and a
//! run is not ended by its audience. Control characters, as of a file's name, are shown and do nothing.

use std::{
    fmt::{Arguments, Write as _},
    io::{self, Write as _},
    process::ExitCode,
    sync::OnceLock,
};

/// Why standard output takes no more.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Prints a line on standard output, as `println!` does.
macro_rules! outln {
    () => { $crate::cli::output::out(format_args!("")) };
    ($($text:tt)*) => { $crate::cli::output::out(format_args!($($text)*)) };
}

/// Prints a line on standard error, as `eprintln!` does.
macro_rules! errln {
    ($($text:tt)*) => { $crate::cli::output::err(format_args!($($text)*)) };
}

pub(super) use {errln, outln};

/// A line for standard output, which is given up at the first one that it does not take.
pub(super) fn out(text: Arguments<'_>) {
    if LOST.get().is_none()
        && let Err(error) = writeln!(io::stdout().lock(), "{}", shown(text))
    {
        // Of two threads the first one tells.
        let _ = LOST.set(error);
    }
}

/// A line for standard error; there is no place left to say that it failed.
pub(super) fn err(text: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{}", shown(text));
}

/// What a command that only prints ends with. A reader who has seen enough closes the pipe, and that is no
/// error; a disk that is full took away what the command was called for.
pub(super) fn whole(code: ExitCode) -> ExitCode {
    match LOST.get() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            super::unusable(format_args!("Standard output takes no more: {error}."))
        }
        _ => code,
    }
}

/// Text in which a control character that could move a terminal's cursor is `\u001b`, as JSON writes it too.
fn shown(text: Arguments<'_>) -> String {
    let text = text.to_string();
    let acts = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(acts) {
        return text;
    }
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if acts(c) {
            // Writing to a string never fails.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_do_nothing() {
        assert_eq!(shown(format_args!("a\u{1b}[2J\r\u{9b}\tb\n✅")), "a\\u001b[2J\\u000d\\u009b\tb\n✅");
    }
}
