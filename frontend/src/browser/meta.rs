//! What the built page says in its head: `<meta name="studio:…" content="…">`.

/// The content of the named meta tag.
pub(crate) fn meta(name: &str) -> Option<String> {
    let document = web_sys::window()?.document()?;
    let tag = document.query_selector(&format!("meta[name='{name}']")).ok()??;
    tag.get_attribute("content").filter(|content| !content.is_empty())
}
