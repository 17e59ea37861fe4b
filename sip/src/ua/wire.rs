//! Small helpers over the stack's messages: headers we add, addresses and names we read, answers that
//! need no dialog.

use std::net::SocketAddr;

use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::{HeadersExt, ToTypedHeader};
use rsipstack::sip::{HasHeaders, Header, Method, Request, Response, StatusCode, Uri};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::SipConnection;

use super::{ACCEPT, ALLOW, SipError};

/// A header by name.
pub(super) fn header(name: &str, value: impl Into<String>) -> Header {
    make_header(name, value.into())
}

/// What we can do, for 200 and OPTIONS.
pub(super) fn capabilities() -> Vec<Header> {
    vec![header("Allow", ALLOW), header("Accept", ACCEPT), header("Supported", "")]
}

/// The headers of a message that carries a session description.
pub(super) fn with_description() -> Vec<Header> {
    vec![header("Content-Type", ACCEPT), header("Allow", ALLOW)]
}

/// `Warning` for a description that leads nowhere (RFC 3261 section 20.43).
pub(super) fn warning(text: &str) -> Header {
    header("Warning", format!("304 hotline \"{}\"", text.replace(['"', '\\'], "'")))
}

/// A status by number; out of range becomes 480.
pub(super) fn status(code: u16) -> StatusCode {
    StatusCode::from(if (100..700).contains(&code) { code } else { 480 })
}

/// Where a request really came from: the stack notes it in the top Via.
pub(super) fn source(request: &Request) -> Option<SocketAddr> {
    let (_, seen) = SipConnection::parse_target_from_via(request.via_header().ok()?).ok()?;
    SocketAddr::try_from(seen).ok()
}

/// Every value of a header, by its full name.
pub(super) fn values<'a>(message: &'a impl HasHeaders, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
    message.headers().iter().filter(move |h| h.name().eq_ignore_ascii_case(name)).map(Header::value)
}

/// Whether the request belongs to a dialog, or claims to.
pub(super) fn in_dialog(request: &Request) -> bool {
    request.to_header().is_ok_and(|to| to.tag().is_ok_and(|tag| tag.is_some()))
}

/// The number of its CSeq; screening has seen to it that there is one.
pub(super) fn cseq(request: &Request) -> u32 {
    request.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or(0)
}

/// The extensions it requires and we lack: all of them.
pub(super) fn unsupported(request: &Request) -> Option<String> {
    let required: Vec<_> =
        values(request, "Require").flat_map(|v| v.split(',')).map(str::trim).filter(|t| !t.is_empty()).collect();
    (!required.is_empty() && !matches!(request.method, Method::Ack | Method::Cancel)).then(|| required.join(", "))
}

/// The user part of a URI: a number or a name; for `tel:` the number.
pub(super) fn user(uri: &Uri) -> String {
    match &uri.auth {
        Some(auth) => auth.user.clone(),
        None if uri.scheme.as_ref().is_some_and(|s| s.to_string().eq_ignore_ascii_case("tel")) => {
            uri.host_with_port.host.to_string()
        }
        None => String::new(),
    }
}

/// The user part and display name of From.
pub(super) fn caller(request: &Request) -> (String, Option<String>) {
    match request.from_header().and_then(|from| from.typed()) {
        Ok(from) => (user(&from.uri), from.display_name.filter(|name| !name.trim().is_empty())),
        Err(_) => (String::new(), None),
    }
}

/// The user part of To.
pub(super) fn called(request: &Request) -> String {
    request.to_header().and_then(|to| to.typed()).map(|to| user(&to.uri)).unwrap_or_default()
}

/// Whether the body, if there is one, is a session description.
pub(super) fn carries_description(message: &impl HasHeaders) -> bool {
    values(message, "Content-Type")
        .next()
        .is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(ACCEPT))
}

/// The reason phrase as it was sent, or the usual one.
pub(super) fn reason(response: &Response) -> String {
    response.reason_phrase().map_or_else(|| response.status_code.text().to_owned(), str::to_owned)
}

/// Parses a `sip:` URI that came from our side.
pub(super) fn uri(text: &str) -> Result<Uri, SipError> {
    let bad = || SipError::BadUri(text.to_owned());
    if !text.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sip:"))
        || text.contains(['\r', '\n', '<', '>', ' '])
    {
        return Err(bad());
    }
    Uri::try_from(text).map_err(|_| bad())
}

/// A header that came from our side, if it cannot break the message.
pub(super) fn checked_header(name: &str, value: &str) -> Result<Header, SipError> {
    let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !named || value.contains(['\r', '\n']) {
        return Err(SipError::BadHeader(name.to_owned()));
    }
    Ok(header(name, value))
}

/// Answers a request finally, and stays until the transaction is over, so that retransmissions and the
/// ACK of a refused INVITE find it.
pub(super) async fn answer(mut tx: Transaction, code: u16, headers: Vec<Header>) {
    if let Err(error) = tx.reply_with(status(code), headers, None).await {
        tracing::debug!(%error, code, "an answer could not be sent");
        return;
    }
    while tx.receive().await.is_some() {}
}
