//! Who may do what: one list of all routes with what each needs, asked by the one extractor that says who is signed in. A route that is not
//! on the list is the admins' alone, so none can be forgotten open; a test walks over the whole interface.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;

use crate::store::Role;

/// Something that somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Permission {
    /// See the calls that came to oneself, and hear them.
    #[serde(rename = "calls.own")]
    CallsOwn,
    /// See and hear all calls.
    #[serde(rename = "calls.all")]
    CallsAll,
    /// Look into signalling and the quality of legs.
    #[serde(rename = "signalling")]
    Signalling,
    /// See tickets.
    #[serde(rename = "tickets")]
    Tickets,
    /// Work on tickets.
    #[serde(rename = "tickets.write")]
    TicketsWrite,
    /// Read the knowledge base.
    #[serde(rename = "knowledge")]
    Knowledge,
    /// Change it.
    #[serde(rename = "knowledge.write")]
    KnowledgeWrite,
    /// See flows and prompts, and try them.
    #[serde(rename = "flows")]
    Flows,
    /// Change and publish them.
    #[serde(rename = "flows.write")]
    FlowsWrite,
    /// See what the intent engine knows, and what it did not understand.
    #[serde(rename = "understanding")]
    Understanding,
    /// Teach it.
    #[serde(rename = "understanding.write")]
    UnderstandingWrite,
    /// See the queues and who works in them.
    #[serde(rename = "queues")]
    Queues,
    /// Change queues and skills.
    #[serde(rename = "queues.write")]
    QueuesWrite,
    /// Say whether one is there, and finish the work on one's calls.
    #[serde(rename = "presence.own")]
    PresenceOwn,
    /// See how queues, callers and agents stand.
    #[serde(rename = "floor")]
    Floor,
    /// Move callers, and say for others whether they are there.
    #[serde(rename = "floor.act")]
    FloorAct,
    /// Say who may do what.
    #[serde(rename = "users.write")]
    UsersWrite,
    /// Phones, trunks, tokens, and how things are set.
    #[serde(rename = "settings")]
    Settings,
}

use Permission::*;

impl Permission {
    /// Every one.
    pub const ALL: [Self; 18] = [
        CallsOwn,
        CallsAll,
        Signalling,
        Tickets,
        TicketsWrite,
        Knowledge,
        KnowledgeWrite,
        Flows,
        FlowsWrite,
        Understanding,
        UnderstandingWrite,
        Queues,
        QueuesWrite,
        PresenceOwn,
        Floor,
        FloorAct,
        UsersWrite,
        Settings,
    ];

    /// The name, as in JSON.
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).expect("a name is always JSON");
        name.as_str().unwrap_or_default().to_owned()
    }
}

/// What a role may do.
pub fn of(role: Role) -> &'static [Permission] {
    match role {
        Role::Admin => &Permission::ALL,
        Role::Supervisor => &[
            CallsOwn,
            CallsAll,
            Signalling,
            Tickets,
            TicketsWrite,
            Knowledge,
            KnowledgeWrite,
            Flows,
            Understanding,
            Queues,
            QueuesWrite,
            PresenceOwn,
            Floor,
            FloorAct,
        ],
        Role::Agent => &[CallsOwn, Tickets, TicketsWrite, Knowledge, Flows, Understanding, Queues, PresenceOwn],
        Role::Auditor => &[CallsOwn, CallsAll, Signalling, Tickets, Knowledge, Flows, Understanding, Queues, Floor],
    }
}

/// Whether a role may do something.
pub fn may(role: Role, what: Permission) -> bool {
    of(role).contains(&what)
}

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it has its own door, or none.
    Nothing,
    /// Somebody who is signed in.
    SignedIn,
    /// Somebody who may do this.
    May(Permission),
    /// Somebody who may do this, and see the call that the path names: all calls, or one that came to them.
    Call(Permission),
}

/// All routes below `/api/v1`, and what they need. Where a program may come with a token instead, the route's own extractor says so.
const ROUTES: &[(&str, &str, Need)] = &[
    ("POST", "/session", Need::Nothing),
    ("DELETE", "/session", Need::Nothing),
    ("GET", "/me", Need::SignedIn),
    ("PUT", "/me", Need::SignedIn),
    ("GET", "/users", Need::SignedIn),
    ("PUT", "/users/{id}/role", Need::May(UsersWrite)),
    ("GET", "/calls", Need::May(CallsOwn)),
    ("GET", "/calls/{id}", Need::Call(CallsOwn)),
    ("GET", "/calls/{id}/recording.wav", Need::Call(CallsOwn)),
    ("GET", "/calls/{id}/peaks", Need::Call(CallsOwn)),
    ("GET", "/calls/{id}/signalling", Need::Call(Signalling)),
    ("GET", "/calls/{id}/signalling.txt", Need::Call(Signalling)),
    ("GET", "/calls/{id}/signalling.pcap", Need::Call(Signalling)),
    ("POST", "/calls/{id}/supervise", Need::May(FloorAct)),
    ("GET", "/calls/{id}/caller", Need::Call(CallsOwn)),
    ("GET", "/live", Need::May(CallsOwn)),
    ("GET", "/phone", Need::SignedIn),
    ("GET", "/phone/settings", Need::SignedIn),
    ("PUT", "/phone/settings", Need::SignedIn),
    ("POST", "/widget/calls", Need::Nothing),
    ("GET", "/widget/call", Need::Nothing),
    ("GET", "/tickets", Need::May(Tickets)),
    ("GET", "/tickets/{id}", Need::May(Tickets)),
    ("PATCH", "/tickets/{id}", Need::May(TicketsWrite)),
    ("POST", "/tickets/{id}/notes", Need::May(TicketsWrite)),
    ("GET", "/flows", Need::May(Flows)),
    ("GET", "/flows/blocks", Need::May(Flows)),
    ("POST", "/flows/check", Need::May(Flows)),
    ("GET", "/flows/draft", Need::May(Flows)),
    ("POST", "/flows/replay", Need::May(Flows)),
    ("POST", "/flows/simulate", Need::May(Flows)),
    ("POST", "/flows/simulate/hear", Need::May(Flows)),
    ("GET", "/flows/templates", Need::May(Flows)),
    ("POST", "/flows/test", Need::May(Flows)),
    ("GET", "/flows/versions", Need::May(Flows)),
    ("GET", "/flows/versions/{number}", Need::May(Flows)),
    ("GET", "/flows/{id}", Need::May(Flows)),
    ("GET", "/prompts", Need::May(Flows)),
    ("GET", "/prompts/{id}/sound.wav", Need::May(Flows)),
    ("PUT", "/flows/draft", Need::May(FlowsWrite)),
    ("POST", "/flows/draft/revert", Need::May(FlowsWrite)),
    ("POST", "/flows/import", Need::May(FlowsWrite)),
    ("POST", "/flows/publish", Need::May(FlowsWrite)),
    ("DELETE", "/flows/versions/{number}", Need::May(FlowsWrite)),
    ("POST", "/flows/versions/{number}/promote", Need::May(FlowsWrite)),
    ("PUT", "/prompts/{id}/recording", Need::May(FlowsWrite)),
    ("DELETE", "/prompts/{id}/recording", Need::May(FlowsWrite)),
    ("GET", "/intents", Need::May(Understanding)),
    ("POST", "/intents/check", Need::May(Understanding)),
    ("GET", "/intents/diff", Need::May(Understanding)),
    ("GET", "/intents/export", Need::May(Understanding)),
    ("POST", "/intents/parse", Need::May(Understanding)),
    ("POST", "/intents/parse/batch", Need::May(Understanding)),
    ("GET", "/intents/tuning", Need::May(Understanding)),
    ("GET", "/intents/unmatched", Need::May(Understanding)),
    ("GET", "/intents/versions", Need::May(Understanding)),
    ("GET", "/intents/versions/{number}", Need::May(Understanding)),
    ("PUT", "/intents", Need::May(UnderstandingWrite)),
    ("POST", "/intents/import", Need::May(UnderstandingWrite)),
    ("POST", "/intents/train", Need::May(UnderstandingWrite)),
    ("POST", "/intents/unmatched", Need::May(UnderstandingWrite)),
    ("POST", "/intents/versions/{number}/promote", Need::May(UnderstandingWrite)),
    ("GET", "/knowledge/articles", Need::May(Knowledge)),
    ("GET", "/knowledge/articles/{id}", Need::May(Knowledge)),
    ("POST", "/knowledge/articles/{id}/feedback", Need::May(Knowledge)),
    ("GET", "/knowledge/articles/{id}/history", Need::May(Knowledge)),
    ("GET", "/knowledge/gaps", Need::May(Knowledge)),
    ("POST", "/knowledge/search", Need::May(Knowledge)),
    ("POST", "/knowledge/sound", Need::May(Knowledge)),
    ("POST", "/knowledge/spoken", Need::May(Knowledge)),
    ("POST", "/knowledge/articles", Need::May(KnowledgeWrite)),
    ("PUT", "/knowledge/articles/{id}", Need::May(KnowledgeWrite)),
    ("DELETE", "/knowledge/articles/{id}", Need::May(KnowledgeWrite)),
    ("POST", "/knowledge/gaps/{id}/aside", Need::May(KnowledgeWrite)),
    ("POST", "/knowledge/import", Need::May(KnowledgeWrite)),
    ("GET", "/extensions", Need::May(Settings)),
    ("POST", "/extensions", Need::May(Settings)),
    ("GET", "/trunks", Need::May(Settings)),
    ("GET", "/tokens", Need::May(Settings)),
    ("POST", "/tokens", Need::May(Settings)),
    ("DELETE", "/tokens/{id}", Need::May(Settings)),
    ("PUT", "/presence/reasons", Need::May(Settings)),
    ("GET", "/queues", Need::May(Queues)),
    ("POST", "/queues", Need::May(QueuesWrite)),
    ("GET", "/queues/{id}", Need::May(Queues)),
    ("PUT", "/queues/{id}", Need::May(QueuesWrite)),
    ("DELETE", "/queues/{id}", Need::May(QueuesWrite)),
    ("GET", "/agents", Need::May(Queues)),
    ("PUT", "/agents/{extension}", Need::May(QueuesWrite)),
    ("GET", "/agents/{extension}/presence", Need::May(Queues)),
    ("PUT", "/agents/{extension}/presence", Need::May(PresenceOwn)),
    ("POST", "/agents/{extension}/wrap-up", Need::May(PresenceOwn)),
    ("GET", "/presence/reasons", Need::May(Queues)),
    ("GET", "/floor", Need::May(Floor)),
    ("GET", "/floor/live", Need::May(Queues)),
    ("GET", "/floor/calls/{call}/why", Need::May(Queues)),
    ("PUT", "/floor/calls/{call}", Need::May(FloorAct)),
    ("POST", "/chat/sessions", Need::Nothing),
    ("DELETE", "/chat/sessions/{id}", Need::Nothing),
    ("GET", "/chat/sessions/{id}/events", Need::Nothing),
    ("POST", "/chat/sessions/{id}/messages", Need::Nothing),
];

/// The document of the interface, with what each route needs as its `x-permission`.
pub fn described(mut document: OpenApi) -> OpenApi {
    for (path, item) in document.paths.paths.iter_mut() {
        let operations = [
            (Method::GET, &mut item.get),
            (Method::PUT, &mut item.put),
            (Method::POST, &mut item.post),
            (Method::DELETE, &mut item.delete),
            (Method::PATCH, &mut item.patch),
        ];
        for (method, operation) in operations {
            let needs = match needed(&method, path) {
                None | Some(Need::Nothing) => continue,
                Some(Need::SignedIn) => "signed_in".to_owned(),
                Some(Need::May(what) | Need::Call(what)) => what.name(),
            };
            if let Some(operation) = operation {
                operation.extensions.get_or_insert_default().insert("x-permission".to_owned(), needs.into());
            }
        }
    }
    document
}

/// What a route needs; none where it is on no list.
pub fn needed(method: &Method, path: &str) -> Option<Need> {
    let below = path.strip_prefix("/api/v1").unwrap_or(path);
    let found = ROUTES.iter().find(|(by, route, _)| *by == method.as_str() && *route == below);
    found.map(|(.., need)| *need)
}
