//! What a trace shows of a request, where traces are collected.

/// Target of the spans that are made for traces alone. The log leaves it out, so that its lines are the same with and
/// without traces; and traces take nothing else, so that nothing of a library, and no event of the log, gets into them.
///
/// A field of such a span is one of a few words, a number or the id of a request. Never an address, a name, a token, an
/// id of an account or a text that came with a request.
pub const TARGET: &str = "countersign_trace";
