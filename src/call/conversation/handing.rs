//! The way to people and between them: what the queue and the bridge tell, and what of it the journal and the flow hear.

use flow::Run;
use flow::event::{self as flowing, QueueResult};

use super::{Conversation, Millis, Output, QueueNews, With};
use crate::call::bridge::News;
use crate::event::{Event, Outcome, Party, Personal};

impl Conversation {
    /// The flow takes the caller, from its beginning.
    pub(super) fn begin(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.begun = true;
        self.tell(flowing::Event::Begin, now, out);
    }

    pub(super) fn enqueue(&mut self, queue: String, now: Millis, out: &mut Vec<Output>) {
        let (brief, priority) = (self.brief.clone(), Some(self.priority));
        self.write(Event::Queued { queue: queue.clone(), brief, priority }, now, out);
        self.with = With::Queue { queue, since: now, dialled: None };
        self.reply = None;
    }

    pub(super) fn queue_news(&mut self, news: QueueNews, now: Millis, out: &mut Vec<Output>) {
        let (queue, since) = match &self.with {
            With::Queue { queue, since, .. } | With::Agent { queue, since, .. } | With::Parked { queue, since } => {
                (queue.clone(), *since)
            }
            With::Bot => return,
        };
        let passed_ms = now.saturating_sub(since) as u32;
        match news {
            QueueNews::Keys(keys) => self.keys = keys,
            QueueNews::Assigned(agent, why) => self.write(Event::Assigned { agent, why }, now, out),
            QueueNews::Announce(told) => self.announce(&told, now, out),
            QueueNews::Overflowed(then) => self.overflowed(queue, then, now, out),
            QueueNews::NotTaken(why) => {
                self.write(Event::Unqueued { queue, reason: why.name().into() }, now, out);
                self.with = With::Bot;
                self.tell_queue(QueueResult::NoAgents, now, out);
            }
            QueueNews::Ringing(agent) => self.write(Event::Ringing { agent }, now, out),
            QueueNews::Missed(agent, reason) => self.write(Event::Missed { agent, reason }, now, out),
            QueueNews::Bridged(agent) => {
                self.write(Event::Bridged { agent: agent.clone(), waited_ms: passed_ms }, now, out);
                self.with = With::Agent { agent, also: Vec::new(), queue, since: now, waits: None };
                // What was being said to whoever waited is no use any more.
                self.stop_speaking(out);
                self.tell_queue(QueueResult::Bridged, now, out);
            }
            QueueNews::Parted(agent, by) => {
                self.write(Event::Unbridged { agent, by, talked_ms: passed_ms }, now, out);
                self.with = With::Bot;
                self.tell_queue(QueueResult::AgentEnded, now, out);
            }
            QueueNews::Talking(talking) => {
                if let With::Agent { waits, .. } = &mut self.with {
                    *waits = if talking { None } else { waits.or(Some(now)) };
                }
                // What the music interrupted is no utterance; what was said before it is still being recognised.
                self.agent.take_if(|utterance| utterance.ended.is_none());
            }
            QueueNews::Bridge(news) => self.bridge_news(news, now, out),
            QueueNews::Requeued(other) => {
                if let With::Agent { agent, .. } = &self.with {
                    let left = Event::Unbridged { agent: agent.clone(), by: Party::Agent, talked_ms: passed_ms };
                    self.write(left, now, out);
                }
                self.enqueue(other.unwrap_or(queue), now, out);
            }
            QueueNews::ToFlow => {
                let (flow, model, mut context) = self.start.clone();
                context.remembered = self.run.remembered_language();
                let run = Run::new(flow, model, context);
                // Whoever has come to speak a language in this call is not asked for it by another start.
                self.run = if self.begun { run.going_on_in(self.language) } else { run };
                self.with = With::Bot;
                self.begin(now, out);
            }
            QueueNews::Refused(label, why) => {
                let to = match &self.with {
                    With::Queue { dialled: Some(to), .. } => to.clone(),
                    _ => Personal::default(),
                };
                let reason = format!("{label}: {why}");
                self.write(Event::TransferFailed { from: "flow".into(), to, reason }, now, out);
                self.with = With::Bot;
                let result = match label {
                    "busy" | "declined" => QueueResult::Busy,
                    "no_answer" => QueueResult::Timeout,
                    _ => QueueResult::Failed,
                };
                self.tell_queue(result, now, out);
            }
            QueueNews::NoAgents | QueueNews::TimedOut => {
                let (reason, result) = match news {
                    QueueNews::TimedOut => ("timeout", QueueResult::Timeout),
                    _ => ("no_agents", QueueResult::NoAgents),
                };
                self.write(Event::Unqueued { queue, reason: reason.into() }, now, out);
                self.with = With::Bot;
                self.tell_queue(result, now, out);
            }
        }
    }

    /// A caller who came past the flow is new to it.
    pub(super) fn tell_queue(&mut self, result: QueueResult, now: Millis, out: &mut Vec<Output>) {
        match result {
            _ if self.begun => self.tell(flowing::Event::QueueDone(result), now, out),
            QueueResult::Bridged => {}
            QueueResult::AgentEnded => self.ending = Some(Outcome::Agent),
            _ => self.begin(now, out),
        }
    }

    fn bridge_news(&mut self, news: News, now: Millis, out: &mut Vec<Output>) {
        match news {
            News::Ringing(agent) => self.write(Event::Ringing { agent }, now, out),
            News::Missed { name: agent, reason } => self.write(Event::Missed { agent, reason }, now, out),
            News::Redirected { from, to } => self.write(Event::Redirected { from, to }, now, out),
            News::Held(agent) => self.write(Event::Held { agent }, now, out),
            News::Resumed(agent) => self.write(Event::Resumed { agent }, now, out),
            News::Moved { from, to, shown, how, talks } => self.moved(from, to, (shown, how), talks, now, out),
            News::TransferFailed { from, to, reason } => {
                self.write(Event::TransferFailed { from, to, reason }, now, out);
            }
            News::Parked { from, slot } => {
                self.unbridged(&from, now, out);
                self.write(Event::Parked { slot, by: from }, now, out);
            }
            News::Retrieved(by) => {
                let With::Parked { queue, since } = self.with.clone() else { return };
                self.write(Event::Retrieved { by: by.clone() }, now, out);
                let waited_ms = now.saturating_sub(since) as u32;
                self.write(Event::Bridged { agent: by.clone(), waited_ms }, now, out);
                self.with = With::Agent { agent: by, also: Vec::new(), queue, since: now, waits: None };
            }
            News::Joined(name) => {
                if let With::Agent { also, .. } = &mut self.with {
                    also.push(name.clone());
                }
                self.write(Event::Joined { agent: name }, now, out);
            }
            News::Left(name) => {
                self.part(&name);
                self.write(Event::Parted { agent: name }, now, out);
            }
            News::Supervised(by, how) => self.write(Event::Supervised { by, how }, now, out),
            // Those who talk to each other elsewhere are no concern of a caller who is served.
            News::Gone => {}
        }
    }

    /// Takes somebody off the list; the next one is the caller's agent then.
    fn part(&mut self, name: &str) {
        if let With::Agent { agent, also, .. } = &mut self.with {
            if agent == name && !also.is_empty() {
                *agent = also.remove(0);
            } else if let Some(place) = also.iter().position(|other| other == name) {
                also.remove(place);
            }
        }
    }

    /// The caller's talk with this agent is over, the caller is not lost.
    fn unbridged(&mut self, from: &str, now: Millis, out: &mut Vec<Output>) {
        let With::Agent { queue, since, .. } = self.with.clone() else { return };
        let talked_ms = now.saturating_sub(since) as u32;
        self.write(Event::Unbridged { agent: from.to_owned(), by: Party::Agent, talked_ms }, now, out);
        self.with = With::Parked { queue, since: now };
    }

    fn moved(
        &mut self,
        from: String,
        to: String,
        (shown, how): (crate::event::Personal, crate::event::How),
        talks: bool,
        now: Millis,
        out: &mut Vec<Output>,
    ) {
        let With::Agent { agent, also, waits, .. } = self.with.clone() else { return };
        self.unbridged(&from, now, out);
        self.write(Event::Transferred { from: from.clone(), to: shown, how }, now, out);
        let With::Parked { queue, .. } = self.with.clone() else { return };
        if talks {
            let waited_ms = now.saturating_sub(waits.unwrap_or(now)) as u32;
            self.write(Event::Bridged { agent: to.clone(), waited_ms }, now, out);
            // Of a conference only the one who asked is replaced.
            let stay = std::iter::once(agent).chain(also).filter(|name| *name != from);
            self.with = With::Agent { agent: to, also: stay.collect(), queue, since: now, waits: None };
        }
    }
}
