use proptest::prelude::*;
use rtc_rtcp::goodbye::Goodbye;
use rtc_rtcp::reception_report::ReceptionReport;
use rtc_rtcp::sender_report::SenderReport;
use rtc_rtcp::source_description::{SdesType, SourceDescription, SourceDescriptionChunk, SourceDescriptionItem};

use super::*;

const NAME: &[u8; 16] = b"0123456789abcdef";

fn any_block() -> impl Strategy<Value = ReportBlock> {
    (any::<u32>(), any::<u8>(), 0i32..0x7F_FFFF, any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>()).prop_map(
        |(ssrc, fraction_lost, lost, highest, jitter, last_report, delay)| ReportBlock {
            ssrc,
            fraction_lost,
            lost,
            highest,
            jitter,
            last_report,
            delay,
        },
    )
}

fn theirs(block: ReportBlock) -> ReceptionReport {
    ReceptionReport {
        ssrc: block.ssrc,
        fraction_lost: block.fraction_lost,
        total_lost: block.lost as u32,
        last_sequence_number: block.highest,
        jitter: block.jitter,
        last_sender_report: block.last_report,
        delay: block.delay,
    }
}

proptest! {
    #[test]
    fn what_we_write_another_implementation_reads(
        ssrc: u32, ntp: u64, rtp: u32, packets: u32, bytes: u32, block in prop::option::of(any_block()),
    ) {
        let mut out = Vec::new();
        write(&mut out, ssrc, Some(SenderInfo { ntp, rtp, packets, bytes }), block, NAME, true);
        let read = rtc_rtcp::packet::unmarshal(&mut &out[..]).expect("a compound");
        prop_assert_eq!(read.len(), 3);
        let report = read[0].as_any().downcast_ref::<SenderReport>().expect("a sender report");
        prop_assert_eq!((report.ssrc, report.ntp_time, report.rtp_time), (ssrc, ntp, rtp));
        prop_assert_eq!((report.packet_count, report.octet_count), (packets, bytes));
        prop_assert_eq!(report.reports.clone(), block.into_iter().map(theirs).collect::<Vec<_>>());
        let description = read[1].as_any().downcast_ref::<SourceDescription>().expect("a description");
        prop_assert_eq!(&description.chunks[0].items[0].text[..], &NAME[..]);
        let goodbye = read[2].as_any().downcast_ref::<Goodbye>().expect("a goodbye");
        prop_assert_eq!(goodbye.sources.clone(), vec![ssrc]);
    }

    #[test]
    fn what_another_implementation_writes_we_read(
        ssrc: u32, ntp_time: u64, blocks in prop::collection::vec(any_block(), 0..31), name in "[a-z@.]{1,40}",
    ) {
        let report = SenderReport {
            ssrc, ntp_time, rtp_time: 7, packet_count: 8, octet_count: 9,
            reports: blocks.iter().copied().map(theirs).collect(),
            ..Default::default()
        };
        let item = |sdes_type, text: &str| SourceDescriptionItem { sdes_type, text: text.as_bytes().to_vec().into() };
        let items = vec![item(SdesType::SdesTool, "a phone"), item(SdesType::SdesCname, &name)];
        let description = SourceDescription { chunks: vec![SourceDescriptionChunk { source: ssrc, items }] };
        let goodbye = Goodbye { sources: vec![ssrc, 3], reason: b"so long".to_vec().into() };
        let bytes = rtc_rtcp::packet::marshal(&[Box::new(report), Box::new(description), Box::new(goodbye)])
            .expect("a compound");
        let parts: Vec<Part> = Parts::new(&bytes).collect();
        prop_assert_eq!(parts.len(), 3);
        let info = SenderInfo { ntp: ntp_time, rtp: 7, packets: 8, bytes: 9 };
        match parts[0] {
            Part::SenderReport { ssrc: who, info: what, blocks: read } => {
                prop_assert_eq!((who, what), (ssrc, info));
                prop_assert_eq!(read.collect::<Vec<_>>(), blocks);
            }
            other => prop_assert!(false, "{:?}", other),
        }
        prop_assert_eq!(parts[1], Part::Description { ssrc, cname: name.as_bytes() });
        prop_assert_eq!(parts[2], Part::Goodbye { ssrc: Some(ssrc) });
    }

    #[test]
    fn any_bytes_are_read_without_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200), kinds in prop::collection::vec(192u8..224, 0..6),
    ) {
        let _ = Parts::new(&bytes).map(|part| if let Part::SenderReport { blocks, .. } = part { blocks.count() } else { 0 }).sum::<usize>();
        // The same with headers that are believable.
        let mut datagram = Vec::new();
        for (n, kind) in kinds.iter().enumerate() {
            let body = bytes.get(n * 20..n * 20 + 20).unwrap_or(&[]);
            datagram.extend_from_slice(&[bytes.get(n).map_or(0x80, |b| 0x80 | b & 0x3F), *kind, 0, (body.len() / 4) as u8]);
            datagram.extend_from_slice(body);
        }
        for part in Parts::new(&datagram) {
            if let Part::ReceiverReport { blocks, .. } | Part::SenderReport { blocks, .. } = part {
                prop_assert!(blocks.count() <= 31);
            }
        }
    }
}

#[test]
fn losses_may_be_negative() {
    let mut out = Vec::new();
    let block = ReportBlock { ssrc: 1, lost: -3, ..ReportBlock::default() };
    write(&mut out, 9, None, Some(block), NAME, false);
    match Parts::new(&out).next() {
        Some(Part::ReceiverReport { ssrc: 9, mut blocks }) => assert_eq!(blocks.next(), Some(block)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_compound_is_read_up_to_where_it_is_broken() {
    let mut out = Vec::new();
    write(&mut out, 9, None, None, NAME, true);
    assert_eq!(Parts::new(&out).count(), 3);
    assert_eq!(Parts::new(&out[..out.len() - 4]).count(), 2);
    // A version 1 packet behind ours.
    let mut broken = out.clone();
    broken[8] = 0x41;
    assert_eq!(Parts::new(&broken).count(), 1);
}

#[test]
fn rtp_is_not_rtcp() {
    assert!(is_rtcp(&[0x80, 200, 0, 1]) && is_rtcp(&[0x81, 207]));
    // Payload type 0 with and without a marker, telephone-event with one, STUN, nothing.
    assert!(!is_rtcp(&[0x80, 0]) && !is_rtcp(&[0x80, 0x80]) && !is_rtcp(&[0x80, 0xE5]) && !is_rtcp(&[0, 200]));
    assert!(!is_rtcp(&[]) && !is_rtcp(&[0x80]));
}
