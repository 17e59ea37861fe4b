//! The generator against far ends that answer as a test wants.

use std::thread::JoinHandle;
use std::time::Duration;

use super::super::wire::Message;
use super::*;

/// A far end that answers each request as `reply` says: with the statuses that it returns, one after the other.
struct FarEnd {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FarEnd {
    fn start(mut reply: impl FnMut(&Message<'_>) -> Vec<String> + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let socket = sys::stamped(socket, 16 << 20).expect("options");
        socket.set_nonblocking(false).expect("an option");
        socket.set_read_timeout(Some(Duration::from_millis(20))).expect("an option");
        let address = socket.local_addr().expect("it is bound");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut datagram = [0; 4_096];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut datagram) else { continue };
                let message = Message::read(&datagram[..length]).expect("the generator writes SIP");
                for answer in reply(&message) {
                    socket.send_to(answer.as_bytes(), from).expect("loopback takes it");
                }
            }
        });
        Self { address, stop, thread: Some(thread) }
    }

    fn engine(&self, sources: u8) -> Engine {
        let target = Target { uri: format!("sip:100@{}", self.address), address: self.address, sources };
        Engine::new(target, 1, Arc::default()).expect("sockets")
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

fn answer(message: &Message<'_>, status: &str) -> String {
    let mut out = Vec::new();
    message.answer(&mut out, status);
    String::from_utf8(out).expect("SIP is text")
}

fn all_well(message: &Message<'_>) -> Vec<String> {
    match message.method {
        "ACK" => Vec::new(),
        "INVITE" => vec![answer(message, "100 Trying"), answer(message, "200 OK")],
        _ => vec![answer(message, "200 OK")],
    }
}

fn at_once(engine: &mut Engine, calls: u64) {
    engine.offer(1_000.0, calls, |_| Plan { hang_up_after: Some(0), ..Plan::default() });
    engine.run(sys::now() + 60 * SECOND, |engine| !engine.is_offering() && engine.live() == 0);
}

#[test]
fn every_call_goes_from_invite_to_the_answer_of_its_bye() {
    for sources in [1, 16] {
        let far = FarEnd::start(all_well);
        let mut engine = far.engine(sources);
        at_once(&mut engine, 50);
        let tally = &engine.tally;
        assert_eq!((tally.offered, tally.answered, tally.completed, tally.failed()), (50, 50, 50, 0));
        assert_eq!((tally.answer.len(), tally.bye.len()), (50, 50));
    }
}

#[test]
fn what_gets_lost_is_sent_again_and_counted() {
    let mut seen = std::collections::HashSet::new();
    let far = FarEnd::start(move |message| {
        let first = seen.insert((message.call_id.to_owned(), message.method.to_owned()));
        if first && message.method != "ACK" { Vec::new() } else { all_well(message) }
    });
    let mut engine = far.engine(4);
    at_once(&mut engine, 5);
    assert_eq!((engine.tally.completed, engine.tally.retransmitted), (5, 10));
}

#[test]
fn a_refused_call_is_acknowledged_counted_and_timed() {
    let (acks, counted) = std::sync::mpsc::channel();
    let far = FarEnd::start(move |message| {
        if message.method == "ACK" {
            let _ = acks.send(());
            return Vec::new();
        }
        vec![answer(message, "503 Service Unavailable")]
    });
    let mut engine = far.engine(4);
    at_once(&mut engine, 5);
    assert_eq!(engine.tally.refused.get(&503), Some(&5));
    assert_eq!((engine.tally.failed(), engine.tally.refusal.len(), engine.tally.completed), (5, 5, 0));
    for _ in 0..5 {
        counted.recv_timeout(Duration::from_secs(5)).expect("each refusal is acknowledged");
    }
}

#[test]
fn a_call_that_is_taken_back_ends_with_487_or_is_hung_up_when_the_answer_was_faster() {
    for (final_answer, cancelled) in [("487 Request Terminated", 1), ("200 OK", 0)] {
        let mut invite = None;
        let far = FarEnd::start(move |message| match message.method {
            "INVITE" => {
                invite = Some(answer(message, final_answer));
                vec![answer(message, "100 Trying")]
            }
            "CANCEL" => [answer(message, "200 OK")].into_iter().chain(invite.take()).collect(),
            _ => all_well(message),
        });
        let mut engine = far.engine(1);
        engine.begin(Plan { cancel_after: Some(MS), ..Plan::default() });
        engine.run(sys::now() + 60 * SECOND, |engine| engine.live() == 0);
        assert_eq!((engine.tally.cancelled, engine.tally.completed), (cancelled, 1 - cancelled));
        assert_eq!(engine.tally.failed(), 0);
    }
}

#[test]
fn a_stopped_generator_returns_at_once() {
    let far = FarEnd::start(all_well);
    let engine = far.engine(1);
    engine.stop.store(true, Ordering::Relaxed);
    let mut engine = engine;
    engine.offer(1.0, 1_000_000, |_| Plan::default());
    engine.run(u64::MAX, |_| false);
    assert_eq!(engine.tally.offered, 0);
}

/// `cargo test -p hotline --lib -- --ignored --nocapture what_the_generator_itself_costs`
#[test]
#[ignore = "a measurement, not a test"]
fn what_the_generator_itself_costs() {
    let far = FarEnd::start(all_well);
    let mut engine = far.engine(64);
    for rate in [2_000_u32, 5_000, 10_000, 15_000] {
        engine.tally = Tally::default();
        let before = sys::thread_cpu();
        engine.offer(f64::from(rate), u64::from(rate) * 3, |_| Plan { hang_up_after: Some(0), ..Plan::default() });
        engine.run(sys::now() + 3 * SECOND, |_| false);
        engine.run(sys::now() + 5 * SECOND, |engine| !engine.is_offering() && engine.live() == 0);
        let used = (sys::thread_cpu() - before) as f64 / 1e9;
        println!(
            "{rate} calls/s: completed {} of {}, {:.0} % of a core, {:.1} µs a call, {} sent again, late {:?}",
            engine.tally.completed,
            engine.tally.offered,
            used / 3.0 * 100.0,
            used / engine.tally.completed.max(1) as f64 * 1e6,
            engine.tally.retransmitted,
            engine.tally.lateness.quantiles(),
        );
    }
}
