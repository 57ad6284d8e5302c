//! How numbers are written for people: one place for charts, tables, the report and the command line.
//!
//! Values below one lose their leading zero, as in the field's tables; minus signs are minus signs; a narrow no-break
//! space stands between a number and its unit.

/// What stands between a number and its unit.
const SPACE: char = '\u{202f}';

/// What stands where there is no number.
pub const NONE: &str = "–";

/// A metric, four decimals: `.0612`, `−.0003`, `1.0000`.
pub fn metric(value: f64) -> String {
    decimals(value, 4)
}

/// A number with so many decimals: `.92`, `57.3`.
pub fn decimals(value: f64, places: usize) -> String {
    let digits = format!("{:.places$}", value.abs());
    let digits = match digits.strip_prefix("0.") {
        Some(fraction) => format!(".{fraction}"),
        None => digits,
    };
    // What rounds to nothing has no sign.
    if value < 0.0 && digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        format!("−{digits}")
    } else {
        digits
    }
}

/// A difference, four decimals and always a sign: `+.0123`, `−.0123`; `.0000` when it rounds to nothing.
pub fn signed(value: f64) -> String {
    let text = metric(value);
    if value > 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) { format!("+{text}") } else { text }
}

/// A 95 % interval: `[.0580, .0644]`.
pub fn interval(low: f64, high: f64) -> String {
    format!("[{}, {}]", metric(low), metric(high))
}

/// An interval of a difference: `[−.0012, +.0031]`.
pub fn signed_interval(low: f64, high: f64) -> String {
    format!("[{}, {}]", signed(low), signed(high))
}

/// A p-value: `< .001`, `.043`, `1.000`.
pub fn p(value: f64) -> String {
    if value < 0.001 { format!("<{SPACE}.001") } else { decimals(value, 3) }
}

/// A p-value in a sentence: `p < .001`, `p = .043`.
pub fn p_is(value: f64) -> String {
    if value < 0.001 { format!("p{SPACE}<{SPACE}.001") } else { format!("p{SPACE}={SPACE}{}", decimals(value, 3)) }
}

/// A count: `22,363`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share as a percentage: `97.3 %`. What is not quite none or all never reads as none or all.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 0.0 && percent < 0.05 => format!("<{SPACE}0.1{SPACE}%"),
        percent if (99.95..100.0).contains(&percent) => format!(">{SPACE}99.9{SPACE}%"),
        percent => format!("{percent:.1}{SPACE}%").replace('-', "−"),
    }
}

/// Wall seconds: `0.4 s`, `42 s`, `12.4 min`, `3.1 h`; a dash for nothing at all.
pub fn seconds(secs: f64) -> String {
    match secs {
        secs if secs <= 0.0 => NONE.to_owned(),
        secs if secs < 0.05 => format!("<{SPACE}0.1{SPACE}s"),
        secs if secs < 9.95 => format!("{secs:.1}{SPACE}s"),
        secs if secs < 119.5 => format!("{secs:.0}{SPACE}s"),
        secs if secs < 7170.0 => format!("{:.1}{SPACE}min", secs / 60.0),
        secs => format!("{:.1}{SPACE}h", secs / 3600.0),
    }
}

/// The day of a moment in UTC: `2024-05-31`.
pub fn day(unix_secs: i64) -> String {
    let (year, month, day) = date(unix_secs);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of a moment in UTC.
pub fn date(unix_secs: i64) -> (i64, i64, i64) {
    // Days since 1 March of the year 0, in eras of 400 years (Hinnant, "chrono-compatible low-level date algorithms").
    let days = unix_secs.div_euclid(86_400).saturating_add(719_468);
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    (era * 400 + year + i64::from(month >= 10), (month + 2) % 12 + 1, day)
}

/// Bytes in MiB: `812 MiB`; a dash for nothing at all.
pub fn mebibytes(bytes: u64) -> String {
    match bytes {
        0 => NONE.to_owned(),
        bytes if bytes < 1 << 20 => format!("<{SPACE}1{SPACE}MiB"),
        bytes => format!("{}{SPACE}MiB", count((bytes + (1 << 19)) >> 20)),
    }
}

/// A tick of an axis: as many decimals as its step needs.
pub(crate) fn tick(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-6..1e6).contains(&step) {
        return format!("{value:.1e}").replace('-', "−");
    }
    let places = (-step.log10().floor()).clamp(0.0, 8.0) as usize;
    if places == 0 && value >= 0.0 { count(value.round() as u64) } else { decimals(value, places) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_the_fields_tables() {
        assert_eq!(metric(0.06124), ".0612", "no leading zero below one");
        assert_eq!(metric(1.0), "1.0000", "four decimals from one on too");
        assert_eq!(metric(-0.00004), ".0000", "what rounds to nothing has no sign");
        assert_eq!(signed(0.0123), "+.0123", "a gain has a plus");
        assert_eq!(signed(-0.0123), "−.0123", "a loss has a minus sign, not a hyphen");
        assert_eq!(signed(0.0), ".0000", "no difference has no sign");
        assert_eq!(p(0.0002), "<\u{202f}.001", "a small p is a bound, since flips are finite");
        assert_eq!(p(1.0), "1.000", "an adjusted p may be one");
        assert_eq!(p(0.001), ".001", "the bound itself is a value");
    }

    #[test]
    fn units_change_before_digits_pile_up() {
        let shown = |secs| seconds(secs).replace('\u{202f}', " ");
        assert_eq!(shown(0.0), "–", "nothing was spent");
        assert_eq!(shown(0.01), "< 0.1 s", "a little is not nothing");
        assert_eq!(shown(9.96), "10 s", "rounding does not leave three digits");
        assert_eq!(shown(119.4), "119 s", "two minutes begin at 119.5");
        assert_eq!(shown(744.0), "12.4 min", "minutes up to two hours");
        assert_eq!(shown(11_160.0), "3.1 h", "hours after that");
        assert_eq!(mebibytes(851_443_712).replace('\u{202f}', " "), "812 MiB", "bytes are shown in MiB");
        assert_eq!(percent(0.973).replace('\u{202f}', " "), "97.3 %", "one decimal");
        assert_eq!(percent(0.99999).replace('\u{202f}', " "), "> 99.9 %", "not quite all is not all");
        assert_eq!(percent(0.0001).replace('\u{202f}', " "), "< 0.1 %", "a few is not none");
        assert_eq!(count(1_234_567), "1,234,567", "thousands are parted");
        assert_eq!(count(999), "999", "a small count has no comma");
    }
}
