//! What does a subscriber of `tracing` see of an operation?
//!
//! A span for each call of [`Escrow`](super::Escrow) that changes or hands out something, and for each commit below it, of
//! level INFO and target `fdescrow`. Its fields are words, counts and the names of errors: `outcome`, `done`, `failed`,
//! `error`. Whose device it is stands in a span of its own within, `device`, of level DEBUG. Nothing else is told: no key,
//! no envelope, no reason, no person. How long it took, the subscriber knows.
//!
//! Without the feature `tracing` nothing of this is there, and an operation is a plain call.

#[cfg(feature = "tracing")]
mod told;

#[cfg(feature = "tracing")]
use self::told::Told;
use crate::ids::DeviceId;

macro_rules! operations {
    ($( $variant:ident = $name:literal; )*) => {
        /// What is going on. Each has the name of the method; `commit` is the store's.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Operation {
            $( $variant, )*
        }

        #[cfg(feature = "tracing")]
        impl Operation {
            fn span(self) -> tracing::Span {
                use tracing::field::Empty;
                match self {
                    $( Self::$variant => tracing::info_span!(
                        target: "fdescrow", $name, outcome = Empty, done = Empty, failed = Empty, error = Empty
                    ), )*
                }
            }
        }
    };
}

operations! {
    ApproveRecovery = "approve_recovery";
    Assess = "assess";
    AssessChanged = "assess_changed";
    AssessDue = "assess_due";
    Check = "check";
    Commit = "commit";
    DenyRecovery = "deny_recovery";
    Observe = "observe";
    Receive = "receive";
    ReleaseToDevice = "release_to_device";
    ReportRecovery = "report_recovery";
    RequestRecovery = "request_recovery";
    RequestRotation = "request_rotation";
    Reveal = "reveal";
    RevealTo = "reveal_to";
    RevokeApproval = "revoke_approval";
    Rewrap = "rewrap";
    RotationReported = "rotation_reported";
}

/// Does the work of an operation within its span, and says there what came of it.
#[cfg(feature = "tracing")]
pub(super) fn traced<T: Told>(operation: Operation, device: Option<&DeviceId>, work: impl FnOnce() -> T) -> T {
    let span = operation.span();
    let answer = span.in_scope(|| match device {
        Some(device) => tracing::debug_span!(target: "fdescrow", "device", id = %device).in_scope(work),
        None => work(),
    });
    if !span.is_disabled() {
        answer.told().record(&span);
    }
    answer
}

/// Does the work of an operation.
#[cfg(not(feature = "tracing"))]
#[inline]
pub(super) fn traced<T>(_operation: Operation, _device: Option<&DeviceId>, work: impl FnOnce() -> T) -> T {
    work()
}
