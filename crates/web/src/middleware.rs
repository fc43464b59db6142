//! What is done to every request, outermost first: [`delivery`] sees to clients that do not take their answer,
//! [`request_context`] names, logs, counts ([`request_metrics`]) and traces it ([`request_span`]), [`security_headers`] marks the answer,
//! [`answer`] renders problems, [`cors`] lets known origins in. Behind the router, [`gate`] asks who it is
//! and catches panics, and [`flood_guard`] holds floods off the open routes and off writes.

pub(crate) mod access_line;
pub(crate) mod answer;
pub(crate) mod cors;
pub(crate) mod delivery;
pub(crate) mod flood_guard;
pub(crate) mod gate;
pub(crate) mod request_context;
pub(crate) mod request_metrics;
pub(crate) mod request_span;
pub(crate) mod security_headers;
