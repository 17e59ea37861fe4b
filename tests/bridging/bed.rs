//! A service, a carrier in front of it, and the telephones of its agents.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use audio::tone::sine;
use hotline::config::Config;
use hotline::event::{CallId, Event, Outcome};
use hotline::service::Service;
use hotline::store::{CallFilter, NewUser, Role};
use serde_json::Value;
use sip::media::{Clip, Clock, LegEvent, LegEvents, Playback};
use sip::message::Uri;
use sip::trunk::{Country, Did, NumberRules, Target, TrunkConfig};
use sip::ua::{
    ActiveCall, Credentials, Dial, IncomingCall, OutgoingCall, Progress, Registration, Signal, UaConfig, UserAgent,
};
use tokio::sync::mpsc;

/// Generous: only a broken test waits this long.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is listened to at a time: a fifth of a second.
const WINDOW: usize = 1_600;

pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it should have happened by now")
}

/// Looks again until it is so.
pub async fn until(what: &str, is: impl Fn() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "never: {what}");
}

/// The tones of the parties, far enough apart to be told from each other and from the music's loudest notes.
pub const CALLER: f32 = 1_900.0;
pub const ANNA: f32 = 2_300.0;
pub const BEN: f32 = 2_700.0;
pub const EXPERT: f32 = 3_100.0;

pub struct Bed {
    pub service: Service,
    pub carrier: Telephone,
    _folder: tempfile::TempDir,
}

fn agent_config(bind: SocketAddr) -> UaConfig {
    UaConfig { t1: Duration::from_millis(100), ..UaConfig::new(bind) }
}

async fn telephone(config: UaConfig, hz: f32) -> Telephone {
    let clock = Clock::start().expect("the media clock starts");
    let (agent, calls) = UserAgent::start(config, clock).await.expect("a user agent");
    Telephone { agent, calls, hz, name: String::new(), password: String::new(), service: None, registration: None }
}

impl Bed {
    pub async fn start() -> Bed {
        Bed::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Bed {
        let folder = tempfile::tempdir().expect("a folder");
        // On an address of its own, so that nothing else is taken for the trunk.
        let carrier = telephone(agent_config(([127, 0, 0, 2], 0).into()), CALLER).await;
        let country = Country::of("DE").expect("it is in the table");
        let address = Uri::parse(&format!("sip:{}", carrier.agent.local_addr())).expect("a URI");
        let mut trunk = TrunkConfig::new("carrier", vec![address], NumberRules::of(country));
        trunk.ask_every = None;
        let did = |number: &str, target| Did { number: number.into(), prefix: false, target, language: None };
        trunk.dids = vec![
            did("+49301001", Target::Queue("service".into())),
            did("+49301002", Target::Extension("anna".into())),
            did("+49301003", Target::Extension("nobody".into())),
        ];
        let loopback: SocketAddr = ([127, 0, 0, 1], 0).into();
        let mut config = Config {
            data_dir: folder.path().join("data"),
            http_bind: loopback,
            sip_bind: loopback,
            speech_en: String::new(),
            sip_default_country: Some(country),
            trunks: vec![trunk],
            queue_ring_seconds: 3,
            ..Config::default()
        };
        change(&mut config);
        let service = Service::start(config).await.expect("the service starts");
        Bed { service, carrier, _folder: folder }
    }

    /// What the API answers an admin.
    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.asks(method, path, body).await.json().await.expect("JSON")
    }

    /// The same, where the answer has no body.
    pub async fn asks(&self, method: &str, path: &str, body: &Value) -> reqwest::Response {
        let reply = self.try_ask(method, path, body).await;
        assert!(reply.status().is_success(), "{path}: {}", reply.text().await.unwrap_or_default());
        reply
    }

    /// The same, which may be refused.
    pub async fn try_ask(&self, method: &str, path: &str, body: &Value) -> reqwest::Response {
        let access = self.service.local_access().await.expect("an access");
        let method = method.parse().expect("a method");
        let request = reqwest::Client::new().request(method, format!("{}/api/v1/{path}", access.api));
        let request = request.header("cookie", format!("hotline_session={}", access.token)).header("x-hotline", "1");
        request.json(body).send().await.expect("an answer")
    }

    /// An extension, and its password.
    pub async fn password_for(&self, name: &str) -> String {
        let user = NewUser { name: name.into(), email: None, role: Role::Agent, language: None };
        let user = self.service.tenant().create_user(user, 0).await.expect("a new user");
        self.service.add_extension(name, user.id).await.expect("a new extension")
    }

    /// An extension with its telephone, registered.
    pub async fn hire(&self, name: &str, hz: f32) -> Telephone {
        let password = self.password_for(name).await;
        let mut phone = telephone(agent_config(([127, 0, 0, 1], 0).into()), hz).await;
        let credentials = Credentials { username: name.to_owned(), password: password.clone() };
        let registrar = format!("sip:{}", self.service.sip);
        let registration = phone.agent.register(&registrar, credentials, Duration::from_secs(300)).await;
        phone.registration = Some(registration.expect("it registers"));
        (phone.name, phone.password, phone.service) = (name.to_owned(), password, Some(self.service.sip));
        until("it is registered", || self.service.reachable().contains(name)).await;
        phone
    }

    /// Somebody outside calls one of our numbers.
    pub async fn call_in(&self, number: &str) -> OutgoingCall {
        let dial = Dial::new(format!("sip:{number}@{}", self.service.sip), "sip:+49309999999@carrier.example");
        self.carrier.agent.dial(dial).await.expect("the call is on its way")
    }

    /// A caller in the queue who has reached this agent.
    pub async fn caller_with(&self, phone: &mut Telephone) -> (Talk, Talk) {
        let mut outgoing = self.call_in("+49301001").await;
        let caller = Talk::new(answered(&mut outgoing).await, CALLER);
        let agent = phone.answer().await;
        caller.hears(agent.hz).await;
        agent.hears(CALLER).await;
        (caller, agent)
    }

    /// The journal of the only call that came from outside.
    pub async fn journal(&self) -> Vec<Event> {
        self.journals(|event| matches!(event, Event::Offered { from, .. } if from.reveal().starts_with('+')))
            .await
            .remove(0)
    }

    /// The journals whose offer is of this kind, the oldest first.
    pub async fn journals(&self, is: impl Fn(&Event) -> bool) -> Vec<Vec<Event>> {
        let mut calls = self.service.tenant().calls(&CallFilter::default(), None, 50).await.expect("calls").items;
        calls.sort_by_key(|call| call.id);
        let mut journals = Vec::new();
        for call in calls {
            let journal = self.events(call.id).await;
            if journal.first().is_some_and(&is) {
                journals.push(journal);
            }
        }
        journals
    }

    /// The only call that came from outside.
    pub async fn call_from_outside(&self) -> CallId {
        let calls = self.service.tenant().calls(&CallFilter::default(), None, 50).await.expect("calls").items;
        calls.iter().find(|call| call.from.reveal().starts_with('+')).expect("a call from outside").id
    }

    /// Both channels of the recording of the only call that came from outside.
    pub async fn recording(&self) -> [Vec<i16>; 2] {
        let calls = self.service.tenant().calls(&CallFilter::default(), None, 50).await.expect("calls").items;
        let call = calls.iter().find(|call| call.from.reveal().starts_with('+')).expect("a call from outside");
        let reader = self.service.tenant().recording(call.id).await.expect("it answers").expect("there is one");
        let both = reader.read(0..u64::MAX).expect("readable");
        [0, 1].map(|channel| both.iter().skip(channel).step_by(2).copied().collect())
    }

    /// Both channels of each recording of calls whose offer is of this kind, the oldest first.
    pub async fn recordings(&self, is: impl Fn(&Event) -> bool) -> Vec<[Vec<i16>; 2]> {
        let mut calls = self.service.tenant().calls(&CallFilter::default(), None, 50).await.expect("calls").items;
        calls.sort_by_key(|call| call.id);
        let mut recordings = Vec::new();
        for call in calls {
            if self.events(call.id).await.first().is_some_and(&is)
                && let Some(reader) = self.service.tenant().recording(call.id).await.expect("it answers")
            {
                let both = reader.read(0..u64::MAX).expect("readable");
                recordings.push([0, 1].map(|channel| both.iter().skip(channel).step_by(2).copied().collect()));
            }
        }
        recordings
    }

    /// The kinds of what was measured in those calls, the oldest first.
    pub async fn technical(&self, is: impl Fn(&Event) -> bool) -> Vec<Vec<&'static str>> {
        let mut calls = self.service.tenant().calls(&CallFilter::default(), None, 50).await.expect("calls").items;
        calls.sort_by_key(|call| call.id);
        let mut all = Vec::new();
        for call in calls {
            if self.events(call.id).await.first().is_some_and(&is) {
                let events = self.service.tenant().technical(call.id).await.expect("it answers");
                all.push(kinds(&events));
            }
        }
        all
    }

    async fn events(&self, call: CallId) -> Vec<Event> {
        let journal = self.service.tenant().journal(call).await.expect("a journal");
        journal.into_iter().map(|entry| entry.event).collect()
    }

    /// Waits until the outside call's journal has an entry like this.
    pub async fn journaled(&self, what: &str, is: impl Fn(&Event) -> bool) -> Vec<Event> {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let journal = self.journal().await;
                if journal.iter().any(&is) {
                    return journal;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        match waited.await {
            Ok(journal) => journal,
            Err(_) => panic!("never journaled: {what}; {:?}", kinds(&self.journal().await)),
        }
    }

    /// Waits until the calls of this kind have these stories.
    pub async fn ends_with_stories(&self, is: impl Fn(&Event) -> bool, stories: &[&str]) {
        let mut last = Vec::new();
        for _ in 0..200 {
            last = self.journals(&is).await.iter().map(|journal| story(journal)).collect();
            if last == stories {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(last, stories);
    }

    pub async fn stop(self) {
        self.service.stop().await;
    }
}

/// The kinds of a journal's entries, in order.
pub fn kinds(journal: &[Event]) -> Vec<&'static str> {
    journal.iter().map(|event| event.header().kind).collect()
}

/// How a call ended.
pub fn outcome(journal: &[Event]) -> Option<Outcome> {
    journal.iter().find_map(|event| match event {
        Event::Ended { outcome, .. } => Some(*outcome),
        _ => None,
    })
}

/// The kinds of those entries that tell with whom the caller was.
pub fn story(journal: &[Event]) -> String {
    let told = |kind: &&str| {
        !["answered", "key", "problem", "ticket_opened", "entered", "left", "signalling", "leg_quality", "assigned"]
            .contains(kind)
    };
    kinds(journal).into_iter().filter(told).collect::<Vec<_>>().join(" ")
}

pub async fn answered(outgoing: &mut OutgoingCall) -> ActiveCall {
    loop {
        match soon(outgoing.next()).await {
            Progress::Answered(call) => return call,
            Progress::Failed { status, reason } => panic!("failed with {status} {reason}"),
            Progress::Ringing | Progress::EarlyMedia { .. } => {}
        }
    }
}

pub async fn failed(outgoing: &mut OutgoingCall) -> u16 {
    loop {
        match soon(outgoing.next()).await {
            Progress::Answered(_) => panic!("it was answered"),
            Progress::Failed { status, .. } => return status,
            Progress::Ringing | Progress::EarlyMedia { .. } => {}
        }
    }
}

pub struct Telephone {
    pub agent: UserAgent,
    pub calls: mpsc::Receiver<IncomingCall>,
    pub name: String,
    password: String,
    hz: f32,
    service: Option<SocketAddr>,
    registration: Option<Registration>,
}

impl Telephone {
    /// The next call that comes in.
    pub async fn rings(&mut self) -> IncomingCall {
        soon(self.calls.recv()).await.expect("the telephone is on")
    }

    pub async fn answer(&mut self) -> Talk {
        let call = self.rings().await;
        call.ring().await.expect("it rings");
        Talk::new(soon(call.answer()).await.expect("answered"), self.hz)
    }

    /// Calls, with the password of its extension.
    pub async fn dial(&self, to: &str) -> OutgoingCall {
        self.dial_with(to, Some(self.credentials())).await
    }

    /// What it proves with whose telephone it is.
    pub fn credentials(&self) -> Credentials {
        Credentials { username: self.name.clone(), password: self.password.clone() }
    }

    pub async fn dial_with(&self, to: &str, credentials: Option<Credentials>) -> OutgoingCall {
        let service = self.service.expect("it is registered");
        let mut dial = Dial::new(format!("sip:{to}@{service}"), format!("sip:{}@{service}", self.name));
        dial.credentials = credentials;
        self.agent.dial(dial).await.expect("the call is on its way")
    }

    pub async fn call(&self, to: &str) -> Talk {
        Talk::new(answered(&mut self.dial(to).await).await, self.hz)
    }

    /// The URI under which the service knows somebody.
    pub fn uri(&self, of: &str) -> String {
        format!("sip:{of}@{}", self.service.expect("it is registered"))
    }
}

/// What was heard on a call from its first packet on, until this tone came.
pub async fn heard_before(call: &mut ActiveCall, hz: f32) -> Vec<i16> {
    let mut events = call.take_events().expect("nobody took them");
    let mut heard = Vec::new();
    loop {
        if let LegEvent::Frame(frame) = soon(events.recv()).await.expect("the call is up") {
            heard.extend(frame.heard);
            let before = heard.len().saturating_sub(WINDOW);
            if before > 0 && share(&heard[before..], hz) > 0.5 {
                heard.truncate(before);
                return heard;
            }
        }
    }
}

/// Whether there was this tone anywhere.
pub fn has(heard: &[i16], hz: f32) -> bool {
    heard.chunks_exact(WINDOW).any(|window| share(window, hz) > 0.1)
}

/// A tone that goes on and on.
pub fn plays(leg: &sip::media::Leg, hz: f32) {
    let tone = Arc::new(Clip::new(sine(hz, -20.0, Duration::from_secs(1))));
    leg.play(Playback { turn: 0, id: 1, clip: tone, loop_: true });
}

/// A call seen from a telephone that plays its tone all the time.
pub struct Talk {
    pub call: ActiveCall,
    pub signals: mpsc::Receiver<Signal>,
    pub hz: f32,
    heard: Arc<Mutex<VecDeque<i16>>>,
}

impl Talk {
    pub fn new(mut call: ActiveCall, hz: f32) -> Talk {
        plays(call.leg(), hz);
        let heard = Arc::<Mutex<VecDeque<i16>>>::default();
        let events = call.take_events().expect("nobody took them");
        tokio::spawn(listen(events, heard.clone()));
        let signals = call.take_signals().expect("nobody took them");
        Talk { call, signals, hz, heard }
    }

    /// The same call, with its tone playing.
    pub fn again(self) -> Talk {
        let tone = Arc::new(Clip::new(sine(self.hz, -20.0, Duration::from_secs(1))));
        self.call.leg().stop();
        self.call.leg().play(Playback { turn: 0, id: 2, clip: tone, loop_: true });
        self
    }

    /// Forgets what was heard before.
    fn clear(&self) {
        self.heard.lock().expect("nobody panics with it").clear();
    }

    fn window(&self) -> Option<Vec<i16>> {
        let heard = self.heard.lock().expect("nobody panics with it");
        (heard.len() >= WINDOW).then(|| heard.iter().copied().collect())
    }

    /// Waits until this tone is there.
    pub async fn hears(&self, hz: f32) {
        until(&format!("{} hears {hz} Hz", self.hz), || self.window().is_some_and(|window| share(&window, hz) > 0.1))
            .await;
    }

    /// Listens for a while: this tone is not there.
    pub async fn does_not_hear(&self, hz: f32, length: Duration) {
        self.clear();
        let end = std::time::Instant::now() + length;
        while std::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let heard = self.window().is_some_and(|window| share(&window, hz) > 0.02);
            assert!(!heard, "{} hears {hz} Hz", self.hz);
        }
    }

    /// Waits until there is sound for a while, and none of the parties' tones in it: music or ringing.
    pub async fn hears_music(&self) {
        self.clear();
        let music = |window: Vec<i16>| {
            let tones = [CALLER, ANNA, BEN, EXPERT].into_iter().any(|hz| share(&window, hz) > 0.1);
            energy(&window) > 1_000.0 && !tones
        };
        until(&format!("{} hears music", self.hz), || self.window().is_some_and(music)).await;
    }

    /// Listens for a while: what was heard never had a silence that a person would notice.
    pub async fn is_never_silent_for(&self, length: Duration) {
        let end = std::time::Instant::now() + length;
        let mut silent = 0;
        while std::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(100)).await;
            silent = if self.window().is_some_and(|window| energy(&window) > 100.0) { 0 } else { silent + 1 };
            assert!(silent < 10, "{} hears nothing", self.hz);
        }
    }

    /// The news of a transfer until the last of them.
    pub async fn news(&mut self) -> Vec<u16> {
        self.news_until(0).await
    }

    /// The news of a transfer until one with this status, or the last of them.
    pub async fn news_until(&mut self, wanted: u16) -> Vec<u16> {
        let mut heard = Vec::new();
        loop {
            let Some(Signal::TransferProgress { status, done }) = soon(self.signals.recv()).await else {
                panic!("news expected")
            };
            heard.push(status);
            if done || status == wanted {
                return heard;
            }
        }
    }

    pub async fn ends(&self) {
        soon(self.call.ended().wait_for(Option::is_some)).await.expect("the call ends");
    }

    pub fn is_up(&self) -> bool {
        self.call.ended().borrow().is_none()
    }

    pub async fn hang_up(&self) {
        soon(self.call.hangup(None)).await;
    }
}

async fn listen(mut events: LegEvents, heard: Arc<Mutex<VecDeque<i16>>>) {
    while let Some(event) = events.recv().await {
        if let LegEvent::Frame(frame) = event {
            let mut heard = heard.lock().expect("nobody panics with it");
            heard.extend(frame.heard);
            let surplus = heard.len().saturating_sub(WINDOW);
            heard.drain(..surplus);
        }
    }
}

fn energy(samples: &[i16]) -> f32 {
    samples.iter().map(|&s| f32::from(s) * f32::from(s)).sum::<f32>() / samples.len() as f32
}

/// How much of the sound is this tone (Goertzel), 0 to 1.
pub fn share(samples: &[i16], hz: f32) -> f32 {
    let step = std::f32::consts::TAU * hz / 8_000.0;
    let (mut a, mut b) = (0.0f32, 0.0f32);
    for (n, &sample) in samples.iter().enumerate() {
        a += f32::from(sample) * (step * n as f32).cos();
        b += f32::from(sample) * (step * n as f32).sin();
    }
    let count = samples.len() as f32;
    let tone = 2.0 * (a * a + b * b) / (count * count);
    if energy(samples) < 100.0 { 0.0 } else { tone / energy(samples) }
}
