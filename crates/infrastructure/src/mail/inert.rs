//! Names that strangers chose, made harmless before they stand in somebody's mail.

/// The name on one line, without controls and direction marks, and so that no mail program makes a link of it.
///
/// Programs turn `example.com`, `https://…` and `a@b.example` in plain text into links: an invitation would carry
/// a stranger's advertisement. A zero-width space behind the dots, colons and at-signs within words prevents that
/// and shows nothing.
pub(crate) fn inert(name: &str) -> String {
    let mut printable = name.chars().map(|c| if is_space(c) { ' ' } else { c }).filter(|c| !is_unprintable(*c));
    let mut text = String::with_capacity(name.len());
    let mut next = printable.next();
    while let Some(c) = next {
        next = printable.next();
        text.push(c);
        if matches!(c, '.' | ':' | '@') && next.is_some_and(|next| next != ' ') {
            text.push(BREAK);
        }
    }
    text
}

/// The same for what stands in quotation marks: it cannot close them, and is too short for a message of its own.
pub(crate) fn quoted(name: &str) -> String {
    let mut text: String = name.chars().take(QUOTED_MAX).map(|c| if is_quotation_mark(c) { '\'' } else { c }).collect();
    if name.chars().nth(QUOTED_MAX).is_some() {
        text.push('…');
    }
    inert(&text)
}

/// Most characters of a quoted name that are shown.
const QUOTED_MAX: usize = 60;

fn is_quotation_mark(c: char) -> bool {
    matches!(c, '"' | '\u{201C}'..='\u{201F}' | '«' | '»' | '\u{FF02}')
}

/// Zero-width space: a place to break a line, and a word.
const BREAK: char = '\u{200B}';

fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// Controls and what turns the direction of text. Names hold none by the rules of the domain; this keeps a template
/// safe whatever reaches it.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_tricks_stays_as_it_is() {
        for name in ["Firstname", "J. R. Surname", "Zoë – Ω 名", "{{ 7*7 }}", "<b>bold</b>", "Engines."] {
            assert_eq!(inert(name), name);
        }
    }

    #[test]
    fn what_looks_like_a_link_is_broken_up() {
        assert_eq!(inert("win.example"), "win.\u{200B}example");
        assert_eq!(inert("http://win.example"), "http:\u{200B}//win.\u{200B}example");
        assert_eq!(inert("a@b.example"), "a@\u{200B}b.\u{200B}example");
    }

    #[test]
    fn a_quoted_name_stays_within_its_marks_and_is_cut() {
        assert_eq!(quoted("Engines"), "Engines");
        assert_eq!(quoted("a\" pay “now” «b»"), "a' pay 'now' 'b'");
        assert_eq!(quoted(&"名".repeat(60)), "名".repeat(60));
        assert_eq!(quoted(&"名".repeat(61)), format!("{}…", "名".repeat(60)));
        assert_eq!(quoted("win.example"), "win.\u{200B}example");
    }

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(inert("a\n.\nb\r\nc\u{2028}d\u{202E}e\0f"), "a . b  c def");
    }
}
