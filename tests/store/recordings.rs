//! Recordings: what is written second by second is read back by any range, also after a crash.

use std::{fs, path::PathBuf};

use hotline::{
    event::CallId,
    store::{RATE, StoreError, Tenant},
};

use crate::bed::{Bed, Journal, on_both};

async fn call(tenant: &Tenant) -> CallId {
    let journal = Journal::from("+49301111");
    journal.store(tenant).await;
    journal.call
}

/// Samples that differ everywhere.
fn sound(frames: usize) -> (Vec<i16>, Vec<i16>) {
    let side = |factor: usize| (0..frames).map(|at| (at * factor % 60_000) as i16).collect();
    (side(7), side(13))
}

fn interleaved((left, right): &(Vec<i16>, Vec<i16>)) -> Vec<i16> {
    left.iter().zip(right).flat_map(|(left, right)| [*left, *right]).collect()
}

fn file(bed: &Bed, call: CallId) -> PathBuf {
    bed.folder.path().join(format!("recordings/{call}.hlr"))
}

on_both! {
    async fn any_range_of_a_recording_reads_as_it_was_written(bed: Bed) {
        let tenant = bed.tenant().await;
        let call = call(&tenant).await;
        let sound = sound(2 * 8_000 + 4_321);
        let mut writer = tenant.record(call).await.expect("it begins");
        for (left, right) in sound.0.chunks(160).zip(sound.1.chunks(160)) {
            writer.push(left, right).expect("written");
        }
        assert_eq!(writer.frames(), 20_321);
        let growing = tenant.recording(call).await.expect("it answers").expect("there is one");
        assert_eq!(growing.frames(), 16_000);
        writer.finish().expect("written");
        let reader = tenant.recording(call).await.expect("it answers").expect("there is one");
        let all = interleaved(&sound);
        assert_eq!(reader.frames(), 20_321);
        assert_eq!(reader.read(0..u64::MAX).expect("readable"), all);
        for (from, to) in [(0, 1), (7_999, 8_001), (15_000, 20_321), (16_000, 16_000), (20_320, 99_999), (30_000, 40_000)] {
            let expected = &all[from.min(20_321) * 2..to.min(20_321) * 2];
            assert_eq!(reader.read(from as u64..to as u64).expect("readable"), expected, "{from}..{to}");
        }
        assert!(tenant.record(call).await.is_err(), "a recording is never written twice");
    }

    async fn a_recording_cut_by_a_crash_keeps_every_whole_second(bed: Bed) {
        let tenant = bed.tenant().await;
        let call = call(&tenant).await;
        let sound = sound(3 * 8_000);
        let mut writer = tenant.record(call).await.expect("it begins");
        writer.push(&sound.0, &sound.1).expect("written");
        drop(writer);
        let whole = fs::read(file(&bed, call)).expect("the file is there");
        // What a process killed at this byte would have left.
        let header = whole.len() - whole.len() / 32_033 * 32_033;
        for (cut, seconds) in [(header, 0), (header + 3, 0), (header + 32_032, 0), (header + 32_033, 1),
            (header + 2 * 32_033 + 5_000, 2), (whole.len(), 3)] {
            fs::write(file(&bed, call), &whole[..cut]).expect("the file can be cut");
            let reader = tenant.recording(call).await.expect("it answers").expect("there is one");
            assert_eq!(reader.frames(), seconds * u64::from(RATE), "cut at {cut}");
            let expected = &interleaved(&sound)[..seconds as usize * 16_000];
            assert_eq!(reader.read(0..u64::MAX).expect("readable"), expected);
        }
        fs::write(file(&bed, call), &whole[..header - 1]).expect("the file can be cut");
        assert!(tenant.recording(call).await.expect("it answers").is_none());
    }

    async fn a_second_that_was_lost_is_silence_and_the_rest_stays_in_time(bed: Bed) {
        let tenant = bed.tenant().await;
        let call = call(&tenant).await;
        let sound = sound(3 * 8_000);
        let mut writer = tenant.record(call).await.expect("it begins");
        writer.push(&sound.0, &sound.1).expect("written");
        writer.finish().expect("written");
        let mut bytes = fs::read(file(&bed, call)).expect("the file is there");
        let header = bytes.len() - 3 * 32_033;
        bytes[header + 32_033..header + 2 * 32_033].fill(0);
        fs::write(file(&bed, call), bytes).expect("written");
        let reader = tenant.recording(call).await.expect("it answers").expect("there is one");
        let mut expected = interleaved(&sound);
        expected[16_000..32_000].fill(0);
        assert_eq!(reader.read(0..24_000).expect("readable"), expected);
    }

    async fn a_recording_that_was_altered_or_moved_does_not_open(bed: Bed) {
        let tenant = bed.tenant().await;
        let (one, two) = (call(&tenant).await, call(&tenant).await);
        let sound = sound(2 * 8_000);
        for call in [one, two] {
            tenant.record(call).await.expect("it begins").push(&sound.0, &sound.1).expect("written");
        }
        let bytes = fs::read(file(&bed, one)).expect("the file is there");
        let header = bytes.len() - 2 * 32_033;
        let reads = async |bytes: Vec<u8>| {
            fs::write(file(&bed, one), bytes).expect("written");
            tenant.recording(one).await?.expect("there is one").read(0..16_000).map(|samples| samples.len())
        };
        assert!(matches!(reads(bytes.clone()).await, Ok(32_000)));
        let mut flipped = bytes.clone();
        flipped[header + 20_000] ^= 1;
        let mut swapped = bytes[..header].to_vec();
        swapped.extend_from_slice(&bytes[header + 32_033..]);
        swapped.extend_from_slice(&bytes[header..header + 32_033]);
        // Another call of the same person: the key fits, the place does not.
        let mut moved = bytes[..header].to_vec();
        moved.extend_from_slice(&fs::read(file(&bed, two)).expect("the file is there")[header..]);
        let mut endless = bytes.clone();
        endless[header..header + 4].fill(0xff);
        for (what, bytes) in [("flipped", flipped), ("swapped", swapped), ("moved", moved), ("endless", endless),
            ("nonsense", vec![b'x'; 100_000])] {
            assert!(matches!(reads(bytes).await, Err(StoreError::Damaged { .. })), "{what}");
        }
    }

    async fn the_outline_shows_who_spoke_when(bed: Bed) {
        let tenant = bed.tenant().await;
        let call = call(&tenant).await;
        let mut left = vec![0; 8_000 + 4_000];
        let mut right = left.clone();
        left[..400].fill(i16::MIN);
        right[8_000..].fill(16_384);
        let mut writer = tenant.record(call).await.expect("it begins");
        writer.push(&left, &right).expect("written");
        writer.finish().expect("written");
        let peaks = tenant.recording(call).await.expect("it answers").expect("there is one").peaks(20).expect("readable");
        assert_eq!((peaks.per_second, peaks.left.len(), peaks.right.len()), (20, 30, 30));
        assert_eq!((peaks.left[0], peaks.left[1]), (100, 0));
        assert!(peaks.right[..20].iter().all(|level| *level == 0) && peaks.right[20..].iter().all(|level| *level == 50));
    }

    async fn a_call_without_a_recording_has_none(bed: Bed) {
        let tenant = bed.tenant().await;
        let call = call(&tenant).await;
        assert!(tenant.recording(call).await.expect("it answers").is_none());
    }
}
