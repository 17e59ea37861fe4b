//! Decides what becomes of each request that begins a transaction: in-dialog requests go to their dialog,
//! new ones to the registrar or to a new call, and what fits nowhere is refused with the status that says why.

use std::sync::Arc;

use rsipstack::dialog::dialog::Dialog;
use rsipstack::sip::Method;
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::key::TransactionRole;
use rsipstack::transaction::transaction::Transaction;

use super::agent::Core;
use super::incoming::invited;
use super::{ALLOW, wire};

/// Runs until the stack closes the queue.
pub(super) async fn run(core: Arc<Core>, mut incoming: TransactionReceiver) {
    while let Some(tx) = incoming.recv().await {
        match place(&core, &tx) {
            Place::Refused(code, headers) => {
                tokio::spawn(wire::answer(tx, code, headers));
            }
            Place::Dialog(dialog) => {
                tokio::spawn(within(*dialog, tx));
            }
            Place::NewCall => {
                tokio::spawn(invited(core.clone(), tx));
            }
            Place::Registrar => {
                let core = core.clone();
                tokio::spawn(async move {
                    if let Some(registrar) = &core.registrar {
                        registrar.register(tx).await;
                    }
                });
            }
        }
    }
}

enum Place {
    Refused(u16, Vec<rsipstack::sip::Header>),
    Dialog(Box<Dialog>),
    NewCall,
    Registrar,
}

fn place(core: &Core, tx: &Transaction) -> Place {
    let request = &tx.original;
    if let Some(extensions) = wire::unsupported(request) {
        return Place::Refused(420, vec![wire::header("Unsupported", extensions)]);
    }
    if wire::in_dialog(request) {
        return match core.dialogs.match_dialog(tx) {
            Some(dialog) => place_within(dialog, tx),
            None => Place::Refused(481, Vec::new()),
        };
    }
    match request.method {
        Method::Invite => Place::NewCall,
        Method::Register if core.registrar.is_some() => Place::Registrar,
        Method::Options if core.is_draining() => Place::Refused(503, vec![wire::header("Retry-After", "5")]),
        Method::Options => Place::Refused(200, wire::capabilities()),
        // These only make sense within a dialog.
        Method::Bye | Method::Update | Method::Info => Place::Refused(481, Vec::new()),
        _ => Place::Refused(405, vec![wire::header("Allow", ALLOW)]),
    }
}

fn place_within(dialog: Dialog, tx: &Transaction) -> Place {
    let Dialog::Invite(invite) = &dialog else { return Place::Refused(481, Vec::new()) };
    let method = tx.original.method;
    if !matches!(method, Method::Invite | Method::Bye | Method::Info | Method::Options | Method::Update) {
        return Place::Refused(405, vec![wire::header("Allow", ALLOW)]);
    }
    // The stack is silent about a request that comes late (RFC 3261 section 12.2.2 wants 500).
    if wire::cseq(&tx.original) < invite.snapshot().remote_cseq {
        return Place::Refused(500, Vec::new());
    }
    let state = invite.state();
    if state.is_terminated() {
        return Place::Refused(481, Vec::new());
    }
    if state.is_confirmed() || (method == Method::Bye && state.waiting_ack()) {
        return Place::Dialog(Box::new(dialog));
    }
    // The handshake is not over. The caller may give up with BYE before the answer (RFC 3261 section 15).
    if method == Method::Bye && invite.role() == TransactionRole::Server {
        let _ = invite.reject(Some(wire::status(487)), None);
        return Place::Refused(200, Vec::new());
    }
    Place::Refused(500, vec![wire::header("Retry-After", "1")])
}

async fn within(mut dialog: Dialog, mut tx: Transaction) {
    if let Err(error) = dialog.handle(&mut tx).await {
        tracing::debug!(%error, "an in-dialog request ended badly");
    }
    while tx.receive().await.is_some() {}
}
