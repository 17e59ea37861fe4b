//! Journals and the calls read from them.

use hotline::{
    event::{CallId, Entry, Event, Outcome, Personal, Speaker},
    store::{CallFilter, CallState, StoreError, TicketFilter},
};

use crate::bed::{Journal, NOW, on_both, whole_call};

on_both! {
    async fn a_journal_comes_back_as_it_was_written(bed: Bed) {
        let tenant = bed.tenant().await;
        let mut journal = Journal::from("+49 30 1234567");
        journal.heard("where is my order").said("It is on its way.", 612).ended(Outcome::Resolved);
        journal.store(&tenant).await;
        assert_eq!(tenant.journal(journal.call).await.expect("it is there"), journal.entries);
    }

    async fn the_call_says_what_its_journal_says(bed: Bed) {
        let tenant = bed.tenant().await;
        let mut journal = Journal::from("+49301234567");
        journal.heard("where is my order").said("One moment.", 900).heard("four five").said("It is here.", 500);
        journal.said("Bye.", 700);
        let ticket = journal.ticket("Order", "45501");
        journal.store(&tenant).await;
        let live = tenant.call(journal.call).await.expect("it is there");
        assert_eq!((live.state, live.outcome, live.ended_at), (CallState::Bot, None, None));

        journal.ended(Outcome::Resolved).store(&tenant).await;
        let call = tenant.call(journal.call).await.expect("it is there");
        let last = journal.entries.last().expect("it has entries");
        assert_eq!(call.from.reveal(), "+49301234567");
        assert_eq!((call.to.as_str(), call.flow.as_str()), ("100", "bicycle-shop@1"));
        assert_eq!((call.state, call.outcome), (CallState::Ended, Some(Outcome::Resolved)));
        assert_eq!(call.started_at, NOW + 1_000);
        assert_eq!(call.ended_at, Some(last.at));
        assert_eq!(call.duration_ms, Some((last.at - NOW) as u32 - 1_000));
        assert_eq!((call.turns, call.wire_p50_ms), (2, Some(700)));
        assert_eq!(call.intent.as_deref(), Some("order_status"));
        assert_eq!(call.ticket.map(|ticket| (ticket.id, ticket.number)), Some((ticket, 1)));
        assert_eq!(call.last_seq, last.seq);
    }

    async fn a_call_goes_from_bot_to_queue_to_agent_and_keeps_its_agent(bed: Bed) {
        let tenant = bed.tenant().await;
        let mut journal = Journal::from("");
        journal.entries.truncate(1);
        let mut states = Vec::new();
        for event in [
            Event::Answered { codec: "PCMA".into() },
            Event::Queued { queue: "shop".into(), brief: Personal::new("wants a refund"), priority: None },
            Event::Ringing { agent: "201".into() },
            Event::Bridged { agent: "201".into(), waited_ms: 4_000 },
            Event::Ended { outcome: Outcome::Agent, duration_ms: 9_000 },
        ] {
            journal.push(event).store(&tenant).await;
            states.push(tenant.call(journal.call).await.expect("it is there").state);
        }
        assert_eq!(states, [CallState::Bot, CallState::Queued, CallState::Queued, CallState::Agent, CallState::Ended]);
        assert_eq!(tenant.call(journal.call).await.expect("it is there").agent.as_deref(), Some("201"));
    }

    async fn appending_again_changes_nothing(bed: Bed) {
        let tenant = bed.tenant().await;
        let mut journal = Journal::from("101");
        journal.heard("hello");
        let first = tenant.append(journal.call, journal.entries.clone()).await.expect("stored");
        let again = tenant.append(journal.call, journal.entries.clone()).await.expect("still stored");
        assert_eq!(first, again);
        journal.said("Hello.", 500);
        tenant.append(journal.call, journal.entries.clone()).await.expect("old and new together");
        assert_eq!(tenant.journal(journal.call).await.expect("it is there"), journal.entries);
        assert_eq!(tenant.call(journal.call).await.expect("it is there").turns, 1);
    }

    async fn another_entry_at_the_same_place_is_refused(bed: Bed) {
        let tenant = bed.tenant().await;
        let journal = Journal::from("101");
        journal.store(&tenant).await;
        let other = Entry { event: Event::Answered { codec: "PCMA".into() }, ..journal.entries[1].clone() };
        let error = tenant.append(journal.call, vec![other]).await.expect_err("it is taken");
        assert!(matches!(error, StoreError::Conflict { seq: 2, .. }), "{error}");
    }

    async fn words_still_being_said_are_shown_and_never_stored(bed: Bed) {
        let tenant = bed.tenant().await;
        let journal = Journal::from("101");
        let mut live = tenant.subscribe();
        journal.store(&tenant).await;
        let partial = Entry {
            seq: 0,
            at: NOW,
            audio_ms: Some(5),
            event: Event::Partial { speaker: Speaker::Caller, text: Personal::new("where is") },
        };
        assert!(tenant.append(journal.call, vec![partial.clone()]).await.is_err());
        tenant.publish_transient(journal.call, partial.clone());
        let cursors: Vec<Option<i64>> = [live.recv().await, live.recv().await, live.recv().await]
            .map(|seen| seen.expect("everything arrives").cursor)
            .to_vec();
        assert!(cursors[0] < cursors[1] && cursors[0].is_some() && cursors[2].is_none(), "{cursors:?}");
        assert_eq!(tenant.journal(journal.call).await.expect("it is there").len(), 2);
    }

    async fn a_call_that_was_never_offered_is_unknown(bed: Bed) {
        let tenant = bed.tenant().await;
        let mut journal = Journal::from("101");
        journal.entries.remove(0);
        let error = tenant.append(journal.call, journal.entries).await.expect_err("it never began");
        assert!(matches!(error, StoreError::NoSuch { what: "call" }));
        assert!(matches!(tenant.journal(journal.call).await, Err(StoreError::NoSuch { .. })));
        assert!(matches!(tenant.call(CallId::new()).await, Err(StoreError::NoSuch { .. })));
    }

    async fn a_score_that_is_no_number_does_not_spoil_the_journal(bed: Bed) {
        let tenant = bed.tenant().await;
        let mut journal = Journal::from("101");
        journal.heard("hello");
        if let Event::Heard { confidence, .. } = &mut journal.entries[2].event {
            *confidence = f32::NAN;
        }
        journal.store(&tenant).await;
        journal.store(&tenant).await;
        assert_eq!(tenant.journal(journal.call).await.expect("it can be read").len(), 4);
    }

    async fn fifty_calls_at_once_lose_nothing_and_stay_in_order(bed: Bed) {
        let tenant = bed.tenant().await;
        let mut live = tenant.subscribe();
        let mut running = tokio::task::JoinSet::new();
        for number in 0..50 {
            let tenant = tenant.clone();
            running.spawn(async move {
                let mut journal = Journal::from(&format!("+49{number:09}"));
                for turn in 0..9 {
                    journal.heard(&format!("word {turn}"));
                }
                journal.ticket(&format!("Call {number}"), "");
                journal.ended(Outcome::Resolved);
                for entry in &journal.entries {
                    tenant.append(journal.call, vec![entry.clone()]).await.expect("stored");
                }
                journal
            });
        }
        let journals = running.join_all().await;
        for journal in &journals {
            assert_eq!(tenant.journal(journal.call).await.expect("it is there"), journal.entries);
        }
        let all: usize = journals.iter().map(|journal| journal.entries.len()).sum();
        let mut seen = Vec::new();
        while let Ok(entry) = live.try_recv() {
            seen.push(entry);
        }
        assert_eq!(seen.len(), all);
        assert!(seen.is_sorted_by(|a, b| a.cursor < b.cursor), "live screens see the order of the cursors");
        assert_eq!(tenant.entries_after(0, 10_000).await.expect("they are there"), seen);
        let tickets = tenant.tickets(&TicketFilter::default(), None, 100).await.expect("they are there");
        let numbers: Vec<i64> = tickets.items.iter().map(|ticket| ticket.number).collect();
        assert_eq!(numbers, (1..=50).rev().collect::<Vec<_>>());
    }

    async fn what_was_missed_is_read_from_the_cursor_on(bed: Bed) {
        let tenant = bed.tenant().await;
        assert_eq!(tenant.last_cursor().await.expect("it answers"), 0);
        let journal = Journal::from("101");
        let first = tenant.begin_call(journal.call, journal.entries[0].clone()).await.expect("stored");
        journal.store(&tenant).await;
        let missed = tenant.entries_after(first.cursor.expect("it has one"), 10).await.expect("they are there");
        assert_eq!(missed.len(), 1);
        assert_eq!(*missed[0].entry, journal.entries[1]);
        assert_eq!(missed[0].cursor, Some(tenant.last_cursor().await.expect("it answers")));
    }

    async fn calls_are_listed_newest_first_by_page_and_filter(bed: Bed) {
        let tenant = bed.tenant().await;
        let mut calls = Vec::new();
        for number in 0..5 {
            let mut journal = Journal::from("101");
            match number {
                0..3 => journal.ended(Outcome::Resolved),
                3 => journal.ended(Outcome::Abandoned),
                _ => &mut journal,
            };
            journal.store(&tenant).await;
            calls.insert(0, journal.call);
        }
        let mut listed = Vec::new();
        let mut before = None;
        loop {
            let page = tenant.calls(&CallFilter::default(), before, 2).await.expect("it answers");
            listed.extend(page.items.iter().map(|call| call.id));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(listed, calls);
        let count = async |outcome, live| {
            let page = tenant.calls(&CallFilter { outcome, live }, None, 50).await.expect("it answers");
            page.items.len()
        };
        assert_eq!(count(Some(Outcome::Resolved), None).await, 3);
        assert_eq!(count(None, Some(true)).await, 1);
        assert_eq!(count(Some(Outcome::Abandoned), Some(false)).await, 1);
        assert_eq!(tenant.calls_offered().await.expect("it answers"), 5);
    }

    async fn what_a_crash_left_open_is_found_and_can_be_ended(bed: Bed) {
        let mut journal = Journal::from("101");
        journal.heard("hello");
        {
            let store = bed.open().await;
            let tenant = store.default_tenant();
            whole_call(&tenant, "102", "done", "Done").await;
            journal.store(&tenant).await;
            store.close().await;
        }
        let tenant = bed.tenant().await;
        let open = tenant.unended_calls().await.expect("it answers");
        assert_eq!(open.iter().map(|call| call.id).collect::<Vec<_>>(), [journal.call]);
        assert_eq!(open[0].last_seq as usize, journal.entries.len());
        journal.ended(Outcome::Abandoned).store(&tenant).await;
        assert!(tenant.unended_calls().await.expect("it answers").is_empty());
    }

    async fn a_closed_store_says_so(bed: Bed) {
        let store = bed.open().await;
        let tenant = store.default_tenant();
        store.close().await;
        let journal = Journal::from("101");
        assert!(matches!(tenant.append(journal.call, journal.entries).await, Err(StoreError::Closed)));
    }
}
