//! What do the documents hold, and which parts of them are generated?
//!
//! A generated part stands between two comments, `<!-- name: generated -->` and `<!-- name: end -->`; a test with
//! `documented` in its name compares it with the code, or writes it anew where `BLESS` is set.

use std::env;
use std::fs::{self, File};
use std::process::Command;

use crate::workspace_root;

/// Every Markdown file of the checkout that git tracks or would track: its path from the root, and its text.
pub fn documents() -> Vec<(String, String)> {
    let root = workspace_root();
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"])
        .current_dir(&root)
        .output()
        .expect("git runs");
    assert!(listed.status.success(), "git: {}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).expect("the names of our files are UTF-8");
    let mut documents: Vec<(String, String)> = names
        .split_terminator('\0')
        // deleted but not yet committed
        .filter_map(|name| Some((name.to_owned(), fs::read_to_string(root.join(name)).ok()?)))
        .collect();
    documents.sort();
    documents.dedup();
    documents
}

/// One file of the checkout, by its path from the root.
pub fn document(path: &str) -> String {
    fs::read_to_string(workspace_root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Compares a generated part of a document with what it should be, or writes it.
///
/// # Panics
/// Where they differ, or the document has no such part.
pub fn hold(path: &str, part: &str, generated: &str) {
    let blessing = env::var_os("BLESS").is_some();
    // Several tests may write parts of one document, each in a process of its own.
    let lock = blessing.then(|| File::open(workspace_root().join(path)).expect("the document is there"));
    if let Some(lock) = &lock {
        lock.lock().expect("the document can be locked");
    }
    let text = document(path);
    let expected = replaced(&text, part, generated).unwrap_or_else(|| panic!("{path} has no part `{part}`"));
    if blessing && text != expected {
        fs::write(workspace_root().join(path), expected).expect("the document can be written");
        return;
    }
    assert!(text == expected, "{path}, part `{part}`, is not what the code says: run `cargo xtask bless`\n{generated}");
}

/// The text with another generated part of this name.
fn replaced(text: &str, part: &str, generated: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {part}: generated -->\n"), format!("<!-- {part}: end -->"));
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}{generated}{end}{after}"))
}

/// The fenced blocks of a document, those in lists too: what stands behind the fence, and the text inside.
pub fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    // By how much the block that is open is indented.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let fence = line.trim_start().strip_prefix("```");
        match (fence, open) {
            (Some(info), None) => {
                open = line.find("```");
                blocks.push((info.trim().to_owned(), String::new()));
            }
            (Some(_), Some(_)) => open = None,
            (None, Some(indent)) => {
                if let Some((_, block)) = blocks.last_mut() {
                    block.push_str(line.get(indent..).unwrap_or_default());
                    block.push('\n');
                }
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The text without its fenced blocks: what a reader reads.
pub fn prose(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a\n<!-- t: generated -->\nold\n<!-- t: end -->\nb\n  ```sh,x\n  ls\n    -l\n\n  ```\nc\n";

    #[test]
    fn a_generated_part_is_replaced_and_the_rest_is_kept() {
        let new = replaced(TEXT, "t", "new\n").unwrap();
        assert_eq!(new, TEXT.replace("old", "new"));
        assert_eq!(replaced(TEXT, "u", "new\n"), None);
    }

    #[test]
    fn blocks_and_prose_are_told_apart() {
        assert_eq!(blocks(TEXT), [("sh,x".to_owned(), "ls\n  -l\n\n".to_owned())]);
        assert!(prose(TEXT).ends_with("b\nc") && !prose(TEXT).contains("ls"));
    }
}
