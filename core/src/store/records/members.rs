//! x
use crate::store::schema::Table;
/// x
#[derive(Debug)]
#[non_exhaustive]
pub struct Member;
/// x
pub fn members(_t: Table) -> &'static [Member] {
    &[]
}
