//! The file that is kept elsewhere.

use super::*;
use crate::ErrorCode;

fn file() -> String {
    let (mut writer, mut file) = CheckpointWriter::start(&organization(), Some(Digest::of(b"before")), second(3));
    let mut subjects = vec![Subject::Organization];
    subjects.extend(["A", "B\\\"", "\u{1f512}"].map(|name| Subject::Device(DeviceId::new(name).unwrap())));
    for (subject, number) in subjects.iter().zip(1..) {
        file += &writer.leaf(subject, &Head::new(number, Digest::of(subject.to_string().as_bytes()))).unwrap();
    }
    file + &writer.finish().0
}

fn read(file: &str) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::parse(file.as_bytes(), &CheckpointLimits::default())
}

#[test]
fn a_checkpoint_is_read_as_it_was_written() {
    let checkpoint = read(&file()).unwrap();
    assert_eq!(checkpoint.organization(), &organization());
    assert_eq!(checkpoint.time(), second(3));
    assert_eq!(checkpoint.predecessor(), Some(&Digest::of(b"before")));
    assert_eq!(checkpoint.leaves().len(), 4);
    assert_eq!(checkpoint.leaves()[0].subject, Subject::Organization);
    assert_eq!(checkpoint.leaves()[3].head.number, 4);
    let lines = file();
    let signed = &lines[..lines.trim_end().rfind('\n').unwrap() + 1];
    assert_eq!(checkpoint.digest(), Digest::of(signed.as_bytes()));
}

#[test]
fn every_byte_of_a_checkpoint_counts() {
    let whole = file().into_bytes();
    let mut changed = 0;
    for index in 0..whole.len() {
        for mask in [0x01, 0x20, 0x80] {
            let mut bytes = whole.clone();
            bytes[index] ^= mask;
            assert!(Checkpoint::parse(&bytes, &CheckpointLimits::default()).is_err(), "{index} {mask}");
            changed += 1;
        }
        assert!(Checkpoint::parse(&whole[..index], &CheckpointLimits::default()).is_err(), "cut at {index}");
    }
    println!("{changed} changes of one byte and {} cuts of a checkpoint, each refused", whole.len());
}

#[test]
fn what_is_no_checkpoint_is_refused_with_its_line() {
    let whole = file();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let joined = |order: &[usize]| order.iter().map(|line| lines[*line]).collect::<String>();
    let cases = [
        (String::new(), "line 1 of the checkpoint is missing, longer than is accepted, or not ended"),
        (
            whole.replace("\"checkpoint\":1", "\"checkpoint\":2"),
            "line 1 of the checkpoint is of a version that is not known",
        ),
        (joined(&[0, 1, 3, 2, 4, 5]), "line 4 of the checkpoint is not sorted, or repeats a chain"),
        (joined(&[0, 1, 1, 2, 3, 4, 5]), "line 3 of the checkpoint is not sorted, or repeats a chain"),
        (joined(&[0, 1, 2, 3, 5]), "line 5 of the checkpoint counts another number of leaves"),
        (joined(&[1, 2, 3, 4, 5]), "line 1 of the checkpoint is not what belongs there"),
        (joined(&[0, 1, 2, 3, 4]), "line 5 of the checkpoint is not what belongs there"),
        (joined(&[0, 1, 2, 3, 4, 5, 5]), "line 6 of the checkpoint is not what belongs there"),
        (whole.replace("\"number\":2", "\"number\":0"), "line 3 of the checkpoint is of a chain without entries"),
        (whole.replace("\"number\":2", "\"number\": 2"), "line 3 of the checkpoint is not in its one form"),
        (
            whole.replace("\"number\":2", "\"number\":7"),
            "line 6 of the checkpoint has a digest that is not that of the lines before it",
        ),
        (
            whole.replacen("\"A\"", &format!("\"{}\"", "A".repeat(5_000)), 1),
            "line 3 of the checkpoint is missing, longer than is accepted, or not ended",
        ),
    ];
    for (file, message) in cases {
        let error = read(&file).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.code(), ErrorCode::CheckpointSyntax);
    }
    assert_eq!(Checkpoint::parse(whole.as_bytes(), &CheckpointLimits { leaves: 3 }).unwrap_err().line, 5);
    assert!(Checkpoint::parse(whole.as_bytes(), &CheckpointLimits { leaves: 4 }).is_ok());
}

#[test]
fn the_longest_names_fit_a_line() {
    let name = "\\".repeat(255);
    let (mut writer, header) =
        CheckpointWriter::start(&Organization::new(&*name).unwrap(), Some(Digest::ZERO), second(0));
    let leaf =
        writer.leaf(&Subject::Device(DeviceId::new(&*name).unwrap()), &Head::new(u64::MAX, Digest::ZERO)).unwrap();
    assert!(header.len() <= CheckpointLimits::LINE_BYTES && leaf.len() <= CheckpointLimits::LINE_BYTES);
    assert!(read(&(header + &leaf + &writer.finish().0)).is_ok());
}

#[test]
fn a_writer_refuses_what_could_not_be_read() {
    let (mut writer, _) = CheckpointWriter::start(&organization(), None, second(0));
    let device = |name: &str| Subject::Device(DeviceId::new(name).unwrap());
    writer.leaf(&device("B"), &Head::new(1, Digest::ZERO)).unwrap();
    for subject in [device("A"), device("B"), Subject::Organization] {
        assert_eq!(writer.leaf(&subject, &Head::new(1, Digest::ZERO)).unwrap_err().line, 3);
    }
    assert!(writer.leaf(&device("C"), &Head::GENESIS).is_err());
    assert!(writer.leaf(&device("C"), &Head::new(1, Digest::ZERO)).is_ok());
}

#[test]
fn a_lookup_that_fails_is_no_finding() {
    let checkpoint = read(&file()).unwrap();
    assert_eq!(checkpoint.compare(|_, _| Err("the database is gone")), Err("the database is gone"));
    let missing = checkpoint.compare(|_, _| Ok::<_, ()>((Some(9), None))).unwrap();
    assert_eq!(missing[0].to_string(), "the organization: entries 1 to 1 are missing");
    let words: Vec<String> = checkpoint
        .compare(|_, _| Ok::<_, ()>((Some(9), Some(Digest::ZERO))))
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(words[1], "device A: the chain was rewritten: entry 2 does not have the hash that the checkpoint has");
}

#[test]
fn a_later_checkpoint_may_only_add() {
    let devices: Vec<Device> = (0..5).map(|number| Device::with_history(&format!("{number}"), 5, None)).collect();
    let all: Vec<&Device> = devices.iter().collect();
    let before = checkpoint(&all[..4]);
    let mut grown = devices.clone();
    grown[0].record(Action::KeyChecked, "keys/1", "opens", None);
    assert_eq!(before.compare_later(&checkpoint(&grown.iter().collect::<Vec<_>>())), []);
    assert_eq!(before.compare_later(&before), []);

    grown[1].entries[4].1 = grown[1].entries[4].1.replace("routine", "ordinary");
    grown[1].recompute(4);
    grown[2] = Device::with_history("2", 4, None);
    grown.remove(3);
    let found = before.compare_later(&checkpoint(&grown.iter().collect::<Vec<_>>()));
    let words: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "device 1: the chain was rewritten: entry 5 does not have the hash that the checkpoint has",
            "device 2: the chain was shortened: the checkpoint has 5 entries, and the last is 4",
            "device 3: the whole chain is gone; the checkpoint has 5 entries of it"
        ]
    );
}
