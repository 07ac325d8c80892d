//! The key as a QR code (ISO/IEC 18004), for those who have a scanner that types.

use qrcodegen_no_heap::{QrCode, QrCodeEcc, Version};
use zeroize::Zeroizing;

use super::Page;

/// The largest version that is used: 57 modules. A key of 71 letters needs less at this level of correction.
const VERSION: Version = Version::new(10);

/// White modules that a scanner needs around the code (ISO/IEC 18004, 6.3.8).
const QUIET: i32 = 4;

/// Writes an inline SVG image of the text; nothing if it does not fit, which no recovery key does.
pub(super) fn svg(text: &str, page: &mut Page) {
    let mut scratch = Zeroizing::new(vec![0; VERSION.buffer_len()]);
    let mut modules = Zeroizing::new(vec![0; VERSION.buffer_len()]);
    let encoded =
        QrCode::encode_text(text, &mut scratch, &mut modules, QrCodeEcc::Medium, Version::MIN, VERSION, None, true);
    let Ok(code) = encoded else { return };
    let size = code.size();
    let whole = number(size.saturating_add(2 * QUIET));
    page.push(&["<svg class=\"code\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", &whole, " ", &whole]);
    page.push(&["\" role=\"img\" aria-label=\"QR code\" shape-rendering=\"crispEdges\">"]);
    page.push(&["<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path d=\""]);
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            page.push(&["M", &number(x.saturating_add(QUIET)), " ", &number(y.saturating_add(QUIET)), "h1v1h-1z"]);
        }
    }
    page.line(&["\"/></svg>"]);
}

fn number(value: i32) -> Zeroizing<String> {
    Zeroizing::new(value.to_string())
}
