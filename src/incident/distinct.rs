//! How many different clients: exact for few, estimated in fixed memory for many.
//!
//! Merges in any order to the same result: the exact set is a union, the estimate a HyperLogLog (Flajolet et al. 2007).

use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// Up to here the number is exact.
const EXACT: usize = 256;
/// Registers of the estimate: 2^11, standard error 2.3 %.
const REGISTER_BITS: u32 = 11;

/// A set of hashes of which only the size is asked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Distinct {
    exact: HashSet<u64, BuildHasherDefault<Itself>>,
    registers: Option<Box<[u8]>>,
}

/// What is a hash already needs no other; so few cannot be chosen to make it slow.
#[derive(Debug, Default, Clone, Copy)]
struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Distinct {
    /// Takes one in. The hash must be well mixed.
    pub fn add(&mut self, hash: u64) {
        match &mut self.registers {
            Some(registers) => register(registers, hash),
            None => {
                self.exact.insert(hash);
                if self.exact.len() > EXACT {
                    self.estimate_from_now_on();
                }
            }
        }
    }

    /// Takes another set in.
    pub fn merge(&mut self, other: &Self) {
        if let Some(theirs) = &other.registers {
            self.estimate_from_now_on();
            if let Some(ours) = &mut self.registers {
                ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours = (*ours).max(*theirs));
            }
        }
        other.exact.iter().for_each(|hash| self.add(*hash));
    }

    /// The size, and whether it is exact.
    pub fn count(&self) -> (u64, bool) {
        match &self.registers {
            None => (self.exact.len() as u64, true),
            Some(registers) => (estimate(registers), false),
        }
    }

    fn estimate_from_now_on(&mut self) {
        if self.registers.is_none() {
            let mut registers = vec![0; 1 << REGISTER_BITS].into_boxed_slice();
            self.exact.drain().for_each(|hash| register(&mut registers, hash));
            self.registers = Some(registers);
        }
    }
}

fn register(registers: &mut [u8], hash: u64) {
    let index = (hash >> (64 - REGISTER_BITS)) as usize;
    let rank = ((hash << REGISTER_BITS) | 1 << (REGISTER_BITS - 1)).leading_zeros() as u8 + 1;
    registers[index] = registers[index].max(rank);
}

fn estimate(registers: &[u8]) -> u64 {
    let m = registers.len() as f64;
    let sum: f64 = registers.iter().map(|rank| 2_f64.powi(-i32::from(*rank))).sum();
    let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
    let empty = registers.iter().filter(|rank| **rank == 0).count() as f64;
    let small = raw <= 2.5 * m && empty > 0.0;
    (if small { m * (m / empty).ln() } else { raw }).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64: a well mixed hash of a number.
    fn mixed(number: u64) -> u64 {
        let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    #[test]
    fn few_are_exact_and_many_are_near() {
        for (many, exact) in [(200, true), (1_000, false), (100_000, false)] {
            let (mut one, mut other) = (Distinct::default(), Distinct::default());
            (0..many)
                .for_each(|number| if number % 3 == 0 { one.add(mixed(number)) } else { other.add(mixed(number)) });
            other.add(mixed(0));
            let mut reverse = other.clone();
            reverse.merge(&one);
            one.merge(&other);
            let (count, is_exact) = one.count();
            assert_eq!((is_exact, reverse.count().0), (exact, count));
            assert!(count.abs_diff(many) as f64 <= many as f64 * 0.08, "{count} of {many}");
        }
    }
}
