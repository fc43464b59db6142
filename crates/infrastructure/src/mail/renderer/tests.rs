use std::fs;

use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::MailId;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::mail::renderer::trial::samples;

const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);
const TOKEN: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

fn settings() -> RendererSettings {
    RendererSettings {
        public_url: "https://id.example.com".to_owned(),
        product: "Countersign".to_owned(),
        targets: LinkTargets::default(),
        color: None,
        templates: None,
    }
}

fn renderer() -> TemplateRenderer {
    TemplateRenderer::new(&settings()).unwrap()
}

fn mail(kind: MailKind) -> QueuedMail {
    let recipient = EmailAddress::parse("firstname@example.com").unwrap();
    let mut mail = QueuedMail::new(MailId::new(Uuid::from_u128(7)), kind, recipient, NOW);
    mail.recipient_name = Some("Firstname".to_owned());
    mail.with_token(vec![], NOW + Duration::days(2))
}

fn invitation(team: &str, inviter: &str) -> MailKind {
    MailKind::Invitation { team_name: team.to_owned(), inviter_name: inviter.to_owned(), role: Role::Admin }
}

fn render(kind: MailKind) -> RenderedMail {
    renderer().render(&mail(kind), Some(Secret::new(TOKEN))).unwrap()
}

#[test]
fn the_text_of_every_kind() {
    let kinds = samples().into_iter().map(|sample| sample.kind);
    let texts = kinds.map(|kind| {
        let rendered = render(kind.clone());
        format!("=== {}\nSubject: {}\n\n{}", kind.as_str(), rendered.subject, rendered.text)
    });
    insta::assert_snapshot!(texts.collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_html_of_a_mail_with_a_token() {
    insta::assert_snapshot!(render(MailKind::VerifyAddress).html);
}

#[test]
fn every_kind_has_a_subject_and_two_bodies_and_no_outside_asset() {
    for sample in samples() {
        let mail = render(sample.kind.clone());
        assert!(!mail.subject.is_empty() && mail.text.len() > 100 && mail.html.len() > 100);
        assert!(mail.html.contains(&format!("<title>{}", mail.subject.split('"').next().unwrap())), "{}", mail.html);
        for asset in ["<img", "<link", "<script", "@import", "url("] {
            assert!(!mail.html.contains(asset), "{asset} in {}", sample.kind.as_str());
        }
        let carries_token = mail.text.lines().any(|line| line == TOKEN);
        assert_eq!(carries_token, renderer().links_of(&sample.kind).0.is_some(), "{}", sample.kind.as_str());
    }
}

#[test]
fn lines_of_text_fit_a_terminal_links_aside() {
    for sample in samples() {
        let text = render(sample.kind).text;
        assert!(
            text.lines().filter(|line| !line.contains("https://id.example.com/")).all(|line| line.len() <= 76),
            "{text}"
        );
    }
}

#[test]
fn hostile_names_are_inert_in_every_part() {
    let evil = "</p><a href='http://evil.example'>w</a>\r\n.\r\n{{7*7}}{%raw%}\u{202E}";
    for kind in [
        invitation(evil, evil),
        MailKind::AddedToTeam { team_name: evil.to_owned(), inviter_name: evil.to_owned(), role: Role::Member },
    ] {
        let mut queued = mail(kind);
        queued.recipient_name = Some(evil.to_owned());
        let mail = renderer().render(&queued, Some(Secret::new(TOKEN))).unwrap();
        assert!(!mail.html.contains("<a href='") && !mail.html.contains("</p><a"), "{}", mail.html);
        assert!(
            mail.html.contains("&lt;a href=&#x27;http:\u{200B}&#x2f;&#x2f;evil.\u{200B}example&#x27;&gt;"),
            "{}",
            mail.html
        );
        for part in [&mail.subject, &mail.text, &mail.html] {
            assert!(!part.contains("evil.example") && !part.contains("http://"), "{part}");
            assert!(part.contains("{{7*7}}{%raw%}"), "{part}");
            assert!(!part.contains('\r') && !part.lines().any(|line| line == "."), "{part}");
            assert!(!part.contains('\u{202E}'));
        }
        assert!(!mail.subject.contains('\n'));
    }
}

#[test]
fn a_mail_without_its_token_is_a_fault() {
    assert!(renderer().render(&mail(MailKind::ResetPassword), None).is_err());
    assert!(renderer().render(&mail(MailKind::PasswordChanged), None).is_ok());
}

#[test]
fn links_lead_where_the_adopter_wants() {
    let mut settings = settings();
    settings.targets.reset_password = Some("https://app.example/reset?a=1&token={token}".to_owned());
    let renderer = TemplateRenderer::new(&settings).unwrap();
    let mail = renderer.render(&mail(MailKind::ResetPassword), Some(Secret::new("a&b"))).unwrap();
    assert!(mail.text.contains("\nhttps://app.example/reset?a=1&token=a%26b\n"), "{}", mail.text);
    assert!(mail.html.contains(r#"href="https://app.example/reset?a=1&amp;token=a%26b""#), "{}", mail.html);
}

#[test]
fn lifetimes_are_said_as_people_say_them() {
    for (duration, words) in [
        (Duration::hours(1), "1 hour"),
        (Duration::hours(48), "48 hours"),
        (Duration::days(7), "7 days"),
        (Duration::minutes(90), "90 minutes"),
        (Duration::seconds(20), "1 minute"),
    ] {
        assert_eq!(in_words(duration), words);
    }
}

fn overridden(file: &str, text: &str) -> Result<TemplateRenderer, Vec<MailSettingsError>> {
    all_overridden(&[(file, text)])
}

fn all_overridden(files: &[(&str, &str)]) -> Result<TemplateRenderer, Vec<MailSettingsError>> {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        fs::write(folder.path().join(file), text).unwrap();
    }
    TemplateRenderer::new(&RendererSettings { templates: Some(folder.path().to_owned()), ..settings() })
}

#[test]
fn a_template_of_the_operator_replaces_the_embedded_one() {
    let text =
        "Subject: Neues Passwort\r\n\r\nHallo {{ name }}, {{ link }}\r\n{% include \"token.txt\" %}\r\n.\r\nEnde\r\n";
    let renderer = overridden("reset_password.txt", text).unwrap();
    let mail = renderer.render(&mail(MailKind::ResetPassword), Some(Secret::new(TOKEN))).unwrap();
    assert_eq!(mail.subject, "Neues Passwort");
    assert!(mail.text.starts_with("Hallo Firstname, https://id.example.com/reset-password?token="));
    assert!(mail.html.contains("Set a new password"), "the other part is the embedded one");
    assert!(overridden("README.md", "notes").is_ok());
}

#[test]
fn a_template_that_cannot_work_is_refused_at_the_start() {
    let refused = |file, text| <[_; 1]>::try_from(overridden(file, text).err().unwrap()).unwrap()[0].to_string();
    for (file, text, told) in [
        ("reset_password.txt", "Subject: x\n\n{{ tokne }}", ", line 3: no mail of its kind has tokne"),
        ("password_changed.txt", "Subject: x\n{{ token }}", ", line 2: no mail of its kind has token"),
        ("password_changed.txt", "Subject: {{ name.first }}\n", ", line 1: no mail of its kind has name.first"),
        ("reset_password.html", "{{ link", " cannot be used"),
        ("reset_password.txt", "Hello", " must begin with a line «Subject: …»"),
    ] {
        assert_eq!(refused(file, text), format!("the mail template {file}{told}"));
    }
    let unknown = refused("rest_password.txt", "Subject: x\n");
    assert!(unknown.starts_with("rest_password.txt is no mail template; there are added_to_team.html, "), "{unknown}");
    let missing = RendererSettings { templates: Some("/nowhere".into()), ..settings() };
    assert!(matches!(&TemplateRenderer::new(&missing).err().unwrap()[..], [MailSettingsError::Folder { .. }]));
}

#[test]
fn everything_that_is_wrong_with_templates_is_told_at_once_and_once() {
    let files = [
        ("invitation.html", "{% if nothing is defined %}{{ nothing }}{% endif %}{{ taem }}\n{{ tokne }}"),
        ("rest_password.txt", ""),
        ("reset_password.txt", "Hello"),
        // Included by several.
        ("token.txt", "\n{{ lnik }}"),
        ("verify_address.html", "{% if %}"),
    ];
    let told = all_overridden(&files).err().unwrap();
    let told: Vec<_> = told.iter().map(ToString::to_string).collect();
    let expected = [
        "rest_password.txt is no mail template",
        "the mail template verify_address.html cannot be used",
        "the mail template token.txt, line 2: no mail of its kind has lnik",
        "the mail template reset_password.txt must begin",
        "the mail template invitation.html, line 1: no mail of its kind has taem",
        "the mail template invitation.html, line 2: no mail of its kind has tokne",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    assert!(told.iter().zip(expected).all(|(told, expected)| told.starts_with(expected)), "{told:#?}");
}

#[test]
fn links_and_buttons_have_the_colour_of_the_product_as_far_as_it_can_be_read() {
    let in_color = |color: &str| {
        let color = Color::parse(color);
        assert!(color.is_some());
        let renderer = TemplateRenderer::new(&RendererSettings { color, ..settings() }).unwrap();
        renderer.render(&mail(MailKind::ResetPassword), Some(Secret::new(TOKEN))).unwrap().html
    };
    let red = in_color("#b3261e");
    assert!(red.contains("a { color: #b3261e; }") && red.contains("background: #b3261e; color: #ffffff;"), "{red}");
    assert!(!red.contains("#1f5fbf") && !red.contains("#8ab4f8"), "{red}");
    let yellow = in_color("#ffd400");
    let (light, dark) = yellow.split_once("prefers-color-scheme: dark").unwrap();
    assert!(!light.contains("#ffd400") && dark.contains("background: #ffd400; color: #000000;"), "{yellow}");
}
