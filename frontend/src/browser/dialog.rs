//! Native dialogs: the browser traps the focus, closes on Escape and returns the focus.

use web_sys::HtmlDialogElement;

/// Opens or closes a modal dialog; what it is already stays.
pub(crate) fn set_open(dialog: &HtmlDialogElement, open: bool) {
    if open && !dialog.open() {
        // Fails only for an element that left the page meanwhile; then there is nothing to show.
        let _ = dialog.show_modal();
    } else if !open && dialog.open() {
        dialog.close();
    }
}
