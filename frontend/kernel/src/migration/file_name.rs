//! File names: `<version>_<name>.sql`, as the Supabase CLI and sqlx read them.

use serde::{Deserialize, Serialize};

/// A file name taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileName {
    /// The leading digits; files of sub-folders have none.
    pub version: Option<String>,
    /// The rest, without `.sql`.
    pub name: String,
}
