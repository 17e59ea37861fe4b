//! Tickets: opened by calls, worked on by people, found by words, computed again from the journal.

use hotline::{
    event::{Event, Outcome, Personal, TicketId, TicketStatus},
    store::{AssigneeFilter, CallFilter, NewUser, Role, StoreError, Tenant, TicketChange, TicketFilter, User},
};

use crate::bed::{Journal, NOW, on_both, whole_call};

async fn user(tenant: &Tenant, name: &str) -> User {
    let new = NewUser { name: name.into(), email: None, role: Role::Agent, language: None };
    tenant.create_user(new, NOW).await.expect("the user is added")
}

async fn find(tenant: &Tenant, q: &str) -> Vec<i64> {
    let filter = TicketFilter { q: Some(q.into()), ..TicketFilter::default() };
    let page = tenant.tickets(&filter, None, 50).await.expect("it answers");
    page.items.into_iter().map(|ticket| ticket.number).collect()
}

on_both! {
    async fn a_ticket_tells_its_story(bed: Bed) {
        let tenant = bed.tenant().await;
        let (call, ticket) = whole_call(&tenant, "+4930555", "where is my order", "Order status").await;
        let (ann, bob) = (user(&tenant, "Ann").await, user(&tenant, "Bob").await);
        let assign = TicketChange { status: Some(TicketStatus::Pending), assignee: Some(Some(bob.id)) };
        tenant.change_ticket(ticket, ann.id, assign, NOW + 60_000).await.expect("changed");
        tenant.note(ticket, bob.id, Personal::new("I called back."), NOW + 61_000).await.expect("noted");
        let solve = TicketChange { status: Some(TicketStatus::Solved), assignee: Some(None) };
        tenant.change_ticket(ticket, bob.id, solve, NOW + 62_000).await.expect("changed");

        let detail = tenant.ticket(ticket).await.expect("it is there");
        assert_eq!((detail.ticket.number, detail.ticket.call), (1, call));
        assert_eq!(detail.ticket.subject.reveal(), "Order status");
        assert_eq!(detail.body.reveal(), "the caller waits for an answer");
        assert_eq!(detail.ticket.from.reveal(), "+4930555");
        assert_eq!(detail.ticket.tags, ["order_status"]);
        assert_eq!(detail.ticket.outcome, Some(Outcome::Resolved));
        assert_eq!((detail.ticket.status, detail.ticket.assignee), (TicketStatus::Solved, None));
        assert_eq!(detail.ticket.changed_at, NOW + 62_000);
        assert_eq!(detail.notes.len(), 1);
        assert_eq!((detail.notes[0].by.name.as_str(), detail.notes[0].text.reveal()), ("Bob", "I called back."));
        assert_eq!(detail.history.len(), 2);
        let given = detail.history[0].assignee.clone().flatten().expect("it was given to somebody");
        assert_eq!((detail.history[0].by.name.as_str(), given.name.as_str()), ("Ann", "Bob"));
        assert_eq!(detail.history[1].assignee, Some(None));

        let journal = tenant.journal(call).await.expect("it is there");
        let seqs: Vec<u32> = journal.iter().map(|entry| entry.seq).collect();
        assert_eq!(seqs, (1..=journal.len() as u32).collect::<Vec<_>>());
        assert!(matches!(journal[journal.len() - 2].event, Event::Noted { .. }));
    }

    async fn people_can_work_on_the_ticket_of_a_call_that_goes_on(bed: Bed) {
        let tenant = bed.tenant().await;
        let ann = user(&tenant, "Ann").await;
        let mut journal = Journal::from("101");
        let ticket = journal.ticket("Order", "");
        journal.store(&tenant).await;
        tenant.note(ticket, ann.id, Personal::new("Listening in."), NOW).await.expect("noted");
        journal.heard("still here").ended(Outcome::Resolved).store(&tenant).await;
        let stored = tenant.append(journal.call, journal.entries.clone()).await.expect("still stored");
        let given = journal.entries.len() as u32;
        assert_eq!(stored.last().map(|last| last.entry.seq), Some(given + 1));
        let seqs: Vec<u32> = tenant.journal(journal.call).await.expect("it is there").iter().map(|e| e.seq).collect();
        assert_eq!(seqs, (1..=given + 1).collect::<Vec<_>>());
        tenant.rebuild().await.expect("rebuilt");
        let again = tenant.append(journal.call, journal.entries.clone()).await.expect("still stored");
        assert_eq!(stored, again);
    }

    async fn tickets_are_listed_by_status_assignee_and_page(bed: Bed) {
        let tenant = bed.tenant().await;
        let ann = user(&tenant, "Ann").await;
        let mut tickets = Vec::new();
        for number in 1..=5 {
            tickets.push(whole_call(&tenant, "", "hello", &format!("Call {number}")).await.1);
        }
        let mine = TicketChange { assignee: Some(Some(ann.id)), ..TicketChange::default() };
        tenant.change_ticket(tickets[1], ann.id, mine, NOW).await.expect("changed");
        let solved = TicketChange { status: Some(TicketStatus::Solved), ..TicketChange::default() };
        tenant.change_ticket(tickets[3], ann.id, solved, NOW).await.expect("changed");
        let numbers = async |filter: TicketFilter, before, limit| {
            let page = tenant.tickets(&filter, before, limit).await.expect("it answers");
            (page.items.iter().map(|ticket| ticket.number).collect::<Vec<_>>(), page.next)
        };
        let all = TicketFilter::default;
        assert_eq!(numbers(all(), None, 2).await, (vec![5, 4], Some(4)));
        assert_eq!(numbers(all(), Some(4), 3).await, (vec![3, 2, 1], None));
        let of = |user| TicketFilter { assignee: Some(AssigneeFilter::User(user)), ..all() };
        assert_eq!(numbers(of(ann.id), None, 9).await.0, [2]);
        let nobody = TicketFilter { assignee: Some(AssigneeFilter::Nobody), ..all() };
        assert_eq!(numbers(nobody, None, 9).await.0, [5, 4, 3, 1]);
        let open = TicketFilter { status: Some(TicketStatus::Open), ..all() };
        assert_eq!(numbers(open, None, 9).await.0, [5, 3, 2, 1]);
        let found = TicketFilter { q: Some("call".into()), status: Some(TicketStatus::Open), ..all() };
        assert_eq!(numbers(found, None, 3).await, (vec![5, 3, 2], Some(2)));
    }

    async fn tickets_are_found_in_english_and_chinese(bed: Bed) {
        let tenant = bed.tenant().await;
        let ann = user(&tenant, "Ann").await;
        let (_, refund) = whole_call(&tenant, "+4930777", "I want my money back", "Refund").await;
        whole_call(&tenant, "", "我的订单在哪里", "查询订单 45501").await;
        tenant.note(refund, ann.id, Personal::new("Sent a VOUCHER, 代金券"), NOW).await.expect("noted");
        for (q, expected) in [
            ("refund", &[1][..]),
            ("MONEY back", &[1]),
            ("mon", &[1]),
            ("oney", &[]),
            ("voucher refund", &[1]),
            ("voucher 订单", &[]),
            ("代金券", &[1]),
            ("订单", &[2]),
            ("订单在哪里", &[2]),
            ("45501", &[2]),
            ("#2", &[2]),
            ("4930777", &[1]),
            ("answer", &[2, 1]),
            ("nothing", &[]),
            ("", &[2, 1]),
        ] {
            assert_eq!(find(&tenant, q).await, expected, "{q}");
        }
    }

    async fn a_search_goes_on_beyond_the_first_hundred(bed: Bed) {
        let tenant = bed.tenant().await;
        whole_call(&tenant, "", "needle", "Old").await;
        for _ in 0..120 {
            let mut journal = Journal::from("");
            journal.ticket("Hay", "");
            journal.store(&tenant).await;
        }
        assert_eq!(find(&tenant, "needle").await, [1]);
    }

    async fn a_ticket_nobody_opened_cannot_be_changed(bed: Bed) {
        let tenant = bed.tenant().await;
        let ann = user(&tenant, "Ann").await;
        let unknown = TicketId::new();
        let error = tenant.change_ticket(unknown, ann.id, TicketChange::default(), NOW).await.expect_err("unknown");
        assert!(matches!(error, StoreError::NoSuch { what: "ticket" }), "{error}");
        let (_, ticket) = whole_call(&tenant, "", "hello", "Hello").await;
        let nobody = TicketChange { assignee: Some(Some(hotline::event::UserId::new())), ..TicketChange::default() };
        let error = tenant.change_ticket(ticket, ann.id, nobody, NOW).await.expect_err("unknown");
        assert!(matches!(error, StoreError::NoSuch { what: "user" }), "{error}");
    }

    async fn computing_everything_again_gives_the_same(bed: Bed) {
        let store = bed.open().await;
        let tenant = store.default_tenant();
        let ann = user(&tenant, "Ann").await;
        let (_, ticket) = whole_call(&tenant, "+4930888", "hello", "One").await;
        let (gone, _) = whole_call(&tenant, "+4930889", "erase me", "Two").await;
        let mut open = Journal::from("+4930888");
        open.heard("hello").said("Yes?", 321);
        open.store(&tenant).await;
        let change = TicketChange { status: Some(TicketStatus::Pending), assignee: Some(Some(ann.id)) };
        tenant.change_ticket(ticket, ann.id, change, NOW + 1).await.expect("changed");
        tenant.note(ticket, ann.id, Personal::new("note"), NOW + 2).await.expect("noted");
        let person = tenant.call(gone).await.expect("it is there").person;
        tenant.erase_person(person, NOW + 3).await.expect("erased");

        let all = async || {
            let calls = tenant.calls(&CallFilter::default(), None, 50).await.expect("they are there");
            let tickets = tenant.tickets(&TicketFilter::default(), None, 50).await.expect("they are there");
            (calls, tickets, tenant.ticket(ticket).await.expect("it is there"))
        };
        let before = all().await;
        tenant.rebuild().await.expect("rebuilt");
        assert_eq!(all().await, before);
        // Also when rows were wrong or lost.
        bed.sql("UPDATE call SET intent = 'wrong', turns = 77 WHERE outcome IS NULL").await;
        bed.sql("DELETE FROM ticket WHERE number = 1").await;
        tenant.rebuild().await.expect("rebuilt");
        assert_eq!(all().await, before);
    }
}
