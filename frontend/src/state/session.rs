//! Who is signed in, and what follows from it for every page.

use studio_kernel::{review::PersonRole, run::api::Me};

use super::remote::Remote;

/// The session, shared by all pages.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    me: Remote<Me>,
}

impl Session {
    /// Around the answer of `GET /api/me`.
    pub(crate) fn new(me: Remote<Me>) -> Self {
        Self { me }
    }

    /// The person and the settings.
    pub(crate) fn remote(self) -> Remote<Me> {
        self.me
    }

    /// Whether nobody is signed in, as far as the server has answered.
    pub(crate) fn is_signed_out(self) -> bool {
        self.me.error().is_some_and(|error| is_signed_out(&error.code))
    }

    /// Whether the person may do what this role is the first to be allowed; `false` until it is known.
    pub(crate) fn allows(self, role: PersonRole) -> bool {
        self.me.with(|me| me.person.role.allows(role)).unwrap_or(false)
    }

    /// Whether the author of a change may approve it.
    pub(crate) fn is_one_person_mode(self) -> bool {
        self.me.with(|me| !me.policy.four_eyes).unwrap_or(false)
    }
}

/// Whether an error's code means that signing in helps.
pub(crate) fn is_signed_out(code: &str) -> bool {
    code == "not-signed-in"
}
