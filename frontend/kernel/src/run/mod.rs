//! The life of a run: its events, and the view that follows from them.
//! The server writes the events, the page and the server fold them with the same code.

pub mod api;
pub mod event;
mod fold;
pub mod verdict;
mod view;

pub use event::{RunEvent, RunEventKind, ServerNotice, SqlError};
pub use view::{NOTICES_KEPT, RunView, SegmentView, StatementView, StepView};

use crate::words::words;

words! {
    /// Why a run happens.
    RunKind {
        /// Executes an approved change on the target.
        Apply = "apply",
        /// Executes a validation on the target, in a transaction that is rolled back.
        Validate = "validate",
        /// Applies, validates and rolls back on a throw-away copy.
        DryRun = "dry_run",
    }
}

words! {
    /// Where a run stands.
    RunState {
        /// Accepted, not begun.
        Queued = "queued",
        /// Another run holds the target.
        Waiting = "waiting",
        /// Under way.
        Running = "running",
        /// Asked to stop; the truth is not known yet.
        Cancelling = "cancelling",
        /// Every step did what it should.
        Done = "done",
        /// A statement failed, or a check did.
        Failed = "failed",
        /// Stopped on request; nothing of the open segment remains.
        Cancelled = "cancelled",
        /// The connection was lost where the outcome cannot be known; a human decides.
        Unknown = "unknown",
    }
}

impl RunState {
    /// Whether nothing more will happen.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Unknown)
    }
}

words! {
    /// Where a statement stands.
    StatementState {
        /// Not reached.
        Queued = "queued",
        /// Sent.
        Running = "running",
        /// Succeeded; not committed while its segment is open.
        Done = "done",
        /// Refused by the server.
        Failed = "failed",
        /// Not sent because an earlier one failed or the run was cancelled.
        Skipped = "skipped",
        /// Succeeded, then undone with its segment.
        RolledBack = "rolled_back",
        /// Sent; whether it took effect cannot be known.
        Unknown = "unknown",
    }
}

words! {
    /// Where a segment stands.
    SegmentState {
        /// Not reached.
        Queued = "queued",
        /// Open.
        Running = "running",
        /// In the database for good.
        Committed = "committed",
        /// Nothing of it is in the database.
        RolledBack = "rolled_back",
        /// Never begun: the run ended before it.
        Skipped = "skipped",
        /// Cannot be known.
        Unknown = "unknown",
    }
}
