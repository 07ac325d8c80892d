//! What does a pointer that C holds point to?
//!
//! To a [`Handle`]: a tag that names the type, and a pointer to the value. All handle types have this one layout, so that the
//! tag of a handle of the wrong type can be read before anything else is. After a handle was freed nobody can tell what its
//! memory holds: that is the caller's to avoid.

use std::{ffi::c_void, mem::MaybeUninit, ptr};

use crate::failure::Failure;

/// The memory behind every opaque type of the header.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Handle {
    tag: u64,
    value: *mut c_void,
}

/// A type of the header.
pub(crate) trait Opaque: From<Handle> + AsRef<Handle> + AsMut<Handle> {
    /// What it holds. Used from several threads at once.
    type Value: Send + Sync;
    /// Which type it is: eight letters.
    const TAG: u64;
}

/// Declares that a struct of the header holds a value: `opaque!(fdescrow_key, RecoveryKey, b"fde_key_")`.
macro_rules! opaque {
    ($name:ident, $value:ty, $tag:literal) => {
        impl From<$crate::handle::Handle> for $name {
            fn from(handle: $crate::handle::Handle) -> Self {
                Self { handle }
            }
        }
        impl AsRef<$crate::handle::Handle> for $name {
            fn as_ref(&self) -> &$crate::handle::Handle {
                &self.handle
            }
        }
        impl AsMut<$crate::handle::Handle> for $name {
            fn as_mut(&mut self) -> &mut $crate::handle::Handle {
                &mut self.handle
            }
        }
        impl $crate::handle::Opaque for $name {
            type Value = $value;
            const TAG: u64 = u64::from_le_bytes(*$tag);
        }
    };
}
pub(crate) use opaque;

/// Gives a value to C.
pub(crate) fn give<H: Opaque>(value: H::Value) -> *mut H {
    let value = Box::into_raw(Box::new(value)).cast();
    Box::into_raw(Box::new(H::from(Handle { tag: H::TAG, value })))
}

/// What C lends for the time of a call.
pub(crate) fn borrow<H: Opaque>(handle: Option<&H>) -> Result<&H::Value, Failure> {
    let handle = handle.ok_or(Failure::NULL)?.as_ref();
    if handle.tag != H::TAG {
        return Err(Failure::WRONG_HANDLE);
    }
    // SAFETY: the tag says that `give` made this handle over a value of this type, which lives until the handle is freed;
    // nobody frees or changes what he lends as `const T *` (rules 2 and 7 of docs/c-abi.md).
    Ok(unsafe { &*handle.value.cast::<H::Value>() })
}

/// The same, where NULL stands for none.
pub(crate) fn borrow_some<H: Opaque>(handle: Option<&H>) -> Result<Option<&H::Value>, Failure> {
    handle.map(|handle| borrow(Some(handle))).transpose()
}

/// What C lends to be changed.
pub(crate) fn borrow_mut<H: Opaque>(handle: Option<&mut H>) -> Result<&mut H::Value, Failure> {
    let handle = handle.ok_or(Failure::NULL)?.as_mut();
    if handle.tag != H::TAG {
        return Err(Failure::WRONG_HANDLE);
    }
    // SAFETY: as in `borrow`; and nobody else uses what is lent as `T *` meanwhile (rule 7).
    Ok(unsafe { &mut *handle.value.cast::<H::Value>() })
}

/// Ends a handle and its value. NULL is nothing; a handle of another type stays as it is.
pub(crate) fn free<H: Opaque>(handle: Option<Box<H>>) {
    let Some(mut owned) = handle else { return };
    let handle = (*owned).as_mut();
    if handle.tag != H::TAG {
        // It is not ours to end as what it is not.
        Box::leak(owned);
        return;
    }
    handle.tag = 0;
    let value = std::mem::replace(&mut handle.value, ptr::null_mut());
    // SAFETY: the tag says that `give` made the value with this type, and it is taken out of the handle here.
    drop(unsafe { Box::from_raw(value.cast::<H::Value>()) });
}

/// Lends a value to C for one call, and takes it back.
pub(crate) fn lend<H: Opaque, R>(mut value: H::Value, call: impl FnOnce(*const H) -> R) -> (R, H::Value) {
    let handle = H::from(Handle { tag: H::TAG, value: (&raw mut value).cast() });
    let answer = call(&raw const handle);
    (answer, value)
}

/// Where C wants a pointer. It may point to memory that was never written.
pub(crate) type Slot<'a, T> = Option<&'a mut MaybeUninit<*mut T>>;
