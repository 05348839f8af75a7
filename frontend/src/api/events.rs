//! A run's events as they come. The browser resumes a broken stream with `Last-Event-ID` by itself; when it
//! has given up, the reader opens another stream behind the last event it saw.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use gloo_net::eventsource::{
    State,
    futures::{EventSource, EventSourceSubscription},
};
use studio_kernel::run::RunEvent;

use crate::routes::encode_component;

/// Something the stream brought.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// An event of the run.
    Event(RunEvent),
    /// The stream ended for good; open another.
    Closed,
}

/// An open stream. Dropping it closes the connection.
pub(crate) struct RunStream {
    source: EventSource,
    messages: EventSourceSubscription,
}

impl RunStream {
    /// Opens the stream of a run behind event `after`; `None` when the browser refuses.
    pub(crate) fn open(run: &str, after: u64) -> Option<Self> {
        let run = encode_component(run);
        let mut source = EventSource::new(&format!("/api/runs/{run}/events?after={after}")).ok()?;
        let messages = source.subscribe("message").ok()?;
        Some(Self { source, messages })
    }

    /// Whether events can arrive now; `false` while the browser reconnects.
    pub(crate) fn is_open(&self) -> bool {
        self.source.state() == State::Open
    }
}

impl Stream for RunStream {
    type Item = Incoming;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Incoming>> {
        loop {
            return match Pin::new(&mut self.messages).poll_next(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(None | Some(Err(_))) => Poll::Ready(Some(Incoming::Closed)),
                Poll::Ready(Some(Ok((_, message)))) => {
                    let text = message.data().as_string().unwrap_or_default();
                    match serde_json::from_str(&text) {
                        Ok(event) => Poll::Ready(Some(Incoming::Event(event))),
                        // A message this page does not know cannot change what it shows.
                        Err(_) => continue,
                    }
                }
            };
        }
    }
}
