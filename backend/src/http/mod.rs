//! How the server is reached: by which name, from which address, within which limits. It knows no route.
//!
//! ```text
//! options      flags of `studio serve` about being reached
//! public_url   the name that people use
//! client       who sent a request, also through a proxy
//! limits       numbers and times
//! server       takes connections in
//!   connections  who holds one, and who gives way
//!   tls          certificate and key from files
//!   body         a request's body in time
//!   bodies       room for long ones
//!   stall        an answer that nobody takes
//! ```

mod bodies;
mod body;
mod client;
mod connections;
mod limits;
mod options;
mod public_url;
mod server;
mod stall;
mod tls;

pub use bodies::{Bodies, Room};
pub use body::TooSlow;
pub use client::{ClientAddress, resolve_client};
pub use connections::Connection;
pub use limits::{FILES_BODY, Limits, SMALL_BODY};
pub use options::Serving;
pub(crate) use public_url::is_of_this_machine;
pub use public_url::{NotPublic, PublicUrl};
pub use server::Server;
pub use tls::Tls;
