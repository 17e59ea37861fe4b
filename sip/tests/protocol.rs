//! What a peer sees on the wire, message by message. The peer writes its requests by hand.

mod common;

use std::net::SocketAddr;

use common::*;
use sip::transport::TransportConfig;
use sip::ua::{ActiveCall, Dial, EndCause, IncomingCall, Progress, RateLimit, SipError, UaConfig, UserAgent};
use tokio::sync::mpsc;

struct Scene {
    agent: UserAgent,
    calls: mpsc::Receiver<IncomingCall>,
    peer: Peer,
}

async fn scene_with(config: UaConfig) -> Scene {
    let (agent, calls) = agent(config).await;
    let peer = Peer::new(agent.local_addr()).await;
    Scene { agent, calls, peer }
}

async fn scene() -> Scene {
    scene_with(config()).await
}

impl Scene {
    /// A call that is up; the second part is the To tag.
    async fn up(&mut self) -> (ActiveCall, Answer) {
        self.peer.invite(1, "", "", &ordinary("")).await;
        let incoming = soon(self.calls.recv()).await.expect("the call arrives");
        let active = soon(incoming.answer()).await.expect("it is answered");
        let ok = self.peer.final_answer("1 INVITE").await;
        self.peer.request("ACK", 1, &ok.to_tag(), "", "").await;
        (active, ok)
    }

    async fn status_of(&mut self, method: &str, to_tag: &str, more: &str) -> Answer {
        self.peer.request(method, 1, to_tag, more, "").await;
        self.peer.final_answer(&format!("1 {method}")).await
    }
}

async fn end(call: &ActiveCall) -> EndCause {
    soon(call.ended().wait_for(Option::is_some)).await.expect("the call ends").clone().expect("with a cause")
}

#[tokio::test]
async fn the_answer_takes_over_the_payload_type_for_keys() {
    let mut scene = scene().await;
    let (_active, ok) = scene.up().await;
    assert_eq!(ok.status(), 200);
    assert!(ok.body().contains(" RTP/AVP 0 97\r\n"), "{}", ok.body());
    assert!(ok.body().contains("a=rtpmap:97 telephone-event/8000\r\n"));
    assert!(ok.header("Contact").contains(&scene.agent.local_addr().to_string()));
}

#[tokio::test]
async fn no_shared_codec_is_488_before_anybody_hears_of_it() {
    let mut scene = scene().await;
    let strange = description(4000, "18", "a=rtpmap:18 G729/8000\r\n");
    scene.peer.invite(1, "", "", &strange).await;
    let refusal = scene.peer.final_answer("1 INVITE").await;
    assert_eq!(refusal.status(), 488);
    assert!(refusal.header("Warning").starts_with("304 hotline \""));
    assert!(scene.calls.try_recv().is_err());
}

#[tokio::test]
async fn another_kind_of_body_is_415() {
    let mut scene = scene().await;
    let more = format!("Contact: <sip:a@{}>\r\nContent-Type: text/plain\r\n", scene.peer.addr());
    scene.peer.request("INVITE", 1, "", &more, "hello").await;
    let refusal = scene.peer.final_answer("1 INVITE").await;
    assert_eq!((refusal.status(), refusal.header("Accept")), (415, "application/sdp".to_owned()));
}

#[tokio::test]
async fn an_invite_without_an_offer_gets_ours_and_brings_the_answer_in_the_ack() {
    let mut scene = scene().await;
    scene.peer.invite(1, "", "", "").await;
    let incoming = soon(scene.calls.recv()).await.expect("the call arrives");
    let answering = tokio::spawn(incoming.answer());
    let ok = scene.peer.final_answer("1 INVITE").await;
    assert!(ok.body().contains(" RTP/AVP 0 8 9 101\r\n"), "{}", ok.body());
    let answer = description(4000, "8", "");
    scene.peer.request("ACK", 1, &ok.to_tag(), "Content-Type: application/sdp\r\n", &answer).await;
    let active = soon(answering).await.expect("no panic").expect("it is answered");
    assert_eq!(active.codec(), sip::media::Codec::Pcma);
}

#[tokio::test]
async fn an_ack_without_the_answer_that_is_due_ends_the_call() {
    let mut scene = scene().await;
    scene.peer.invite(1, "", "", "").await;
    let incoming = soon(scene.calls.recv()).await.expect("the call arrives");
    let answering = tokio::spawn(incoming.answer());
    let ok = scene.peer.final_answer("1 INVITE").await;
    scene.peer.request("ACK", 1, &ok.to_tag(), "", "").await;
    let result = soon(answering).await.expect("no panic");
    assert!(matches!(result, Err(SipError::Gone(_))));
    let bye = scene.peer.next_request("BYE").await;
    scene.peer.ok(&bye).await;
}

#[tokio::test]
async fn an_answer_that_nobody_acknowledges_is_given_up_by_name() {
    let mut scene = scene().await;
    scene.peer.invite(1, "", "", &ordinary("")).await;
    let incoming = soon(scene.calls.recv()).await.expect("the call arrives");
    let active = soon(incoming.answer()).await.expect("it is answered");
    assert_eq!(end(&active).await, EndCause::NotAcknowledged);
    scene.peer.next_request("BYE").await;
}

#[tokio::test]
async fn cancel_is_confirmed_and_the_invite_ends_with_487() {
    let mut scene = scene().await;
    scene.peer.invite(1, "", "", &ordinary("")).await;
    let incoming = soon(scene.calls.recv()).await.expect("the call arrives");
    incoming.ring().await.expect("it rings");
    // CANCEL has the branch of the INVITE.
    let (me, to) = (scene.peer.addr(), scene.agent.local_addr());
    let cancel = format!(
        "CANCEL sip:service@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK1-{port};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:caller@{me}>;tag=peer\r\nTo: <sip:service@{to}>\r\nCall-ID: call-{port}\r\nCSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n",
        port = me.port()
    );
    scene.peer.send(&cancel).await;
    assert_eq!(scene.peer.final_answer("1 CANCEL").await.status(), 200);
    assert_eq!(scene.peer.final_answer("1 INVITE").await.status(), 487);
    assert_eq!(soon(incoming.cancelled()).await, EndCause::Cancelled);
}

#[tokio::test]
async fn hold_by_re_invite_is_answered_in_its_place_and_counted_once() {
    let mut scene = scene().await;
    let (active, ok) = scene.up().await;
    let tag = ok.to_tag();
    scene.peer.invite(2, &tag, "", &ordinary("a=sendonly\r\n")).await;
    let hold = scene.peer.final_answer("2 INVITE").await;
    scene.peer.request("ACK", 2, &tag, "", "").await;
    assert!(hold.body().contains("a=recvonly\r\n"), "{}", hold.body());
    assert_eq!(hold.version(), ok.version() + 1);
    soon(active.held().wait_for(|held| *held)).await.expect("held");
    // A refresh of the held session says the same again.
    scene.peer.invite(3, &tag, "", &ordinary("a=sendonly\r\n")).await;
    let refresh = scene.peer.final_answer("3 INVITE").await;
    scene.peer.request("ACK", 3, &tag, "", "").await;
    assert_eq!(refresh.version(), hold.version());
    scene.peer.invite(4, &tag, "", &ordinary("a=inactive\r\n")).await;
    let inactive = scene.peer.final_answer("4 INVITE").await;
    scene.peer.request("ACK", 4, &tag, "", "").await;
    assert!(inactive.body().contains("a=inactive\r\n"));
}

#[tokio::test]
async fn an_update_without_a_body_refreshes_and_one_with_an_offer_is_answered() {
    let mut scene = scene().await;
    let (_active, ok) = scene.up().await;
    let tag = ok.to_tag();
    let contact = format!("Contact: <sip:caller@{}>\r\n", scene.peer.addr());
    scene.peer.request("UPDATE", 2, &tag, &contact, "").await;
    let refreshed = scene.peer.final_answer("2 UPDATE").await;
    assert_eq!((refreshed.status(), refreshed.body()), (200, ""));
    let more = format!("{contact}Content-Type: application/sdp\r\n");
    scene.peer.request("UPDATE", 3, &tag, &more, &ordinary("a=sendonly\r\n")).await;
    assert!(scene.peer.final_answer("3 UPDATE").await.body().contains("a=recvonly"));
    let opus = description(4000, "111", "a=rtpmap:111 opus/48000/2\r\n");
    scene.peer.request("UPDATE", 4, &tag, &more, &opus).await;
    assert_eq!(scene.peer.final_answer("4 UPDATE").await.status(), 488);
    // The call has survived it.
    scene.peer.request("BYE", 5, &tag, "", "").await;
    assert_eq!(scene.peer.final_answer("5 BYE").await.status(), 200);
}

#[tokio::test]
async fn a_re_invite_without_an_offer_gets_ours() {
    let mut scene = scene().await;
    let (active, ok) = scene.up().await;
    let tag = ok.to_tag();
    scene.peer.invite(2, &tag, "", "").await;
    let offer = scene.peer.final_answer("2 INVITE").await;
    assert!(offer.body().contains("m=audio"), "{}", offer.body());
    let answer = description(4002, "0", "a=sendonly\r\n");
    scene.peer.request("ACK", 2, &tag, "Content-Type: application/sdp\r\n", &answer).await;
    soon(active.held().wait_for(|held| *held)).await.expect("the answer in the ACK counts");
}

#[tokio::test]
async fn a_request_that_comes_late_is_500() {
    let mut scene = scene().await;
    let (_active, ok) = scene.up().await;
    let tag = ok.to_tag();
    scene.peer.request("OPTIONS", 10, &tag, "", "").await;
    assert_eq!(scene.peer.final_answer("10 OPTIONS").await.status(), 200);
    scene.peer.request("INFO", 9, &tag, "", "").await;
    assert_eq!(scene.peer.final_answer("9 INFO").await.status(), 500);
}

#[tokio::test]
async fn a_dialog_that_does_not_exist_is_481() {
    let mut scene = scene().await;
    for method in ["BYE", "INFO", "UPDATE", "INVITE"] {
        assert_eq!(scene.status_of(method, "nobody", "").await.status(), 481, "{method}");
    }
}

#[tokio::test]
async fn who_keeps_asking_for_dialogs_that_do_not_exist_is_banned() {
    let mut transport = TransportConfig::default();
    transport.gate.ban_loopback = true;
    transport.gate.offences = 0.25;
    let mut scene = scene_with(UaConfig { transport, ..config() }).await;
    for bans in [0, 0, 1] {
        assert_eq!(scene.status_of("BYE", "nobody", "").await.status(), 481);
        assert_eq!(scene.agent.transports().bans().len(), bans);
    }
}

#[tokio::test]
async fn options_says_what_we_can_do() {
    let mut scene = scene().await;
    let answer = scene.status_of("OPTIONS", "", "").await;
    assert_eq!(answer.status(), 200);
    assert!(answer.header("Allow").contains("INVITE") && answer.header("Allow").contains("UPDATE"));
    assert_eq!(answer.header("Accept"), "application/sdp");
    assert!(answer.0.contains("Supported:"));
}

#[tokio::test]
async fn an_extension_we_lack_is_420_by_name() {
    let mut scene = scene().await;
    let answer = scene.status_of("OPTIONS", "", "Require: 100rel, teleport\r\n").await;
    assert_eq!((answer.status(), answer.header("Unsupported")), (420, "teleport".to_owned()));
}

#[tokio::test]
async fn unknown_methods_are_501_and_unserved_ones_refused() {
    let mut scene = scene().await;
    let unknown = scene.status_of("TELEPORT", "", "").await;
    assert_eq!(unknown.status(), 501);
    let contact = "Contact: <sip:caller@127.0.0.1>\r\n";
    assert_eq!(scene.status_of("SUBSCRIBE", "", contact).await.status(), 489);
    assert_eq!(scene.status_of("REFER", "", contact).await.status(), 403, "a transfer needs a call");
    for method in ["MESSAGE", "PUBLISH", "REGISTER"] {
        let answer = scene.status_of(method, "", "").await;
        assert_eq!(answer.status(), 405, "{method}");
        assert!(answer.header("Allow").contains("INVITE"));
    }
}

#[tokio::test]
async fn nonsense_is_refused() {
    let mut scene = scene().await;
    let text = |version: &str, hops: &str, method: &str| {
        let (me, to) = (scene.peer.addr(), scene.agent.local_addr());
        format!(
            "OPTIONS sip:service@{to} {version}\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bKn{hops}{method}{version}\r\nMax-Forwards: {hops}\r\n\
             From: <sip:caller@{me}>;tag=1\r\nTo: <sip:service@{to}>\r\nCall-ID: n\r\nCSeq: 1 {method}\r\n\r\n"
        )
    };
    let (version, hops, cseq) =
        (text("SIP/7.0", "70", "OPTIONS"), text("SIP/2.0", "256", "OPTIONS"), text("SIP/2.0", "70", "BYE"));
    // One that has come as far as it may is still for us.
    let arrived = text("SIP/2.0", "0", "OPTIONS");
    for (message, status) in [(version, 505), (hops, 400), (cseq, 400), (arrived, 200)] {
        scene.peer.send(&message).await;
        assert_eq!(Answer(scene.peer.message().await).status(), status);
    }
    // And garbage does no harm.
    for garbage in ["", "\r\n\r\n", "INVITE", "\u{1}\u{2}", "GET / HTTP/1.1\r\n\r\n"] {
        scene.peer.send(garbage).await;
    }
    assert_eq!(scene.status_of("OPTIONS", "", "").await.status(), 200);
}

#[tokio::test]
async fn a_message_far_longer_than_a_packet_is_served() {
    let mut scene = scene().await;
    let padding = format!("X-Padding: {}\r\n", "x".repeat(9000));
    assert_eq!(scene.status_of("OPTIONS", "", &padding).await.status(), 200);
}

#[tokio::test]
async fn a_flood_from_one_address_is_told_to_slow_down() {
    let limited = UaConfig { rate_limit: RateLimit { per_second: 0.001, burst: 3.0 }, ..config() };
    let mut scene = scene_with(limited).await;
    for _ in 0..3 {
        assert_eq!(scene.status_of("OPTIONS", "", "").await.status(), 200);
    }
    let refusal = scene.status_of("OPTIONS", "", "").await;
    assert_eq!((refusal.status(), refusal.header("Retry-After")), (503, "5".to_owned()));
}

#[tokio::test]
async fn a_caller_behind_nat_is_reached_where_its_messages_come_from() {
    let mut scene = scene().await;
    let more = "Contact: <sip:caller@10.99.99.99:5060>\r\nContent-Type: application/sdp\r\n";
    scene.peer.request("INVITE", 1, "", more, &ordinary("")).await;
    let incoming = soon(scene.calls.recv()).await.expect("the call arrives");
    let active = soon(incoming.answer()).await.expect("it is answered");
    let ok = scene.peer.final_answer("1 INVITE").await;
    scene.peer.request("ACK", 1, &ok.to_tag(), "", "").await;
    let hanging_up = tokio::spawn(async move { active.hangup(None).await });
    let bye = scene.peer.next_request("BYE").await;
    scene.peer.ok(&bye).await;
    soon(hanging_up).await.expect("no panic");
}

#[tokio::test]
async fn media_goes_to_the_port_of_the_offer_and_moves_with_a_re_invite() {
    let mut scene = scene().await;
    let here = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let there = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let port = |s: &tokio::net::UdpSocket| s.local_addr().map(|a: SocketAddr| a.port()).expect("bound");
    scene.peer.invite(1, "", "", &description(port(&here), "0", "")).await;
    let incoming = soon(scene.calls.recv()).await.expect("the call arrives");
    let _active = soon(incoming.answer()).await.expect("it is answered");
    let ok = scene.peer.final_answer("1 INVITE").await;
    scene.peer.request("ACK", 1, &ok.to_tag(), "", "").await;
    let mut packet = [0; 2000];
    let (len, _) = soon(here.recv_from(&mut packet)).await.expect("RTP comes");
    assert_eq!((len, packet[0] >> 6), (172, 2));
    scene.peer.invite(2, &ok.to_tag(), "", &description(port(&there), "0", "")).await;
    let again = scene.peer.final_answer("2 INVITE").await;
    scene.peer.request("ACK", 2, &again.to_tag(), "", "").await;
    soon(there.recv_from(&mut packet)).await.expect("RTP comes to the new place");
}

#[tokio::test]
async fn audio_before_the_answer_is_heard_and_the_answer_counts() {
    let mut scene = scene().await;
    let dial = Dial::new(format!("sip:gateway@{}", scene.peer.addr()), "sip:4711@127.0.0.1");
    let mut outgoing = scene.agent.dial(dial).await.expect("on its way");
    let invite = scene.peer.next_request("INVITE").await;
    let respond = |status: &str, body: &str| {
        let mut answer = format!("SIP/2.0 {status}\r\n");
        for name in ["Via", "From", "Call-ID", "CSeq"] {
            answer.push_str(&format!("{name}: {}\r\n", invite.header(name)));
        }
        let (to, me, length) = (invite.header("To"), scene.peer.addr(), body.len());
        answer
            + &format!(
                "To: {to};tag=gateway\r\nContact: <sip:gateway@{me}>\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
            )
    };
    scene.peer.send(&respond("183 Session Progress", &description(4000, "8", ""))).await;
    let early = soon(outgoing.next()).await;
    assert!(matches!(early, Progress::EarlyMedia { codec: sip::media::Codec::Pcma }), "{early:?}");
    scene.peer.send(&respond("200 OK", &description(4000, "0", ""))).await;
    let Progress::Answered(active) = soon(outgoing.next()).await else { panic!("an answer was expected") };
    assert_eq!(active.codec(), sip::media::Codec::Pcmu);
    scene.peer.next_request("ACK").await;
    scene.peer.request("BYE", 1, "", "", "").await; // Without our tag it belongs to nothing.
    assert_eq!(scene.peer.final_answer("1 BYE").await.status(), 481);
}
