//! Fleet's matrices as oracles: every cell in which we answer otherwise is listed with its reason, and no other is.

use std::collections::BTreeMap;

use fdescrow::verification::Status;
use fdescrow_tests::incumbent::{Cell, DIFFERENCES, Difference, Matrix, cells, counted, judge, shown};

/// Our status in Fleet's words: where nothing is demanded, Fleet has none.
fn in_their_words(status: Status) -> Option<Status> {
    Some(status).filter(|status| *status != Status::NotRequired)
}

fn agrees(cell: &Cell) -> bool {
    let ours = in_their_words(judge(cell).status);
    counted(cell) == ours && shown(cell) == ours
}

fn listed(cell: &Cell) -> Vec<&'static Difference> {
    let applies = |difference: &&Difference| difference.matrices.contains(&cell.matrix) && (difference.applies)(cell);
    DIFFERENCES.iter().filter(applies).collect()
}

#[test]
fn every_cell_in_which_fleet_says_otherwise_is_listed_with_its_reason_and_no_other_is() {
    let mut problems: BTreeMap<String, (usize, Cell)> = BTreeMap::new();
    let mut problem = |text: String, cell: &Cell| problems.entry(text).or_insert((0, *cell)).0 += 1;
    for matrix in Matrix::ALL {
        let cells = cells(*matrix);
        let mut differing = 0;
        for cell in &cells {
            let (ours, listed) = (judge(cell).status, listed(cell));
            let words = format!("{matrix:?}: {:?}/{:?} -> {ours}, {:?}", counted(cell), shown(cell), cell.late);
            match (agrees(cell), listed.as_slice()) {
                (true, []) => {}
                (true, [one, ..]) => problem(format!("listed, and does not exist: {words} ({})", one.when), cell),
                (false, []) => problem(format!("not listed: {words}"), cell),
                (false, [one]) if one.ours == ours => differing += 1,
                (false, [one]) => problem(format!("listed as {}: {words} ({})", one.ours, one.when), cell),
                (false, [one, two, ..]) => {
                    problem(format!("listed twice: {words} ({} / {})", one.when, two.when), cell)
                }
            }
        }
        println!("{}: {} cells, {differing} differ for listed reasons", matrix.as_str(), cells.len());
    }
    for difference in DIFFERENCES {
        let used = Matrix::ALL.iter().all(|matrix| {
            let of_it = || cells(*matrix).iter().any(|cell| (difference.applies)(cell));
            !difference.matrices.contains(matrix) || of_it()
        });
        assert!(used, "a difference has a matrix in which it does not exist: {}", difference.when);
    }
    let text: Vec<String> =
        problems.iter().map(|(text, (count, cell))| format!("{text}: {count}, as {cell:?}")).collect();
    assert!(text.is_empty(), "{} kinds of problems\n{}", text.len(), text.join("\n"));
}

#[test]
fn the_matrices_are_those_that_are_known() {
    let plain = |matrix| cells(matrix).into_iter().filter(|cell: &Cell| !cell.late);
    let macs: Vec<Cell> = plain(Matrix::MacOs).filter(|cell| format!("{cell:?}").contains("encrypted: None")).collect();
    let with_profile = macs.iter().filter(|cell| !format!("{cell:?}").contains("profile: None")).count();
    assert_eq!((macs.len(), with_profile), (44, 40));
    assert_eq!(macs.iter().filter(|cell| counted(cell) != shown(cell)).count(), 5, "Fleet disagrees with itself");
}
