//! The callers' sound: each has its own socket and its own 20 ms, in which it hears what has come and sends its next packet.

use rand::Rng;

use super::super::caller::State;
use super::super::rtp;
use super::super::sys::{self, MS, Nanos, SECOND};
use super::{Due, Engine, TICK};

impl Engine {
    pub(super) fn key_down(&mut self, id: u64, key: char, now: Nanos) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.state == State::Up) else { return };
        let Some(sound) = &mut call.sound else { return };
        if sound.mouth.is_busy() || sound.held {
            self.at(now + 200 * MS, id, if key == '0' { Due::Person } else { Due::Press });
        } else {
            sound.mouth.press(key);
        }
    }

    /// A caller's tick: hears what has come, and sends its next packet.
    pub(super) fn speak(&mut self, id: u64, now: Nanos) {
        self.listen(id);
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.state == State::Up) else { return };
        let Some(sound) = &mut call.sound else { return };
        let pressing = sound.mouth.is_pressing();
        let silent = call.plan.silent || sound.held;
        let busy = sound.mouth.is_busy();
        let words = sound.talker.as_mut().filter(|_| !busy);
        let words = words.and_then(|talker| talker.next(now, &mut self.tally.talked));
        let packet = match words {
            Some(words) => Some(sound.mouth.say(words)),
            None => sound.mouth.next(silent),
        };
        if let Some(packet) = packet {
            if pressing {
                sound.pressed_at = Some(sys::now());
                sound.keys += 1;
                self.tally.keys += 1;
            }
            let fate: f32 = if call.plan.loss > 0.0 { self.random.random() } else { 1.0 };
            let held_back = sound.delayed.take();
            if fate < call.plan.loss {
                // Lost.
            } else if fate < call.plan.loss * 1.5 && held_back.is_none() {
                sound.delayed = Some(packet);
            } else {
                let _ = sound.socket.send(&packet);
            }
            if let Some(packet) = held_back {
                let _ = sound.socket.send(&packet);
            }
        }
        sound.due += TICK;
        // After a long wait there is no catching up: the line was dead for so long.
        if sound.due + SECOND < now {
            sound.due = now + TICK;
        }
        let due = sound.due;
        self.at(due, id, Due::Sound);
    }

    pub(super) fn listen(&mut self, id: u64) {
        let Self { calls, ears, tally, marks, pacing, .. } = self;
        let Some(call) = calls.get_mut(&id) else { return };
        let Some(sound) = &mut call.sound else { return };
        loop {
            let count = ears.fill(&sound.socket);
            for at in 0..count {
                let (datagram, stamp) = ears.get(at);
                let Some(packet) = rtp::read(datagram).filter(|packet| packet.kind == 0) else { continue };
                let noticed = sound.ear.hear(&packet, stamp);
                tally.packets += 1;
                if noticed.first && call.desk.is_none() {
                    tally.first_rtp.add(stamp.saturating_sub(call.invited_at));
                }
                if noticed.late {
                    tally.late += 1;
                    continue;
                }
                if *pacing {
                    tally.lost += u64::from(noticed.lost);
                    noticed.pacing.into_iter().for_each(|pacing| tally.pacing.add(pacing));
                }
                if let Some(talker) = &mut sound.talker {
                    talker.hear(packet.payload, stamp, &mut tally.talked);
                }
                if !call.plan.remember && sound.pressed_at.is_none() || !rtp::is_voiced(packet.payload) {
                    continue;
                }
                let mark = rtp::fingerprint(packet.payload);
                if call.plan.remember {
                    sound.heard.push((stamp, mark));
                } else if let (Some(pressed), Some(marks)) = (sound.pressed_at, marks.as_ref())
                    && mark == (if sound.keys % 2 == 1 { marks.second } else { marks.first })
                {
                    tally.prompt.add(stamp.saturating_sub(pressed));
                    sound.pressed_at = None;
                }
            }
            if !ears.was_full() {
                return;
            }
        }
    }
}
