//! Who hears whom in a room, and what is heard by those who wait.

use std::collections::BTreeSet;

use sip::media::{self, Recording, Voice};

use super::chairs::Chair;
use super::{Room, RoomNews};
use crate::call::bridge::{Audience, CALLER, Seat, Sound};

impl Room {
    /// Lets those hear each other who should now.
    pub(super) async fn arrange(&mut self) {
        let wanted = if self.ending.is_some() { Sound::Nobody } else { self.bridge.sound() };
        if wanted != self.arranged {
            let heard = |sound: &Sound| -> BTreeSet<Seat> {
                match sound {
                    Sound::Nobody | Sound::Waits { .. } => BTreeSet::new(),
                    Sound::Pair(one, other) => [*one, *other].into(),
                    Sound::Together(all) => all.iter().copied().collect(),
                    Sound::Supervised { parties, supervisors } => {
                        parties.iter().chain(supervisors.iter().map(|(seat, _)| seat)).copied().collect()
                    }
                    Sound::Announced { seat, .. } => [*seat].into(),
                }
            };
            let before = std::mem::replace(&mut self.arranged, wanted.clone());
            if let Sound::Announced { seat, .. } = before
                && let Some(chair) = self.chairs.get(&seat)
            {
                chair.sound().record_state(Recording::On);
            }
            for chair in heard(&before).difference(&heard(&wanted)).filter_map(|seat| self.chairs.get(seat)) {
                chair.sound().unbridge();
                chair.sound().leave();
            }
            self.apply(&wanted);
        }
        let talking = matches!(&wanted, Sound::Pair(CALLER, _) | Sound::Pair(_, CALLER))
            || matches!(&wanted, Sound::Together(all) | Sound::Supervised { parties: all, .. } if all.contains(&CALLER));
        if self.ending.is_none() && std::mem::replace(&mut self.talking, talking) != talking {
            let _ = self.news.send(RoomNews::Talking(talking)).await;
        }
    }

    /// The caller who is served has another leg, which hears what the one before did.
    pub(super) async fn caller_is_at(&mut self, sound: media::Leg) {
        if let Some(Chair::Caller(before)) = self.chairs.insert(CALLER, Chair::Caller(sound)) {
            before.unbridge();
            before.leave();
            self.arranged = Sound::Nobody;
            self.arrange().await;
        }
    }

    fn apply(&mut self, wanted: &Sound) {
        match wanted {
            Sound::Nobody => {}
            Sound::Waits { seat, ringing } => {
                let sound = if *ringing { &self.services.waiting_sound } else { &self.services.hold_music };
                if let Some(chair) = self.chairs.get(seat) {
                    chair.sound().set_hold_loop(Some(sound.clone()));
                }
            }
            Sound::Announced { seat, of } => {
                let sound =
                    self.dialling.as_ref().filter(|dialling| dialling.seat == *of).and_then(|d| d.sound.as_ref());
                if let (Some(chair), Some(sound)) = (self.chairs.get(seat), sound) {
                    // Nobody talks yet: it is neither kept nor written down.
                    chair.sound().record_state(Recording::Paused);
                    chair.sound().set_hold_loop(None);
                    chair.sound().bridge(sound);
                }
            }
            Sound::Pair(one, other) => {
                if let (Some(one), Some(other)) = (self.chairs.get(one), self.chairs.get(other)) {
                    [one, other].into_iter().for_each(|chair| chair.sound().set_hold_loop(None));
                    one.sound().bridge(other.sound());
                }
            }
            Sound::Together(all) => self.confer(all.iter().map(|seat| (*seat, Voice::All))),
            Sound::Supervised { parties, supervisors } => {
                let voice = |audience: &Audience| match audience {
                    Audience::All => Voice::All,
                    Audience::One(agent) => {
                        self.chairs.get(agent).map_or(Voice::Nobody, |chair| Voice::Only(chair.sound().id()))
                    }
                    Audience::Nobody => Voice::Nobody,
                };
                let above: Vec<_> = supervisors.iter().map(|(seat, audience)| (*seat, voice(audience))).collect();
                self.confer(parties.iter().map(|seat| (*seat, Voice::All)).chain(above));
            }
        }
    }

    fn confer(&mut self, all: impl Iterator<Item = (Seat, Voice)>) {
        let conference = self.conference.get_or_insert_with(|| self.services.clock.conference()).clone();
        for (chair, voice) in all.filter_map(|(seat, voice)| Some((self.chairs.get(&seat)?, voice))) {
            chair.sound().set_hold_loop(None);
            chair.sound().join_as(&conference, voice);
        }
    }

    /// Leaves nothing behind: whoever still sits here is let go, and the caller's leg is free.
    pub(super) async fn clear(&mut self) {
        self.dialling = None;
        if let Some(Chair::Caller(sound)) = self.chairs.get(&CALLER) {
            sound.unbridge();
            sound.leave();
            sound.set_hold_loop(None);
        }
        for seat in self.chairs.keys().copied().collect::<Vec<_>>() {
            self.let_go(seat).await;
        }
    }
}
