//! Can a type that holds a secret be printed, copied or written by accident?
//!
//! Decided when this is compiled: where a type has the trait, two implementations fit the question and the compiler
//! refuses to choose.

/// Fails to compile if the type has one of the traits.
macro_rules! has_none_of {
    ($type:ty: $($bound:path),+) => {
        const _: fn() = || {
            trait Question<Answer> {
                fn ask() {}
            }
            impl<T: ?Sized> Question<()> for T {}
            $({
                #[allow(dead_code, reason = "it is there to be compiled")]
                struct Yes;
                impl<T: ?Sized + $bound> Question<Yes> for T {}
            })+
            let _ = <$type as Question<_>>::ask;
        };
    };
}

macro_rules! hold_secrets {
    ($($type:ty),+ $(,)?) => {
        $( has_none_of!($type: std::fmt::Display, Clone, Copy, PartialEq, Default, std::ops::Deref, serde::Serialize); )+

        #[test]
        fn types_that_hold_secrets_cannot_be_printed_copied_or_written_counted() {
            let types = [$( stringify!($type) ),+];
            println!("{} types have none of Display, Clone, Copy, PartialEq, Default, Deref, Serialize", types.len());
        }
    };
}

hold_secrets! {
    fdescrow::Secret<str>,
    fdescrow::Secret<[u8]>,
    fdescrow::Secret<[u8; 16]>,
    fdescrow::RecoveryKey,
    fdescrow::agent::luks::NewKey,
    fdescrow::key::BitLockerKey,
    fdescrow::key::FileVaultKey,
    fdescrow::key::LuksKey,
    fdescrow::key::SnapdKey,
    fdescrow::key::SystemdKey,
    fdescrow::audit::MacKey,
    fdescrow::envelope::Opened,
    fdescrow::envelope::Payload,
    fdescrow::envelope::PrivateKey,
    fdescrow::envelope::RawContent,
    fdescrow::envelope::identity::ContentKey,
    fdescrow::envelope::identity::RejectionSecret,
    fdescrow::escrow::Revealed,
    fdescrow::escrow::Upload,
    fdescrow::profile::FileVaultUnlock<'static>,
    fdescrow::recovery::sheet::Sheet<'static>,
}
