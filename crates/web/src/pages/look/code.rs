//! The code in a template: what stands in its tags, told apart from the text around them.

/// A template with everything but its code blanked out, so that places in it stay what they are.
pub(crate) struct Code<'a> {
    source: &'a str,
    /// As long as the source, with its lines; without texts in quotes, too.
    code: String,
}

impl<'a> Code<'a> {
    pub(crate) fn of(source: &'a str) -> Self {
        let octets = source.as_bytes();
        let mut code: Vec<_> = octets.iter().map(|octet| if *octet == b'\n' { b'\n' } else { b' ' }).collect();
        let (mut closes, mut quote): (Option<&[u8]>, _) = (None, None);
        for (at, octet) in octets.iter().enumerate() {
            let pair = &octets[at..octets.len().min(at + 2)];
            match (closes, quote) {
                (None, _) => {
                    closes = match pair {
                        b"{{" => Some(b"}}"),
                        b"{%" => Some(b"%}"),
                        b"{#" => Some(b"#}"),
                        _ => None,
                    };
                }
                (Some(_), Some(open)) if *octet == open => quote = None,
                (Some(b"#}"), _) if pair != b"#}" => {}
                (Some(close), None) if pair == close => closes = None,
                (Some(_), None) if matches!(octet, b'"' | b'\'') => quote = Some(*octet),
                (Some(_), None) if octet.is_ascii() => code[at] = *octet,
                (Some(_), _) => {}
            }
        }
        Self { source, code: String::from_utf8(code).unwrap_or_default() }
    }

    /// The line of a place, from one.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// Where this name, with dots or without, stands as a word of its own.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.code.match_indices(name).map(|(at, _)| at).find(|at| {
            let after = self.code[at + name.len()..].chars().next();
            self.begins_at(*at) && !after.is_some_and(is_of_name)
        })
    }

    /// Every path that begins with this name and a dot: place, and what follows the dot.
    pub(crate) fn paths(&self, name: &str) -> impl Iterator<Item = (usize, &str)> {
        let found = self.code.match_indices(name).map(|(at, name)| (at, at + name.len()));
        found.filter_map(|(at, end)| {
            let path = self.code[end..].strip_prefix('.').filter(|_| self.begins_at(at))?;
            let length = path.find(|c| !is_of_name(c) && c != '.').unwrap_or(path.len());
            Some((at, path[..length].trim_end_matches('.')))
        })
    }

    /// Every template that it names in order to take something from it: place and name.
    pub(crate) fn templates(&self) -> impl Iterator<Item = (usize, &str)> {
        let words = ["extends", "include", "import", "from"];
        words.into_iter().flat_map(|word| self.code.match_indices(word)).filter_map(|(at, word)| {
            let rest = self.source[at + word.len()..].trim_start();
            let quote = rest.chars().next().filter(|c| self.begins_at(at) && matches!(c, '"' | '\''))?;
            rest[1..].split_once(quote).map(|(name, _)| (at, name))
        })
    }

    fn begins_at(&self, at: usize) -> bool {
        !self.code[..at].ends_with(|c| is_of_name(c) || c == '.')
    }
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "{% extends \"layout.html\" %}t.text\n{# t.comment \"#}\n<p title=\"{{ t.a.b ~ 't.quoted' }}\">ä\n{%- if at.x and (t.c or not.t.d) %}{{ t.a[x].y }}{% from 'parts.html' import field %}";

    #[test]
    fn code_is_told_from_text_comments_and_quotes() {
        let code = Code::of(SOURCE);
        let paths: Vec<_> = code.paths("t").map(|(at, path)| (code.line(at), path)).collect();
        assert_eq!(paths, [(3, "a.b"), (4, "c"), (4, "a")]);
    }

    #[test]
    fn names_are_found_as_words() {
        let code = Code::of(SOURCE);
        assert_eq!(code.find("at.x").map(|at| code.line(at)), Some(4));
        assert_eq!((code.find("text"), code.find("quoted"), code.find("fiel")), (None, None, None));
    }

    #[test]
    fn templates_are_named_in_quotes() {
        let code = Code::of(SOURCE);
        let names: Vec<_> = code.templates().map(|(at, name)| (code.line(at), name)).collect();
        assert_eq!(names, [(1, "layout.html"), (4, "parts.html")]);
    }
}
