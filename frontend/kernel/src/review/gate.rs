//! The one place that says yes to a run.

use serde::{Deserialize, Serialize};

use super::{Approval, ChangeState, Decision, Person, PersonRole};
use crate::{
    plan::Digest,
    words::{count, words},
};

/// What an approval binds: the digest, and its parts, so that staleness can name the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Of plan and binding together.
    pub digest: Digest,
    /// Of the bytes and their order alone.
    pub bytes: Digest,
    /// The target's name.
    pub target: String,
    /// The database itself.
    pub database: String,
    /// What its schema was.
    pub schema: String,
    /// The session's role, and what the defaults of role and database make of it.
    pub session: String,
    /// Rules and review policy, as one word.
    pub policy: String,
}

words! {
    /// Why a decision no longer counts.
    Stale {
        /// The bytes, their order or the plan differ.
        Edited = "edited",
        /// Another target.
        Target = "target",
        /// Another database under the target's name.
        Database = "database",
        /// The schema is another one.
        Schema = "schema",
        /// Another role, or other defaults of role or database.
        Session = "session",
        /// Other rules or another review policy.
        Policy = "policy",
        /// The person may no longer approve.
        Role = "role",
        /// The person's account is disabled.
        Disabled = "disabled",
        /// The same person decided again later.
        Superseded = "superseded",
    }
}

/// A decision and whether it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalStatus {
    /// The decision.
    #[serde(flatten)]
    pub approval: Approval,
    /// Why it does not count; `None` when it does.
    pub stale: Option<Stale>,
}

/// Something that stands between a change and its run, or a person and a button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// Stable: `not-open`, `plan-refused`, `findings`, `not-approved`, `changes-requested`, `own-change`, `role`, `stale-digest`,
    /// `running`, `nothing-to-run`.
    pub code: String,
    /// What is missing and what to do.
    pub message: String,
}

/// What the gate decides from. All of it is read inside one row lock.
#[derive(Clone, Debug)]
pub struct GateFacts<'a> {
    /// Who asks.
    pub person: &'a Person,
    /// Who made any revision of the change: under four-eyes none of them approves it.
    pub authors: &'a [String],
    /// Where the change stands.
    pub state: ChangeState,
    /// What a run would execute now.
    pub now: &'a Bound,
    /// Every decision, oldest first, with the person's present role.
    pub approvals: &'a [Approval],
    /// The author may not approve.
    pub four_eyes: bool,
    /// How many approvals are needed.
    pub required: usize,
    /// Findings of severity error in the files of the plan.
    pub errors: usize,
    /// Why the plan must not run.
    pub plan_refusals: usize,
    /// Statements the plan would run.
    pub statements: usize,
    /// A run of this change is under way.
    pub running: bool,
}

/// What the gate says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Every decision and whether it counts, oldest first.
    pub approvals: Vec<ApprovalStatus>,
    /// How many are needed.
    pub required: usize,
    /// What keeps this person from approving; empty when they may.
    pub approve: Vec<Obstacle>,
    /// What keeps this person from running it; empty when they may.
    pub run: Vec<Obstacle>,
}

/// Decides.
pub fn gate(facts: &GateFacts<'_>) -> Gate {
    let approvals: Vec<ApprovalStatus> = facts
        .approvals
        .iter()
        .enumerate()
        .map(|(at, approval)| {
            let later = facts.approvals.get(at + 1..).unwrap_or_default();
            ApprovalStatus { approval: approval.clone(), stale: stale(approval, later, facts) }
        })
        .collect();
    let approve = approve_obstacles(facts);
    let run = run_obstacles(facts, &approvals);
    Gate { approvals, required: facts.required, approve, run }
}

fn stale(approval: &Approval, later: &[Approval], facts: &GateFacts<'_>) -> Option<Stale> {
    let bound = &approval.bound;
    if later.iter().any(|other| other.person.id == approval.person.id) {
        Some(Stale::Superseded)
    } else if facts.state == ChangeState::Applied {
        // It ran on what was decided then; later roles and policies do not judge it again.
        (bound.bytes != facts.now.bytes).then_some(Stale::Edited)
    } else if approval.person.disabled {
        Some(Stale::Disabled)
    } else if !approval.person.role.allows(PersonRole::Reviewer)
        || facts.four_eyes && facts.authors.contains(&approval.person.id)
    {
        Some(Stale::Role)
    } else if bound.digest == facts.now.digest || approval.decision == Decision::RequestChanges {
        // A request for changes blocks until its reviewer decides again: an edit does not answer it.
        None
    } else if bound.target != facts.now.target {
        Some(Stale::Target)
    } else if bound.bytes != facts.now.bytes {
        Some(Stale::Edited)
    } else if facts.running {
        // The run that it allowed is changing the schema and the ledger at this moment.
        None
    } else if bound.policy != facts.now.policy {
        Some(Stale::Policy)
    } else if bound.database != facts.now.database {
        Some(Stale::Database)
    } else if bound.session != facts.now.session {
        Some(Stale::Session)
    } else if bound.schema != facts.now.schema {
        Some(Stale::Schema)
    } else {
        Some(Stale::Edited)
    }
}

fn obstacle(code: &str, message: impl Into<String>) -> Obstacle {
    Obstacle { code: code.to_owned(), message: message.into() }
}

fn approve_obstacles(facts: &GateFacts<'_>) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    if facts.state != ChangeState::Open {
        obstacles.push(obstacle("not-open", "Only an open change can be approved."));
    }
    if !facts.person.role.allows(PersonRole::Reviewer) {
        obstacles.push(obstacle("role", "Approving needs the role reviewer; an admin can give it."));
    }
    if facts.four_eyes && facts.authors.contains(&facts.person.id) {
        obstacles
            .push(obstacle("own-change", "Somebody else must approve: you wrote a revision of this change."));
    }
    obstacles
}

fn run_obstacles(facts: &GateFacts<'_>, approvals: &[ApprovalStatus]) -> Vec<Obstacle> {
    let counting = |decision| {
        approvals.iter().filter(move |status| status.stale.is_none() && status.approval.decision == decision)
    };
    let mut obstacles = Vec::new();
    if facts.state != ChangeState::Open {
        obstacles.push(obstacle("not-open", "Only an open change can run."));
    }
    if !facts.person.role.allows(PersonRole::Operator) {
        obstacles.push(obstacle("role", "Running needs the role operator; an admin can give it."));
    }
    if facts.plan_refusals > 0 {
        obstacles.push(obstacle("plan-refused", "The plan is refused; its reasons are listed with it."));
    } else if facts.statements == 0 {
        obstacles.push(obstacle("nothing-to-run", "The ledger has every version of this change, and an applied version never runs again: put an edit into a new migration."));
    }
    if facts.errors > 0 {
        let errors = count(facts.errors, "error");
        let files = format!("The linter has {errors}: repair each, or allow it in the file with a reason.");
        obstacles.push(obstacle("findings", files));
    }
    if let Some(status) = counting(Decision::RequestChanges).next() {
        let message = format!("{} requests changes and must decide again.", status.approval.person.name);
        obstacles.push(obstacle("changes-requested", message));
    }
    let missing = facts.required.saturating_sub(counting(Decision::Approve).count());
    if missing > 0 {
        let reason = approvals.iter().rev().find_map(|status| why(status.stale?));
        let reason = reason.unwrap_or("Nobody has approved these bytes");
        obstacles
            .push(obstacle("not-approved", format!("{reason}: {} missing.", count(missing, "approval"))));
    }
    if facts.running {
        obstacles.push(obstacle("running", "A run of this change is under way."));
    }
    obstacles
}

/// What has changed since a decision.
fn why(stale: Stale) -> Option<&'static str> {
    Some(match stale {
        Stale::Edited => "It changed after it was approved",
        Stale::Database => "Another database has the target's name since it was approved",
        Stale::Schema => "The target's schema changed after it was approved",
        Stale::Session => "The role, or the defaults of its sessions, changed after it was approved",
        Stale::Target | Stale::Policy | Stale::Role | Stale::Disabled | Stale::Superseded => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str, role: PersonRole) -> Person {
        Person { id: id.to_owned(), name: id.to_uppercase(), role, disabled: false }
    }

    fn bound(bytes: &str, target: &str, policy: &str) -> Bound {
        Bound {
            digest: Digest::of(format!("{bytes}{target}{policy}").as_bytes()),
            bytes: Digest::of(bytes.as_bytes()),
            target: target.to_owned(),
            database: "d".to_owned(),
            schema: "s".to_owned(),
            session: "r".to_owned(),
            policy: policy.to_owned(),
        }
    }

    fn decision(who: Person, decision: Decision, bound: Bound) -> Approval {
        Approval {
            id: who.id.clone(),
            person: who,
            at: String::new(),
            decision,
            note: String::new(),
            revision: 1,
            bound,
        }
    }

    /// Asks for `person` about a change written by `ann` on bytes `b`, target `t`, policy `p`.
    fn ask(person: &Person, four_eyes: bool, approvals: &[Approval]) -> Gate {
        ask_about(ChangeState::Open, person, four_eyes, approvals)
    }

    fn ask_about(state: ChangeState, person: &Person, four_eyes: bool, approvals: &[Approval]) -> Gate {
        gate(&GateFacts {
            person,
            authors: &["ann".to_owned()],
            state,
            now: &bound("b", "t", "p"),
            approvals,
            four_eyes,
            required: 1,
            errors: 0,
            plan_refusals: 0,
            statements: 1,
            running: false,
        })
    }

    fn codes(obstacles: &[Obstacle]) -> Vec<&str> {
        obstacles.iter().map(|obstacle| obstacle.code.as_str()).collect()
    }

    #[test]
    fn an_approval_of_these_bytes_opens_the_gate_for_an_operator() {
        let approvals =
            [decision(person("bob", PersonRole::Reviewer), Decision::Approve, bound("b", "t", "p"))];
        assert!(ask(&person("ann", PersonRole::Operator), true, &approvals).run.is_empty());
        assert_eq!(codes(&ask(&person("ann", PersonRole::Reviewer), true, &approvals).run), ["role"]);
    }

    #[test]
    fn four_eyes_refuses_the_author_before_and_after() {
        let ann = person("ann", PersonRole::Admin);
        let own = [decision(ann.clone(), Decision::Approve, bound("b", "t", "p"))];
        assert_eq!(codes(&ask(&ann, true, &[]).approve), ["own-change"]);
        assert_eq!(codes(&ask(&ann, true, &own).run), ["not-approved"]);
        assert!(ask(&ann, false, &own).run.is_empty(), "one person alone may");
    }

    #[test]
    fn staleness_names_its_reason() {
        let bob = || person("bob", PersonRole::Reviewer);
        for (then, reason) in [
            (bound("x", "t", "p"), Stale::Edited),
            (bound("b", "x", "p"), Stale::Target),
            (bound("b", "t", "x"), Stale::Policy),
        ] {
            let gate = ask(&bob(), true, &[decision(bob(), Decision::Approve, then)]);
            assert_eq!(gate.approvals[0].stale, Some(reason));
            assert!(codes(&gate.run).contains(&"not-approved"));
        }
        let gone = Person { disabled: true, ..bob() };
        let gone = [decision(gone, Decision::Approve, bound("b", "t", "p"))];
        let gate = ask(&bob(), true, &gone);
        assert_eq!(gate.approvals[0].stale, Some(Stale::Disabled));
        assert!(codes(&gate.run).contains(&"not-approved"));
        let demoted = [decision(person("bob", PersonRole::Author), Decision::Approve, bound("b", "t", "p"))];
        assert_eq!(ask(&bob(), true, &demoted).approvals[0].stale, Some(Stale::Role));
    }

    #[test]
    fn another_database_schema_or_session_makes_an_approval_stale_and_says_so() {
        let bob = || person("bob", PersonRole::Reviewer);
        type Change = fn(&mut Bound);
        let other: [(Change, Stale, &str); 3] = [
            (|bound| bound.database.push('x'), Stale::Database, "Another database"),
            (|bound| bound.schema.push('x'), Stale::Schema, "schema changed"),
            (|bound| bound.session.push('x'), Stale::Session, "defaults of its sessions"),
        ];
        for (change, reason, words) in other {
            let mut then = bound("b", "t", "p");
            change(&mut then);
            then.digest = Digest::of(reason.as_str().as_bytes());
            let gate =
                ask(&person("ann", PersonRole::Operator), true, &[decision(bob(), Decision::Approve, then)]);
            assert_eq!(gate.approvals[0].stale, Some(reason));
            assert_eq!(codes(&gate.run), ["not-approved"]);
            assert!(gate.run[0].message.contains(words), "{}", gate.run[0].message);
        }
    }

    #[test]
    fn a_run_that_changes_the_schema_leaves_the_approval_that_started_it() {
        let bob = person("bob", PersonRole::Reviewer);
        let mut then = bound("b", "t", "p");
        then.schema.push('x');
        then.digest = Digest::of(b"then");
        let asked = |running| {
            let facts = GateFacts {
                person: &bob,
                authors: &[],
                state: ChangeState::Open,
                now: &bound("b", "t", "p"),
                approvals: &[decision(bob.clone(), Decision::Approve, then.clone())],
                four_eyes: true,
                required: 1,
                errors: 0,
                plan_refusals: 0,
                statements: 1,
                running,
            };
            gate(&facts).approvals[0].stale
        };
        assert_eq!((asked(true), asked(false)), (None, Some(Stale::Schema)));
    }

    #[test]
    fn what_ran_is_not_judged_again_by_a_later_policy() {
        let bob = || person("bob", PersonRole::Author);
        let old = decision(bob(), Decision::Approve, bound("x", "t", "p"));
        let then = decision(person("ann", PersonRole::Admin), Decision::Approve, bound("b", "t", "then"));
        let approvals = [old, then];
        let asked = |state| {
            let gate = ask_about(state, &bob(), true, &approvals);
            gate.approvals.iter().map(|status| status.stale).collect::<Vec<_>>()
        };
        assert_eq!(asked(ChangeState::Applied), [Some(Stale::Edited), None]);
        assert_eq!(asked(ChangeState::Open), [Some(Stale::Role), Some(Stale::Role)]);
    }

    #[test]
    fn a_request_for_changes_survives_an_edit_and_ends_with_the_same_persons_approval() {
        let bob = || person("bob", PersonRole::Reviewer);
        let asked = decision(bob(), Decision::RequestChanges, bound("old", "t", "p"));
        let other = decision(person("eve", PersonRole::Reviewer), Decision::Approve, bound("b", "t", "p"));
        let operator = person("ann", PersonRole::Operator);
        assert_eq!(codes(&ask(&operator, true, &[asked.clone(), other]).run), ["changes-requested"]);
        let again = decision(bob(), Decision::Approve, bound("b", "t", "p"));
        assert!(ask(&operator, true, &[asked, again]).run.is_empty());
    }
}
