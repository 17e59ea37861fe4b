//! Sentences that were rendered before, the least recently used dropped first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use intent::Language;
use sip::media::Clip;

/// What a rendered sentence is kept under: its language, the name of the voice, the sentence.
pub type Key = (Language, String, String);

/// A bounded cache. A std mutex: it is held for a map look-up, never while a voice speaks.
pub struct Cache {
    inner: Mutex<Inner>,
    /// Most samples kept, over all clips.
    capacity: usize,
}

#[derive(Default)]
struct Inner {
    clips: HashMap<Key, Kept>,
    samples: usize,
    clock: u64,
}

struct Kept {
    clip: Arc<Clip>,
    used: u64,
}

impl Cache {
    /// A cache for so many samples (16 bit, 8 kHz: 16 kB a second).
    pub fn new(capacity: usize) -> Self {
        Self { inner: Mutex::default(), capacity }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A panic elsewhere cannot leave the map half-changed in a way that matters: at worst a clip is rendered again.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clip, if it is kept.
    pub fn get(&self, key: &Key) -> Option<Arc<Clip>> {
        let mut inner = self.inner();
        inner.clock += 1;
        let now = inner.clock;
        let kept = inner.clips.get_mut(key)?;
        kept.used = now;
        Some(kept.clip.clone())
    }

    /// Keeps a clip and drops the ones longest unused.
    pub fn put(&self, key: Key, clip: Arc<Clip>) {
        let mut inner = self.inner();
        inner.clock += 1;
        let used = inner.clock;
        inner.samples += clip.pcm().len();
        if let Some(old) = inner.clips.insert(key, Kept { clip, used }) {
            inner.samples -= old.clip.pcm().len();
        }
        while inner.samples > self.capacity && inner.clips.len() > 1 {
            let oldest = inner.clips.iter().min_by_key(|(_, kept)| kept.used).map(|(key, _)| key.clone());
            if let Some(dropped) = oldest.and_then(|key| inner.clips.remove(&key)) {
                inner.samples -= dropped.clip.pcm().len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use audio::Pcm8k;

    fn key(text: &str) -> Key {
        (Language::English, "flite-rms".to_owned(), text.to_owned())
    }

    fn clip() -> Arc<Clip> {
        Arc::new(Clip::new(Pcm8k::new(vec![0; 1_000])))
    }

    #[test]
    fn the_least_recently_used_clip_makes_room() {
        let cache = Cache::new(2_500);
        cache.put(key("a"), clip());
        cache.put(key("b"), clip());
        assert!(cache.get(&key("a")).is_some());
        cache.put(key("c"), clip());
        assert!(cache.get(&key("b")).is_none());
        assert!(cache.get(&key("a")).is_some() && cache.get(&key("c")).is_some());
    }

    #[test]
    fn the_same_sentence_twice_takes_its_room_once() {
        let cache = Cache::new(1_500);
        cache.put(key("a"), clip());
        cache.put(key("a"), clip());
        assert!(cache.get(&key("a")).is_some());
        assert_eq!(cache.inner().samples, 1_000);
    }
}
