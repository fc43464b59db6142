//! The links in a plain text.

use serde::Serialize;

/// A piece of a text.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Piece<'a> {
    text: &'a str,
    /// Whether the text is the address of something on the web.
    link: bool,
}

/// The whole text, with its `http` and `https` addresses apart.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = next_link(rest) {
        let (before, from) = rest.split_at(start);
        let (link, after) = from.split_at(length(from));
        pieces.extend([Piece { text: before, link: false }, Piece { text: link, link: true }]);
        rest = after;
    }
    pieces.push(Piece { text: rest, link: false });
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

/// Where an address begins: not within a word.
fn next_link(text: &str) -> Option<usize> {
    let starts = ["http://", "https://"].iter().flat_map(|scheme| text.match_indices(scheme));
    let whole = starts.filter(|(at, _)| !text[..*at].ends_with(char::is_alphanumeric));
    whole.filter(|(at, scheme)| length(&text[*at..]) > scheme.len()).map(|(at, _)| at).min()
}

/// Octets of the address that the text begins with. What ends a sentence or closes a bracket does not belong to it.
fn length(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\u{200B}');
    let link = text.find(ends).map_or(text, |end| &text[..end]);
    link.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'']).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(text: &str) -> Vec<&str> {
        let pieces = pieces(text);
        assert_eq!(pieces.iter().map(|piece| piece.text).collect::<String>(), text);
        pieces.into_iter().filter(|piece| piece.link).map(|piece| piece.text).collect()
    }

    #[test]
    fn addresses_of_the_web_are_links_and_nothing_else_is() {
        let link = "http://127.0.0.1:8080/verify-email?token=A-_b";
        assert_eq!(
            links(&format!("Confirm it:\n\n{link}\n\nOr (https://id.example/x).")),
            [link, "https://id.example/x"]
        );
        assert_eq!(links(&format!("{link}\u{200B}x \"https://a.example\">")), [link, "https://a.example"]);
        for text in
            ["", "javascript:alert(1)", "xhttp://a.example", "https://", "http://.", "HTTP", "id.example", "ä http"]
        {
            assert_eq!(links(text), Vec::<&str>::new(), "{text}");
        }
    }
}
