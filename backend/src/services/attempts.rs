//! How often a password may be tried. Each attempt is counted before the password is looked at, for the account
//! and for the address it comes from; past a few, each one has to wait twice as long as the one before. The counts
//! are in the database, so that several servers share them and a restart forgets none.

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use crate::{
    error::{Error, Result},
    pg::{GenericClient, studio::Studio},
    shares::network,
};

/// Attempts without a delay: of an account, and of an address, which many people may share.
const FREE_OF_ACCOUNT: i32 = 5;
const FREE_OF_ADDRESS: i32 = 20;

/// No delay is longer, in seconds.
const LONGEST: f64 = 900.0;

/// After so long without an attempt everything is forgotten.
const FORGOTTEN: &str = "1 day";

/// An attempt that was counted.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    account: Vec<u8>,
    address: Vec<u8>,
}

/// Counts an attempt on an account, known or not, by its folded name.
///
/// # Errors
/// [`Error::TooManyAttempts`] when it has to wait; it is not counted then.
pub(super) async fn begin(studio: &Studio, folded: &str, address: Option<IpAddr>) -> Result<Attempt> {
    let attempt = Attempt {
        account: subject("account", folded),
        address: subject("address", &address.map(network).map_or(String::new(), |it| it.to_string())),
    };
    let mut client = studio.client().await?;
    // Whoever has to wait is told so without a lock: they may be many.
    if let Some(refused) = waiting(&*client, &[&attempt.account, &attempt.address]).await? {
        return Err(refused);
    }
    let transaction = client.transaction().await?;
    let forget =
        format!("delete from studio.sign_in_attempts where last_at < now() - interval '{FORGOTTEN}'");
    transaction.execute(&forget, &[]).await?;
    // In the order of the keys, so that two attempts never wait for each other.
    let mut subjects = [(&attempt.account, FREE_OF_ACCOUNT), (&attempt.address, FREE_OF_ADDRESS)];
    subjects.sort();
    for (subject, free) in subjects {
        count(&transaction, subject, free).await?;
    }
    transaction.commit().await?;
    Ok(attempt)
}

async fn count(client: &impl GenericClient, subject: &[u8], free: i32) -> Result<()> {
    let count = "insert into studio.sign_in_attempts as known (subject, failures, last_at, open_at)
                 values ($1, 1, now(), now())
                 on conflict (subject) do update
                 set failures = known.failures + 1, last_at = now(),
                     open_at = now() + make_interval(secs => case when known.failures < $2 then 0
                         else least($3, power(2::double precision, least(known.failures - $2, 30))) end)
                 where known.open_at <= now()
                 returning failures";
    if client.query_opt(count, &[&subject, &free, &LONGEST]).await?.is_some() {
        return Ok(());
    }
    let refused = waiting(client, &[subject]).await?;
    Err(refused.unwrap_or(Error::TooManyAttempts { seconds: 1 }))
}

/// The refusal of an attempt on subjects of which one has to wait.
async fn waiting(client: &impl GenericClient, subjects: &[&[u8]]) -> Result<Option<Error>> {
    let longest = "select ceil(extract(epoch from max(open_at) - now()))::bigint as seconds
                   from studio.sign_in_attempts where subject = any($1) and open_at > now()";
    let longest: Option<i64> = client.query_one(longest, &[&subjects]).await?.try_get("seconds")?;
    let seconds = longest.map(|seconds| u64::try_from(seconds).unwrap_or_default().max(1));
    Ok(seconds.map(|seconds| Error::TooManyAttempts { seconds }))
}

impl Attempt {
    /// The password was right: the account starts anew, and the address gets back what this attempt took. It gets
    /// back no more, so that nobody clears an address by signing in to an account of their own.
    pub(super) async fn succeeded(&self, client: &impl GenericClient) -> Result<()> {
        let forget = "delete from studio.sign_in_attempts where subject = $1";
        client.execute(forget, &[&self.account]).await?;
        let give_back = "update studio.sign_in_attempts
                         set failures = greatest(failures - 1, 0), open_at = now() where subject = $1";
        client.execute(give_back, &[&self.address]).await?;
        Ok(())
    }
}

fn subject(kind: &str, text: &str) -> Vec<u8> {
    Sha256::new().chain_update(kind).chain_update([0]).chain_update(text).finalize().to_vec()
}
