//! What encryption costs a leg: `cargo run -p hotline-sip --example srtp_bench`. Prints processor time per packet of
//! 160 bytes, in the profile it was built with.

use std::time::{Duration, Instant};

use sip::rtp::Header;
use sip::srtp::{Keys, MasterKey, Shield, Suite};

const PACKETS: u16 = 50_000;

fn main() {
    println!("{:<28} {:>10} {:>12} {:>12}", "CPU µs", "new keys", "protect", "unprotect");
    for suite in Suite::ALL {
        let (ours, theirs) = (MasterKey::random(suite), MasterKey::random(suite));
        let keys = Keys { ours: ours.clone(), theirs: theirs.clone() };
        let mirrored = Keys { ours: theirs, theirs: ours };
        let begin = spent();
        for _ in 0..1_000 {
            std::hint::black_box(Shield::new(&keys));
        }
        let made = (spent() - begin) / 1_000;
        let (Some(mut one), Some(mut two)) = (Shield::new(&keys), Shield::new(&mirrored)) else {
            println!("{} is not there", suite.name());
            continue;
        };
        let mut packets: Vec<Vec<u8>> = (0..PACKETS)
            .map(|sequence| {
                let header = Header { marker: false, payload_type: 0, sequence, timestamp: 0, ssrc: 7 };
                let mut packet = Vec::new();
                header.write(&[0x55; 160], &mut packet);
                packet
            })
            .collect();
        let begin = spent();
        let protected = packets.iter_mut().map(|packet| one.protect_rtp(packet)).filter(|done| *done).count();
        let protect = (spent() - begin) / u32::from(PACKETS);
        let mut clear = Vec::new();
        let begin = spent();
        let opened = packets.iter().filter(|packet| two.unprotect_rtp(packet, &mut clear)).count();
        let unprotect = (spent() - begin) / u32::from(PACKETS);
        assert_eq!((protected, opened), (usize::from(PACKETS), usize::from(PACKETS)));
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        println!("{:<28} {:>10.2} {:>12.2} {:>12.2}", suite.name(), micros(made), micros(protect), micros(unprotect));
    }
}

/// Processor time of this thread where the system tells it, so that other programs do not count; else the clock's.
fn spent() -> Duration {
    // The kernel brings its count up to date when the thread gives way.
    std::thread::yield_now();
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = stat.and_then(|stat| stat.split(' ').next()?.parse().ok());
    nanos.map_or_else(wall, Duration::from_nanos)
}

fn wall() -> Duration {
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed()
}
