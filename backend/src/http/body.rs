//! A request's body in time: as a whole, and bit by bit.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use axum::{
    body::{Body, BodyDataStream, HttpBody as _},
    extract::Request,
};
use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};

use super::{Connection, Limits};

/// A body came too slowly.
#[derive(Clone, Copy, Debug)]
pub struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body came too slowly")
    }
}

impl Error for TooSlow {}

impl TooSlow {
    /// Whether an error, or what caused it, is this one.
    pub fn is_cause_of(error: &(dyn Error + 'static)) -> bool {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if error.is::<Self>() {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// The request with a body that fails when it comes too slowly. Its connection is told when it is whole.
pub(super) fn in_time(request: Request, limits: &Limits, connection: &Arc<Connection>) -> Request {
    let limits = *limits;
    request.map(|body| {
        let now = Instant::now();
        connection.set_asking(body.is_end_stream());
        let reading = Reading {
            data: body.into_data_stream(),
            end: now + limits.body,
            pause: limits.pause,
            progress: limits.progress,
            window: now + limits.pause,
            got: 0,
            connection: Arc::clone(connection),
        };
        Body::from_stream(stream::unfold(Some(reading), async |reading| {
            let mut reading = reading?;
            let item = reading.next().await?;
            let rest = item.is_ok().then_some(reading);
            Some((item, rest))
        }))
    })
}

struct Reading {
    data: BodyDataStream,
    end: Instant,
    pause: Duration,
    progress: usize,
    /// When the present window ends, and how many bytes it has brought.
    window: Instant,
    got: usize,
    connection: Arc<Connection>,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<axum::body::Bytes, axum::Error>> {
        let now = Instant::now();
        if now >= self.window && self.got >= self.progress {
            self.window = now + self.pause;
            self.got = 0;
        }
        // A window that has brought enough is over when it ends; the next one begins with the next bytes.
        let until = if self.got >= self.progress { self.window + self.pause } else { self.window };
        match timeout_at(until.min(self.end), self.data.next()).await {
            Ok(Some(Ok(bytes))) => {
                self.got += bytes.len();
                Some(Ok(bytes))
            }
            Ok(other) => {
                self.connection.set_asking(other.is_none());
                other
            }
            Err(_) => Some(Err(axum::Error::new(TooSlow))),
        }
    }
}
