//! Windows of time: `22:00-06:00`, `Sat,Sun 00:00-24:00`, `Mon-Fri 08:00-18:00`.
//!
//! Invariant: what [`format`](fn@format) writes is read by [`parse`] as the same window.

use super::settings::Window;
use super::vocabulary::DAYS;

pub(super) const ALLOWED: &str = "a window such as \"22:00-06:00\", \"Sat,Sun 00:00-24:00\" or \"Mon-Fri 08:00-18:00\" (Mon, Tue, Wed, Thu, Fri, Sat, Sun)";

const MIDNIGHT: u16 = 24 * 60;

/// `None`: this is no window.
pub(super) fn parse(text: &str) -> Option<Window> {
    let (days, times) = match text.split_once(' ') {
        Some((days, times)) => (parse_days(days)?, times),
        None => (Vec::new(), text),
    };
    let (from, to) = times.split_once('-')?;
    let (from, to) = (parse_time(from)?, parse_time(to)?);
    // A window that starts where it ends may mean never or always; 24:00 is an end only.
    (from != to && from < MIDNIGHT && to > 0).then_some(Window { days, from, to })
}

fn parse_days(text: &str) -> Option<Vec<u8>> {
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (day(first)?, day(last)?);
        loop {
            if days.contains(&day) {
                return None;
            }
            days.push(day);
            if day == last {
                break;
            }
            day = after(day);
        }
    }
    Some(days)
}

fn day(name: &str) -> Option<u8> {
    let at = DAYS.iter().position(|day| *day == name)?;
    u8::try_from(at).ok()
}

fn after(day: u8) -> u8 {
    (day + 1) % 7
}

fn parse_time(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |t: &str| t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let time = hours * 60 + minutes;
    (minutes < 60 && time <= MIDNIGHT).then_some(time)
}

/// The window as it stands in a configuration.
pub(super) fn format(window: &Window) -> String {
    // Three days in a row and more are a range.
    let mut runs: Vec<Vec<u8>> = Vec::new();
    for day in &window.days {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| after(*last) == *day) => run.push(*day),
            _ => runs.push(vec![*day]),
        }
    }
    let name = |day: &u8| DAYS.get(usize::from(*day)).copied().unwrap_or_default();
    let names = runs.iter().map(|run| match run.as_slice() {
        [first, _, .., last] => format!("{}-{}", name(first), name(last)),
        few => few.iter().map(name).collect::<Vec<&str>>().join(","),
    });
    let mut text = names.collect::<Vec<String>>().join(",");
    if !text.is_empty() {
        text.push(' ');
    }
    let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    text + &time(window.from) + "-" + &time(window.to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_go_there_and_back() {
        let table: [(&str, &[u8], u16, u16); 7] = [
            ("22:00-06:00", &[], 1320, 360),
            ("Sat,Sun 00:00-24:00", &[5, 6], 0, 1440),
            ("Mon 08:30-17:05", &[0], 510, 1025),
            ("Sun,Mon 00:00-00:01", &[6, 0], 0, 1),
            ("Mon-Fri 08:00-18:00", &[0, 1, 2, 3, 4], 480, 1080),
            ("Fri-Mon 08:00-18:00", &[4, 5, 6, 0], 480, 1080),
            ("Mon-Wed,Sat 08:00-18:00", &[0, 1, 2, 5], 480, 1080),
        ];
        for (text, days, from, to) in table {
            let days = days.to_vec();
            let window = parse(text).unwrap();
            assert_eq!(window, Window { days, from, to }, "{text}");
            assert_eq!(format(&window), text);
        }
        let same = parse("Mon,Tue-Thu,Fri 08:00-18:00").unwrap();
        assert_eq!(format(&same), "Mon-Fri 08:00-18:00");
    }

    #[test]
    fn anything_else_is_no_window() {
        for text in [
            "",
            " ",
            "-",
            "22:00",
            "22-06",
            "22:00-6:00",
            "22:00 - 06:00",
            "22:60-23:00",
            "24:00-06:00",
            "00:00-24:01",
            "10:00-10:00",
            "22:00-00:00",
            "Sat 22:00",
            "sat 10:00-11:00",
            "Sat, Sun 10:00-11:00",
            "Sat,Sat 10:00-11:00",
            "Mon-Fri,Wed 10:00-11:00",
            "Mon-Fri-Sun 10:00-11:00",
            "Mon- 10:00-11:00",
            "Mon-Mon,Mon 10:00-11:00",
            "+1:00-02:00",
            "10:00-11:00 Sat",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
