//! The pages that people see in a browser.

use std::path::PathBuf;

use countersign_domain::color::Color;
use url::Url;

use crate::settings::catalogue::Setting;
use crate::settings::path;
use crate::settings::reader::Reader;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new(
        "pages.color",
        "",
        "Colour of the product, written as #rrggbb: that of links and buttons on pages and in mails, and of what has the focus. Made darker in the light and lighter in the dark, as far as it must be to be read. Without it, blue.",
    ),
    Setting::new(
        "pages.templates_dir",
        "",
        "Folder with templates, texts and styles that replace or follow the built-in ones of the same name; docs/pages.md lists them.",
    ),
    Setting::new(
        "pages.csp_report_url",
        "",
        "http:// or https:// URL that browsers tell what the Content-Security-Policy of a page kept from happening (`report-uri`), but of no page with a query in its address: a report has that whole, tokens too. Without it, they tell nobody.",
    ),
];

/// See [`SETTINGS`].
#[derive(Clone, Debug)]
pub(crate) struct PagesSettings {
    /// The colour of the product.
    pub color: Option<Color>,
    /// Templates, texts and styles of the operator.
    pub templates_dir: Option<PathBuf>,
    /// Where browsers send reports of violations.
    pub csp_report_url: Option<String>,
}

impl PagesSettings {
    /// Reads the section.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            color: reader.optional("pages.color", color),
            templates_dir: reader.optional("pages.templates_dir", path::parse_existing_folder),
            csp_report_url: reader.optional("pages.csp_report_url", report_url),
        }
    }
}

fn color(text: &str) -> Result<Color, String> {
    Color::parse(text).ok_or_else(|| "is a colour written as #rrggbb, such as #0b57d0".to_owned())
}

/// As it stands in the policy, where a semicolon ends a directive and a comma the policy.
fn report_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("is a URL that starts with https:// or http://: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is a URL that starts with https:// or http://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user or password in it, which every browser would be told".to_owned());
    }
    if url.as_str().contains([';', ',']) {
        return Err("has a semicolon or comma in it; write %3B or %2C".to_owned());
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_go_to_an_address_on_the_web() {
        assert_eq!(report_url("https://reports.example.org/csp?x=1").unwrap(), "https://reports.example.org/csp?x=1");
        assert_eq!(report_url("http://127.0.0.1:9/").unwrap(), "http://127.0.0.1:9/");
        assert_eq!(report_url("https://reports.example.org/ä b").unwrap(), "https://reports.example.org/%C3%A4%20b");
    }

    #[test]
    fn what_is_no_colour_is_told_with_its_setting() {
        let read = |text: &str| crate::settings::tests::read("", &[("COUNTERSIGN__PAGES__COLOR", text)]);
        assert_eq!(read("#E4572e").unwrap().settings.pages.color.unwrap().to_string(), "#e4572e");
        let told = read("e4572e").unwrap_err().to_string();
        assert!(told.contains("pages.color") && told.contains("#rrggbb"), "{told}");
    }

    #[test]
    fn whatever_would_end_the_directive_or_tell_a_secret_is_refused() {
        for text in [
            "/reports",
            "reports.example.org",
            "ftp://reports.example.org/",
            "javascript:alert(1)",
            "https://reports.example.org/;script-src *",
            "https://reports.example.org/,default-src *",
            "https://user@reports.example.org/",
            "https://user:password@reports.example.org/",
        ] {
            assert!(report_url(text).is_err(), "{text}");
        }
    }
}
