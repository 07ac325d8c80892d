//! The whole story.
mod mac;
