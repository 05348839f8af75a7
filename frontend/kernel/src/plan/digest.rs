//! The digest that an approval binds: exactly the bytes, their order, the target and how they run.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::migration::sha256_hex;

/// SHA-256 as 64 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256_hex(bytes))
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What an approval binds besides the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The target's identity: server address and database, without credentials.
    pub target: String,
    /// The database itself, whatever its address: the server's system identifier and the database's oid.
    pub database: String,
    /// What its schema is, as a digest.
    pub schema: String,
    /// The role the run executes as.
    pub run_as: String,
    /// What the role's and the database's defaults make of the session, as a digest.
    pub session: String,
    /// Milliseconds; 0 means none.
    pub lock_timeout_ms: u64,
    /// Milliseconds; 0 means none.
    pub statement_timeout_ms: u64,
    /// The rule set and review policy in force, as one word: changes when either does.
    pub policy: String,
}

/// The first field of every encoding; another layout gets another word, so that no old digest fits by chance.
const FORMAT: &str = "studio-plan-2";

/// The same for the bytes alone: what was approved and applied before still has its bytes.
const BYTES_FORMAT: &str = "studio-plan-1";

impl Plan {
    /// The digest of this plan on this target. Equal plans and bindings give equal digests; any other byte,
    /// order, target, timeout, policy, purpose or segment gives another one. What is derived from the bytes
    /// (lines, summaries, locks, reasons) is left out: better words make no approval stale.
    pub fn digest(&self, binding: &Binding) -> Digest {
        let mut out = Encoder::new(FORMAT, "plan");
        out.text(&binding.target).text(&binding.database).text(&binding.schema);
        out.text(&binding.run_as).text(&binding.session);
        out.number(binding.lock_timeout_ms).number(binding.statement_timeout_ms);
        out.text(&binding.policy);
        out.count(self.files.len());
        for file in &self.files {
            out.text(&file.path).text(&file.sha256);
            out.option(file.version.as_deref()).text(&file.name).text(file.purpose.as_str());
            out.count(file.segments.len());
            for segment in &file.segments {
                out.text(segment.kind.as_str()).count(segment.statements.len());
                for statement in &segment.statements {
                    out.count(statement.index).count(statement.span.start).count(statement.span.end);
                }
            }
        }
        out.digest()
    }

    /// The digest of the files' bytes and their order alone: tells an edit from another target or policy.
    pub fn bytes_digest(&self) -> Digest {
        let mut out = Encoder::new(BYTES_FORMAT, "bytes");
        out.count(self.files.len());
        for file in &self.files {
            out.text(&file.path).text(&file.sha256);
        }
        out.digest()
    }
}

/// Fields one behind another, each behind its length, so that no two lists of fields give the same bytes.
struct Encoder(Vec<u8>);

impl Encoder {
    fn new(format: &str, what: &str) -> Self {
        let mut encoder = Self(Vec::new());
        encoder.text(format).text(what);
        encoder
    }

    fn number(&mut self, number: u64) -> &mut Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn count(&mut self, number: usize) -> &mut Self {
        self.number(u64::try_from(number).unwrap_or(u64::MAX))
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.count(text.len());
        self.0.extend(text.as_bytes());
        self
    }

    fn option(&mut self, text: Option<&str>) -> &mut Self {
        self.count(usize::from(text.is_some())).text(text.unwrap_or_default())
    }

    fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        plan::{PlannedFile, PlannedStatement, Purpose, Segment, SegmentKind},
        text::Span,
    };

    fn binding() -> Binding {
        Binding {
            target: "localhost:5432/app".into(),
            database: "7/1".into(),
            schema: "s".into(),
            run_as: String::new(),
            session: "d".into(),
            lock_timeout_ms: 2000,
            statement_timeout_ms: 60_000,
            policy: "rules-1".into(),
        }
    }

    fn file(path: &str) -> PlannedFile {
        let statement = |index| PlannedStatement {
            index,
            span: Span::new(index * 9, index * 9 + 8),
            ..Default::default()
        };
        PlannedFile {
            path: path.into(),
            sha256: sha256_hex(path.as_bytes()),
            version: Some("1".into()),
            name: "a".into(),
            purpose: Purpose::Apply,
            segments: vec![Segment {
                kind: SegmentKind::Transaction,
                reason: String::new(),
                statements: vec![statement(0), statement(1)],
            }],
        }
    }

    fn plan() -> Plan {
        Plan { files: vec![file("1_a.sql"), file("2_b.sql")], refusals: Vec::new() }
    }

    /// The literal guards approvals that are stored: they must mean the same in the next release.
    #[test]
    fn the_digest_is_stable() {
        let digest = plan().digest(&binding());
        assert_eq!(digest.as_str(), "381c8ffd4677e049975d8c481561cd86bca5ada4cc5e74955c09cfa9374c9254");
        assert_eq!(
            plan().bytes_digest().as_str(),
            "9f751af7db2f4560e25b791ff4e9de5d09e219ed6d69db9403074d0615db88ae"
        );
        assert_eq!(digest.short().len(), 12);
    }

    #[test]
    fn every_change_gives_another_digest() {
        let plans: [fn(&mut Plan); 12] = [
            |_| {},
            |plan| plan.files[1].sha256 = sha256_hex(b"x"),
            |plan| plan.files[1].path.push('x'),
            |plan| plan.files[1].version = None,
            |plan| plan.files[1].version = Some(String::new()),
            |plan| plan.files[1].name.push('x'),
            |plan| plan.files[1].purpose = Purpose::Keep,
            |plan| plan.files.reverse(),
            |plan| drop(plan.files.pop()),
            |plan| plan.files[1].segments[0].kind = SegmentKind::Standalone,
            |plan| drop(plan.files[1].segments[0].statements.pop()),
            |plan| plan.files[0].segments[0].statements[1].span.end += 1,
        ];
        let bindings: [fn(&mut Binding); 8] = [
            |binding| binding.target.push('x'),
            |binding| binding.database.push('x'),
            |binding| binding.schema.push('x'),
            |binding| binding.run_as.push('x'),
            |binding| binding.session.push('x'),
            |binding| binding.lock_timeout_ms += 1,
            |binding| binding.statement_timeout_ms += 1,
            |binding| binding.policy.push('x'),
        ];
        let mut seen = BTreeSet::new();
        for change in plans {
            let mut plan = plan();
            change(&mut plan);
            assert!(seen.insert(plan.digest(&binding()).as_str().to_owned()));
        }
        for change in bindings {
            let mut binding = binding();
            change(&mut binding);
            assert!(seen.insert(plan().digest(&binding).as_str().to_owned()));
        }
    }

    #[test]
    fn bytes_alone_know_neither_target_nor_purpose() {
        let mut kept = plan();
        kept.files[0].purpose = Purpose::Keep;
        assert_eq!(kept.bytes_digest(), plan().bytes_digest());
        kept.files.reverse();
        assert_ne!(kept.bytes_digest(), plan().bytes_digest());
    }
}
