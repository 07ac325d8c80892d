//! The page to print, and what is in it for pages of others.

use super::{Page, Sheet, WARNING, instructions, qr, spelling};
use crate::secret::Secret;

/// No network, no scripts, no fonts: what is shown is in the page.
const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
    <meta name=\"robots\" content=\"noindex\">\n\
    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
    <title>Recovery key</title>\n<style>\n\
    body { font-family: sans-serif; max-width: 44em; margin: 2em auto; color: #000; background: #fff }\n\
    .key td:first-child { font-family: monospace; font-size: 1.6em; padding-right: 1em }\n\
    .typed { font-family: monospace; font-size: 1.2em; overflow-wrap: anywhere }\n\
    .code { width: 14em; height: 14em }\n\
    th { text-align: left; padding-right: 1em }\n\
    </style>\n</head>\n<body>\n";

pub(super) fn page(sheet: &Sheet<'_>) -> Secret<str> {
    let mut page = Page::new();
    page.push(&[HEAD, "<h1>"]);
    escape(sheet.key.kind().description(), &mut page);
    page.line(&["</h1>"]);
    content(sheet, &mut page);
    page.line(&["</body>\n</html>"]);
    page.into_secret()
}

pub(super) fn fragment(sheet: &Sheet<'_>) -> Secret<str> {
    let mut page = Page::new();
    content(sheet, &mut page);
    page.into_secret()
}

fn content(sheet: &Sheet<'_>, page: &mut Page) {
    page.line(&["<table class=\"facts\">"]);
    for (name, value) in sheet.facts() {
        page.push(&["<tr><th scope=\"row\">", name, "</th><td>"]);
        escape(&value, page);
        page.line(&["</td></tr>"]);
    }
    page.line(&["</table>"]);
    page.line(&["<table class=\"key\">"]);
    for group in sheet.key.expose_groups() {
        page.push(&["<tr><td>"]);
        escape(group, page);
        page.push(&["</td><td>"]);
        spelling::spell(group, page);
        page.line(&["</td></tr>"]);
    }
    page.line(&["</table>"]);
    page.push(&["<p>As it is typed: <span class=\"typed\">"]);
    escape(sheet.key.expose(), page);
    page.line(&["</span></p>"]);
    qr::svg(sheet.key.expose(), page);
    page.line(&["<ol>"]);
    for step in instructions(sheet.key.kind()) {
        page.push(&["<li>"]);
        escape(step, page);
        page.line(&["</li>"]);
    }
    page.line(&["</ol>"]);
    page.line(&["<p><strong>", WARNING, "</strong></p>"]);
}

/// Text as HTML shows it, in elements and in quoted attributes.
fn escape(text: &str, page: &mut Page) {
    let mut buffer = [0; 4];
    for symbol in text.chars() {
        page.push(&[match symbol {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&#39;",
            other => other.encode_utf8(&mut buffer),
        }]);
    }
}
