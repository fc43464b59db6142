//! The process as its system sees it, by the names that Prometheus' own clients use. Where there is no /proc, only
//! the time it started is told.

use std::fs;

use time::OffsetDateTime;

use crate::metrics::catalogue;

/// Ticks of a second in /proc, on every architecture that is built for.
const TICKS: f64 = 100.0;

/// What there is to tell, in Prometheus' text form.
pub(crate) fn exposition(started: OffsetDateTime) -> String {
    let read = |file: &str| fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    let (stat, status) = (read("stat"), read("status"));
    let values = [
        ("process_start_time_seconds", Some(started.unix_timestamp().to_string())),
        ("process_cpu_seconds_total", cpu_seconds(&stat).map(|seconds| seconds.to_string())),
        ("process_resident_memory_bytes", text(kilobytes(&status, "VmRSS:"))),
        ("process_virtual_memory_bytes", text(kilobytes(&status, "VmSize:"))),
        ("process_threads", text(number(&status, "Threads:"))),
        ("process_open_fds", text(open_files())),
        ("process_max_fds", text(most_files(&read("limits")))),
    ];
    let told = values.iter().filter_map(|(name, value)| Some(catalogue::exposition(name, value.as_deref()?)));
    told.collect()
}

fn text(value: Option<u64>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// Of the user and of the system, fields 14 and 15. The name, field 2, may hold anything but ends with the last `)`.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut ticks = rest.split_whitespace().skip(11).map(|field| field.parse::<u32>().ok());
    Some((f64::from(ticks.next()??) + f64::from(ticks.next()??)) / TICKS)
}

fn number(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    number(status, name).map(|kilobytes| kilobytes * 1_024)
}

fn open_files() -> Option<u64> {
    fs::read_dir("/proc/self/fd").ok()?.count().try_into().ok()
}

fn most_files(limits: &str) -> Option<u64> {
    number(limits, "Max open files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 1234 1000000 500";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds(""), None);
    }

    #[test]
    fn sizes_are_told_in_octets_and_what_is_not_there_is_left_out() {
        assert_eq!(kilobytes("Name:\tx\nVmRSS:\t    2048 kB\n", "VmRSS:"), Some(2_097_152));
        assert_eq!(kilobytes("Name:\tx\n", "VmRSS:"), None);
        assert_eq!(
            most_files("Max open files            1024                 4096                 files"),
            Some(1_024)
        );
        assert_eq!(most_files("Max open files            unlimited            unlimited            files"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_told_whole() {
        let page = exposition(OffsetDateTime::UNIX_EPOCH);
        for name in catalogue::names().filter(|name| name.starts_with("process_")) {
            assert!(page.contains(&format!("\n{name} ")), "{name} is missing in {page}");
        }
    }
}
