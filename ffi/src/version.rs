//! Which library is this?

use crate::view::fdescrow_str;

/// The number of the C ABI that this header describes. It grows when something is taken away or changes its meaning; what is
/// only added leaves it as it is.
pub const FDESCROW_ABI_VERSION: u32 = 1;

/// The number of the C ABI of the library that is loaded: compare it with `FDESCROW_ABI_VERSION` before anything else is called.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_abi_version() -> u32 {
    FDESCROW_ABI_VERSION
}

/// The version of the library, as in `0.1.0`. It is there as long as the library is.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_version() -> fdescrow_str {
    fdescrow_str::of(env!("CARGO_PKG_VERSION"))
}
