//! What HTTP itself lets a client try: framing, sizes, types, headers, methods.

mod bodies;
mod browsers;
mod connections;
mod framing;
mod headers;
mod methods;
