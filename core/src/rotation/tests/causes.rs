//! Which cause applies, and when.

use super::*;

fn every_cause() -> PlaceFacts {
    PlaceFacts {
        received: Some(at(0)),
        revealed: Some(at(0)),
        break_glass: false,
        undecryptable: Some(at(0)),
        compromised: Some(at(0)),
        certificate: Some(at(0)),
        policy: Some(at(0)),
        operator: Some(at(0)),
    }
}

#[test]
fn the_most_urgent_of_the_causes_that_are_there_counts() {
    let mut rules = RotationRules { max_age: 86_400, ..rules() };
    let mut order = Vec::new();
    while let Some(due) = due_cause(&every_cause(), &rules, at(1_000_000)) {
        order.push(due.cause);
        if !rules.on.remove(&due.cause) {
            break;
        }
    }
    // what an operator asks for counts also where the policy does not list it
    assert_eq!(order, [Cause::Compromise, Cause::Undecryptable, Cause::Operator, Cause::Operator]);
    let mut facts = every_cause();
    facts.operator = None;
    let mut order = Vec::new();
    while let Some(due) = due_cause(&facts, &rules, at(1_000_000)) {
        order.push(due.cause);
        rules.on.remove(&due.cause);
    }
    assert_eq!(order, [Cause::Certificate, Cause::Policy, Cause::Reveal, Cause::Age]);
}

#[test]
fn what_lies_ahead_says_when() {
    let facts = PlaceFacts { received: Some(at(0)), revealed: Some(at(100_000)), ..PlaceFacts::default() };
    let rules = RotationRules { max_age: 1_000_000, ..rules() };
    let due = due_cause(&facts, &rules, at(100_001)).unwrap();
    assert_eq!((due.cause, due.at), (Cause::Reveal, at(103_600)));
    assert_eq!(due_cause(&facts, &rules, at(2_000_000)).unwrap().cause, Cause::Reveal);
    assert_eq!(due_cause(&PlaceFacts::default(), &rules, at(0)), None);
    let never = RotationRules::by_hand();
    assert_eq!(due_cause(&facts, &never, at(9_000_000)), None);
    // shown in an emergency: replaced whatever the policy says
    let emergency = PlaceFacts { break_glass: true, ..facts };
    assert_eq!(due_cause(&emergency, &never, at(9_000_000)).unwrap().cause, Cause::Reveal);
}
