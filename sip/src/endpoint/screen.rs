//! What a request must have before anybody looks at it (RFC 3261 sections 8.2 and 16.3). Pure.

use crate::message::{CSeq, Method, Name, Request, Scheme, Via};

/// Whether a request has what any answer to it needs. Without it, it is dropped.
pub(super) fn answerable(request: &Request) -> bool {
    let headers = &request.headers;
    headers.via().is_some()
        && [Name::From, Name::To, Name::CallId, Name::CSeq].iter().all(|name| headers.get(name).is_some())
}

/// The refusal of a request that is wrong in itself: a status, and a header that says why.
pub(super) fn fault(request: &Request) -> Option<(u16, Option<(Name, String)>)> {
    let headers = &request.headers;
    let plain = |status| Some((status, None));
    let said = |status, text: &str| Some((status, Some((Name::Warning, format!("399 hotline \"{text}\"")))));
    let Some(CSeq { method, .. }) = headers.cseq() else { return said(400, "CSeq cannot be read") };
    if method != request.method {
        return said(400, "CSeq names another method");
    }
    if [Name::CallId, Name::From, Name::To, Name::CSeq].iter().any(|name| headers.all(name).count() > 1) {
        return said(400, "a header that may come once comes twice");
    }
    if headers.call_id().is_empty() {
        return said(400, "Call-ID is empty");
    }
    if headers.address(&Name::From).is_none() || headers.address(&Name::To).is_none() {
        return said(400, "From or To cannot be read");
    }
    if headers.list(&Name::Via).any(|via| Via::parse(via).is_none()) {
        return said(400, "a Via cannot be read");
    }
    match headers.get(&Name::MaxForwards).map(str::parse::<u32>) {
        // Nothing is handed on from here, so that the last hop is as good as any (RFC 4475 section 3.1.1.4).
        Some(Ok(0..=255)) | None => {}
        _ => return said(400, "Max-Forwards cannot be read"),
    }
    if let Method::Other(_) = request.method {
        return Some((501, Some((Name::Allow, super::ALLOW.to_owned()))));
    }
    if matches!(request.uri.scheme, Scheme::Other(_)) {
        return plain(416);
    }
    // Within a dialog the Contact is known; whether there is such a dialog comes first.
    if matches!(request.method, Method::Invite | Method::Refer | Method::Subscribe)
        && request.to_tag().is_none()
        && headers.address(&Name::Contact).is_none_or(|contact| !contact.uri.is_sip())
    {
        return said(400, "a Contact with a SIP URI is missing");
    }
    None
}

/// The extensions that a request requires and nobody here knows.
pub(super) fn unsupported(request: &Request) -> Option<String> {
    if matches!(request.method, Method::Ack | Method::Cancel) {
        return None;
    }
    let known = |tag: &&str| super::SUPPORTED.split(", ").any(|known| known.eq_ignore_ascii_case(tag));
    let unknown: Vec<_> = request.headers.list(&Name::Require).filter(|tag| !known(tag)).collect();
    (!unknown.is_empty()).then(|| unknown.join(", "))
}
