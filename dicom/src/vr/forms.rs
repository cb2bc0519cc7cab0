//! The form of one value (PS3.5 table 6.2-1), whose characters and length are right.

use super::Vr;

pub(super) fn check(vr: Vr, value: &str) -> Result<(), String> {
    // Spaces around a value mean nothing, where they may be there at all.
    let bare = value.trim_matches(' ');
    let (fits, form) = match vr {
        Vr::AE => (!bare.is_empty(), "more than spaces"),
        Vr::AS => (age(value), "nnnD, nnnW, nnnM or nnnY"),
        Vr::DA => (date(value), "a date, YYYYMMDD"),
        Vr::DS => (
            bare.parse::<f64>().is_ok_and(f64::is_finite),
            "a decimal number",
        ),
        Vr::DT => (
            date_time(value.trim_end_matches(' ')),
            "YYYYMMDDHHMMSS.FFFFFF&ZZXX, or the beginning of it",
        ),
        Vr::IS => (bare.parse::<i32>().is_ok(), "a whole number of 32 bits"),
        Vr::TM => (
            time(value.trim_end_matches(' ')),
            "a time, HHMMSS.FFFFFF, or the beginning of it",
        ),
        Vr::UI => (uid(value), "a UID (PS3.5 9.1)"),
        _ => return Ok(()),
    };
    if fits {
        Ok(())
    } else {
        Err(format!("{vr} wants {form}"))
    }
}

fn age(value: &str) -> bool {
    let (number, unit) = value.split_at(value.len().min(3));
    number.len() == 3
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(unit, "D" | "W" | "M" | "Y")
}

fn number(text: &str, range: std::ops::RangeInclusive<u32>) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse().is_ok_and(|number| range.contains(&number))
}

fn date(value: &str) -> bool {
    let Some((year, rest)) = value.split_at_checked(4) else {
        return false;
    };
    let Some((month, day)) = rest.split_at_checked(2) else {
        return false;
    };
    if day.len() != 2 || !number(year, 0..=9999) {
        return false;
    }
    let year: u32 = year.parse().unwrap_or_default();
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        "02" if leap => 29,
        "02" => 28,
        "04" | "06" | "09" | "11" => 30,
        _ => 31,
    };
    number(month, 1..=12) && number(day, 1..=days)
}

/// Hours, and as much of the rest as there is. 60 is a leap second.
fn time(value: &str) -> bool {
    let (whole, fraction) = match value.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (value, None),
    };
    let parts = [(0, 23), (2, 59), (4, 60)];
    let is_part = |(from, most): (usize, u32)| {
        from >= whole.len()
            || whole
                .get(from..from + 2)
                .is_some_and(|part| number(part, 0..=most))
    };
    let fraction = fraction.is_none_or(|fraction| {
        whole.len() == 6 && (1..=6).contains(&fraction.len()) && number(fraction, 0..=999_999)
    });
    matches!(whole.len(), 2 | 4 | 6) && parts.into_iter().all(is_part) && fraction
}

fn date_time(value: &str) -> bool {
    let (value, zone) = match value.find(['+', '-']) {
        Some(at) => value.split_at(at),
        None => (value, ""),
    };
    let zone = zone.is_empty()
        || (zone.len() == 5 && number(&zone[1..3], 0..=14) && number(&zone[3..], 0..=59));
    let day = match value.len() {
        4 => number(value, 0..=9999),
        6 => date(&format!("{value}01")),
        _ => value.get(..8).is_some_and(date),
    };
    zone && day && (value.len() <= 8 || time(&value[8..]))
}

fn uid(value: &str) -> bool {
    value
        .split('.')
        .all(|component| !component.is_empty() && (component == "0" || !component.starts_with('0')))
}
