//! The SIP user agent.
