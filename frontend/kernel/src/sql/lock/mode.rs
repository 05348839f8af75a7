//! The eight modes of a table lock, and which of them wait for which.

use crate::words::words;

words! {
    /// Table-level lock modes, weakest first
    /// (<https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES>).
    #[expect(missing_docs, reason = "the variants are PostgreSQL's own terms")]
    LockMode {
        AccessShare = "ACCESS SHARE", RowShare = "ROW SHARE", RowExclusive = "ROW EXCLUSIVE",
        ShareUpdateExclusive = "SHARE UPDATE EXCLUSIVE", Share = "SHARE",
        ShareRowExclusive = "SHARE ROW EXCLUSIVE", Exclusive = "EXCLUSIVE",
        AccessExclusive = "ACCESS EXCLUSIVE",
    }
}

impl LockMode {
    /// Whether a second session that wants `other` has to wait
    /// (<https://www.postgresql.org/docs/current/explicit-locking.html#TABLE-LOCK-COMPATIBILITY>).
    pub const fn conflicts_with(self, other: Self) -> bool {
        // One row per mode, one bit per mode it conflicts with, the weakest mode in the lowest bit.
        const CONFLICTS: [u8; 8] = [
            0b1000_0000,
            0b1100_0000,
            0b1111_0000,
            0b1111_1000,
            0b1110_1100,
            0b1111_1100,
            0b1111_1110,
            0b1111_1111,
        ];
        CONFLICTS[self as usize] & (1 << other as u8) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_symmetric_and_match_the_manual() {
        for a in LockMode::ALL {
            for b in LockMode::ALL {
                assert_eq!(a.conflicts_with(*b), b.conflicts_with(*a), "{a} {b}");
            }
        }
        assert!(!LockMode::Share.conflicts_with(LockMode::Share));
        assert!(LockMode::Share.conflicts_with(LockMode::RowExclusive));
        assert!(!LockMode::RowExclusive.conflicts_with(LockMode::RowExclusive));
        assert!(LockMode::ShareUpdateExclusive.conflicts_with(LockMode::ShareUpdateExclusive));
    }
}
