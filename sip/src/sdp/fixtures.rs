//! Descriptions in the manner of real phones, exchanges and carriers, oddities included.

/// A carrier's offer: A-law first, G.729 that we don't have, keys, comfort noise.
pub const CARRIER: &str = "v=0\r\no=- 20518 0 IN IP4 203.0.113.1\r\ns=VoIP\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\n\
    m=audio 17002 RTP/AVP 8 0 18 13 101\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:150\r\n";

/// An exchange that leaves nearly everything out, ends its lines in LF and puts `a=` before `c=`.
pub const TERSE: &str =
    "v=0\no=x 1 1 IN IP4 198.51.100.7\ns= \nt=0 0\nm=audio 4444 RTP/AVP 0\na=sendrecv\nc=IN IP4 198.51.100.7\n";

/// A desk phone: wideband first, ptime 30, encryption that may be declined, a second key with another suite.
pub const DESK_PHONE: &str = "v=0\r\no=root 1 2 IN IP4 192.0.2.20\r\ns=call\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n\
    m=audio 52000 RTP/AVP 9 0 8 3 99 112 18 101\r\n\
    a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 FEC_ORDER=FEC_SRTP\r\n\
    a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^31\r\n\
    a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:3 GSM/8000\r\n\
    a=rtpmap:99 G726-32/8000\r\na=rtpmap:112 AAL2-G726-32/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
    a=ptime:30\r\na=rtcp-xr:voip-metrics\r\na=sendrecv\r\n";

/// A phone that offers the encrypted stream and the plain one as two streams, and a video stream between them.
pub const TWO_STREAMS: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.30\r\ns=-\r\nc=IN IP4 192.0.2.30\r\nt=0 0\r\n\
    m=audio 5004 RTP/AVP 8\r\nm=video 5006 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
    m=audio 5008 RTP/SAVP 8\r\na=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n";

/// A softphone: Opus, keys at both clocks, encryption by a handshake, IPv6.
pub const SOFTPHONE: &str = "v=0\r\no=- 3 3 IN IP6 2001:db8::7\r\ns=-\r\nc=IN IP6 2001:db8::7\r\nt=0 0\r\n\
    a=fingerprint:sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:3E:4B:65:2E:7D:46:3F:54:42:CD:54:F1\r\n\
    m=audio 61000 UDP/TLS/RTP/SAVPF 96 9 8 97 98\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 minptime=10;useinbandfec=1\r\n\
    a=rtpmap:97 telephone-event/8000\r\na=rtpmap:98 telephone-event/48000\r\na=setup:actpass\r\na=mid:0\r\n\
    a=rtcp:61000\r\na=rtcp-mux\r\na=ptime:20\r\na=maxptime:60\r\n";

/// A gateway that gives G.711 dynamic numbers and answers in capitals.
pub const DYNAMIC: &str = "v=0\r\no=gw 7 7 IN IP4 192.0.2.40\r\ns=-\r\nc=IN IP4 192.0.2.40/127\r\nt=0 0\r\n\
    m=audio 9000/1 rtp/avp 110 111 112\r\na=rtpmap:110 pcma/8000/1\r\na=rtpmap:111 PCMU/8000\r\n\
    a=rtpmap:112 TELEPHONE-EVENT/8000\r\na=PTIME:40.0\r\na=rtcp:9011 IN IP4 192.0.2.41\r\n";
