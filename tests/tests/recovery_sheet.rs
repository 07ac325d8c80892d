//! Can a recovery sheet be scanned, and is it the page that it should be?
//!
//! The modules of the QR code are read from the page as a browser draws them, and given to a reader of others.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use fdescrow::{
    Secret, Timestamp,
    audit::Text,
    key::{Kind, RecoveryKey},
    recovery::sheet::Sheet,
    verification::Place,
};
use fdescrow_identities::SystemRandomness;

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

/// The modules of the one path of the one image of the page, at `scale` pixels each.
fn drawn(html: &str, scale: usize) -> (usize, Vec<bool>) {
    let svg = html.split("<svg").nth(1).unwrap().split("</svg>").next().unwrap();
    let size: usize = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let path = svg.split(" d=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut black = vec![false; size * size];
    for module in path.split('M').skip(1) {
        let (x, rest) = module.split_once(' ').unwrap();
        let y = rest.strip_suffix("h1v1h-1z").unwrap();
        black[y.parse::<usize>().unwrap() * size + x.parse::<usize>().unwrap()] = true;
    }
    let pixels = size * scale;
    (pixels, (0..pixels * pixels).map(|at| black[at / pixels / scale * size + at % pixels / scale]).collect())
}

#[test]
fn the_code_is_read_by_a_scanner_for_keys_of_every_kind() {
    let mut count = 0;
    for kind in Kind::ALL {
        for _ in 0..20 {
            let key = RecoveryKey::generate(*kind, &SystemRandomness::new()).unwrap();
            let place = Place::new(*kind);
            let html = Sheet::new(&key, &place, now()).to_html();
            let (pixels, black) = drawn(html.expose(), 4);
            let shade = |x: usize, y: usize| if black[y * pixels + x] { 0 } else { 255 };
            let mut image = rqrr::PreparedImage::prepare_from_greyscale(pixels, pixels, shade);
            let grids = image.detect_grids();
            assert_eq!(grids.len(), 1, "{kind}");
            let (_, content) = grids[0].decode().unwrap();
            assert_eq!(content, key.expose(), "{kind}");
            count += 1;
        }
    }
    assert_eq!(count, 20 * Kind::ALL.len());
}

/// Reads a page with Python's parser: that every element is closed in order, and says what is in which.
const PARSER: &str = r#"
import sys
from html.parser import HTMLParser
VOID = {"meta", "rect", "path"}
class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.cells = [], set(), []
    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs), attrs
        if tag not in VOID:
            self.open.append(tag)
    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "span"):
            self.cells.append(data)
reader = Reader()
reader.feed(sys.stdin.buffer.read().decode())
reader.close()
assert reader.open == [], reader.open
assert not reader.seen & {"script", "img", "link", "iframe", "b"}, reader.seen
for cell in reader.cells:
    print(cell)
"#;

#[test]
fn the_page_is_well_formed_loads_nothing_and_shows_names_as_they_are() {
    let text = "AU2A-PHMK-WBGX-PWKX-M3X3-VAPY";
    let key = RecoveryKey::parse_exact(Kind::FileVault, &Secret::<str>::copy_from(text)).unwrap();
    let place = Place::new(Kind::FileVault);
    let mut sheet = Sheet::new(&key, &place, now());
    let name = "</td><b onclick=\"x\">Anna's & co</b><script src='//example.com'>";
    sheet.device = Some(Text::new(name).unwrap());
    let html = sheet.to_html();

    let mut python = Command::new("python3")
        .args(["-c", PARSER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    python.stdin.take().unwrap().write_all(html.expose().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let cells = String::from_utf8(output.stdout).unwrap();
    let cells: Vec<&str> = cells.lines().collect();
    assert!(cells.contains(&name), "{cells:?}");
    assert_eq!(cells.iter().filter(|cell| **cell == text).count(), 1);
    assert!(cells.contains(&"AU2A") && cells.contains(&"Alfa Uniform Two Alfa"));
}
