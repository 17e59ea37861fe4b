//! SIPp, a test tool of the trade, calls us and registers with us. Its scenarios are in `tests/sipp` of the
//! workspace.

mod common;

use std::path::{Path, PathBuf};

use common::sipp::{ours, sipp};
use common::*;
use sip::ua::IncomingCall;
use tokio::sync::mpsc;

/// Scenarios shared by the maintainers beside the checkout, if they are there.
fn shared(scenario: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HOTLINE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = root.join("tools/sipp").join(scenario);
    if !path.is_file() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// Rings every call and answers none.
fn only_ring(mut calls: mpsc::Receiver<IncomingCall>) {
    tokio::spawn(async move {
        while let Some(call) = calls.recv().await {
            tokio::spawn(async move {
                let _ = call.ring().await;
                call.cancelled().await;
            });
        }
    });
}

async fn passes_with(scenario: &str, calls: u32) {
    if !have("sipp") {
        return;
    }
    let (agent, incoming) = agent(registrar()).await;
    answer_everything(incoming);
    if let Err(account) = sipp(&ours(scenario), agent.local_addr(), calls).await {
        panic!("{scenario}: {account}");
    }
    assert_eq!(agent.live_calls(), 0);
}

#[tokio::test]
async fn a_hundred_calls_come_and_go() {
    passes_with("uac_call.xml", 100).await;
}

#[tokio::test]
async fn callers_give_up_while_it_rings() {
    if !have("sipp") {
        return;
    }
    let (agent, incoming) = agent(config()).await;
    only_ring(incoming);
    if let Err(account) = sipp(&ours("uac_cancel.xml"), agent.local_addr(), 20).await {
        panic!("{account}");
    }
    assert_eq!(agent.live_calls(), 0);
}

#[tokio::test]
async fn an_invite_without_an_offer_is_answered() {
    passes_with("uac_no_sdp.xml", 20).await;
}

#[tokio::test]
async fn an_offer_without_a_shared_codec_is_488() {
    passes_with("uac_no_codec.xml", 20).await;
}

#[tokio::test]
async fn an_unknown_extension_is_420() {
    passes_with("uac_require.xml", 20).await;
}

#[tokio::test]
async fn a_phone_registers_with_digest() {
    passes_with("uac_register.xml", 1).await;
}

#[tokio::test]
async fn keys_of_the_shared_scenario_arrive() {
    let (Some(scenario), true) = (shared("uac_dtmf.xml"), have("sipp")) else { return };
    let (agent, mut incoming) = agent(config()).await;
    let pressed = tokio::spawn(async move {
        let mut active = incoming.recv().await?.answer().await.ok()?;
        let mut events = active.take_events()?;
        loop {
            if let sip::media::LegEvent::Key { digit, .. } = events.recv().await? {
                return Some(digit);
            }
        }
    });
    // The scenario's pcap is named relative to its folder, so SIPp may not find it: then there is no key.
    let account = sipp(&scenario, agent.local_addr(), 1).await;
    match account {
        Ok(()) => assert_eq!(soon(pressed).await.expect("no panic"), Some('1')),
        Err(account) => println!("skipped: SIPp could not run the scenario: {account}"),
    }
}
