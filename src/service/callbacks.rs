//! Callbacks: whoever is to be called back waits in their queue, also across restarts, because it is read from the journals who they are.
//! A try that fails is made again by the queue's policy; after the last one a note on the ticket says so, and people take over.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::call::Services;
use crate::call::back::{Back, Came, call_back};
use crate::event::{CallId, Event, Personal, TicketStatus, Timestamp, UserId};
use crate::store::{Callback, CallbackState, StoreError, Tenant, TicketChange};

/// Callbacks that were arranged longer ago are left to the tickets.
const OLDEST: Timestamp = 3 * 24 * 60 * 60 * 1_000;
/// Whoever asked for it is still putting the receiver down.
const NOT_BEFORE: Timestamp = 5_000;
/// How often it is looked, beside when something is arranged.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
const MINUTE: Timestamp = 60_000;

/// Looks after callbacks until stopped.
pub async fn run(tenant: Tenant, services: Services, calls: TaskTracker, closing: CancellationToken) {
    let under_way: Arc<Mutex<HashSet<CallId>>> = Arc::default();
    let again = Arc::new(Notify::new());
    let mut live = tenant.subscribe();
    loop {
        let next = match begin_due(&tenant, &services, &calls, &closing, &under_way, &again).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "callbacks cannot be read; it is tried again");
                None
            }
        };
        let wait = next.map_or(LOOK_AGAIN, |at| {
            Duration::from_millis(at.saturating_sub(crate::call::now()).max(100).unsigned_abs()).min(LOOK_AGAIN)
        });
        let arranged = async {
            loop {
                match live.recv().await {
                    Ok(live) if !matches!(live.entry.event, Event::CallbackArranged { .. }) => {}
                    // Whatever was missed is read again.
                    _ => return,
                }
            }
        };
        tokio::select! {
            () = arranged => {}
            () = again.notified() => {}
            () = tokio::time::sleep(wait) => {}
            () = closing.cancelled() => return,
        }
    }
}

/// Begins what is due; says when the next one is.
async fn begin_due(
    tenant: &Tenant,
    services: &Services,
    calls: &TaskTracker,
    closing: &CancellationToken,
    under_way: &Arc<Mutex<HashSet<CallId>>>,
    again: &Arc<Notify>,
) -> Result<Option<Timestamp>, StoreError> {
    let now = crate::call::now();
    let defined: HashSet<String> = tenant.queues().await?.into_iter().map(|queue| queue.id).collect();
    let mut next: Option<Timestamp> = None;
    for callback in tenant.callbacks(now - OLDEST).await? {
        // What a flow arranges is called by the machine where somebody has said how: else it stays a ticket.
        if !callback.keeps_place && !defined.contains(&callback.queue) {
            continue;
        }
        let due_at = callback.due_at.max(callback.arranged_at + NOT_BEFORE);
        if due_at > now {
            next = Some(next.map_or(due_at, |next| next.min(due_at)));
            continue;
        }
        if !lock(under_way).insert(callback.call) {
            continue;
        }
        let (tenant, services, closing) = (tenant.clone(), services.clone(), closing.clone());
        let (under_way, again) = (under_way.clone(), again.clone());
        calls.spawn(async move {
            let call = callback.call;
            if let Err(error) = attempt(&tenant, services, callback, closing).await {
                tracing::warn!(%call, %error, "what came of a callback cannot be written down");
            }
            lock(&under_way).remove(&call);
            again.notify_one();
        });
    }
    Ok(next)
}

fn lock(set: &Mutex<HashSet<CallId>>) -> std::sync::MutexGuard<'_, HashSet<CallId>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One try, and what follows from it.
async fn attempt(
    tenant: &Tenant,
    services: Services,
    callback: Callback,
    closing: CancellationToken,
) -> Result<(), StoreError> {
    let Callback { call, number, queue, brief, since, priority, tries, .. } = callback;
    let policy = services.agents.queue(&queue).callback;
    let back = Back { continues: call, number, queue, priority: priority.unwrap_or(5), since, brief };
    let came = call_back(back, services, closing).await;
    let now = crate::call::now();
    let why = match came {
        Came::Stopped => return Ok(()),
        Came::Talked(agent) => {
            tenant.put_callback(call, tries + 1, now, CallbackState::Done).await?;
            let owners: BTreeMap<String, UserId> = tenant.extension_owners().await?.into_iter().collect();
            return solve(tenant, call, owners.get(&agent).copied().unwrap_or(UserId(Uuid::nil())), now).await;
        }
        Came::NotReached(why) => why,
        Came::NobodyThere => "no agent had time".to_owned(),
    };
    let tries = tries + 1;
    if tries < policy.tries {
        let due_at = now + Timestamp::from(policy.minutes) * MINUTE;
        return tenant.put_callback(call, tries, due_at, CallbackState::Waiting).await;
    }
    tenant.put_callback(call, tries, now, CallbackState::Failed).await?;
    let Some(ticket) = tenant.call(call).await?.ticket else { return Ok(()) };
    let note = format!(
        "The callback failed {tries} times and is not tried again; the last time: {why}. Somebody has to take over."
    );
    tenant.note(ticket.id, UserId(Uuid::nil()), Personal::new(note), now).await
}

/// Whoever waited was called: their ticket waits for nobody any more.
async fn solve(tenant: &Tenant, call: CallId, by: UserId, now: Timestamp) -> Result<(), StoreError> {
    let Some(ticket) = tenant.call(call).await?.ticket else { return Ok(()) };
    let solved = TicketChange { status: Some(TicketStatus::Solved), assignee: None };
    tenant.change_ticket(ticket.id, by, solved, now).await
}
