use super::*;

/// The frames of a call in which both sides talk, before and after it goes over to this state.
fn frames(state: Recording) -> (Vec<MediaFrame>, Vec<MediaFrame>) {
    let mut rig = Rig::new();
    let (mut call, mut peer) = rig.call(Codec::Pcmu);
    call.play(1, &clip(sound(100)));
    let mut talk = |rig: &mut Rig, call: &mut TestLeg| {
        for frame in encoded(Codec::Pcmu, sound(20).samples()).chunks(FRAME_8K) {
            peer.say(frame);
            rig.ticks(1);
        }
        call.frames()
    };
    let before = talk(&mut rig, &mut call);
    call.leg.record_state(state);
    (before, talk(&mut rig, &mut call))
}

fn has_sound(frame: &MediaFrame) -> bool {
    frame.heard != [0; FRAME_8K] || frame.said != [0; FRAME_8K]
}

#[test]
fn while_paused_no_sound_leaves_the_media_thread() {
    let (before, after) = frames(Recording::Paused);
    assert!(before.iter().all(|frame| frame.recorded && has_sound(frame)));
    assert_eq!(after.len(), 20);
    assert!(after.iter().all(|frame| !frame.recorded && !has_sound(frame)));
}

#[test]
fn while_masked_frames_are_heard_and_not_to_be_kept() {
    let (_, after) = frames(Recording::Masked);
    assert!(after.iter().all(|frame| !frame.recorded && has_sound(frame)));
}

#[test]
fn keys_are_reported_while_the_recording_is_paused() {
    let mut rig = Rig::new();
    let (mut call, mut peer) = rig.call(Codec::Pcmu);
    call.leg.record_state(Recording::Paused);
    rig.ticks(1);
    let since = peer.timestamp;
    peer.event(since, 4, 160, false);
    rig.ticks(1);
    assert_eq!(call.keys(), "4");
}

#[test]
fn recording_goes_on_afterwards() {
    let mut rig = Rig::new();
    let (mut call, _peer) = rig.call(Codec::Pcmu);
    call.play(1, &clip(sound(100)));
    call.leg.record_state(Recording::Paused);
    rig.ticks(2);
    call.leg.record_state(Recording::On);
    rig.ticks(2);
    let kept: Vec<bool> = call.frames().iter().map(|frame| frame.recorded && has_sound(frame)).collect();
    assert_eq!(kept, [false, false, true, true]);
}
