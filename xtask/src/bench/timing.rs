//! Does time tell a wrong padding from a right one? Measured for the page, on request: it takes long, and wants a quiet
//! machine.

use std::fmt::Write as _;
use std::path::Path;

use super::{build_ours, make_material, page};
use crate::place::Place;
use crate::steps::{Failure, Outcome, Steps, output};

/// Measurements when nobody says how many.
pub(crate) const MEASUREMENTS: u32 = 1_000_000;

/// The private keys, and the commands of `benches/` for them.
const IDENTITIES: [(&str, &str); 2] = [("AWS-LC", "timing-aws-lc"), ("pure Rust", "timing")];

/// Measures with each, and writes down what came out.
pub(crate) fn measure(steps: &mut Steps, place: &Place, measurements: u32) -> Result<(), Failure> {
    let material = place.target.join("bench/timing");
    steps.run("timing: build", || {
        let program = build_ours(place)?;
        make_material(place, &program, &material)
    })?;
    let program = place.target.join("release/fdescrow-benches");
    let mut rows = Vec::new();
    for (identity, command) in IDENTITIES {
        steps.run(identity, || {
            let said = output(place.command(&program).arg(command).arg(&material).arg(measurements.to_string()))?;
            print!("{said}");
            rows.extend(said.lines().map(|line| row(identity, line)).collect::<Result<Vec<_>, _>>()?);
            Ok(Outcome::Passed)
        })?;
    }
    steps.run("page", || write(&place.root.join("docs/performance.md"), measurements, &rows))
}

/// A row of the table, of a line of `benches/src/timing.rs`.
fn row(identity: &str, line: &str) -> Result<String, Failure> {
    let parts = || {
        let (cut, rest) = line.strip_prefix("fastest ")?.split_once(": wrong padding ")?;
        let (wrong, rest) = rest.split_once(", right padding ")?;
        let (right, t) = rest.split_once(", t = ")?;
        let t: f64 = t.parse().ok()?;
        let said = if t.abs() < 4.5 { "cannot be told apart" } else { "can be told apart" };
        Some(format!("| {identity} | {cut} | {wrong} | {right} | {t:.2} | {said} |"))
    };
    parts().ok_or_else(|| Failure(format!("not a line of the timing: {line}")))
}

fn write(page: &Path, measurements: u32, rows: &[String]) -> Result<Outcome, Failure> {
    let mut text = format!("`cargo xtask timing --measurements {measurements}`, on {}:\n\n", page::processor());
    text.push_str(
        "| private key | fastest | wrong padding | right padding | t | so that |\n|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let _ = writeln!(text, "{row}");
    }
    page::write(page, "timing", &text)?;
    Ok(Outcome::PassedWith("docs/performance.md".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_a_row_and_says_whether_the_classes_differ() {
        let line = |t: &str| format!("fastest 50 %: wrong padding 266123 ns, right padding 266130 ns, t = {t}");
        let same = row("AWS-LC", &line("-4.49")).unwrap();
        assert_eq!(same, "| AWS-LC | 50 % | 266123 ns | 266130 ns | -4.49 | cannot be told apart |");
        assert!(row("AWS-LC", &line("-4.51")).unwrap().ends_with("| can be told apart |"));
        assert!(row("AWS-LC", "nothing").is_err());
    }
}
