//! A drawn chart as PNG: the same element, painted with fonts that come along, so that a picture looks the same on every
//! machine and no word is ever missing. Letters that these fonts lack are taken from the machine's own.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use crate::{Error, Result, Svg};

/// DejaVu Sans Condensed runs about as wide as the sans serifs that the charts are laid out for.
const FAMILY: &str = "DejaVu Sans Condensed";
const REGULAR: &[u8] = include_bytes!("../fonts/DejaVuSansCondensed.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/DejaVuSansCondensed-Bold.ttf");

/// Paints a drawing, `scale` pixels to a logical pixel.
pub fn png(svg: &Svg, scale: f32) -> Result<Vec<u8>> {
    let failed = |reason: String| Error::Drawing { chart: "PNG".to_owned(), reason };
    let options = Options { fontdb: fonts(), font_family: FAMILY.to_owned(), ..Options::default() };
    // The first family is the one whose letters are taken while it has them.
    let text = svg.as_str().replace("font-family=\"", &format!("font-family=\"{FAMILY}, "));
    let tree = Tree::from_str(&text, &options).map_err(|error| failed(error.to_string()))?;
    let size = tree.size().to_int_size().scale_by(scale).ok_or_else(|| failed("it has no size".to_owned()))?;
    let mut pixels =
        Pixmap::new(size.width(), size.height()).ok_or_else(|| failed("it is too large for memory".to_owned()))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| failed(error.to_string()))
}

/// Our fonts and the machine's; looked for once.
fn fonts() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let found = FONTS.get_or_init(|| {
        let mut fonts = Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(BOLD.to_vec());
        fonts.load_system_fonts();
        fonts.set_sans_serif_family(FAMILY);
        Arc::new(fonts)
    });
    found.clone()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use resvg::tiny_skia::Pixmap;

    use crate::{Bar, BarGroup, Chart, Estimate, MetricBars, Theme, draw};

    fn painted(label: &str, theme: Theme) -> Pixmap {
        let estimate = Estimate { value: 0.1, low: 0.05, high: 0.15 };
        let bars = vec![Bar { label: label.to_owned(), estimate, baseline: false }];
        let groups = vec![BarGroup { label: String::new(), bars }];
        let chart = MetricBars { title: "NDCG".into(), metric: "NDCG".into(), groups, ..MetricBars::default() };
        let svg = draw(&Chart::MetricBars(chart), theme).unwrap();
        Pixmap::decode_png(&super::png(&svg, 2.0).unwrap()).unwrap()
    }

    /// Pixels left of the bars that are not ground: the ink of the label.
    fn ink(picture: &Pixmap) -> usize {
        let ground = picture.pixel(2, 2).unwrap();
        let label = |at: &usize| {
            let (x, y) = (*at as u32 % picture.width(), *at as u32 / picture.width());
            x < 140 && y > 120 && y < 170
        };
        let pixels = picture.pixels();
        (0..pixels.len()).filter(label).filter(|&at| pixels[at] != ground).count()
    }

    #[test]
    fn words_are_painted_in_every_theme_and_for_letters_of_other_scripts() {
        for theme in [Theme::Light, Theme::Dark] {
            let empty = ink(&painted("", theme));
            for words in ["Popularity", "Популярность", "Δημοφιλία", "<b>&\"'"] {
                let inked = ink(&painted(words, theme));
                assert!(inked > empty + 100, "{words} is drawn, not left out: {inked} pixels of ink, {empty} without");
            }
        }
    }

    #[test]
    fn the_picture_is_twice_as_large_as_the_drawing_and_the_same_each_time() {
        let [one, two] = [(); 2].map(|()| painted("arm", Theme::Light));
        assert_eq!(one.width(), 1600, "two pixels to one of the drawing's 800");
        assert!(one == two, "the same data give the same picture");
    }
}
