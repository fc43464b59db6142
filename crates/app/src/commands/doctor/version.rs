//! Versions of servers.

use crate::commands::doctor::finding::Remark;

/// A kind of server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    name: &'static str,
    /// The oldest that the service is tested with.
    oldest: u32,
}

pub(crate) const POSTGRESQL: Server = Server { name: "PostgreSQL", oldest: 15 };
pub(crate) const REDIS: Server = Server { name: "Redis", oldest: 7 };

/// That it answers and which version it is, if that is known, unless it is older than those that are tested.
pub(crate) fn remark(answers: &str, server: Server, version: Option<&str>) -> Remark {
    // Debian's says who built it, too.
    let Some(version) = version.and_then(|version| version.split_whitespace().next()) else {
        return Remark::Fine(answers.to_owned());
    };
    let Server { name, oldest } = server;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    if digits.parse::<u32>().is_ok_and(|major| major < oldest) {
        return Remark::Warning(format!(
            "{answers}, version {version}: the service is tested with {name} {oldest} and newer; upgrade the server"
        ));
    }
    Remark::Fine(format!("{answers}, version {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_fine(server: Server, version: Option<&str>, expected: &str) {
        let remark = remark("answers", server, version);
        assert!(matches!(&remark, Remark::Fine(text) if text == expected), "{remark:?}");
    }

    #[test]
    fn versions_that_are_tested_and_unknown_ones_are_fine() {
        assert_fine(POSTGRESQL, Some("15.14 (Debian 15.14-0+deb12u1)"), "answers, version 15.14");
        assert_fine(POSTGRESQL, Some("19beta1"), "answers, version 19beta1");
        assert_fine(REDIS, Some("7.0.15"), "answers, version 7.0.15");
        assert_fine(REDIS, None, "answers");
    }

    #[test]
    fn older_ones_are_warned_of() {
        for (server, version, oldest) in [(POSTGRESQL, "14.9", "PostgreSQL 15"), (REDIS, "6.2.14", "Redis 7")] {
            let remark = remark("answers", server, Some(version));
            let Remark::Warning(text) = remark else { panic!("{remark:?}") };
            assert!(text.contains(version) && text.contains(oldest) && text.contains("upgrade"), "{text}");
        }
    }
}
