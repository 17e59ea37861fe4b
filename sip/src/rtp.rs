//! RTP packets (RFC 3550) and telephone events (RFC 4733): reading and writing bytes, and what follows from them
//! (which packet is lost, which key was pressed). Sockets and clocks are left to [`crate::media`].
