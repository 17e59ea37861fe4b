//! The way to people. Agents answer by telephone so far, so nobody takes a chat: the flow goes on along its `no_agents` edge, to a ticket
//! or a call back, and the visitor is told. A desk that takes chats is asked here.

use flow::QueueResult;

use super::talk::Wanted;

/// What comes of wanting this person, or one of this queue.
pub async fn look_for(_wanted: &Wanted) -> QueueResult {
    QueueResult::NoAgents
}
