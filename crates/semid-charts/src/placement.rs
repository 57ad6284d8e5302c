//! Where the names of points stand so that they cover neither each other nor the marks.

/// A rectangle: left, top, right, bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    /// Around a point.
    pub(crate) fn around((x, y): (f64, f64), half_width: f64, half_height: f64) -> Self {
        Area { left: x - half_width, top: y - half_height, right: x + half_width, bottom: y + half_height }
    }

    fn shared(&self, other: &Area) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        if width > 0.0 && height > 0.0 { width * height } else { 0.0 }
    }

    fn outside(&self, frame: &Area) -> f64 {
        let over = |length: f64| length.max(0.0);
        over(frame.left - self.left)
            + over(self.right - frame.right)
            + over(frame.top - self.top)
            + over(self.bottom - frame.bottom)
    }
}

/// Something that names should keep off.
pub(crate) struct Obstacle {
    pub area: Area,
    /// What covering one square pixel of it costs; a marker costs more than a whisker.
    pub weight: f64,
}

/// Height of a name.
pub(crate) const HEIGHT: f64 = 16.0;

/// Areas for names of such widths beside their points, inside the frame. A name goes where it covers least and stands
/// nearest; three rounds let those that were placed first make way for the others.
pub(crate) fn place(points: &[(f64, f64)], widths: &[f64], obstacles: &[Obstacle], frame: &Area) -> Vec<Area> {
    let mut placed: Vec<Option<Area>> = vec![None; points.len()];
    for _ in 0..3 {
        for at in 0..points.len() {
            let Some(&width) = widths.get(at) else { continue };
            let mut best: Option<(f64, Area)> = None;
            for (near, area) in candidates(points[at], width) {
                let names = placed.iter().enumerate().filter(|(other, _)| *other != at).filter_map(|(_, area)| *area);
                let cost = near
                    + misread(points, at, &area)
                    + 1e4 * area.outside(frame)
                    + 12.0 * names.map(|other| other.shared(&area)).sum::<f64>()
                    + obstacles.iter().map(|one| one.weight * one.area.shared(&area)).sum::<f64>();
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, area));
                }
            }
            placed[at] = best.map(|best| best.1);
        }
    }
    placed.into_iter().map(Option::unwrap_or_default).collect()
}

/// What it costs that a reader may take the name for another point's: the other is nearer, or stands on the line that
/// leads to the name.
fn misread(points: &[(f64, f64)], at: usize, area: &Area) -> f64 {
    let own = points[at];
    let end = nearest(area, own);
    let length = distance(own, end);
    let others = points.iter().enumerate().filter(|&(other, &point)| other != at && point != own);
    others
        .map(|(_, &point)| {
            let along = ((point.0 - own.0) * (end.0 - own.0) + (point.1 - own.1) * (end.1 - own.1)) / length.max(1.0);
            let along = (along / length.max(1.0)).clamp(0.0, 1.0);
            let on_line = (own.0 + (end.0 - own.0) * along, own.1 + (end.1 - own.1) * along);
            let crossed = if distance(point, on_line) < 8.0 && along > 0.0 { 200.0 } else { 0.0 };
            let nearer = if distance(point, nearest(area, point)) < length { 120.0 } else { 0.0 };
            crossed + nearer
        })
        .sum()
}

fn distance(one: (f64, f64), other: (f64, f64)) -> f64 {
    (one.0 - other.0).hypot(one.1 - other.1)
}

/// Places around a point with what their distance costs.
fn candidates((x, y): (f64, f64), width: f64) -> impl Iterator<Item = (f64, Area)> {
    const DIRECTIONS: [(f64, f64); 8] =
        [(1.0, 0.0), (1.0, -0.8), (1.0, 0.8), (-1.0, 0.0), (-1.0, -0.8), (-1.0, 0.8), (0.0, -1.0), (0.0, 1.0)];
    [12.0, 20.0, 30.0, 44.0, 62.0, 84.0, 112.0, 146.0].into_iter().flat_map(move |radius: f64| {
        DIRECTIONS.into_iter().enumerate().map(move |(order, (across, down))| {
            let middle = (x + across * (radius + width / 2.0), y + down * radius);
            (radius * 4.0 + order as f64, Area::around(middle, width / 2.0, HEIGHT / 2.0))
        })
    })
}

/// The point of an area that is nearest to another point, for a line that leads to it.
pub(crate) fn nearest(area: &Area, (x, y): (f64, f64)) -> (f64, f64) {
    (x.clamp(area.left, area.right), y.clamp(area.top, area.bottom))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_points_in_a_heap_cover_neither_each_other_nor_the_points() {
        let points: Vec<(f64, f64)> =
            (0..9).map(|at| (300.0 + 7.0 * f64::from(at % 3), 200.0 + 6.0 * f64::from(at / 3))).collect();
        let frame = Area { left: 60.0, top: 40.0, right: 700.0, bottom: 420.0 };
        let obstacles: Vec<Obstacle> =
            points.iter().map(|&at| Obstacle { area: Area::around(at, 6.0, 6.0), weight: 8.0 }).collect();
        let placed = place(&points, &[120.0; 9], &obstacles, &frame);
        for (at, area) in placed.iter().enumerate() {
            assert_eq!(area.outside(&frame), 0.0, "name {at} stays in the frame: {area:?}");
            let covered = placed[at + 1..].iter().chain(obstacles.iter().map(|one| &one.area));
            let covered: f64 = covered.map(|other| other.shared(area)).sum();
            assert_eq!(covered, 0.0, "name {at} covers nothing: {area:?}");
        }
        assert_eq!(placed, place(&points, &[120.0; 9], &obstacles, &frame), "nothing but the points decides");
    }
}
