//! Which traces are sent.

use opentelemetry::trace::{Link, SpanKind, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// This share of the traces that begin here; others as they were begun.
pub(crate) fn of_ratio(ratio: f64) -> Sampler {
    Sampler::ParentBased(Box::new(Beginning(Sampler::TraceIdRatioBased(ratio))))
}

/// A trace begins with a request or a mail. What else is done without either, such as the worker's looks at the outbox
/// and the node's at the keys, would be several traces of one statement each second.
#[derive(Clone, Debug)]
struct Beginning(Sampler);

impl ShouldSample for Beginning {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        match kind {
            SpanKind::Server | SpanKind::Producer => {
                self.0.should_sample(parent, trace_id, name, kind, attributes, links)
            }
            _ => SamplingResult {
                decision: SamplingDecision::Drop,
                attributes: vec![],
                trace_state: TraceState::default(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_sent(sampler: &Sampler, kind: &SpanKind) -> bool {
        let judged = sampler.should_sample(None, TraceId::from(1_u128 << 100), "x", kind, &[], &[]);
        judged.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn a_trace_begins_with_a_request_or_a_mail() {
        let all = of_ratio(1.0);
        assert!(is_sent(&all, &SpanKind::Server) && is_sent(&all, &SpanKind::Producer));
        assert!(!is_sent(&all, &SpanKind::Client) && !is_sent(&all, &SpanKind::Internal));
        assert!(!is_sent(&of_ratio(0.0), &SpanKind::Server));
    }
}
