//! Runs: executing an approved plan on a target, once, and knowing at every moment what is true.
//!
//! ```text
//! live         a run under way in this process: events in memory, who follows, who stops it
//! registry     all of them
//! journal      what is kept: the accepted run, its events in batches, intents
//! runner       one session that takes the target and runs files
//!   transaction  a segment that is a transaction, tried again when others stand in the way
//!   commit       what stands behind its last statement
//!   standalone   a segment that is one statement outside any transaction
//!   settle       what is true after a broken connection
//!   place        where in the file an error is
//! order        what runs, where and for whom
//! queue        whose turn it is
//! executor     from an accepted run to its end
//! remains      what a validation could leave, before and after
//! ending       what an end means, in words
//! dry_run      the same on a throw-away copy
//!   copy         how the copy is made
//!   witness      what the target was like before and after
//! validation   starts a validation of the folder
//! recovery     runs that a stopped server left behind
//! read         runs for pages
//! ```

mod commit;
mod copy;
pub mod dry_run;
pub mod ending;
pub mod executor;
pub mod journal;
pub mod live;
pub mod order;
mod place;
pub mod queue;
pub mod read;
pub mod recovery;
pub mod registry;
mod remains;
pub mod runner;
pub mod settle;
mod standalone;
mod transaction;
pub mod validation;
mod witness;

pub use executor::{accept, spawn};
pub use journal::{Accepted, Journal, NewRun, Start};
pub use live::LiveRun;
pub use order::Order;
pub use registry::{Registry, cancel};
pub use runner::{Runner, Step, Stop};
