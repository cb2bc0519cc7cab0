//! When a destination may send: local times, over midnight, weekdays, daylight-saving changes.
//!
//! Invariants:
//! - Pure: the time and the time zone are passed in.
//! - A window belongs to the day on which it begins: `"Fri 22:00-06:00"` ends on Saturday morning.
//! - Without any window it is always open.
//! - Clocks decide, not durations: on the night on which an hour is skipped or repeated a window is an hour shorter or
//!   longer, and one that would begin within the skipped hour begins at its end.

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Zoned};

use crate::config::settings::Window;
use crate::item::{Ahead, Timestamp};

const MINUTES_PER_DAY: u16 = 1440;
/// Days after which every weekday came by, also for a window that begins later today.
const HORIZON: i64 = 8;
/// How far [`open_for`] and [`open_since`] look: a window that is open for an hour a week needs years for what takes a
/// month.
const LONGEST_WATCH: Duration = Duration::from_secs(366 * 86_400);

/// Whether one of the windows is open.
pub fn is_open(windows: &[Window], now: Timestamp, zone: &TimeZone) -> bool {
    if windows.is_empty() {
        return true;
    }
    let Some(local) = local(now, zone) else {
        return true;
    };
    let today = local.date();
    // As `i16`: an hour is at most 23, a minute at most 59.
    let minute =
        u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0);
    windows.iter().any(|window| {
        let begun_today = on(window, today) && window.from <= minute && minute < end(window);
        let yesterday = today.yesterday().ok();
        let over_midnight = end(window) > MINUTES_PER_DAY
            && yesterday.is_some_and(|day| on(window, day))
            && minute + MINUTES_PER_DAY < end(window);
        begun_today || over_midnight
    })
}

/// When the next window opens, after `now`; `None` if there is none.
pub fn next_opening(windows: &[Window], now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let today = local(now, zone)?.date();
    (0..=HORIZON)
        .filter_map(|days| today.checked_add(Span::new().days(days)).ok())
        .flat_map(|day| {
            windows
                .iter()
                .filter(move |window| on(window, day))
                .filter_map(move |window| begin(window, day, zone))
        })
        .filter(|begin| *begin > now)
        .min()
}

/// Since when they have been open for `length`, up to `now`; without windows all time counts. `None`: not within
/// [`LONGEST_WATCH`].
pub fn open_since(
    windows: &[Window],
    now: Timestamp,
    length: Duration,
    zone: &TimeZone,
) -> Option<Timestamp> {
    if windows.is_empty() {
        return Some(earlier(now, length));
    }
    let horizon = earlier(now, LONGEST_WATCH);
    let (mut at, mut left) = (now, length);
    while at > horizon {
        let before = Timestamp::from_micros(at.micros() - 1);
        if !is_open(windows, before, zone) {
            at = last_closing(windows, before, zone)?;
            continue;
        }
        let begin = last_opening(windows, before, zone)?;
        let open = at.since(begin);
        if open >= left {
            return Some(earlier(at, left));
        }
        left -= open;
        at = begin;
    }
    None
}

/// What waits since then, or for longer, has waited for `seconds` in which it might have been sent. `None`: there are
/// no windows, and all time counts. In the queue's own time.
pub fn late(
    windows: &[Window],
    now: Timestamp,
    seconds: u64,
    ahead: Ahead,
    zone: &TimeZone,
) -> Option<Timestamp> {
    let length = Duration::from_secs(seconds);
    let since = || open_since(windows, ahead.wall(now), length, zone);
    let never = Timestamp::from_micros(i64::MIN);
    (!windows.is_empty()).then(|| since().map_or(never, |since| ahead.own(since)))
}

fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(time.micros().saturating_sub(by))
}

/// When they have been open for `length` since `from`; without windows all time counts. `None`: not within
/// [`LONGEST_WATCH`].
pub fn open_for(
    windows: &[Window],
    from: Timestamp,
    length: Duration,
    zone: &TimeZone,
) -> Option<Timestamp> {
    if windows.is_empty() {
        return Some(from.plus(length));
    }
    let horizon = from.plus(LONGEST_WATCH);
    let (mut at, mut left) = (from, length);
    while at < horizon {
        if !is_open(windows, at, zone) {
            at = next_opening(windows, at, zone)?;
            continue;
        }
        let end = closing(windows, at, zone)?;
        let open = end.since(at);
        if open >= left {
            return Some(at.plus(left));
        }
        left -= open;
        at = end;
    }
    None
}

/// When the window that is open at `now` ends; of several, the one that lasts longest.
fn closing(windows: &[Window], now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let begun = |(begin, _): &(Timestamp, Timestamp)| *begin <= now;
    let ends = spans(windows, now, 1, zone)?.filter(begun);
    ends.map(|(_, end)| end).filter(|end| *end > now).max()
}

/// When a window ended last, at `now` or before.
fn last_closing(windows: &[Window], now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let spans = spans(windows, now, HORIZON, zone)?;
    spans.map(|(_, end)| end).filter(|end| *end <= now).max()
}

/// Begin and end of the windows of today and of so many days before it.
fn spans(
    windows: &[Window],
    now: Timestamp,
    days: i64,
    zone: &TimeZone,
) -> Option<impl Iterator<Item = (Timestamp, Timestamp)>> {
    let today = local(now, zone)?.date();
    let days = (0..=days).filter_map(move |days| today.checked_sub(Span::new().days(days)).ok());
    let spans = days.flat_map(move |day| {
        let begun = windows.iter().filter(move |window| on(window, day));
        begun
            .filter_map(move |window| Some((begin(window, day, zone)?, end_of(window, day, zone)?)))
    });
    Some(spans)
}

/// When the window that begins on that day ends.
fn end_of(window: &Window, day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let minutes = end(window);
    let day = if minutes > MINUTES_PER_DAY {
        day.tomorrow().ok()?
    } else {
        day
    };
    // Midnight is the next day's first moment.
    let (day, minutes) = match (minutes - 1) % MINUTES_PER_DAY + 1 {
        MINUTES_PER_DAY => (day.tomorrow().ok()?, 0),
        minutes => (day, minutes),
    };
    moment(minutes, day, zone)
}

/// When a window opened last, at `now` or before.
fn last_opening(windows: &[Window], now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let today = local(now, zone)?.date();
    (0..=HORIZON)
        .filter_map(|days| today.checked_sub(Span::new().days(days)).ok())
        .flat_map(|day| {
            windows
                .iter()
                .filter(move |window| on(window, day))
                .filter_map(move |window| begin(window, day, zone))
        })
        .filter(|begin| *begin <= now)
        .max()
}

/// Minutes from the begin of its first day to its end: beyond 1440 if it ends on the next day.
fn end(window: &Window) -> u16 {
    if window.to <= window.from {
        window.to + MINUTES_PER_DAY
    } else {
        window.to
    }
}

fn on(window: &Window, day: Date) -> bool {
    let weekday = u8::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
    window.days.is_empty() || window.days.contains(&weekday)
}

fn begin(window: &Window, day: Date, zone: &TimeZone) -> Option<Timestamp> {
    moment(window.from, day, zone)
}

/// So many minutes of that day's clock.
fn moment(minutes: u16, day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let hour = i8::try_from(minutes / 60).ok()?;
    let minute = i8::try_from(minutes % 60).ok()?;
    let time = Time::new(hour, minute, 0, 0).ok()?;
    let begin = zone.to_ambiguous_zoned(day.to_datetime(time));
    let begin = if matches!(begin.offset(), AmbiguousOffset::Gap { .. }) {
        let before = begin.earlier().ok()?.timestamp();
        zone.following(before).next()?.timestamp()
    } else {
        begin.compatible().ok()?.timestamp()
    };
    Some(Timestamp::from_micros(begin.as_microsecond()))
}

fn local(now: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    let time = jiff::Timestamp::from_microsecond(now.micros()).ok()?;
    Some(time.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Berlin's rules: an hour is skipped on 29 March 2026 at 02:00, repeated on 25 October 2026 at 03:00.
    fn berlin() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        let zoned = berlin().to_zoned(civil).unwrap();
        Timestamp::from_micros(zoned.timestamp().as_microsecond())
    }

    fn window(days: &[u8], from: u16, to: u16) -> Window {
        Window {
            days: days.to_vec(),
            from,
            to,
        }
    }

    #[test]
    fn without_windows_it_is_always_open() {
        assert!(is_open(&[], at("2026-11-20T12:00"), &berlin()));
        assert_eq!(next_opening(&[], at("2026-11-20T12:00"), &berlin()), None);
    }

    #[test]
    fn over_midnight() {
        let night = [window(&[], 22 * 60, 6 * 60)];
        for (time, open) in [
            ("2026-11-20T21:59", false),
            ("2026-11-20T22:00", true),
            ("2026-11-20T23:59", true),
            ("2026-11-21T00:00", true),
            ("2026-11-21T05:59", true),
            ("2026-11-21T06:00", false),
        ] {
            assert_eq!(is_open(&night, at(time), &berlin()), open, "{time}");
        }
        let next = next_opening(&night, at("2026-11-21T06:00"), &berlin());
        assert_eq!(next, Some(at("2026-11-21T22:00")));
    }

    #[test]
    fn weekdays_are_those_of_the_begin() {
        // 2026-11-20 is a Friday.
        let friday_night = [window(&[4], 22 * 60, 6 * 60)];
        for (time, open) in [
            ("2026-11-20T05:00", false),
            ("2026-11-20T23:00", true),
            ("2026-11-21T05:00", true),
            ("2026-11-21T23:00", false),
        ] {
            assert_eq!(is_open(&friday_night, at(time), &berlin()), open, "{time}");
        }
        let next = next_opening(&friday_night, at("2026-11-20T23:00"), &berlin());
        assert_eq!(next, Some(at("2026-11-27T22:00")));
        let weekend = [window(&[5, 6], 0, 1440)];
        assert!(is_open(&weekend, at("2026-11-22T23:59"), &berlin()));
        assert!(!is_open(&weekend, at("2026-11-23T00:00"), &berlin()));
    }

    #[test]
    fn only_the_time_in_which_it_is_open_counts() {
        let zone = berlin();
        let work = [window(&[0, 1, 2, 3, 4], 8 * 60, 18 * 60)];
        let night = [window(&[], 22 * 60, 6 * 60)];
        let whole = [window(&[5, 6], 0, 1440)];
        let both = [
            window(&[4], 8 * 60, 12 * 60),
            window(&[4], 11 * 60, 13 * 60),
        ];
        let hour = |hours: u64| Duration::from_secs(hours * 3600);
        // 20 November 2026 is a Friday.
        for (windows, from, hours, until) in [
            (&work[..], "2026-11-20T12:00", 4, "2026-11-20T16:00"),
            (&work, "2026-11-20T12:00", 6, "2026-11-20T18:00"),
            (&work, "2026-11-20T16:00", 4, "2026-11-23T10:00"),
            (&work, "2026-11-21T10:00", 4, "2026-11-23T12:00"),
            (&work, "2026-11-20T17:00", 24, "2026-11-25T11:00"),
            (&night, "2026-11-20T23:00", 6, "2026-11-21T05:00"),
            (&night, "2026-11-20T05:00", 2, "2026-11-20T23:00"),
            (&whole, "2026-11-20T12:00", 30, "2026-11-22T06:00"),
            (&both, "2026-11-20T08:00", 5, "2026-11-20T13:00"),
            (&both, "2026-11-20T08:00", 6, "2026-11-27T09:00"),
            (&[], "2026-11-20T12:00", 40, "2026-11-22T04:00"),
            // An hour is skipped, and one repeated.
            (
                &[window(&[6], 0, 240)],
                "2026-03-28T12:00",
                3,
                "2026-03-29T04:00",
            ),
            (
                &[window(&[6], 0, 240)],
                "2026-10-24T12:00",
                5,
                "2026-10-25T04:00",
            ),
        ] {
            let found = open_for(windows, at(from), hour(hours), &zone);
            assert_eq!(found, Some(at(until)), "{from} {hours}");
            // And back, to the first moment at which it was open.
            let since = open_since(windows, at(until), hour(hours), &zone).unwrap();
            assert!(
                since >= at(from) && is_open(windows, since, &zone),
                "{from}"
            );
            assert!(
                since == at(from) || !is_open(windows, at(from), &zone),
                "{from}"
            );
            let again = open_for(windows, since, hour(hours), &zone);
            assert_eq!(again, Some(at(until)), "{from} {hours}");
        }
        let short = [window(&[0], 60, 61)];
        assert_eq!(
            open_for(&short, at("2026-11-20T12:00"), hour(744), &zone),
            None
        );
        assert_eq!(
            open_since(&short, at("2026-11-20T12:00"), hour(744), &zone),
            None
        );
        // While it is closed, what it was open before counts.
        let found = open_since(&work, at("2026-11-22T12:00"), hour(3), &zone);
        assert_eq!(found, Some(at("2026-11-20T15:00")));
    }

    #[test]
    fn a_skipped_hour_shortens_a_window_and_moves_a_begin() {
        let early = [window(&[], 2 * 60 + 30, 4 * 60)];
        // 02:30 does not exist on that day: it begins when clocks jump to 03:00.
        let before = at("2026-03-29T01:59");
        let begin = next_opening(&early, before, &berlin()).unwrap();
        assert_eq!(begin, at("2026-03-29T03:00"));
        assert_eq!(begin.since(before).as_secs(), 60);
        assert!(!is_open(&early, before, &berlin()));
        assert!(is_open(&early, begin, &berlin()));
        assert!(is_open(&early, at("2026-03-29T03:00"), &berlin()));
        assert!(!is_open(&early, at("2026-03-29T04:00"), &berlin()));
    }

    #[test]
    fn a_repeated_hour_lengthens_a_window() {
        let night = [window(&[], 60, 4 * 60)];
        let begin = at("2026-10-25T01:00");
        let open: Vec<u64> = (0..8)
            .filter(|half| {
                is_open(
                    &night,
                    begin.plus_seconds(f64::from(*half) * 1800.0),
                    &berlin(),
                )
            })
            .map(|half| half as u64)
            .collect();
        assert_eq!(open.len(), 8, "01:00 to 04:00 lasts four hours");
        assert!(!is_open(
            &night,
            begin.plus_seconds(4.0 * 3600.0),
            &berlin()
        ));
    }
}
