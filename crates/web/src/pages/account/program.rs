//! What a program that signed in is called, as far as it says so in a way that people know.

use serde::Serialize;

/// `Firefox` on `Linux`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Program {
    name: String,
    system: Option<&'static str>,
}

/// What stands in the user agent of a browser, those first that also name another.
const BROWSERS: [(&str, &str); 13] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// The same of systems.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

impl Program {
    /// Reads the user agent; nothing comes of one that says less than itself.
    pub(crate) fn of(user_agent: &str) -> Option<Self> {
        let first = |marks: &[(&str, &'static str)]| {
            marks.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
        };
        let system = first(&SYSTEMS);
        // An app or a tool names itself first, with its version (RFC 9110, 10.1.5).
        let product = user_agent.split([' ', '/']).next().filter(|name| !name.is_empty() && *name != "Mozilla");
        let name = first(&BROWSERS).or(product)?.to_owned();
        Some(Self { name, system })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_called_what_people_call_them() {
        for (user_agent, name, system) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", Some("Linux")),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome",
                Some("Windows"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge",
                Some("Windows"),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "Safari",
                Some("macOS"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari",
                Some("iPhone"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet",
                Some("Android"),
            ),
            ("curl/8.14.1", "curl", None),
            ("Accounts/3.1 (Android 15; Pixel)", "Accounts", Some("Android")),
        ] {
            assert_eq!(Program::of(user_agent), Some(Program { name: name.to_owned(), system }), "{user_agent}");
        }
    }

    #[test]
    fn what_says_nothing_is_nothing() {
        for user_agent in ["", "Mozilla/5.0", "Mozilla/5.0 (compatible)", " "] {
            assert_eq!(Program::of(user_agent), None, "{user_agent}");
        }
    }
}
