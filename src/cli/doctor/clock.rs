//! The media clock: how the system schedules its threads, and how late they wake while there is a call.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use sip::media::{Clock, Codec, LegConfig, Scheduling};

use super::finding::{Finding, Group, say};
use super::ports::Running;
use super::system;

const GROUP: Group = Group::Clock;
/// How long lateness is measured.
const MEASURED: Duration = Duration::from_secs(1);
/// A packet this late is heard as a gap by a phone with a small jitter buffer.
const GROSS: Duration = Duration::from_millis(10);

/// Both.
pub async fn check(clock: &Clock, running: &Running) -> Vec<Finding> {
    let theirs = running.pid.and_then(system::is_real_time);
    let mut findings = vec![scheduling(&clock.scheduling(), theirs)];
    findings.extend(lateness(clock).await);
    findings
}

fn scheduling(own: &Scheduling, theirs: Option<bool>) -> Finding {
    const NAME: &str = "clock.class";
    let real_time = theirs.unwrap_or(matches!(own, Scheduling::RealTime { .. }));
    if real_time {
        let says = match own {
            Scheduling::RealTime { priority } => {
                say!("SCHED_FIFO, priority {priority}.", "SCHED_FIFO,优先级 {priority}。")
            }
            Scheduling::Ordinary { .. } => {
                say!("The running service has SCHED_FIFO.", "正在运行的服务使用 SCHED_FIFO。")
            }
        };
        return Finding::good(GROUP, NAME, says).with("real_time", true);
    }
    let says = say!(
        "The media threads have no real-time priority: sound stutters when the machine is busy.",
        "媒体线程没有实时优先级:机器繁忙时声音会断续。"
    );
    let cure = say!(
        "Permit it: LimitRTPRIO=10 in the systemd unit, `setcap cap_sys_nice+ep` on the program, or `ulimit -r 10`.",
        "请授权:systemd 单元中 LimitRTPRIO=10,或对程序执行 `setcap cap_sys_nice+ep`,或 `ulimit -r 10`。"
    );
    let finding = Finding::warning(GROUP, NAME, says, cure).with("real_time", false);
    match own {
        Scheduling::Ordinary { reason } => finding.with("reason", reason.clone()),
        Scheduling::RealTime { .. } => finding,
    }
}

/// Measured with a leg that nobody is at the other end of, since without legs the threads sleep longer.
async fn lateness(clock: &Clock) -> Option<Finding> {
    const NAME: &str = "clock.lateness";
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    let config =
        LegConfig { wire: socket.into(), remote: None, codec: Codec::default(), telephone_event: None, record: false };
    let (leg, _events) = clock.open_leg(config).ok()?;
    tokio::time::sleep(MEASURED).await;
    let stats = clock.stats();
    leg.close();
    let (late, skipped) = (stats.lateness, stats.skipped_ticks);
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let (p50, p99, max) = (ms(late.p50), ms(late.p99), ms(late.max));
    let says = say!(
        "The 5 ms step was late by {p50:.2} ms (half), {p99:.2} ms (99 %), {max:.2} ms at most.",
        "5 毫秒步进的延迟:一半不超过 {p50:.2} 毫秒,99% 不超过 {p99:.2} 毫秒,最大 {max:.2} 毫秒。"
    );
    let finding = if late.p99 > GROSS || skipped > 0 {
        let cure = say!(
            "Something else takes the processor: permit real-time priority, or look at `top` and at the virtual machine's steal time.",
            "处理器被其他程序占用:请授予实时优先级,或查看 `top` 与虚拟机的 steal 时间。"
        );
        Finding::warning(GROUP, NAME, says, cure)
    } else {
        Finding::good(GROUP, NAME, says)
    };
    Some(finding.with("p50_ms", p50).with("p99_ms", p99).with("max_ms", max).with("skipped", skipped))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::*;

    #[test]
    fn what_the_running_service_has_counts() {
        let ordinary = Scheduling::Ordinary { reason: "not permitted".to_owned() };
        assert_eq!(scheduling(&ordinary, None).mark, Mark::Warning);
        assert_eq!(scheduling(&ordinary, Some(true)).mark, Mark::Good);
        assert_eq!(scheduling(&Scheduling::RealTime { priority: 10 }, Some(false)).mark, Mark::Warning);
        assert_eq!(scheduling(&Scheduling::RealTime { priority: 10 }, None).mark, Mark::Good);
    }
}
