//! Rust source as the rules see it: words and signs, without comments, literals and what is compiled
//! for tests alone; and the paths that these spell, with `use` trees written out.
//!
//! The rule: no more of the language than that, and no name is resolved.

/// A source file, without what only its tests see.
#[derive(Debug)]
pub(crate) struct Source {
    tokens: Vec<Token>,
    /// The modules declared under `#[cfg(test)]` whose text is in a file of its own.
    pub(crate) test_modules: Vec<String>,
}

/// A word, `::`, or one other sign; literals are all the sign `"`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    text: String,
    line: usize,
}

/// A path as it is written, such as `crate::envelope::Suite`; a single word is a path too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// How many modules written in braces it stands in.
    pub(crate) depth: usize,
}

impl Source {
    pub(crate) fn parse(text: &str) -> Self {
        let tokens = tokens(text);
        let mut source = Self { tokens: Vec::new(), test_modules: Vec::new() };
        let mut rest = tokens.as_slice();
        while let Some((token, after)) = rest.split_first() {
            if spells(rest, &["#", "!", "[", "cfg", "(", "test", ")", "]"]) {
                return Self { tokens: Vec::new(), test_modules: Vec::new() };
            }
            let alone = spells(rest, &["#", "[", "cfg", "(", "test", ")", "]"]);
            if alone || spells(rest, &["#", "[", "cfg", "(", "all", "(", "test", ","]) {
                let (item, after) = split_item(rest);
                if let [.., module, name, end] = item
                    && module.text == "mod"
                    && end.text == ";"
                {
                    source.test_modules.push(name.text.clone());
                }
                rest = after;
            } else {
                source.tokens.push(token.clone());
                rest = after;
            }
        }
        source
    }

    /// Whether these words and signs follow each other somewhere.
    pub(crate) fn has(&self, wanted: &[&str]) -> bool {
        self.count(wanted) > 0
    }

    /// How often they do.
    pub(crate) fn count(&self, wanted: &[&str]) -> usize {
        (0..self.tokens.len()).filter(|start| spells(&self.tokens[*start..], wanted)).count()
    }

    /// Every path, in the order of the text.
    pub(crate) fn paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        // for every open brace, whether a module was opened by it
        let mut braces = Vec::new();
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            match token.text.as_str() {
                "{" => {
                    braces.push(at >= 2 && self.tokens[at - 2].text == "mod");
                    at += 1;
                }
                "}" => {
                    braces.pop();
                    at += 1;
                }
                word if is_word(word) => {
                    let depth = braces.iter().filter(|module| **module).count();
                    at = self.path(at, &[], depth, &mut paths);
                }
                _ => at += 1,
            }
        }
        paths
    }

    /// Reads the path or tree that begins at this word; answers where it ends.
    fn path(&self, start: usize, before: &[String], depth: usize, paths: &mut Vec<Path>) -> usize {
        let mut segments = before.to_vec();
        let mut at = start;
        while let Some(token) = self.tokens.get(at) {
            match token.text.as_str() {
                "{" if !segments.is_empty() => return self.tree(at, &segments, depth, paths),
                word if is_word(word) || (word == "*" && !segments.is_empty()) => segments.push(word.to_owned()),
                _ => break,
            }
            at += 1;
            if !self.is(at, "::") {
                break;
            }
            at += 1;
        }
        paths.push(Path { segments, line: self.tokens[start].line, depth });
        at
    }

    /// Reads what stands in the braces of a `use`; answers where they end.
    fn tree(&self, open: usize, before: &[String], depth: usize, paths: &mut Vec<Path>) -> usize {
        let mut at = open + 1;
        while let Some(token) = self.tokens.get(at) {
            match token.text.as_str() {
                "}" => return at + 1,
                // the new name of an import says nothing of where it comes from
                "as" => at += 2,
                "," => at += 1,
                _ => at = self.path(at, before, depth, paths).max(at + 1),
            }
        }
        at
    }

    fn is(&self, at: usize, text: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.text == text)
    }
}

/// The names of the modules that lead to a file: `core/src/key/luks.rs` is `key`, `luks`.
pub(crate) fn module_path(file: &str) -> Vec<String> {
    let inside = file.split_once("src/").map_or(file, |(_, inside)| inside);
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    inside.split('/').filter(|name| *name != "lib").map(str::to_owned).collect()
}

fn spells(tokens: &[Token], wanted: &[&str]) -> bool {
    tokens.len() >= wanted.len() && tokens.iter().zip(wanted).all(|(token, wanted)| token.text == *wanted)
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first == '_' || first.is_alphabetic())
}

/// Splits behind an item and the attributes before it: behind its closing brace or its semicolon.
fn split_item(tokens: &[Token]) -> (&[Token], &[Token]) {
    let mut open = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" | "[" | "{" => open += 1,
            ")" | "]" => open = open.saturating_sub(1),
            "}" => {
                open = open.saturating_sub(1);
                if open == 0 {
                    let semicolon = tokens.get(at + 1).is_some_and(|next| next.text == ";");
                    return tokens.split_at(at + 1 + usize::from(semicolon));
                }
            }
            ";" if open == 0 => return tokens.split_at(at + 1),
            _ => {}
        }
    }
    (tokens, &[])
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = literal(rest) {
            tokens.push(Token { text: "\"".into(), line });
            length
        } else {
            let word = word(rest);
            let length = match (word, rest.starts_with("::")) {
                (0, true) => 2,
                (0, false) => first.len_utf8(),
                (word, _) => word,
            };
            // a lifetime is no word of a path
            if first != '\'' {
                let text = rest[..length].trim_start_matches("r#");
                tokens.push(Token { text: text.into(), line });
            }
            length
        };
        let (passed, left) = rest.split_at(length);
        line += passed.matches('\n').count();
        rest = left;
    }
    tokens
}

/// The length of a word, a number or a lifetime; 0 if none begins here.
fn word(text: &str) -> usize {
    let begin = match text.strip_prefix("r#").filter(|after| is_word(after)) {
        Some(_) => 2,
        None => usize::from(text.starts_with('\'')),
    };
    let end = text[begin..].find(|sign: char| sign != '_' && !sign.is_alphanumeric());
    begin + end.unwrap_or(text.len() - begin)
}

/// The length of a comment in which others may be nested.
fn block_comment(text: &str) -> usize {
    let mut open = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            open += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            open -= 1;
            at += 2;
            if open == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// The length of a string or character, raw, of bytes or neither.
fn literal(text: &str) -> Option<usize> {
    let marked = text.trim_start_matches(['b', 'c']);
    let mark = text.len() - marked.len();
    let raw = marked.strip_prefix('r').filter(|_| mark <= 1);
    if let Some(raw) = raw {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = mark + 1 + hashes + 1;
            return Some(text[start..].find(&end).map_or(text.len(), |at| start + at + end.len()));
        }
    }
    let mut signs = marked.char_indices().filter(|_| mark <= 1);
    let (_, quote) = signs.next()?;
    match quote {
        '"' => {}
        // a character ends behind one sign, or one escape; a lifetime has no end
        '\'' if marked[1..].starts_with('\\') || marked[1..].chars().nth(1) == Some('\'') => {}
        _ => return None,
    }
    while let Some((at, sign)) = signs.next() {
        if sign == '\\' {
            signs.next();
        } else if sign == quote && at > 0 {
            return Some(mark + at + 1);
        }
    }
    Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        Source::parse(text).paths().iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn trees_are_written_out() {
        assert_eq!(
            paths("use crate::{error::{Error, Code as C}, ids};"),
            ["use", "crate::error::Error", "crate::error::Code", "crate::ids"]
        );
        assert_eq!(paths("use super::{super::key, x::*};"), ["use", "super::super::key", "super::x::*"]);
        assert_eq!(paths("a::<u8>::b(::std::fs::read(c))"), ["a", "u8", "b", "std::fs::read", "c"]);
    }

    #[test]
    fn comments_and_literals_are_no_words() {
        let text = r####"a /* b /* c */ d */ "e \" f" // g
            r#"h " i"# b"j" b'k' '\'' 'l' c"m" br##"n"# o"## '\u{1F600}' "\\" z"####;
        assert_eq!(paths(text), ["a", "z"]);
    }

    #[test]
    fn a_lifetime_is_no_character() {
        assert_eq!(paths("fn a<'b>(c: &'b str, d: &'static T) -> r#type"), ["fn", "a", "c", "str", "d", "T", "type"]);
    }

    #[test]
    fn what_is_for_tests_alone_is_left_out() {
        let text = "#[cfg(test)] #[allow(x)] mod tests { fn a() { b; } } c; \
            #[cfg(test)] use d::{e}; f; #[cfg(all(test, unix))] const G: [u8; 2] = H; i; \
            #[cfg(test)] mod vectors; #[cfg(any(test, feature = \"k\"))] fn l() {}";
        let source = Source::parse(text);
        assert_eq!(source.test_modules, ["vectors"]);
        let paths = source.paths();
        let words: Vec<&str> = paths.iter().map(|path| path.segments[0].as_str()).collect();
        assert_eq!(words, ["c", "f", "i", "cfg", "any", "test", "feature", "fn", "l"]);
        assert!(Source::parse("#![cfg(test)] use a::b;").paths().is_empty());
    }

    #[test]
    fn lines_and_modules_in_braces_are_counted() {
        let paths = Source::parse("a\nmod b {\n c { d } }\ne").paths();
        let places: Vec<_> = paths.iter().map(|path| (path.segments[0].as_str(), path.line, path.depth)).collect();
        assert_eq!(places, [("a", 1, 0), ("mod", 2, 0), ("b", 2, 0), ("c", 3, 1), ("d", 3, 1), ("e", 4, 0)]);
    }

    #[test]
    fn a_file_is_a_module() {
        assert_eq!(module_path("core/src/key/luks.rs"), ["key", "luks"]);
        assert_eq!(module_path("core/src/key.rs"), ["key"]);
        assert!(module_path("core/src/lib.rs").is_empty());
    }
}
