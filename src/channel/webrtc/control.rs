//! A browser's leg as its call sees it: its end, hold, and transfers that the page asks for.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use super::line::{Asked, Line, Opened};
use super::protocol::ToBrowser;
use crate::call::Leg;
use crate::call::leg::{self, Control, LegEnd, TransferNews, Wish};

/// What a call gets of a leg that was opened.
pub(super) fn handed(opened: Opened) -> Leg {
    let Opened { line, events, asks, .. } = opened;
    Leg {
        sound: line.sound.clone(),
        events,
        codec: line.sound.codec().name().to_owned(),
        key: line.leg.clone(),
        dialog: format!("browser:{}", line.leg),
        trunk: None,
        control: Box::new(BrowserControl { ended: line.ended(), line, asks }),
    }
}

/// The signalling of one leg. Dropping it hangs up.
struct BrowserControl {
    line: Arc<Line>,
    asks: mpsc::Receiver<Asked>,
    ended: watch::Receiver<Option<LegEnd>>,
}

impl Drop for BrowserControl {
    fn drop(&mut self) {
        self.line.end(LegEnd::Local, "hung_up");
    }
}

impl Control for BrowserControl {
    fn hang_up(&mut self) -> BoxFuture<'_, ()> {
        self.line.end(LegEnd::Local, "hung_up");
        Box::pin(std::future::ready(()))
    }

    fn ended(&mut self) -> BoxFuture<'_, LegEnd> {
        Box::pin(end(&mut self.ended))
    }

    fn next(&mut self) -> BoxFuture<'_, Wish> {
        Box::pin(async {
            tokio::select! {
                biased;
                end = end(&mut self.ended) => Wish::Ended(end),
                // The line keeps the other end for as long as this lives.
                Some(asked) = self.asks.recv() => match asked {
                    Asked::Held(on) => Wish::Held(on),
                    Asked::Transfer { to, replaces } => {
                        Wish::Transfer(Box::new(BrowserTransfer { line: self.line.clone(), to, replaces, over: false }))
                    }
                },
            }
        })
    }
}

async fn end(ended: &mut watch::Receiver<Option<LegEnd>>) -> LegEnd {
    match ended.wait_for(Option::is_some).await {
        Ok(end) => end.unwrap_or(LegEnd::Failed),
        Err(_) => LegEnd::Failed,
    }
}

/// A transfer that a page asked for.
struct BrowserTransfer {
    line: Arc<Line>,
    to: String,
    replaces: Option<String>,
    over: bool,
}

impl BrowserTransfer {
    fn say(&self, state: &'static str, reason: Option<String>) {
        self.line.page.tell(ToBrowser::Transfer { leg: self.line.leg.clone(), state, reason });
    }
}

impl leg::Transfer for BrowserTransfer {
    fn to(&self) -> String {
        self.to.clone()
    }

    fn replaces(&self) -> Option<String> {
        self.replaces.clone()
    }

    fn tell(&mut self, news: TransferNews) {
        self.over = !matches!(news, TransferNews::Accepted | TransferNews::Ringing);
        match news {
            TransferNews::Accepted => self.say("accepted", None),
            TransferNews::Ringing => self.say("ringing", None),
            TransferNews::Failed(label) => self.say("failed", Some(label.to_owned())),
            TransferNews::Parked(slot) => self.say("done", Some(slot.to_string())),
            TransferNews::Done => self.say("done", None),
        }
        // Whoever transferred has nobody to talk with any more; telephones hang up then, too.
        if matches!(news, TransferNews::Parked(_) | TransferNews::Done) {
            self.line.end(LegEnd::Remote, "transferred");
        }
    }
}

impl Drop for BrowserTransfer {
    fn drop(&mut self) {
        if !self.over {
            self.say("failed", Some("declined".to_owned()));
        }
    }
}
