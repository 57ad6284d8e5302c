//! The colours of every chart, light and dark, in this one file.
//!
//! The series colours start from Okabe and Ito's set (2008), moved until each keeps 3:1 against its background, which
//! theirs do not on white, and until any two stay apart under protanopia, deuteranopia and tritanopia. The tests measure
//! both. Colour never speaks alone: lines also differ by dashes, marks by shape, bars by their labels.

use plotters::style::RGBColor;
use serde::{Deserialize, Serialize};

/// The colours a chart is drawn in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Dark on white: files, print.
    #[default]
    Light,
    /// Light on near black: files for dark pages.
    Dark,
    /// For a picture that stands inside a page: every colour is a CSS variable of [`page_css`] with the light colour as
    /// its fall-back, so that the page's switch between light and dark recolours the picture too.
    Page,
}

/// What a colour is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// The ground everything stands on.
    Surface,
    /// Lines that help reading and mean nothing.
    Grid,
    /// The zero line and axes.
    Axis,
    /// Words and numbers that are read.
    Text,
    /// Words that explain.
    Muted,
    /// Intervals and marks on top of bars.
    Mark,
    /// What is better than its reference.
    Better,
    /// What is worse than its reference.
    Worse,
    /// What cannot be told apart from its reference; the baseline.
    Neutral,
    /// The one colour of charts that tell nothing by colour.
    Accent,
    /// One of the series, starting again after [`SERIES`].
    Series(usize),
    /// A step away from the middle of a rating scale: from −4, the lowest point, to 4, the highest.
    Point(i8),
}

/// Steps of a rating scale on either side of its middle.
pub(crate) const STEPS: usize = 4;

/// Series colours there are before they repeat.
pub(crate) const SERIES: usize = 7;

struct Palette {
    surface: u32,
    band: u32,
    grid: u32,
    axis: u32,
    text: u32,
    muted: u32,
    mark: u32,
    better: u32,
    worse: u32,
    neutral: u32,
    accent: u32,
    series: [u32; SERIES],
    /// From the lowest point of a scale to the highest. Words stand on the outer two of each side in the colour of the
    /// ground, on the others in that of words.
    points: [u32; 2 * STEPS + 1],
}

const LIGHT: Palette = Palette {
    surface: 0xFFFFFF,
    band: 0xF4F5F7,
    grid: 0xE1E4E8,
    axis: 0x6B7280,
    text: 0x16191D,
    muted: 0x565D66,
    mark: 0x20242A,
    better: 0x0B5CAD,
    worse: 0xC2410C,
    neutral: 0x7A828E,
    accent: 0x2A72B5,
    series: [0x063C98, 0xCE720E, 0x006A52, 0xAE7194, 0x984C04, 0x4182C4, 0x462656],
    points: [0x9A3509, 0xBC5722, 0xE59A6E, 0xF2C4A6, 0xD5D9DF, 0xB0CFEC, 0x7FAFDD, 0x3A75B5, 0x0F4C8F],
};

const DARK: Palette = Palette {
    surface: 0x14171C,
    band: 0x1D2128,
    grid: 0x2E343D,
    axis: 0x8B94A1,
    text: 0xECEEF1,
    muted: 0xA5ADB8,
    mark: 0xE4E7EB,
    better: 0x6CB6FF,
    worse: 0xF0883E,
    neutral: 0x8E97A3,
    accent: 0x5BA4E6,
    series: [0x64C9F9, 0xA86C24, 0x1D9D77, 0xE997BD, 0xCFB13C, 0x166FFF, 0x9571AE],
    points: [0xF5A066, 0xC9713A, 0x8A4E2A, 0x573825, 0x3A414B, 0x2A4560, 0x2F6598, 0x4A93D6, 0x8CC4FA],
};

impl Palette {
    /// Every colour with the name of its CSS variable.
    fn named(&self) -> Vec<(String, u32)> {
        let mut named: Vec<(String, u32)> = [
            ("surface", self.surface),
            ("band", self.band),
            ("grid", self.grid),
            ("axis", self.axis),
            ("text", self.text),
            ("muted", self.muted),
            ("mark", self.mark),
            ("better", self.better),
            ("worse", self.worse),
            ("neutral", self.neutral),
            ("accent", self.accent),
        ]
        .map(|(name, colour)| (format!("--chart-{name}"), colour))
        .into();
        named
            .extend(self.series.iter().enumerate().map(|(at, &colour)| (format!("--chart-series-{}", at + 1), colour)));
        named.extend(self.points.iter().enumerate().map(|(at, &colour)| (format!("--chart-point-{}", at + 1), colour)));
        named
    }

    fn colour(&self, ink: Ink) -> u32 {
        match ink {
            Ink::Surface => self.surface,
            Ink::Grid => self.grid,
            Ink::Axis => self.axis,
            Ink::Text => self.text,
            Ink::Muted => self.muted,
            Ink::Mark => self.mark,
            Ink::Better => self.better,
            Ink::Worse => self.worse,
            Ink::Neutral => self.neutral,
            Ink::Accent => self.accent,
            Ink::Series(at) => self.series[at % SERIES],
            Ink::Point(step) => self.points[(i16::from(step) + STEPS as i16).clamp(0, 2 * STEPS as i16) as usize],
        }
    }
}

impl Theme {
    pub(crate) fn rgb(self, ink: Ink) -> RGBColor {
        let palette = if self == Theme::Dark { &DARK } else { &LIGHT };
        let [_, red, green, blue] = palette.colour(ink).to_be_bytes();
        RGBColor(red, green, blue)
    }
}

/// Declarations of the CSS variables that [`Theme::Page`] draws with, for a rule of the page: `dark` or light.
pub fn page_css(dark: bool) -> String {
    let palette = if dark { &DARK } else { &LIGHT };
    palette.named().iter().map(|(name, colour)| format!("{name}:#{colour:06X};")).collect()
}

/// Puts the CSS variables in the place of the light colours. Only attributes hold a quoted colour: a quote in a text is
/// escaped.
pub(crate) fn with_variables(svg: &str) -> String {
    LIGHT.named().iter().fold(svg.to_owned(), |svg, (name, colour)| {
        svg.replace(&format!("\"#{colour:06X}\""), &format!("\"var({name},#{colour:06X})\""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear(colour: u32) -> [f64; 3] {
        let [_, red, green, blue] = colour.to_be_bytes();
        [red, green, blue].map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// WCAG 2's contrast ratio.
    fn contrast(a: u32, b: u32) -> f64 {
        let luminance = |colour| {
            let [red, green, blue] = linear(colour);
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    /// CIE L*a*b* of a linear colour under D65.
    fn lab(linear: [f64; 3]) -> [f64; 3] {
        const XYZ: [[f64; 3]; 3] = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];
        let white = [0.95047, 1.0, 1.08883];
        let mut f = [0.0; 3];
        for (at, row) in XYZ.iter().enumerate() {
            let t = row.iter().zip(linear).map(|(m, c)| m * c.clamp(0.0, 1.0)).sum::<f64>() / white[at];
            f[at] = if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        }
        [116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])]
    }

    /// Machado, Oliveira and Fernandes (2009), severity 1.
    const VISIONS: [(&str, [[f64; 3]; 3]); 4] = [
        ("normal", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        ),
        (
            "deuteranopia",
            [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        ),
        (
            "tritanopia",
            [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
        ),
    ];

    fn distance(vision: &[[f64; 3]; 3], a: u32, b: u32) -> f64 {
        let seen = |colour| {
            let colour = linear(colour);
            lab([0, 1, 2].map(|row: usize| vision[row].iter().zip(colour).map(|(m, c)| m * c).sum()))
        };
        seen(a).iter().zip(seen(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn words_keep_4_5_to_1_and_marks_3_to_1_on_every_ground() {
        for (theme, palette) in [("light", &LIGHT), ("dark", &DARK)] {
            for ground in [palette.surface, palette.band] {
                for colour in [palette.text, palette.muted] {
                    let ratio = contrast(colour, ground);
                    assert!(
                        ratio >= 4.5,
                        "{theme} words #{colour:06X} on #{ground:06X}: WCAG AA asks 4.5, got {ratio:.2}"
                    );
                }
                let marks =
                    [palette.axis, palette.mark, palette.better, palette.worse, palette.neutral, palette.accent];
                for colour in marks.into_iter().chain(palette.series) {
                    let ratio = contrast(colour, ground);
                    assert!(ratio >= 3.0, "{theme} mark #{colour:06X} on #{ground:06X}: WCAG asks 3, got {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn words_can_be_read_on_every_point_of_a_scale() {
        for (theme, palette) in [("light", &LIGHT), ("dark", &DARK)] {
            for (at, &colour) in palette.points.iter().enumerate() {
                let outer = at.abs_diff(STEPS) > 2;
                let ratio = contrast(colour, if outer { palette.surface } else { palette.text });
                assert!(ratio >= 4.5, "{theme} words on point {at} #{colour:06X}: WCAG AA asks 4.5, got {ratio:.2}");
            }
        }
    }

    #[test]
    fn series_stay_apart_for_colour_blind_readers() {
        for (theme, palette) in [("light", &LIGHT), ("dark", &DARK)] {
            for (name, vision) in &VISIONS {
                for (at, &a) in palette.series.iter().enumerate() {
                    for &b in &palette.series[at + 1..] {
                        let apart = distance(vision, a, b);
                        assert!(
                            apart >= 15.0,
                            "{theme}, {name}: #{a:06X} and #{b:06X} are {apart:.1} apart; 15 is told at a glance"
                        );
                    }
                }
                let [better, worse] = [palette.better, palette.worse];
                assert!(
                    distance(vision, better, worse) >= 30.0,
                    "{theme}, {name}: better and worse must never be confused"
                );
            }
        }
    }

    #[test]
    fn every_light_colour_names_one_role() {
        let mut colours: Vec<u32> = LIGHT.named().iter().map(|named| named.1).collect();
        colours.sort_unstable();
        colours.dedup();
        assert_eq!(colours.len(), LIGHT.named().len(), "a page swaps colours by value, so two roles cannot share one");
    }
}
