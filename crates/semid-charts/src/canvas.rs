//! The canvas: plotters' SVG backend at four times the size, scaled back by the `viewBox`, because its coordinates are
//! whole pixels. Charts speak logical pixels here and never see the factor.

use std::cell::RefCell;
use std::fmt;

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingArea, IntoDrawingArea};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, ShapeStyle, TextStyle};

use crate::theme::{Ink, with_variables};
use crate::{Error, Result, Theme, text};

/// The fonts of the reader's system, so that nothing is fetched and text stays text.
const FONTS: &str = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif";

/// How much finer than a logical pixel the coordinates are.
const FINENESS: f64 = 4.0;

/// A drawn chart: one `<svg>` element, and where on it values can be pointed at.
#[derive(Clone, Debug, PartialEq)]
pub struct Svg {
    element: String,
    marks: Vec<Mark>,
}

/// A place on a drawing, in the units of its `viewBox`, and what to say to whoever points at it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mark {
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// What to say, one line each; cleaned, not escaped.
    pub lines: Vec<String>,
}

impl Svg {
    /// The element, to stand in a page or in a file of its own.
    pub fn as_str(&self) -> &str {
        &self.element
    }

    /// The element, given away.
    pub fn into_string(self) -> String {
        self.element
    }

    /// Every bar, row, point and cell: the later lie on top.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }
}

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.element)
    }
}

/// What a picture is: its size in logical pixels and its words for those who do not see it.
pub(crate) struct Sheet<'a> {
    pub title: &'a str,
    pub description: String,
    pub width: f64,
    pub height: f64,
}

impl Sheet<'_> {
    /// Paints the ground, then whatever `paint` draws.
    pub(crate) fn paint(&self, theme: Theme, paint: impl FnOnce(&Canvas<'_>) -> Painted) -> Result<Svg> {
        let failed = |reason: String| Error::Drawing { chart: text::clean(self.title), reason };
        let size = (whole(self.width) as u32, whole(self.height) as u32);
        let mut drawn = String::new();
        let marks;
        {
            let area = SVGBackend::with_string(&mut drawn, size).into_drawing_area();
            let canvas = Canvas { area, theme, marks: RefCell::default() };
            canvas
                .rect(0.0, 0.0, self.width, self.height, Ink::Surface)
                .and_then(|()| paint(&canvas))
                .and_then(|()| canvas.area.present().map_err(|error| error.to_string()))
                .map_err(failed)?;
            marks = canvas.marks.take();
        }
        let painted = drawn
            .split_once(">\n")
            .and_then(|(_, rest)| rest.trim_end().strip_suffix("</svg>"))
            .ok_or_else(|| failed("the SVG backend left an unfinished element".to_owned()))?;
        Ok(Svg { element: self.element(size, painted, theme), marks })
    }

    /// The element around what was painted, with what all of it shares said once.
    fn element(&self, (width, height): (u32, u32), painted: &str, theme: Theme) -> String {
        let painted = painted
            .replace(&format!(" font-family=\"{FONTS}\""), "")
            .replace(" opacity=\"1\"", "")
            .replace(" stroke=\"none\"", "")
            .replace(" text-anchor=\"start\"", "")
            .replace(" \"/>", "\"/>")
            // What dividing font sizes leaves behind.
            .replace(".00000000000001\"", "\"")
            // Fills have no outline, and plotters says a width for it all the same.
            .replace(" stroke-width=\"0\"", "");
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" font-family=\"{FONTS}\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n\
             <title>{}</title>\n<desc>{}</desc>\n{painted}</svg>\n",
            self.width.round(),
            self.height.round(),
            escape(self.title),
            escape(&self.description),
        );
        if theme == Theme::Page { with_variables(&svg) } else { svg }
    }
}

/// What drawing gives: nothing, or the library's reason.
pub(crate) type Painted = Result<(), String>;

/// Where a text stands relative to its point; vertically always in its middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Middle,
    Right,
}

/// A surface that takes lines, shapes and words in logical pixels.
pub(crate) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    theme: Theme,
    marks: RefCell<Vec<Mark>>,
}

impl<'b> Canvas<'b> {
    /// A rectangle (left, top, width, height) that can be pointed at, and what to say there. Empty lines say nothing.
    pub(crate) fn mark(&self, (x, y, width, height): (f64, f64, f64, f64), lines: impl IntoIterator<Item = String>) {
        let lines = lines.into_iter().map(|line| text::clean(&line)).filter(|line| !line.is_empty()).collect();
        let [x, y, width, height] = [x, y, width, height].map(|length| (length * FINENESS).round());
        self.marks.borrow_mut().push(Mark { x, y, width, height, lines });
    }

    /// A text on one line; what cannot be shown is dropped, markup is escaped by the backend.
    pub(crate) fn text(&self, at: (f64, f64), align: Align, size: f64, ink: Ink, text: &str) -> Painted {
        self.words(at, align, size, FontStyle::Normal, ink, text)
    }

    /// A text in bold.
    pub(crate) fn bold(&self, at: (f64, f64), align: Align, size: f64, ink: Ink, text: &str) -> Painted {
        self.words(at, align, size, FontStyle::Bold, ink, text)
    }

    fn words(&self, at: (f64, f64), align: Align, size: f64, weight: FontStyle, ink: Ink, text: &str) -> Painted {
        let text = text::clean(text);
        if text.is_empty() {
            return Ok(());
        }
        // The backend divides every font size by 1.24.
        let font = FontDesc::new(FontFamily::Name(FONTS), size * FINENESS * 1.24, weight);
        let h_pos = match align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        let colour = self.theme.rgb(ink);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(h_pos, VPos::Center));
        self.draw(&Text::new(text, point(at), style))
    }

    /// A filled rectangle. One without any extent is not drawn.
    pub(crate) fn rect(&self, x: f64, y: f64, width: f64, height: f64, ink: Ink) -> Painted {
        let [from, to] = [point((x, y)), point((x + width, y + height))];
        if from.0 == to.0 || from.1 == to.1 {
            return Ok(());
        }
        self.draw(&Rectangle::new([from, to], self.fill(ink)))
    }

    /// A line, `weight` pixels thick.
    pub(crate) fn line(&self, from: (f64, f64), to: (f64, f64), ink: Ink, weight: f64) -> Painted {
        self.path(&[from, to], ink, weight)
    }

    /// A path through points, `weight` pixels thick.
    pub(crate) fn path(&self, points: &[(f64, f64)], ink: Ink, weight: f64) -> Painted {
        let points: Vec<_> = points.iter().copied().map(point).collect();
        self.draw(&PathElement::new(points, self.stroke(ink, weight)))
    }

    /// A path drawn as dashes: lengths of stroke and gap in turn. No lengths: drawn through.
    pub(crate) fn dashed(&self, points: &[(f64, f64)], dashes: &[f64], ink: Ink, weight: f64) -> Painted {
        if dashes.is_empty() {
            return self.path(points, ink, weight);
        }
        for stroke in cut_into_dashes(points, dashes) {
            self.path(&stroke, ink, weight)?;
        }
        Ok(())
    }

    /// A filled polygon.
    pub(crate) fn polygon(&self, points: &[(f64, f64)], ink: Ink) -> Painted {
        let points: Vec<_> = points.iter().copied().map(point).collect();
        self.draw(&Polygon::new(points, self.fill(ink)))
    }

    /// A filled circle.
    pub(crate) fn dot(&self, at: (f64, f64), radius: f64, ink: Ink) -> Painted {
        self.draw(&Circle::new(point(at), whole(radius), self.fill(ink)))
    }

    /// A circle's outline over the ground, so that lines below do not show through it.
    pub(crate) fn ring(&self, at: (f64, f64), radius: f64, ink: Ink, weight: f64) -> Painted {
        self.dot(at, radius, Ink::Surface)?;
        self.draw(&Circle::new(point(at), whole(radius), self.stroke(ink, weight)))
    }

    fn fill(&self, ink: Ink) -> ShapeStyle {
        ShapeStyle { stroke_width: 0, ..self.theme.rgb(ink).filled() }
    }

    fn stroke(&self, ink: Ink, weight: f64) -> ShapeStyle {
        self.theme.rgb(ink).stroke_width(whole(weight).max(1) as u32)
    }

    fn draw<'d, E>(&self, element: &'d E) -> Painted
    where
        &'d E: PointCollection<'d, (i32, i32)>,
        E: Drawable<SVGBackend<'b>>,
    {
        self.area.draw(element).map_err(|error| error.to_string())
    }
}

fn whole(length: f64) -> i32 {
    (length * FINENESS).round() as i32
}

fn point((x, y): (f64, f64)) -> (i32, i32) {
    (whole(x), whole(y))
}

fn escape(text: &str) -> String {
    text::clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The strokes of a dashed path.
fn cut_into_dashes(points: &[(f64, f64)], dashes: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut strokes = Vec::new();
    let (mut dash, mut left, mut drawing) = (0, dashes[0], true);
    let mut stroke: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let [from, to] = [pair[0], pair[1]];
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let at = (from.0 + (to.0 - from.0) * done / length, from.1 + (to.1 - from.1) * done / length);
            if drawing {
                stroke.push(at);
                strokes.push(std::mem::take(&mut stroke));
            } else {
                stroke = vec![at];
            }
            drawing = !drawing;
            dash = (dash + 1) % dashes.len();
            left = dashes[dash].max(0.5);
        }
        left -= length - done;
        if drawing {
            stroke.push(to);
        }
    }
    if drawing && stroke.len() > 1 {
        strokes.push(stroke);
    }
    strokes
}
