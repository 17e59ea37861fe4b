//! Drives one call: feeds the [`Conversation`] with what happens on the legs and in the services, and does what it wants. One
//! task a call; everything slow (recognition, voices, other services, agents' phones) runs beside it and reports back.

mod moves;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use audio::echo::EchoGuard;
use audio::endpoint::TurnProfile;
use audio::vad::{SPEECH, VoiceActivity};
use flow::Flow;
use flow::event::{Context, Grammar, Profile};
use intent::slot;
use jiff::tz::TimeZone;
use models::{Hints, Recognition};
use sip::media::{Clip, Clock, LegEvent, MediaFrame, Playback};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::arrival::{self, Opening};
use super::conversation::{Conversation, Input, Millis, Output, QueueNews};
use super::exchange::{Listed, Owner, Request};
use super::handover::{self, Handover};
use super::inquiry::inquire;
use super::leg::{Incoming, Leg, LegEnd, Phones, Route};
use super::legs::{Legs, LiveLegs};
use super::plan::{Destination, Plan};
use super::{Callers, Exchange, Sink, now};
use crate::agent::{Agents, Place, Reservation};
use crate::event::{CallId, Entry, Event, LegRole, Party, Personal, Speaker};
use crate::knowledge::KnowledgeBase;
use crate::listen::{Ear, EarEvent, Recognisers};
use crate::lookup::Lookup;
use crate::metric;
use crate::speak::{NotSpoken, Speaker as Voices};
use crate::understand::remote::{Question, Remote};

/// A caller who sends no sound at all is let go after this long.
const NO_AUDIO_LIMIT: Duration = Duration::from_secs(30);
/// From here on a silence has been reported before.
const NO_AUDIO_AGAIN: Duration = Duration::from_secs(9);

/// What is recorded of what must not be kept.
const SILENCE: audio::Frame8k = [0; audio::FRAME_8K];

/// What other calls may ask at a time.
const REQUEST_ROOM: usize = 4;

/// What every call needs of the service.
#[derive(Clone)]
pub struct Services {
    /// The flow that answers, and the model trained from it.
    pub flow: Arc<Flow>,
    /// Trained from the flow's examples.
    pub model: Arc<intent::Model>,
    /// What the names and codes mean that phones dial; the queues are the flow's.
    pub plan: Arc<Plan>,
    /// Values of the flow's variables.
    pub variables: BTreeMap<String, serde_json::Value>,
    /// Speech to text.
    pub recognisers: Recognisers,
    /// Text to speech.
    pub voices: Voices,
    /// Other services.
    pub lookup: Lookup,
    /// Another service's intent engine, asked before the model.
    pub remote: Option<Remote>,
    /// Where "tomorrow at four" is meant.
    pub zone: TimeZone,
    /// The articles that answer questions.
    pub knowledge: KnowledgeBase,
    /// Who is free.
    pub agents: Agents,
    /// The agents' phones.
    pub phones: Arc<dyn Phones>,
    /// Journal and recording.
    pub sink: Arc<dyn Sink>,
    /// What is known of those who call.
    pub callers: Arc<dyn Callers>,
    /// What is known of the legs of calls that go on.
    pub legs: LiveLegs,
    /// How long one agent's phone rings.
    pub ring: Duration,
    /// How long a caller waits for an agent at most.
    pub max_wait: Duration,
    /// How long a call may last.
    pub max_call: Duration,
    /// Heard while waiting for an agent.
    pub waiting_sound: Arc<Clip>,
    /// Heard while an agent has the call on hold, and in a slot.
    pub hold_music: Arc<Clip>,
    /// How long a call waits in a slot before the phone of the one who parked it rings.
    pub park_return: Duration,
    /// The other calls.
    pub exchange: Exchange,
    /// Mixes conferences.
    pub clock: Clock,
}

/// Something a task beside the call reports.
enum Report {
    Input(Input),
    /// A piece was rendered, or not.
    Rendered {
        id: u64,
        turn: u64,
        clip: Result<Arc<Clip>, NotSpoken>,
    },
}

/// A piece to render.
struct Render {
    id: u64,
    turn: u64,
    text: String,
    language: intent::Language,
}

/// Takes one call from offer to outcome. Returns when the journal is closed. `permit` is held until the call is answered: it bounds how
/// many are on their way to it.
pub(super) async fn run_call(
    incoming: Box<dyn Incoming>,
    route: Route,
    call: CallId,
    services: Services,
    permit: OwnedSemaphorePermit,
    shutdown: CancellationToken,
) {
    let (from, to) = (incoming.from(), incoming.to());
    let owner = Owner::calling(&*incoming);
    let (offered, offered_at) = (Instant::now(), now());
    let context = Context {
        call_id: call.to_string(),
        caller: from.clone(),
        called: to.clone(),
        deaf: services.recognisers.deaf(),
        language: incoming.language(),
        remembered: match services.flow.remembers_language() {
            true => services.callers.language(&Personal::new(from.as_str())).await,
            false => None,
        },
        detects: services.recognisers.tell_apart(&services.flow.languages),
        variables: services.variables.clone(),
        // "Tomorrow at four" is meant where the call centre stands.
        now: jiff::Timestamp::now().to_zoned(services.zone.clone()),
        region: None,
    };
    let sink = services.sink.clone();
    let conversation = Conversation::new(call, services.flow.clone(), services.model.clone(), context, offered_at);
    let mut conversation = conversation.with_recorded(services.voices.recorded());
    let offer = Event::Offered {
        channel: incoming.channel(),
        from: Personal::new(from.as_str()),
        to,
        flow: services.flow.id.clone(),
    };
    let (legs, _live) = services.legs.begin(call);
    let record = legs.add(LegRole::Caller, &from, incoming.signalling());
    sink.begin(call, conversation.note(offer, 0)).await;

    let mut permit = Some(permit);
    if matches!(route, Route::Extension(_)) {
        // Ringing takes as long as people need.
        permit = None;
    }
    let opening = arrival::open(&*incoming, route, &mut conversation, &services, &legs, offered).await;
    let answered = incoming.answer().await;
    drop(permit);
    match answered {
        Ok(leg) => {
            record.sounds(leg.sound.observer());
            let driver = Driver::new(conversation, services, leg, offered, (from, owner), legs.clone());
            conversation = driver.run(opening, shutdown).await;
        }
        Err(refused) => {
            let by = if refused.label == "gone" { Party::Caller } else { Party::Hotline };
            let at = offered.elapsed().as_millis() as Millis;
            let problem = Event::Problem { what: "answer".into(), message: refused.reason };
            let mut entries = vec![conversation.note(problem, at)];
            let outputs = conversation.on(Input::HungUp { by, cause: refused.label }, at);
            entries.extend(outputs.into_iter().filter_map(|output| match output {
                Output::Journal(entry) => Some(entry),
                _ => None,
            }));
            sink.write(call, entries).await;
        }
    }
    // The outcome is written; what engineers look at may wait for the last message.
    let technical = legs.finished().await;
    let at = offered.elapsed().as_millis() as Millis;
    let technical = technical.into_iter().map(|event| conversation.note(event, at)).collect();
    sink.write(call, technical).await;
    sink.close(call).await;
}

/// The hands of a conversation.
pub struct Driver {
    conversation: Conversation,
    services: Services,
    leg: Leg,
    caller: String,
    epoch: Instant,
    caller_ear: Ear,
    agent_ear: Ear,
    agent_voice: VoiceActivity,
    echo: EchoGuard,
    recording: bool,
    /// Whether what is recorded now is silence, because of what is said.
    silent: bool,
    /// Frames of the legs that the caller had before, and of all of them.
    frames_before: u64,
    frames: u64,
    /// Keeps a phone of ours busy that is the caller.
    reservation: Option<Reservation>,
    /// Where other calls ask for the caller's place.
    requests: mpsc::Receiver<Request>,
    door: mpsc::Sender<Request>,
    _listed: Listed,
    /// Whether it has been said that the caller hears nothing.
    unheard: bool,
    reports: mpsc::Receiver<Report>,
    reporter: mpsc::Sender<Report>,
    renderer: mpsc::Sender<Render>,
    /// Pieces with a lower id need not be rendered any more.
    wanted_from: Arc<AtomicU64>,
    /// Pieces that were not handed to the leg yet, and those that were and are not over.
    unrendered: Vec<u64>,
    playing: HashSet<u64>,
    recognitions: HashMap<u64, Arc<AtomicBool>>,
    handover: Option<Handover>,
    /// Whether the bot is speaking: agents are rung after its last word.
    speaking: watch::Sender<bool>,
    /// The call's legs, for whoever looks into it.
    legs: Legs,
}

impl Driver {
    /// Hands for a conversation whose caller's leg is up.
    pub fn new(
        conversation: Conversation,
        services: Services,
        leg: Leg,
        epoch: Instant,
        (caller, owner): (String, Owner),
        legs: Legs,
    ) -> Self {
        let (reporter, reports) = mpsc::channel(64);
        let (door, requests) = mpsc::channel(REQUEST_ROOM);
        let listed = moves::list(&services, &leg, owner, door.clone());
        let (renderer, orders) = mpsc::channel(64);
        let wanted_from = Arc::new(AtomicU64::new(0));
        tokio::spawn(render(services.voices.clone(), orders, reporter.clone(), wanted_from.clone()));
        Self {
            conversation,
            services,
            leg,
            caller,
            epoch,
            caller_ear: Ear::new(),
            agent_ear: Ear::new(),
            agent_voice: VoiceActivity::new(),
            echo: EchoGuard::new(),
            recording: false,
            silent: false,
            frames_before: 0,
            frames: 0,
            reservation: None,
            requests,
            door,
            _listed: listed,
            unheard: false,
            reports,
            reporter,
            renderer,
            wanted_from,
            unrendered: Vec::new(),
            playing: HashSet::new(),
            recognitions: HashMap::new(),
            handover: None,
            speaking: watch::channel(false).0,
            legs,
        }
    }

    fn now(&self) -> Millis {
        self.at(Instant::now())
    }

    fn at(&self, instant: Instant) -> Millis {
        instant.saturating_duration_since(self.epoch).as_millis() as Millis
    }

    /// Runs the call to its end; returns the conversation, which has its outcome.
    pub async fn run(mut self, opening: Opening, shutdown: CancellationToken) -> Conversation {
        self.open(opening).await;
        let longest = tokio::time::Instant::from_std(self.epoch + self.services.max_call);
        while !self.conversation.is_over() {
            let deadline = self.conversation.deadline().map(|at| self.epoch + Duration::from_millis(at));
            let deadline = tokio::time::Instant::from_std(deadline.unwrap_or(self.epoch + Duration::from_secs(86_400)));
            tokio::select! {
                biased;
                end = self.leg.control.ended() => self.feed(ended_input(end)).await,
                () = shutdown.cancelled() => self.let_go("shutdown").await,
                event = self.leg.events.recv() => match event {
                    Some(event) => self.leg_event(event).await,
                    None => self.feed(Input::HungUp { by: Party::Hotline, cause: "media_closed" }).await,
                },
                Some(report) = self.reports.recv() => self.report(report).await,
                Some(request) = self.requests.recv() => self.request(request).await,
                () = tokio::time::sleep_until(deadline) => self.feed(Input::Timeout).await,
                () = tokio::time::sleep_until(longest) => self.let_go("too_long").await,
            }
        }
        if let Some(handover) = self.handover.take() {
            handover.end().await;
        }
        for abort in self.recognitions.values() {
            abort.store(true, Ordering::Relaxed);
        }
        self.leg.control.hang_up().await;
        self.leg.sound.close();
        self.conversation
    }

    async fn open(&mut self, opening: Opening) {
        let codec = self.leg.codec.clone();
        match opening {
            Opening::Flow => self.feed(Input::Answered { codec }).await,
            Opening::Queue(queue) => {
                let timeout_ms = self.services.max_wait.as_millis() as u64;
                self.feed(Input::AnsweredFor { codec, queue, timeout_ms }).await;
            }
            Opening::Agent(agent) => {
                let (name, queue) = (agent.guest.name.clone(), arrival::default_queue(&self.services));
                self.feed(Input::AnsweredBy { codec, agent: name, queue }).await;
                let (caller, news) = self.handed_over();
                let limit = self.services.max_wait;
                self.handover = Some(handover::talk(caller, self.services.clone(), limit, news, agent));
            }
        }
    }

    /// Who is handed over, and where news of it go.
    fn handed_over(&self) -> (handover::Caller, mpsc::Sender<QueueNews>) {
        let (news, mut feed) = mpsc::channel(16);
        let reporter = self.reporter.clone();
        tokio::spawn(async move {
            while let Some(news) = feed.recv().await {
                let _ = reporter.send(Report::Input(Input::Queue(news))).await;
            }
        });
        let caller = handover::Caller {
            call: self.conversation.call(),
            number: self.caller.clone(),
            sound: self.leg.sound.clone(),
            speaking: self.speaking.subscribe(),
            legs: self.legs.clone(),
        };
        (caller, news)
    }

    /// Ends the call for a reason of our own; the other side is told by the clean-up that follows.
    async fn let_go(&mut self, cause: &'static str) {
        self.feed(Input::HungUp { by: Party::Hotline, cause }).await;
    }

    async fn leg_event(&mut self, event: LegEvent) {
        match event {
            LegEvent::Frame(frame) => self.frame(&frame).await,
            LegEvent::PlayStarted { id, at, .. } => {
                let at = self.at(at);
                self.feed(Input::PieceStarted { id, at }).await;
            }
            LegEvent::PlayEnded { id, played, of, .. } => {
                self.playing.remove(&id);
                let (played_ms, of_ms) = (played.as_millis() as u32, of.as_millis() as u32);
                self.feed(Input::PieceEnded { id, played_ms: played_ms.min(of_ms), of_ms }).await;
            }
            LegEvent::Key { digit, .. } => self.feed(Input::Key(digit)).await,
            LegEvent::NoRtp { for_ } => {
                let seconds = for_.as_secs();
                // The clock says it every few seconds; the journal holds it once for each silence.
                if for_ >= NO_AUDIO_AGAIN {
                    if for_ >= NO_AUDIO_LIMIT {
                        self.let_go("no_audio").await;
                    }
                    return;
                }
                let message = format!(
                    "no audio has come from the caller for {seconds} s; check that RTP can reach this machine (firewall, NAT, sip.media_ip)"
                );
                self.feed(Input::Problem { what: "media", message }).await;
            }
            LegEvent::Unheard { for_, .. } => {
                // The reports come every few seconds; the journal holds it once.
                if self.unheard {
                    return;
                }
                self.unheard = true;
                let message = format!(
                    "the caller's telephone reports that no audio reaches it, for {} s now; check that RTP can leave this machine (firewall, NAT, sip.media_ip)",
                    for_.as_secs()
                );
                self.feed(Input::Problem { what: "media", message }).await;
            }
            LegEvent::NoKeys { why } => {
                let message = format!(
                    "the sound cannot be decrypted, so neither side hears the other: the DTLS handshake failed ({why}); check that UDP passes both ways, or turn encryption off for this trunk"
                );
                self.feed(Input::Problem { what: "media", message }).await;
            }
            LegEvent::FirstPacket { .. } | LegEvent::Quality(_) => {}
            LegEvent::Closed(_) => self.feed(Input::HungUp { by: Party::Hotline, cause: "media_closed" }).await,
        }
    }

    async fn frame(&mut self, frame: &MediaFrame) {
        if !self.recording {
            self.recording = true;
            self.services.sink.open(self.conversation.call());
            self.feed(Input::RecordingStarted).await;
        }
        let (said, heard) = if self.silent { (&SILENCE, &SILENCE) } else { frame.kept() };
        if let Some(message) = self.services.sink.record(self.conversation.call(), said, heard) {
            self.feed(Input::Problem { what: "recording", message }).await;
        }
        let index = self.frames_before + frame.index;
        self.frames = index + 1;
        let is_echo = self.echo.push(&frame.said, &frame.heard, frame.speech >= SPEECH);
        let speech = if is_echo { 0.0 } else { frame.speech };
        if let Some(event) = self.caller_ear.push(index, &frame.heard, speech, frame.at) {
            self.heard(Speaker::Caller, event).await;
        }
        if self.conversation.is_bridged() {
            let speech = self.agent_voice.push(&frame.said);
            if let Some(event) = self.agent_ear.push(index, &frame.said, speech, frame.at) {
                self.heard(Speaker::Agent, event).await;
            }
        }
    }

    async fn heard(&mut self, speaker: Speaker, event: EarEvent) {
        let input = match event {
            EarEvent::Started { from_ms } => Input::SpeechStarted { speaker, from_ms },
            EarEvent::Talking { from_ms, to_ms } => Input::Talking { speaker, from_ms, to_ms },
            EarEvent::Paused { from_ms, to_ms } => {
                let ear = if speaker == Speaker::Agent { &self.agent_ear } else { &self.caller_ear };
                let last_voiced = ear.last_voiced().map_or(self.now(), |at| self.at(at));
                Input::SpeechPaused { speaker, from_ms, to_ms, last_voiced }
            }
            EarEvent::Resumed => Input::SpeechResumed { speaker },
            EarEvent::Ended { from_ms, to_ms, last_voiced } => {
                Input::SpeechEnded { speaker, from_ms, to_ms, last_voiced: self.at(last_voiced) }
            }
        };
        self.feed(input).await;
    }

    async fn report(&mut self, report: Report) {
        match report {
            Report::Input(input) => {
                if let Input::Recognised { job, .. } = &input {
                    self.recognitions.remove(job);
                }
                self.feed(input).await;
            }
            Report::Rendered { id, turn, clip } => {
                let Some(place) = self.unrendered.iter().position(|&waiting| waiting == id) else { return };
                self.unrendered.remove(place);
                match clip {
                    Ok(clip) => {
                        self.playing.insert(id);
                        let of_ms = clip.duration().as_millis() as u32;
                        self.leg.sound.play(Playback { turn, id, clip, loop_: false });
                        self.feed(Input::PieceReady { id, of_ms }).await;
                    }
                    Err(error) => self.feed(Input::PieceFailed { id, reason: error.to_string() }).await,
                }
            }
        }
    }

    /// Tells the conversation and does what it wants, including what follows from that.
    async fn feed(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let now = self.now();
            let mut entries = Vec::new();
            for output in self.conversation.on(input, now) {
                match output {
                    Output::Journal(entry) => entries.push(entry),
                    other => {
                        self.write(&mut entries).await;
                        self.perform(other, &mut inputs).await;
                    }
                }
            }
            self.write(&mut entries).await;
        }
        let speaking = self.conversation.is_speaking();
        self.speaking.send_if_modified(|before| std::mem::replace(before, speaking) != speaking);
    }

    async fn write(&self, entries: &mut Vec<Entry>) {
        if !entries.is_empty() {
            self.services.sink.write(self.conversation.call(), std::mem::take(entries)).await;
        }
    }

    async fn perform(&mut self, output: Output, inputs: &mut Vec<Input>) {
        match output {
            Output::Play { id, turn, text, language } => {
                self.unrendered.push(id);
                // The renderer lives as long as this driver; its room is far more than a flow says at once.
                let _ = self.renderer.send(Render { id, turn, text, language }).await;
            }
            Output::Fill { id, turn, text, language } => {
                self.unrendered.push(id);
                let (voices, reporter) = (self.services.voices.clone(), self.reporter.clone());
                tokio::spawn(async move {
                    let clip = voices.clip(&text, language).await;
                    let _ = reporter.send(Report::Rendered { id, turn, clip }).await;
                });
            }
            Output::Prepare { text, language } => {
                let voices = self.services.voices.clone();
                // Kept where prompts are kept; whether it can be said is seen when it is said.
                tokio::spawn(async move { voices.clip(&text, language).await.map(drop) });
            }
            Output::Suspend => self.leg.sound.suspend(),
            Output::Resume => {
                metric::prompt_resumed();
                self.leg.sound.resume();
            }
            Output::StopPlaying => {
                self.leg.sound.stop();
                let dropped = std::mem::take(&mut self.unrendered);
                if let Some(last) = dropped.last() {
                    self.wanted_from.store(last + 1, Ordering::Relaxed);
                }
                inputs.extend(dropped.into_iter().rev().map(|id| Input::PieceEnded { id, played_ms: 0, of_ms: 0 }));
            }
            Output::Recognise { job, speaker, from_ms, to_ms, language, among, grammar, intents, priority } => {
                let ear = if speaker == Speaker::Agent { &self.agent_ear } else { &self.caller_ear };
                let (sound_from_ms, sound) = ear.sound(from_ms, to_ms);
                let hints = Hints::free(models::Language::new(language.code())).with_grammar(hinted(grammar));
                let among = self.services.recognisers.heard(&among);
                let hints = hints.told_apart(among.map(|language| models::Language::new(language.code())).collect());
                self.recognitions.insert(job, hints.abort.clone());
                let (recognisers, reporter) = (self.services.recognisers.clone(), self.reporter.clone());
                let remote = self.services.remote.clone().filter(|_| !intents.is_empty());
                tokio::spawn(async move {
                    let result = recognisers.recognise(sound, language, hints, priority).await;
                    if let (Some(remote), Ok(heard)) = (remote, &result)
                        && let Some(meaning) = meant(&remote, heard, language, &intents).await
                    {
                        let text = heard.text.clone();
                        let _ = reporter.send(Report::Input(Input::Meant { text, meaning: Box::new(meaning) })).await;
                    }
                    let _ = reporter.send(Report::Input(Input::Recognised { job, sound_from_ms, result })).await;
                });
            }
            Output::CancelRecognition(job) => {
                if let Some(abort) = self.recognitions.remove(&job) {
                    abort.store(true, Ordering::Relaxed);
                }
            }
            Output::SetProfile(profile) => self.caller_ear.set_profile(turn_profile(profile)),
            Output::WaitFor(silence) => self.caller_ear.wait_for(silence),
            Output::Rejoin { speaker, from_ms } => {
                metric::turn_rejoined();
                let ear = if speaker == Speaker::Agent { &mut self.agent_ear } else { &mut self.caller_ear };
                ear.rejoin(from_ms);
            }
            Output::FinishTurn => self.caller_ear.finish_turn(),
            Output::Http(id, request) => {
                let (lookup, reporter) = (self.services.lookup.clone(), self.reporter.clone());
                tokio::spawn(async move {
                    let result = lookup.ask(request).await;
                    let _ = reporter.send(Report::Input(Input::Http { id, result })).await;
                });
            }
            Output::Consult { id, question, language } => {
                let (knowledge, reporter) = (self.services.knowledge.clone(), self.reporter.clone());
                tokio::spawn(async move {
                    let answer = knowledge.ask(question, language, crate::call::now()).await;
                    let _ = reporter.send(Report::Input(Input::Consulted { id, answer })).await;
                });
            }
            Output::Inquire { id, what } => {
                let (services, reporter) = (self.services.clone(), self.reporter.clone());
                tokio::spawn(async move {
                    let Services { agents, phones, callers, zone, .. } = &services;
                    let answer = inquire(what, agents, &**phones, &**callers, zone).await;
                    let _ = reporter.send(Report::Input(Input::Told { id, answer })).await;
                });
            }
            Output::Record(on) => self.silent = !on,
            Output::Transfer { to, timeout_ms } => {
                let services = &self.services;
                let to = services.plan.lead(to.reveal(), |name| services.phones.has(name));
                let limit = services.max_wait.min(Duration::from_millis(timeout_ms));
                let (caller, news) = self.handed_over();
                if matches!(to, Destination::Extension(_) | Destination::Outside(_)) {
                    self.leg.sound.set_hold_loop(Some(self.services.waiting_sound.clone()));
                    self.handover = Some(handover::call(caller, self.services.clone(), limit, news, to));
                } else {
                    let why = "it is neither an extension nor a number outside".to_owned();
                    let _ = news.try_send(QueueNews::Refused("not_found", why));
                }
            }
            Output::Queue { queue, priority, timeout_ms } => {
                self.leg.sound.set_hold_loop(Some(self.services.waiting_sound.clone()));
                let limit = self.services.max_wait.min(Duration::from_millis(timeout_ms));
                let (caller, news) = self.handed_over();
                let place = Place { queue, priority };
                self.handover = Some(handover::begin(caller, self.services.clone(), limit, news, place));
            }
            Output::LeaveQueue => {
                if let Some(handover) = self.handover.take() {
                    handover.end().await;
                }
                self.leg.sound.set_hold_loop(None);
            }
            // The loop ends with the conversation and hangs up.
            Output::HangUp => {}
            Output::Journal(_) => unreachable!("journal entries are gathered by the caller"),
        }
    }
}

/// What another engine takes somebody's words to mean; none where ours has to say.
async fn meant(
    remote: &Remote,
    heard: &Recognition,
    expected: intent::Language,
    intents: &[String],
) -> Option<intent::Meaning> {
    if heard.no_speech || heard.text.trim().is_empty() {
        return None;
    }
    let language = heard.detected.as_ref().and_then(|(language, _)| language.tag().parse().ok()).unwrap_or(expected);
    let others = heard.alternatives.iter().filter(|other| other.text != heard.text);
    let readings: Vec<(String, f32)> = std::iter::once((heard.text.clone(), heard.confidence))
        .chain(others.map(|other| (other.text.clone(), other.confidence)))
        .collect();
    remote.ask(Question { readings: &readings, language, allowed: intents }).await.ok()
}

/// Renders one call's pieces in order.
async fn render(
    voices: Voices,
    mut orders: mpsc::Receiver<Render>,
    reporter: mpsc::Sender<Report>,
    wanted_from: Arc<AtomicU64>,
) {
    while let Some(Render { id, turn, text, language }) = orders.recv().await {
        if id < wanted_from.load(Ordering::Relaxed) {
            continue;
        }
        let clip = voices.clip(&text, language).await;
        if reporter.send(Report::Rendered { id, turn, clip }).await.is_err() {
            return;
        }
    }
}

fn ended_input(end: LegEnd) -> Input {
    match end {
        LegEnd::Remote => Input::HungUp { by: Party::Caller, cause: "normal" },
        LegEnd::Local => Input::HungUp { by: Party::Hotline, cause: "normal" },
        LegEnd::NoAck => Input::HungUp { by: Party::Hotline, cause: "no_ack" },
        LegEnd::Failed => Input::HungUp { by: Party::Hotline, cause: "connection_failed" },
    }
}

/// How patient the ear is as long as nothing is known of the words.
pub fn turn_profile(profile: Profile) -> TurnProfile {
    match profile {
        Profile::Menu | Profile::YesNo => TurnProfile::menu(),
        Profile::Digits => TurnProfile::digits(),
        Profile::Name => TurnProfile::name(),
        Profile::Free => TurnProfile::free(),
    }
}

/// A block's grammar in the recognisers' words.
pub fn hinted(grammar: Grammar) -> models::Grammar {
    match grammar {
        Grammar::Free => models::Grammar::Free,
        Grammar::Digits { min, max } => models::Grammar::Digits { min: min.min(255) as u8, max: max.min(255) as u8 },
        Grammar::Phrases(phrases) => models::Grammar::Phrases(phrases),
        Grammar::List(words) => models::Grammar::List(words),
        Grammar::Characters(form) => models::Grammar::Characters(hinted_form(&form)),
    }
}

fn hinted_form(form: &slot::Form) -> models::Form {
    let class = |class: &slot::Class| match class {
        slot::Class::Letter => models::Class::Letter,
        slot::Class::Digit => models::Class::Digit,
        slot::Class::Either => models::Class::Either,
    };
    models::Form::new(form.places().iter().map(class).collect(), form.shortest())
}
