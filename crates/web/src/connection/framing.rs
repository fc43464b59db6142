//! Where heads and bodies begin and end in what a client sends of HTTP/1.1.
//!
//! The framework's parser takes a bare LF for the end of a line of a head. To a proxy before it, what follows may be the
//! rest of a value, and so hide a length from it (RFC 9112, 2.2 and 11.2). Its decoder of chunks reads extensions and
//! trailers without end, which nobody waits for. So both are refused here, before they are parsed.
//!
//! Heads are told from bodies without a second parser: a head goes on up to its end, and nothing more until its request
//! has begun and said what follows.

#[cfg(test)]
mod tests;

use std::mem::replace;

use crate::connection::BodyLength;

/// Octets of sizes, extensions and trailers between two parts of a body. Fewer than are read ahead of who reads it.
const AROUND_CHUNKS: usize = 1024;

/// What was not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Head,
    Body,
    /// One of them, and it is known already.
    Rest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Empty lines may come before it.
    Head {
        has_begun: bool,
    },
    /// What comes next, the request has yet to say.
    Unknown,
    Body {
        left: u64,
        in_chunks: bool,
    },
    ChunkSize {
        size: Option<u64>,
        is_read: bool,
    },
    ChunkEnd,
    Trailers,
    Refused(Refused),
}

/// Follows a connection through its requests.
#[derive(Debug)]
pub(super) struct Framing {
    part: Part,
    line_length: usize,
    last: u8,
    around_chunks: usize,
}

impl Framing {
    pub(super) fn new() -> Self {
        Self { part: Part::Head { has_begun: false }, line_length: 0, last: 0, around_chunks: 0 }
    }

    /// Whether the next octet is one of a head.
    pub(super) fn is_before_request(&self) -> bool {
        matches!(self.part, Part::Head { .. })
    }

    /// Whether a head has gone on, and its request has yet to say what follows.
    pub(super) fn is_unknown(&self) -> bool {
        self.part == Part::Unknown
    }

    /// What follows the head that has gone on.
    pub(super) fn follow(&mut self, length: BodyLength) {
        self.around_chunks = 0;
        self.part = match length {
            BodyLength::Octets(0) => Part::Head { has_begun: false },
            BodyLength::Octets(left) => Part::Body { left, in_chunks: false },
            BodyLength::Chunks => Part::ChunkSize { size: None, is_read: false },
        };
    }

    /// Why no octet goes on any more.
    pub(super) fn refused(&mut self) -> Option<Refused> {
        match &mut self.part {
            Part::Refused(refused) => Some(replace(refused, Refused::Rest)),
            _ => None,
        }
    }

    /// How many of these octets may go on now, up to the end of the request at most.
    pub(super) fn pass(&mut self, octets: &[u8]) -> usize {
        let mut passed = 0;
        while passed < octets.len() && (passed == 0 || self.part != (Part::Head { has_begun: false })) {
            let rest = &octets[passed..];
            passed += match self.part {
                Part::Unknown | Part::Refused(_) => break,
                Part::Body { left, in_chunks } => self.body(rest.len(), left, in_chunks),
                _ => self.line(rest),
            };
        }
        passed
    }

    fn body(&mut self, length: usize, left: u64, in_chunks: bool) -> usize {
        let passed = length.min(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left - passed as u64;
        self.part = match (left, in_chunks) {
            (0, true) => Part::ChunkEnd,
            (0, false) => Part::Head { has_begun: false },
            _ => Part::Body { left, in_chunks },
        };
        self.around_chunks = 0;
        passed
    }

    /// Up to the end of the line, if that has come; of one that is refused the octets before its fault.
    fn line(&mut self, octets: &[u8]) -> usize {
        let end = octets.iter().position(|octet| *octet == b'\n');
        let text = &octets[..end.unwrap_or(octets.len())];
        let last = text.last().copied().unwrap_or(self.last);
        self.line_length += text.len();
        if let Part::Head { .. } = self.part {
            if end.is_some() && last != b'\r' {
                self.part = Part::Refused(Refused::Head);
                return text.len();
            }
        } else {
            self.around_chunks += text.len() + usize::from(end.is_some());
            let is_bare = end.is_some() && last != b'\r';
            if is_bare || self.around_chunks > AROUND_CHUNKS || !self.is_sound(text) {
                self.part = Part::Refused(Refused::Body);
                return 0;
            }
        }
        self.last = last;
        if end.is_none() {
            return text.len();
        }
        self.end_line();
        text.len() + 1
    }

    /// Whether a line around chunks may go on so; reads the size in it.
    fn is_sound(&mut self, text: &[u8]) -> bool {
        let Part::ChunkSize { size, is_read } = &mut self.part else {
            return self.part != Part::ChunkEnd || matches!(text, b"" | b"\r") && self.line_length <= 1;
        };
        for octet in text {
            match char::from(*octet).to_digit(16) {
                _ if *is_read => {}
                Some(digit) => match size.unwrap_or(0).checked_mul(16) {
                    Some(higher) => *size = Some(higher + u64::from(digit)),
                    None => return false,
                },
                None if size.is_some() && matches!(octet, b';' | b' ' | b'\t' | b'\r') => *is_read = true,
                None => return false,
            }
        }
        true
    }

    fn end_line(&mut self) {
        let is_empty = replace(&mut self.line_length, 0) == 1;
        self.last = 0;
        self.part = match self.part {
            Part::Head { has_begun: true } if is_empty => Part::Unknown,
            Part::Head { has_begun } => Part::Head { has_begun: has_begun || !is_empty },
            Part::ChunkSize { size: Some(size @ 1..), .. } => Part::Body { left: size, in_chunks: true },
            Part::ChunkSize { .. } => Part::Trailers,
            Part::ChunkEnd => Part::ChunkSize { size: None, is_read: false },
            Part::Trailers if is_empty => Part::Head { has_begun: false },
            other => other,
        };
    }
}
