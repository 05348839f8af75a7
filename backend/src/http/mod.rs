//! How the server is reached: by which name, from which address, within which limits. It knows no route.
//!
//! ```text
//! options      flags of `studio serve` about being reached
//! public_url   the name that people use
//! client       who sent a request, also through a proxy
//! ```

mod client;
mod options;
mod public_url;

pub use client::{ClientAddress, resolve_client};
pub use options::Serving;
pub(crate) use public_url::is_of_this_machine;
pub use public_url::{NotPublic, PublicUrl};
