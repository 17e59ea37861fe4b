//! The signalling of one leg, as a call sees it: its end, hold, and transfers that the other side asks for.

use futures::future::BoxFuture;
use sip::ua::{ActiveCall, EndCause, Signal, Transfer};
use tokio::sync::{mpsc, watch};

use super::trunks::Slot;
use crate::call::leg::{self, Control, LegEnd, TransferNews, Wish};

pub(super) struct SipControl {
    call: ActiveCall,
    ended: watch::Receiver<Option<EndCause>>,
    held: watch::Receiver<bool>,
    /// Taken when somebody first wants to know: until then transfers are declined.
    signals: Option<mpsc::Receiver<Signal>>,
    /// Keeps the call counted on its trunk.
    _slot: Option<Slot>,
}

impl SipControl {
    pub(super) fn new(call: ActiveCall, slot: Option<Slot>) -> Self {
        let (ended, held) = (call.ended(), call.held());
        Self { call, ended, held, signals: None, _slot: slot }
    }
}

impl Control for SipControl {
    fn hang_up(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.call.hangup(None))
    }

    fn ended(&mut self) -> BoxFuture<'_, LegEnd> {
        Box::pin(end(&mut self.ended))
    }

    fn next(&mut self) -> BoxFuture<'_, Wish> {
        if self.signals.is_none() {
            self.signals = self.call.take_signals();
        }
        Box::pin(async {
            loop {
                tokio::select! {
                    biased;
                    end = end(&mut self.ended) => return Wish::Ended(end),
                    held = changed(&mut self.held) => return Wish::Held(held),
                    signal = asked(&mut self.signals) => if let Signal::Transfer(transfer) = signal {
                        return Wish::Transfer(Box::new(SipTransfer(Some(*transfer))));
                    },
                }
            }
        })
    }
}

async fn end(ended: &mut watch::Receiver<Option<EndCause>>) -> LegEnd {
    let cause = match ended.wait_for(Option::is_some).await {
        Ok(cause) => cause.clone(),
        Err(_) => None,
    };
    match cause {
        Some(EndCause::ByRemote | EndCause::Cancelled) => LegEnd::Remote,
        Some(EndCause::ByLocal) => LegEnd::Local,
        Some(EndCause::NotAcknowledged) => LegEnd::NoAck,
        Some(EndCause::Refused { .. } | EndCause::Vanished(_) | EndCause::Error(_)) | None => LegEnd::Failed,
    }
}

async fn changed(held: &mut watch::Receiver<bool>) -> bool {
    match held.changed().await {
        Ok(()) => *held.borrow_and_update(),
        // The call is over, which is told as its end.
        Err(_) => std::future::pending().await,
    }
}

async fn asked(signals: &mut Option<mpsc::Receiver<Signal>>) -> Signal {
    let signal = match signals {
        Some(signals) => signals.recv().await,
        None => None,
    };
    match signal {
        Some(signal) => signal,
        None => std::future::pending().await,
    }
}

struct SipTransfer(Option<Transfer>);

impl leg::Transfer for SipTransfer {
    fn to(&self) -> String {
        self.0.as_ref().map(Transfer::to_user).unwrap_or_default()
    }

    fn replaces(&self) -> Option<String> {
        self.0.as_ref()?.replaces().map(|replaces| replaces.call_id.clone())
    }

    fn tell(&mut self, news: TransferNews) {
        let Some(transfer) = &mut self.0 else { return };
        match news {
            TransferNews::Accepted => transfer.accept(),
            TransferNews::Ringing => transfer.progress(180),
            TransferNews::Done => transfer.progress(200),
            TransferNews::Parked(slot) => transfer.progress_saying(200, &format!("Parked at {slot}")),
            TransferNews::Failed(label) => {
                if let Some(transfer) = self.0.take() {
                    failed(transfer, status(label));
                }
            }
        }
    }
}

/// Refused at once if it was not taken on, or else reported.
fn failed(mut transfer: Transfer, status: u16) {
    if transfer.is_accepted() {
        transfer.progress(status);
    } else {
        transfer.decline(status);
    }
}

/// The status that says what a label of [`leg::Refused`] means.
pub(super) fn status(label: &str) -> u16 {
    match label {
        "busy" => 486,
        "declined" => 603,
        "no_answer" | "redirected" => 480,
        "no_dialog" => 481,
        "forbidden" => 403,
        "not_found" => 404,
        "no_codec" => 488,
        "gone" => 487,
        _ => 503,
    }
}
