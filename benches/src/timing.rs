//! Does time tell a wrong padding from a right one?
//!
//! The test of dudect: two classes of messages that do not open, one with a padding that is wrong and one with a right
//! padding around another content key, opened in random order with the real private key; the times of each class, without
//! the slowest, are compared by Welch's t. Below 4.5 in absolute value, so many measurements tell nothing. It is for a
//! quiet machine, and no gate: noise makes it blind, and a busy neighbour makes it see what is not there.

use std::time::Instant;

use fdescrow::{
    Kind, Randomness,
    envelope::{Envelope, EnvelopeError, Limits, OpenOptions, Suite},
};
use fdescrow_identities::SystemRandomness;
use fdescrow_tests::generator::{asn1::Node, forge::Forge, primitives};

use crate::{
    Failure,
    material::{Library, Material, authority},
};

/// Messages of each class: what one of them takes by itself does not count for its class.
const MESSAGES: usize = 256;

/// Measures so often, and prints the t of several cuts.
pub(crate) fn run(material: &Material, library: Library, measurements: usize) -> Result<(), Failure> {
    let authority = authority(material)?;
    let (limits, options) = (Limits::default(), OpenOptions::new(Suite::FileVault).kind(Kind::FileVault));
    let sealed = material.read("filevault.der")?;
    let message = |wrapped: Vec<u8>| {
        let mut forge = Forge::of(&sealed);
        *forge.encrypted_key() = Node::octet_string(wrapped);
        Envelope::parse(&forge.encode(), &limits)
    };
    let mut classes: [Vec<Envelope>; 2] = Default::default();
    for class in 0..2 {
        for _ in 0..MESSAGES {
            let key = authority.key.to_public_key();
            let mut wrapped = primitives::wrap_pkcs1(&key, &primitives::random(24));
            if class == 0 {
                // any other number below the modulus: its padding is wrong but for one in some ten thousand
                wrapped = primitives::random(wrapped.len());
                wrapped.iter_mut().take(1).for_each(|octet| *octet &= 0x3F);
            }
            if let Some(messages) = classes.get_mut(class) {
                messages.push(message(wrapped)?);
            }
        }
    }
    let (keyring, rng) = (material.keyring("rsa", library)?, SystemRandomness::new());
    let mut times: [Vec<f64>; 2] = Default::default();
    for _ in 0..measurements {
        let mut draw = [0; 2];
        rng.fill(&mut draw)?;
        let [class, number] = draw.map(usize::from);
        let chosen = classes.get(class % 2).and_then(|messages| messages.get(number % MESSAGES));
        let (Some(chosen), Some(times)) = (chosen, times.get_mut(class % 2)) else { continue };
        let start = Instant::now();
        let answer = chosen.open(&keyring, &options);
        times.push(start.elapsed().as_secs_f64() * 1e9);
        if !matches!(answer, Err(EnvelopeError::Open)) {
            return Err("a message opened that should not".into());
        }
    }
    let [wrong, right] = times;
    let mut all: Vec<f64> = wrong.iter().chain(&right).copied().collect();
    all.sort_by(f64::total_cmp);
    for percent in [50, 75, 90, 100] {
        let cut = all.get((all.len() * percent / 100).saturating_sub(1)).copied().unwrap_or(f64::MAX);
        let kept = |times: &[f64]| times.iter().copied().filter(|time| *time <= cut).collect::<Vec<_>>();
        let ((wrong, right), t) = welch(&kept(&wrong), &kept(&right));
        println!("fastest {percent} %: wrong padding {wrong:.0} ns, right padding {right:.0} ns, t = {t:.2}");
    }
    Ok(())
}

/// The means of two samples, and Welch's t.
#[expect(clippy::cast_precision_loss, reason = "there are fewer measurements than that")]
fn welch(one: &[f64], other: &[f64]) -> ((f64, f64), f64) {
    let moments = |sample: &[f64]| {
        let count = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / count;
        let variance = sample.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((first, first_error), (second, second_error)) = (moments(one), moments(other));
    ((first, second), (first - second) / (first_error + second_error).sqrt())
}
