//! DNS messages (RFC 1035, 2782, 3403), as far as RFC 3263 needs them: questions written, answers read. Pure.
