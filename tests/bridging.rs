//! What agents' telephones do with calls: hold, transfers, calls of their own, parking, conferences; against a whole service, with
//! real user agents as telephones and as the carrier. Every party plays a tone of its own, so a test hears who hears whom.

#[path = "bridging/announced.rs"]
mod announced;
#[path = "bridging/bed.rs"]
mod bed;
#[path = "bridging/browser.rs"]
mod browser;
#[path = "bridging/conference.rs"]
mod conference;
#[path = "bridging/dialling.rs"]
mod dialling;
#[path = "bridging/forwarding.rs"]
mod forwarding;
#[path = "bridging/hold.rs"]
mod hold;
#[path = "bridging/park.rs"]
mod park;
#[path = "../sip/tests/common/ports.rs"]
mod ports;
#[path = "bridging/replaces.rs"]
mod replaces;
#[path = "bridging/rules.rs"]
mod rules;
#[path = "bridging/softphone.rs"]
mod softphone;
#[path = "bridging/transfer.rs"]
mod transfer;
