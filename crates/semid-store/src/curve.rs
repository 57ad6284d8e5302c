//! Curves recorded while a run trains.

use rusqlite::Connection;
use semid_core::SeriesPoint;
use semid_core::comparison::Curve;

use crate::{Error, Result, Store};

impl Store {
    /// Adds points as they come; the same point again replaces the one before.
    pub fn add_points(&self, run: i64, arm: &str, seed: u64, points: &[SeriesPoint]) -> Result<()> {
        self.write("recording a curve", |connection| {
            let points = points.iter().map(|point| (point.series.as_str(), point.at, point.value));
            insert(connection, run, arm, seed, points)
        })
    }

    /// The curves of an arm: by seed, then by series, points in order.
    pub fn curves(&self, run: i64, arm: &str) -> Result<Vec<Curve>> {
        self.read("reading the curves of a run", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seed, series, at, value FROM curve_point WHERE run = ?1 AND arm = ?2 ORDER BY seed, series, at",
            )?;
            let mut rows = statement.query((run, arm))?;
            let mut curves: Vec<Curve> = Vec::new();
            while let Some(row) = rows.next()? {
                let seed = row.get::<_, i64>(0)? as u64;
                let series: String = row.get(1)?;
                let point = (row.get::<_, i64>(2)? as u64, row.get(3)?);
                match curves.last_mut() {
                    Some(curve) if curve.seed == seed && curve.series == series => curve.points.push(point),
                    _ => curves.push(Curve { series, seed, points: vec![point] }),
                }
            }
            Ok(curves)
        })
    }
}

/// Writes (series, at, value) inside a transaction.
pub(crate) fn insert<'a>(
    connection: &Connection,
    run: i64,
    arm: &str,
    seed: u64,
    points: impl Iterator<Item = (&'a str, u64, f64)>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO curve_point (run, arm, seed, series, at, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (series, at, value) in points {
        if !value.is_finite() {
            return Err(Error::input(format!("The curve “{series}” of {arm} has no finite value at {at}.")));
        }
        statement.execute((run, arm, seed as i64, series, at as i64, value))?;
    }
    Ok(())
}
