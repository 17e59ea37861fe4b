//! A call's legs as a text, for mailing to a carrier: who, the ladder, the sound, the messages.

use std::fmt::Write;

use super::call::CallSummary;
use super::signalling::{CallSignalling, LegView, MessageView};
use crate::event::{Heard, LegSound};

/// The whole text.
pub fn report(call: &CallSummary, seen: &CallSignalling) -> String {
    let mut out = String::new();
    // Writing into a text cannot fail.
    let _ = write_report(&mut out, call, seen);
    out
}

fn write_report(out: &mut String, call: &CallSummary, seen: &CallSignalling) -> std::fmt::Result {
    let began = seen.began_us.and_then(|us| jiff::Timestamp::from_microsecond(us).ok());
    writeln!(out, "Call {}", call.id)?;
    writeln!(out, "From {} to {}", if call.from.is_empty() { "(withheld)" } else { &call.from }, call.to)?;
    if let Some(began) = began {
        writeln!(out, "First message {began} (UTC); times below are seconds after it")?;
    }
    if !seen.complete {
        writeln!(out, "The call goes on; this is what there is so far")?;
    }

    writeln!(out, "\nLADDER")?;
    for leg in &seen.legs {
        writeln!(out, "  leg {}: {}", leg.number, who(leg))?;
    }
    writeln!(out)?;
    for (leg, message) in seen.by_time() {
        let arrow = if message.sent { "Hotline ──▶" } else { "Hotline ◀──" };
        let again = if message.repeated { "  (again)" } else { "" };
        let sdp = if message.sdp { "  + SDP" } else { "" };
        let (time, peer, label) = (seconds(message.after_us), &message.peer, label(message));
        writeln!(out, "  {time:>9}  leg {}  {arrow} {peer} {}  {label}{sdp}{again}", leg.number, message.protocol)?;
    }

    for leg in &seen.legs {
        if let Some(sound) = &leg.sound {
            writeln!(out, "\nSOUND of leg {}: {}", leg.number, who(leg))?;
            write_sound(out, sound)?;
        }
    }

    writeln!(out, "\nMESSAGES (without credentials, keys and pressed digits)")?;
    for (number, (leg, message)) in seen.by_time().into_iter().enumerate() {
        let (from, to) = if message.sent { (&message.local, &message.peer) } else { (&message.peer, &message.local) };
        let time = seconds(message.after_us);
        writeln!(out, "\n── {}  {time} s  leg {}  {from} → {to} {}", number + 1, leg.number, message.protocol)?;
        out.push_str(&message.text.replace("\r\n", "\n"));
    }
    Ok(())
}

fn write_sound(out: &mut String, sound: &LegSound) -> std::fmt::Result {
    let totals = &sound.totals;
    let codec = &sound.codec;
    writeln!(
        out,
        "  {codec}; in {} packets, {} lost, {} late, {} twice, {} frames made up, jitter {} ms; out {} packets, {} said to be lost; \
         round trip {} ms; RTCP {} in, {} out; {} not RTP, {} from strangers, {} not authentic",
        totals.packets_in,
        totals.lost,
        totals.late,
        totals.duplicated,
        totals.concealed,
        totals.jitter_ms,
        totals.packets_out,
        shown(totals.remote_lost),
        shown(totals.round_trip_ms),
        totals.rtcp_in,
        totals.rtcp_out,
        totals.invalid,
        totals.strangers,
        totals.unauthentic,
    )?;
    let (time, length) = ("from s", "s");
    writeln!(out, "                    from the peer                    to the peer (as it says)")?;
    writeln!(
        out,
        "  {time:>8} {length:>5}    loss%  jitter   MOS   dBov      loss%  jitter   MOS   dBov    trip ms  buffer ms"
    )?;
    for point in &sound.points {
        let (at, length) = (f64::from(point.at_ms) / 1e3, f64::from(point.length_ms) / 1e3);
        let (incoming, outgoing) = (way(&point.incoming), way(&point.outgoing));
        let trip = shown(point.round_trip_ms);
        writeln!(out, "  {at:>8.1} {length:>5.1}  {incoming}    {outgoing}  {trip:>9}  {:>9}", point.buffer_ms)?;
    }
    Ok(())
}

fn way(way: &Heard) -> String {
    let (loss, jitter) = (shown(way.loss_percent), shown(way.jitter_ms));
    let (mos, level) = (shown(way.mos), shown(way.level_dbov));
    format!("{loss:>7} {jitter:>7} {mos:>5} {level:>6}")
}

fn shown<T: std::fmt::Display>(value: Option<T>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}

fn seconds(us: i64) -> String {
    format!("{:.4}", us as f64 / 1e6)
}

fn who(leg: &LegView) -> String {
    let name = if leg.name.is_empty() { "(withheld)" } else { &leg.name };
    format!("{} {name}", leg.role.name())
}

/// `INVITE`, or `200 OK (INVITE)`.
fn label(message: &MessageView) -> String {
    match message.status {
        Some(_) => {
            let line = message.start_line.strip_prefix("SIP/2.0 ").unwrap_or(&message.start_line);
            format!("{line} ({})", message.method)
        }
        None => message.method.clone(),
    }
}
