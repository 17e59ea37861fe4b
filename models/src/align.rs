//! When each word of a known text was said. The recognisers here do not tell, so words are laid over the loudness of the utterance:
//! each about as long as its syllables take at the speaker's pace, boundaries where it is quiet, pauses between words. Exact to
//! about a tenth of a second, which is what playing a word again needs; no phonetics.

use std::time::Duration;

use audio::Pcm16k;

use crate::recogniser::WordTime;

/// 20 ms.
const FRAME: usize = 320;
const FRAME_MS: u64 = 20;
/// What speech outside of any word costs, silence inside a word, a boundary in the middle of sound, and a word that is e times too
/// long or too short.
const SPEECH_LEFT_OUT: f32 = 1.0;
const SILENCE_INSIDE: f32 = 0.7;
const LOUD_BOUNDARY: f32 = 1.0;
const ODD_LENGTH: f32 = 2.0;
/// A word lasts between these shares of what is expected of it.
const SHORTEST: f32 = 0.3;
const LONGEST: f32 = 3.5;

/// The words of `text` with their places, in order and without overlap; nothing of an empty text or of no sound.
pub fn align(audio: &Pcm16k, text: &str) -> Vec<WordTime> {
    let words = pieces(text);
    let loud = loudness(audio.samples());
    if words.is_empty() || loud.is_empty() {
        return Vec::new();
    }
    let spans = best_spans(&loud, &words).unwrap_or_else(|| even_spans(loud.len(), &words));
    let end = audio.duration();
    words
        .into_iter()
        .zip(spans)
        .map(|((text, _), (from, to))| WordTime {
            text,
            start: Duration::from_millis(from as u64 * FRAME_MS).min(end),
            end: Duration::from_millis(to as u64 * FRAME_MS).min(end),
        })
        .collect()
}

/// Words with their length in syllables. A string of figures is read figure by figure, Chinese character by character.
fn pieces(text: &str) -> Vec<(String, f32)> {
    let mut out = Vec::new();
    for word in text.split_whitespace() {
        let mut rest = String::new();
        for c in word.chars() {
            let alone = matches!(c, '\u{3400}'..='\u{9fff}' | '〇') || c.is_ascii_digit();
            if alone {
                flush(&mut rest, &mut out);
                out.push((c.to_string(), syllables_of_character(c)));
            } else {
                rest.push(c);
            }
        }
        flush(&mut rest, &mut out);
    }
    out
}

fn flush(word: &mut String, out: &mut Vec<(String, f32)>) {
    let word = std::mem::take(word);
    if word.chars().any(char::is_alphanumeric) {
        let length = syllables(&word);
        out.push((word, length));
    } else if let Some((last, _)) = out.last_mut() {
        // Punctuation belongs to what it follows.
        last.push_str(&word);
    }
}

fn syllables_of_character(c: char) -> f32 {
    match c {
        '0' | '7' => 1.5,
        'W' | 'w' => 2.5,
        _ => 1.0,
    }
}

/// Groups of vowels, and a little for each further consonant.
fn syllables(word: &str) -> f32 {
    let letters: Vec<char> = word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if let [only] = letters[..] {
        return syllables_of_character(only);
    }
    let is_vowel = |c: &char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let groups = letters.chunk_by(|a, b| is_vowel(a) == is_vowel(b)).filter(|group| is_vowel(&group[0])).count();
    let silent_e = letters.len() > 3 && letters.ends_with(&['e']) && !is_vowel(&letters[letters.len() - 2]);
    let groups = (groups - usize::from(silent_e && groups > 1)).max(1);
    let consonants = letters.iter().filter(|c| !is_vowel(c)).count();
    0.6 * groups as f32 + 0.13 * consonants as f32
}

/// From 0 (the quiet of this utterance) to 1 (its speech), frame by frame.
fn loudness(samples: &[i16]) -> Vec<f32> {
    let level = |frame: &[i16]| {
        let mean = frame.iter().map(|s| f32::from(*s)).sum::<f32>() / frame.len() as f32;
        let power = frame.iter().map(|s| (f32::from(*s) - mean).powi(2)).sum::<f32>() / frame.len() as f32;
        10.0 * (power + 1.0).log10()
    };
    let levels: Vec<f32> = samples.chunks(FRAME).map(level).collect();
    let mut sorted = levels.clone();
    sorted.sort_by(f32::total_cmp);
    let at = |share: f32| sorted.get((sorted.len() as f32 * share) as usize).copied().unwrap_or(0.0);
    let (quiet, loud) = (at(0.05), at(0.9));
    let middle = quiet + ((loud - quiet) * 0.45).max(5.0);
    levels.iter().map(|level| 1.0 / (1.0 + (-(level - middle) / 3.0).exp())).collect()
}

/// The cheapest way of laying the words over the frames; `None` when they do not fit.
fn best_spans(loud: &[f32], words: &[(String, f32)]) -> Option<Vec<(usize, usize)>> {
    let frames = loud.len();
    let mut speech = vec![0.0f32];
    for value in loud {
        speech.push(speech[speech.len() - 1] + value);
    }
    let boundary = |at: usize| {
        let before = if at == 0 { 0.0 } else { loud[at - 1] };
        let after = loud.get(at).copied().unwrap_or(0.0);
        before.min(after) * LOUD_BOUNDARY
    };
    let syllables: f32 = words.iter().map(|(_, length)| length).sum();
    let pace = (speech[frames] / syllables).max(2.0);
    // Cost of the first so many words when the last of them ended at or before a frame, and where words began.
    let mut before: Vec<f32> = speech.iter().map(|sum| sum * SPEECH_LEFT_OUT).collect();
    let mut began: Vec<Vec<u32>> = Vec::with_capacity(words.len());
    let mut ended: Vec<Vec<u32>> = Vec::with_capacity(words.len());
    for (_, length) in words {
        let expected = length * pace;
        let shortest = ((expected * SHORTEST) as usize).max(2);
        let longest = ((expected * LONGEST) as usize).max(shortest + 2);
        let mut here = vec![f32::INFINITY; frames + 1];
        let mut from = vec![0u32; frames + 1];
        for end in shortest..=frames {
            for start in end.saturating_sub(longest)..=end - shortest {
                if before[start] == f32::INFINITY {
                    continue;
                }
                let silence = (end - start) as f32 - (speech[end] - speech[start]);
                let odd = ((end - start) as f32 / expected).ln();
                let cost = before[start] + silence * SILENCE_INSIDE + ODD_LENGTH * odd * odd + boundary(start);
                if cost < here[end] {
                    here[end] = cost;
                    from[end] = start as u32;
                }
            }
            here[end] += boundary(end);
        }
        // A pause may follow.
        let mut last: Vec<u32> = (0..=frames as u32).collect();
        for at in 1..=frames {
            let waited = here[at - 1] + loud[at - 1] * SPEECH_LEFT_OUT;
            if waited < here[at] {
                here[at] = waited;
                last[at] = last[at - 1];
            }
        }
        began.push(from);
        ended.push(last);
        before = here;
    }
    if before[frames] == f32::INFINITY {
        return None;
    }
    let mut spans = Vec::with_capacity(words.len());
    let mut at = frames;
    for (from, last) in began.iter().zip(&ended).rev() {
        let end = last[at] as usize;
        at = from[end] as usize;
        spans.push((at, end));
    }
    spans.reverse();
    Some(spans)
}

/// More words than the sound has room for: each its share.
fn even_spans(frames: usize, words: &[(String, f32)]) -> Vec<(usize, usize)> {
    let all: f32 = words.iter().map(|(_, length)| length).sum();
    let mut sum = 0.0;
    let place = |sum: f32| ((sum / all) * frames as f32) as usize;
    words
        .iter()
        .map(|(_, length)| {
            let from = place(sum);
            sum += length;
            (from, place(sum))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use audio::resample::resample;
    use audio::tone;

    use super::*;

    fn beeps(lengths_ms: &[u64]) -> Pcm16k {
        let mut sound = Pcm16k::silence(Duration::from_millis(300));
        for length in lengths_ms {
            sound.append(&resample(&tone::sine(400.0, -20.0, Duration::from_millis(*length))));
            sound.append(&Pcm16k::silence(Duration::from_millis(200)));
        }
        sound
    }

    #[test]
    fn words_lie_where_the_sound_is() {
        let times = align(&beeps(&[300, 300, 300]), "one two three");
        let starts: Vec<u64> = times.iter().map(|word| word.start.as_millis() as u64).collect();
        for (start, expected) in starts.iter().zip([300u64, 800, 1_300]) {
            assert!(start.abs_diff(expected) <= 60, "{times:?}");
        }
    }

    #[test]
    fn a_string_of_figures_is_read_figure_by_figure_and_chinese_by_character() {
        let texts = |text: &str| align(&beeps(&[2_000]), text).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(texts("45, please."), ["4", "5,", "please."]);
        assert_eq!(texts("查订单。"), ["查", "订", "单。"]);
    }

    #[test]
    fn nothing_said_has_no_words_and_too_many_words_still_have_places() {
        assert!(align(&beeps(&[300]), " ").is_empty());
        assert!(align(&Pcm16k::empty(), "hello").is_empty());
        let times = align(&beeps(&[]), &"word ".repeat(60));
        assert_eq!(times.len(), 60);
        assert!(times.last().is_some_and(|word| word.end <= Duration::from_millis(300)));
    }

    #[test]
    fn words_keep_their_order_and_do_not_overlap() {
        let mut random = 7u32;
        let mut next = |below: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) % below
        };
        for _ in 0..200 {
            let samples: Vec<i16> =
                (0..next(40)).flat_map(|_| vec![if next(2) == 0 { 0i16 } else { 4_000 }; 700]).collect();
            let samples = samples.iter().enumerate().map(|(n, s)| if n % 2 == 0 { *s } else { -s }).collect();
            let audio = Pcm16k::new(samples);
            let text = ["a", "telephone", "7", "是"].iter().cycle().take(next(9) as usize).fold(
                String::new(),
                |mut all, word| {
                    all.push_str(word);
                    all.push(' ');
                    all
                },
            );
            let times = align(&audio, &text);
            assert!(times.windows(2).all(|pair| pair[0].end <= pair[1].start), "{times:?}");
            assert!(times.iter().all(|word| word.start <= word.end && word.end <= audio.duration()), "{times:?}");
        }
    }
}
