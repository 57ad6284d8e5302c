//! Ratings and times from the forms files have them in.

use crate::value::Field;

/// A field that was read: nothing there, a number, or something that is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Parsed<T> {
    Missing,
    Value(T),
    Bad,
}

/// A rating: any finite number. Empty is missing; `NaN` is bad, since it says that something went wrong upstream.
pub(crate) fn rating(field: Field<'_>) -> Parsed<f32> {
    let number = match field {
        Field::Missing => return Parsed::Missing,
        Field::Int(number) => number as f64,
        Field::Float(number) => number,
        Field::Other(_) => return Parsed::Bad,
        Field::Text(text) => match text.as_bytes() {
            [digit @ b'0'..=b'9'] => return Parsed::Value(f32::from(digit - b'0')),
            [digit @ b'0'..=b'9', b'.', tenth @ b'0'..=b'9'] => {
                return Parsed::Value(f32::from((digit - b'0') * 10 + (tenth - b'0')) / 10.0);
            }
            _ => match text.trim() {
                "" => return Parsed::Missing,
                text if is_null(text) => return Parsed::Missing,
                // Read as f32 at once, so that the nearest one is had.
                text => match text.parse::<f32>() {
                    Ok(number) if number.is_finite() => return Parsed::Value(number),
                    _ => return Parsed::Bad,
                },
            },
        },
    };
    let number = number as f32;
    if number.is_finite() { Parsed::Value(number) } else { Parsed::Bad }
}

/// A time as unix seconds: unix seconds, milliseconds, microseconds or nanoseconds, told apart by their size; or a date,
/// ISO 8601 with or without a time and a zone (none means UTC), or Amazon's `09 20, 2014`.
pub(crate) fn timestamp(field: Field<'_>) -> Parsed<i64> {
    match field {
        Field::Missing => Parsed::Missing,
        Field::Int(number) => Parsed::Value(seconds(number)),
        Field::Float(number) => float_seconds(number),
        Field::Other(_) => Parsed::Bad,
        Field::Text(text) => match whole(text.as_bytes()) {
            Some(number) => Parsed::Value(seconds(number)),
            None => text_seconds(text.trim()),
        },
    }
}

/// Digits as a number, the form nearly every file has.
fn whole(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    let mut number = 0i64;
    for &byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(byte - b'0');
    }
    Some(number)
}

fn text_seconds(text: &str) -> Parsed<i64> {
    if text.is_empty() || is_null(text) {
        return Parsed::Missing;
    }
    if let Ok(number) = text.parse::<i64>() {
        return Parsed::Value(seconds(number));
    }
    match date_time(text) {
        Some(at) => Parsed::Value(at),
        None => text.parse().map_or(Parsed::Bad, float_seconds),
    }
}

fn float_seconds(number: f64) -> Parsed<i64> {
    if number.is_finite() && number.abs() < 9e18 { Parsed::Value(seconds(number.floor() as i64)) } else { Parsed::Bad }
}

/// Unix seconds reach 1e11 in the year 5138; larger numbers are finer units.
fn seconds(number: i64) -> i64 {
    match number.unsigned_abs() {
        0..100_000_000_000 => number,
        100_000_000_000..100_000_000_000_000 => number.div_euclid(1_000),
        100_000_000_000_000..100_000_000_000_000_000 => number.div_euclid(1_000_000),
        _ => number.div_euclid(1_000_000_000),
    }
}

fn is_null(text: &str) -> bool {
    ["null", "none", "na", "n/a", "\\n", "<na>", "nat"].iter().any(|null| text.eq_ignore_ascii_case(null))
}

fn date_time(text: &str) -> Option<i64> {
    if let Some((month_day, year)) = text.split_once(", ") {
        let (month, day) = month_day.split_once(' ')?;
        return midnight(year.trim().parse().ok()?, month.parse().ok()?, day.trim().parse().ok()?);
    }
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    let mut parts = date.split(['-', '/', '.']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let start = midnight(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    if time.is_empty() { Some(start) } else { Some(start + time_of_day(time)?) }
}

/// Seconds since midnight UTC of `12:34`, `12:34:56.7`, each with `Z`, ` UTC`, `+02:00`, `-0500` or nothing.
fn time_of_day(text: &str) -> Option<i64> {
    let zone_at = text.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.')).unwrap_or(text.len());
    let (clock, zone) = (&text[..zone_at], text[zone_at..].trim());
    let mut parts = clock.split(':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let second: i64 = match parts.next() {
        Some(second) => second.split('.').next()?.parse().ok()?,
        None => 0,
    };
    if hour > 24 || minute > 59 || second > 60 || parts.next().is_some() {
        return None;
    }
    let offset = match zone {
        "" | "Z" | "z" | "UTC" | "GMT" => 0,
        zone => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let digits: String = zone.strip_prefix(['+', '-'])?.chars().filter(|c| *c != ':').collect();
            let number: i64 = digits.parse().ok()?;
            match digits.len() {
                2 => sign * number * 3_600,
                4 => sign * (number / 100 * 3_600 + number % 100 * 60),
                _ => return None,
            }
        }
    };
    Some(hour * 3_600 + minute * 60 + second - offset)
}

/// Unix seconds at the start of a day of the Gregorian calendar.
fn midnight(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *days.get(usize::try_from(month - 1).ok()?)?;
    if !(1..=length).contains(&day) || !(0..=9_999).contains(&year) {
        return None;
    }
    // Days before the year, counted from the year 0; 719,528 of them lie before 1970.
    let before = |year: i64| year * 365 + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    let in_year: i64 = days[..(month - 1) as usize].iter().sum();
    Some((before(year) - 719_528 + in_year + day - 1) * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_times_of_every_unit_and_dates_of_every_form_are_the_same_second() {
        let forms = [
            "964982703",
            "964982703.0",
            "9.64982703e8",
            "964982703000",
            "964982703000999",
            "964982703000000001",
            "2000-07-30T18:45:03Z",
            "2000-07-30 18:45:03",
            "2000/07/30 18:45:03.25 UTC",
            "2000-07-30T20:45:03+02:00",
            "2000-07-30T13:45:03-0500",
            " 964982703 ",
        ];
        for form in forms {
            assert_eq!(timestamp(Field::Text(form)), Parsed::Value(964_982_703), "{form} names that second");
        }
        assert_eq!(timestamp(Field::Text("09 20, 2014")), Parsed::Value(1_411_171_200), "Amazon's own form");
        assert_eq!(timestamp(Field::Text("1969-12-31")), Parsed::Value(-86_400), "days before 1970 are negative");
        assert_eq!(timestamp(Field::Text("2024-02-29")), Parsed::Value(1_709_164_800), "leap days are days");
        assert_eq!(timestamp(Field::Int(1_577_836_800_123)), Parsed::Value(1_577_836_800), "milliseconds, Amazon 2023");
    }

    #[test]
    fn times_that_are_none_are_bad_and_empty_ones_missing() {
        for bad in ["yesterday", "2023-02-29", "2023-13-01", "12:30", "nan", "1e300", "2000-01-01T25:00", "2000-1"] {
            assert_eq!(timestamp(Field::Text(bad)), Parsed::Bad, "{bad} is no time");
        }
        for missing in ["", " ", "null", "None", "NaT", "\\N"] {
            assert_eq!(timestamp(Field::Text(missing)), Parsed::Missing, "{missing:?} says that there is none");
        }
    }

    #[test]
    fn ratings_are_finite_numbers() {
        for (text, value) in [("4", 4.0), ("3.5", 3.5), ("-1", -1.0), ("4.50", 4.5), ("1e1", 10.0), (" 2 ", 2.0)] {
            assert_eq!(rating(Field::Text(text)), Parsed::Value(value), "{text} is a rating");
        }
        for text in ["NaN", "inf", "five", "4,5", "1e99"] {
            assert_eq!(rating(Field::Text(text)), Parsed::Bad, "{text} is no rating");
        }
        assert_eq!(rating(Field::Float(f64::NAN)), Parsed::Bad, "a NaN is refused from any format");
        assert_eq!(rating(Field::Text("")), Parsed::Missing, "an empty field is no rating, and no mistake");
    }
}
