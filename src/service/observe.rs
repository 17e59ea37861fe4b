//! What operators see of calls: metrics always, OTLP traces when an endpoint is configured. Both are read from the journal as
//! it is written, so they cannot disagree with it. A call is a trace, a turn a span; neither carries personal data.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{Span, SpanBuilder, TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::event::{CallId, Entry, Event, Timestamp};
use crate::metric;
use crate::store::Tenant;

/// Follows all calls until stopped. `otlp` is the endpoint for traces, or empty.
pub async fn observe(tenant: Tenant, otlp: String, stopped: CancellationToken) {
    let traces = match otlp.as_str() {
        "" => None,
        // The exporter brings a blocking HTTP client, which must not be made or dropped on a thread of the runtime.
        _ => tokio::task::spawn_blocking(move || exporter(&otlp)).await.ok().flatten(),
    };
    let tracer = traces.as_ref().map(|provider| provider.tracer("hotline"));
    let mut entries = tenant.subscribe();
    let mut calls: HashMap<CallId, Vec<Entry>> = HashMap::new();
    loop {
        let live = tokio::select! {
            live = entries.recv() => live,
            () = stopped.cancelled() => break,
        };
        match live {
            Ok(live) if live.cursor.is_some() => {
                count(&live.entry.event);
                if let Some(tracer) = &tracer {
                    follow(&mut calls, live.call, &live.entry, tracer);
                }
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => break,
        }
    }
    if let Some(provider) = traces {
        let _ = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(Duration::from_secs(2))).await;
    }
}

fn count(event: &Event) {
    match event {
        Event::Replied { latency, .. } => metric::replied(latency.wire_ms),
        Event::Heard { .. } => metric::turn(true),
        Event::NotHeard { .. } => metric::turn(false),
        Event::Problem { what, .. } => metric::problem(what.clone()),
        Event::Ended { outcome, duration_ms } => metric::call_ended(*outcome, *duration_ms),
        _ => {}
    }
}

fn exporter(endpoint: &str) -> Option<SdkTracerProvider> {
    let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/').trim_end_matches("/v1/traces"));
    match SpanExporter::builder().with_http().with_endpoint(endpoint).build() {
        Ok(exporter) => {
            let resource = Resource::builder().with_service_name("hotline").build();
            Some(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
        }
        Err(error) => {
            tracing::error!(%error, "traces are off: the OTLP exporter cannot start; check trace.otlp");
            None
        }
    }
}

/// Gathers a call's entries and, at its end, turns them into spans with the times of the journal.
fn follow(calls: &mut HashMap<CallId, Vec<Entry>>, call: CallId, entry: &Entry, tracer: &SdkTracer) {
    if matches!(entry.event, Event::Offered { .. }) {
        calls.insert(call, Vec::new());
    }
    let Some(entries) = calls.get_mut(&call) else { return };
    entries.push(entry.clone());
    if matches!(entry.event, Event::Ended { .. })
        && let Some(entries) = calls.remove(&call)
    {
        export(call, &entries, tracer);
    }
}

fn export(call: CallId, entries: &[Entry], tracer: &SdkTracer) {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return };
    let mut attributes = vec![KeyValue::new("voice.call_id", call.to_string())];
    if let Event::Ended { outcome, .. } = last.event {
        attributes.push(KeyValue::new("voice.outcome", outcome.name()));
    }
    let builder = SpanBuilder::from_name("call").with_start_time(time(first.at)).with_attributes(attributes);
    let context = Context::new().with_span(builder.start(tracer));
    for entry in entries {
        if let Event::Replied { turn, latency } = &entry.event {
            let begun = entry.at - i64::from(latency.wire_ms);
            let attributes = [
                KeyValue::new("voice.turn", *turn as i64),
                KeyValue::new("voice.endpoint_ms", i64::from(latency.endpoint_ms)),
                KeyValue::new("voice.recognise_ms", i64::from(latency.recognise_ms)),
                KeyValue::new("voice.decide_ms", i64::from(latency.decide_ms)),
                KeyValue::new("voice.speak_ms", i64::from(latency.speak_ms)),
            ];
            let builder = SpanBuilder::from_name("turn").with_start_time(time(begun)).with_attributes(attributes);
            builder.start_with_context(tracer, &context).end_with_timestamp(time(entry.at));
        }
    }
    context.span().end_with_timestamp(time(last.at));
}

fn time(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(at.max(0).unsigned_abs())
}
