//! A call that is up, listened to for some seconds, and what that says of each direction: does their sound come here, does ours get
//! there? Pure but for the listening itself.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use audio::tone::sine;
use sip::media::{Clip, LegEvent, LegEvents, LegStats, Playback, Unheard};
use sip::message::Message;
use sip::sdp::Description;
use sip::ua::{ActiveCall, Traced};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::addresses::is_private;
use super::early::Early;
use super::finding::{Finding, Group, Text, in_both, say};
use super::keys::KEYS;
use super::tone;

const GROUP: Group = Group::Calls;
/// What we send: a plain tone at a level that hurts nobody's ear.
const TONE_HZ: f32 = 1_000.0;
const TONE_DBOV: f32 = -24.0;
const TONE: Duration = Duration::from_secs(3);
/// So much of it must come back to be an echo.
const ECHO: Duration = Duration::from_millis(500);
/// Softer than this nobody hears it (dBov).
const SILENCE: f32 = -55.0;
/// A call shorter than this proves nothing.
const LEAST: Duration = Duration::from_secs(4);
/// After the tone, and so long before the end that they can come back: keys are pressed.
const PRESSING: Duration = Duration::from_millis(3_200);
/// How long the keys take to leave, and what comes back to arrive.
const PRESSED: Duration = Duration::from_millis(2_500);

/// What was noticed of a call.
#[derive(Clone, Debug, Default)]
pub struct Listened {
    /// How long.
    pub seconds: f32,
    /// The counters of the leg.
    pub stats: LegStats,
    /// The loudest that was heard, dBov; `None` without a frame.
    pub loudest: Option<f32>,
    /// Whether our own tone came back.
    pub echo: bool,
    /// What their reports say, if they say that we are not heard.
    pub unheard: Option<Unheard>,
    /// Whether their reports say that we are.
    pub reported: bool,
    /// Where they asked for sound.
    pub wants: Option<SocketAddr>,
    /// Where we asked for sound.
    pub offered: Option<SocketAddr>,
    /// Whether they hung up.
    pub ended_by_them: bool,
    /// What came before the answer.
    pub early: Early,
    /// Whether keys were pressed.
    pub pressed: bool,
    /// The keys that came back.
    pub keys: String,
    /// Whether they agreed to keys as events (RFC 4733).
    pub telephone_event: bool,
    /// When the first packet came.
    pub first_packet: Option<std::time::Instant>,
}

/// Whether keys are pressed in a call: whoever answers hears them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// After the tone.
    Keys,
    /// None.
    Nothing,
}

/// Listens for at most so long, and hangs up. Ends sooner when both directions have proved themselves.
pub async fn listen(mut call: ActiveCall, limit: Duration, press: Press) -> Listened {
    let mut heard = Listened::default();
    let (mut sound, begun) = (Vec::<i16>::new(), Instant::now());
    let mut events = call.take_events();
    let clip = Arc::new(Clip::new(sine(TONE_HZ, TONE_DBOV, TONE)));
    call.leg().play(Playback { turn: 0, id: 1, clip, loop_: false });
    let mut ended = call.ended();
    let pressing = begun + PRESSING.min(limit / 2);
    let done = if press == Press::Keys { LEAST.max(PRESSING + PRESSED) } else { LEAST };
    if let Some(events) = &mut events {
        loop {
            let event = tokio::select! {
                event = timeout_at(begun + limit, events.recv()) => event,
                () = sleep_until(pressing), if press == Press::Keys && !heard.pressed => {
                    heard.pressed = true;
                    call.leg().send_keys(KEYS);
                    continue;
                }
                _ = ended.wait_for(Option::is_some) => {
                    heard.ended_by_them = true;
                    break;
                }
            };
            let Ok(Some(event)) = event else { break };
            take(&mut heard, &mut sound, event);
            let proven = heard.reported && heard.unheard.is_none() && tone::loudest(&sound) > SILENCE;
            if proven && begun.elapsed() >= done {
                break;
            }
        }
    }
    heard.seconds = begun.elapsed().as_secs_f32();
    let ladder = call.ladder();
    heard.wants = ladder.iter().rev().filter(|message| !message.sent).find_map(audio_addr);
    heard.offered = ladder.iter().filter(|message| message.sent).find_map(audio_addr);
    heard.telephone_event =
        ladder.iter().rev().filter(|message| !message.sent).find_map(agrees_to_events) == Some(true);
    heard.early = Early::of(&ladder, heard.first_packet);
    call.hangup(None).await;
    call.leg().close();
    if let Some(events) = events {
        let _ = timeout(Duration::from_secs(1), drain(&mut heard, &mut sound, events)).await;
    }
    heard.loudest = (!sound.is_empty()).then(|| tone::loudest(&sound));
    heard.echo = tone::heard(&sound, TONE_HZ) >= ECHO;
    heard
}

async fn drain(heard: &mut Listened, sound: &mut Vec<i16>, mut events: LegEvents) {
    while let Some(event) = events.recv().await {
        take(heard, sound, event);
    }
}

fn take(heard: &mut Listened, sound: &mut Vec<i16>, event: LegEvent) {
    match event {
        LegEvent::Frame(frame) => sound.extend_from_slice(&frame.heard),
        LegEvent::Unheard { how, .. } => heard.unheard = Some(how),
        LegEvent::Quality(point) => heard.reported |= point.said.loss_percent.is_some(),
        LegEvent::Closed(stats) => {
            heard.reported |= stats.remote_lost.is_some();
            heard.stats = stats;
        }
        // Only what comes after ours can be ours.
        LegEvent::Key { digit, .. } if heard.pressed => heard.keys.push(digit),
        LegEvent::FirstPacket { at, .. } => heard.first_packet = heard.first_packet.or(Some(at)),
        LegEvent::PlayStarted { .. }
        | LegEvent::PlayEnded { .. }
        | LegEvent::Key { .. }
        | LegEvent::NoRtp { .. }
        | LegEvent::NoKeys { .. } => {}
    }
}

/// Where a message's description wants sound.
fn audio_addr(message: &Traced) -> Option<SocketAddr> {
    let message = Message::parse(&message.bytes).ok()?;
    Description::parse(message.body()).ok()?.audio_addr()
}

/// Whether a message's description, if it has one, takes keys as events.
fn agrees_to_events(message: &Traced) -> Option<bool> {
    let message = Message::parse(&message.bytes).ok()?;
    Description::parse(message.body()).ok()?.audio_addr()?;
    let text = String::from_utf8_lossy(message.body()).to_ascii_lowercase();
    Some(text.contains("telephone-event/"))
}

/// Both directions. `who` is the other side; `ports` are those that a firewall must let in.
pub fn judge(check: &str, who: &str, heard: &Listened, ports: &str) -> Vec<Finding> {
    if heard.ended_by_them && heard.seconds < LEAST.as_secs_f32() && !heard.reported {
        let seconds = heard.seconds;
        let says = say!(
            "{who} hung up after {seconds:.1} s, too soon to tell anything of the sound.",
            "{who} 在 {seconds:.1} 秒后挂断,时间太短,无法判断声音。"
        );
        let cure =
            say!("Call a number that stays on the line, such as an echo.", "请拨打会保持通话的号码,例如回声测试号码。");
        let packets = heard.stats.packets_in;
        return vec![Finding::warning(GROUP, format!("{check}.short"), says, cure).with("packets", packets)];
    }
    vec![from_them(check, who, heard, ports), to_them(check, who, heard)]
}

fn shown(addr: Option<SocketAddr>) -> String {
    addr.map_or_else(|| "?".to_owned(), |addr| addr.to_string())
}

fn from_them(check: &str, who: &str, heard: &Listened, ports: &str) -> Finding {
    let check = format!("{check}.from_them");
    let (packets, lost, offered, seconds) =
        (heard.stats.packets_in, heard.stats.lost, shown(heard.offered), heard.seconds);
    let finding = if packets == 0 && heard.stats.unauthentic > 0 {
        let count = heard.stats.unauthentic;
        let says = say!(
            "Sound from {who} does not get through: {count} packets came, encrypted with keys that do not fit.",
            "听不到 {who}:收到 {count} 个包,但加密密钥不符。"
        );
        let cure = say!(
            "Ask the other side for SRTP by SDES or DTLS, or for none.",
            "请让对方使用 SDES 或 DTLS 的 SRTP,或不加密。"
        );
        Finding::failed(GROUP, check, says, cure)
    } else if packets == 0 {
        let says = say!(
            "No sound comes from {who}: not one RTP packet reached {offered} in {seconds:.0} s.",
            "收不到 {who} 的声音:{seconds:.0} 秒内没有任何 RTP 包到达 {offered}。"
        );
        let cure = say!(
            "Let UDP {ports} in through firewall and router; behind a NAT set sip.media_ip (or sip.advertised_ip) to the public address.",
            "请在防火墙与路由器放行 UDP {ports} 入站;位于 NAT 之后时将 sip.media_ip(或 sip.advertised_ip)设为公网地址。"
        );
        Finding::failed(GROUP, check, says, cure)
    } else if heard.loudest.is_none_or(|level| level < SILENCE) {
        let says = say!("Packets come from {who}, but there is only silence in them.", "收到 {who} 的包,但全是静音。");
        let cure = say!("Call a number where somebody or something speaks.", "请拨打有人或有语音应答的号码。");
        Finding::warning(GROUP, check, says, cure)
    } else {
        let says = say!(
            "Sound comes from {who}: {packets} packets, {lost} lost.",
            "收到 {who} 的声音:{packets} 个包,丢失 {lost} 个。"
        );
        if lost * 50 > packets {
            let cure =
                say!("The network on the way in is overloaded: `mtr` shows where.", "入站网络拥塞:可用 `mtr` 定位。");
            Finding::warning(GROUP, check, says, cure)
        } else {
            Finding::good(GROUP, check, says)
        }
    };
    finding.with("packets", packets).with("lost", lost).with("offered", offered)
}

fn to_them(check: &str, who: &str, heard: &Listened) -> Finding {
    let check = format!("{check}.to_them");
    let (wants, sent) = (shown(heard.wants), heard.stats.packets_out);
    let lost = heard.stats.remote_lost;
    let finding = if sent == 0 || heard.stats.send_errors * 2 > sent {
        let says = say!(
            "Our sound cannot be sent to {who}: the system refuses {wants}.",
            "无法向 {who} 发送声音:系统拒绝发往 {wants}。"
        );
        let cure = say!(
            "Look at the routes (`ip route get`) and at outgoing rules of the firewall.",
            "请检查路由(`ip route get`)与防火墙出站规则。"
        );
        Finding::failed(GROUP, check, says, cure)
    } else if let Some(how) = heard.unheard.filter(|_| !heard.echo) {
        to_nowhere(check, who, how, heard.wants)
    } else if heard.echo {
        Finding::good(
            GROUP,
            check,
            say!("Our sound reaches {who}: the tone came back.", "{who} 能收到我方声音:测试音已返回。"),
        )
    } else if heard.reported {
        let lost = lost.unwrap_or(0).max(0);
        Finding::good(
            GROUP,
            check,
            say!(
                "Our sound reaches {who}, as its reports say ({lost} of {sent} packets lost).",
                "据对方报告,{who} 能收到我方声音({sent} 个包丢失 {lost} 个)。"
            ),
        )
    } else {
        let says = say!(
            "Whether our sound reaches {who} is not known: it sends no reports (RTCP), and the tone did not come back.",
            "无法得知 {who} 是否收到我方声音:对方不发送报告(RTCP),测试音也没有返回。"
        );
        let cure = say!("Call an echo number, or ask whoever answers.", "请拨打回声测试号码,或询问接听者。");
        Finding::warning(GROUP, check, says, cure)
    };
    let ms = heard.stats.round_trip.map(|time| time.as_secs_f64() * 1e3);
    finding.with("packets", sent).with("remote_lost", lost).with("wants", wants).with("round_trip_ms", ms)
}

fn to_nowhere(check: String, who: &str, how: Unheard, addr: Option<SocketAddr>) -> Finding {
    let (wants, reports) = (
        shown(addr),
        match how {
            Unheard::NotMentioned => say!("its reports do not mention our stream", "对方的报告未提及我方的流"),
            Unheard::NothingArrived => say!("its reports say that nothing arrives", "对方的报告称没有任何包到达"),
        },
    );
    let (english, chinese) = in_both(&reports);
    let says = say!(
        "Our sound does not reach {who}: {english}. It asked for sound at {wants}.",
        "{who} 收不到我方声音:{chinese}。对方要求发往 {wants}。"
    );
    let cure = if addr.is_some_and(|addr| is_private(addr.ip()) && !is_here(addr.ip())) {
        say!(
            "{wants} is a private address: the other side is behind a NAT and says the wrong one; tell its operator. Or let UDP out to it.",
            "{wants} 是私有地址:对方位于 NAT 之后且通告有误,请通知其运营方;或放行到它的 UDP 出站。"
        )
    } else {
        say!(
            "Let UDP out to {wants} through firewall and router, and ask the other side whether it arrives there.",
            "请在防火墙与路由器放行到 {wants} 的 UDP 出站,并询问对方是否收到。"
        )
    };
    Finding::failed(GROUP, check, says, cure)
}

fn is_here(ip: IpAddr) -> bool {
    ip.is_loopback()
}

/// A call that could not be made.
pub fn not_up(check: &str, who: &str, reason: &Text) -> Finding {
    let (english, chinese) = in_both(reason);
    let says = say!("The call through {who} was not answered: {english}.", "经 {who} 的呼叫未接通:{chinese}。");
    let cure = say!(
        "See the checks of {who} above; if they are good, ask its operator about this number and this caller id.",
        "请看上面 {who} 的各项检查;若均正常,请就该号码与主叫号码咨询其运营方。"
    );
    Finding::failed(GROUP, check, says, cure)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::*;

    fn well() -> Listened {
        Listened {
            seconds: 5.0,
            stats: LegStats { packets_in: 250, packets_out: 250, ..LegStats::default() },
            loudest: Some(-20.0),
            reported: true,
            ..Listened::default()
        }
    }

    fn marks(heard: &Listened) -> (Mark, Mark) {
        let found = judge("trunk.x.call", "x", heard, "10000–20000");
        (found[0].mark, found[1].mark)
    }

    #[test]
    fn the_direction_that_fails_is_named() {
        use Mark::{Failed, Good, Warning};
        assert_eq!(marks(&well()), (Good, Good));
        let mut heard = well();
        heard.stats.packets_in = 0;
        assert_eq!(marks(&heard), (Failed, Good), "nothing comes");
        let heard = Listened { loudest: Some(-80.0), ..well() };
        assert_eq!(marks(&heard), (Warning, Good), "silence comes");
        let heard = Listened { reported: false, unheard: Some(Unheard::NotMentioned), ..well() };
        assert_eq!(marks(&heard), (Good, Failed), "nothing arrives");
        let heard = Listened { reported: false, ..well() };
        assert_eq!(marks(&heard), (Good, Warning), "nobody says whether it arrives");
        let heard = Listened { reported: false, echo: true, ..well() };
        assert_eq!(marks(&heard), (Good, Good), "an echo proves both");
        let heard = Listened { ended_by_them: true, seconds: 0.5, reported: false, ..Listened::default() };
        let short = judge("trunk.x.call", "x", &heard, "");
        assert_eq!((short.len(), short[0].mark), (1, Warning), "who hangs up at once is not blamed for silence");
        let mut heard = well();
        heard.stats.send_errors = 250;
        assert_eq!(marks(&heard), (Good, Failed), "the system refuses to send");
    }
}
