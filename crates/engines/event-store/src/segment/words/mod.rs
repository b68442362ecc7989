//! The word index of a segment: which blocks of rows hold which words. It lies inside the Parquet file, between the
//! last row group and the footer, where other engines skip it, so that it comes and goes with the rows it describes.
//!
//! A search for a text looks for it anywhere inside a record, so the index answers "in which blocks may this text
//! be": never too few blocks, sometimes too many. The text is cut into words; those at its ends may be parts of longer
//! words, those inside are whole. Three structures hold what a block has:
//!
//! - a dictionary of words, sorted, with the blocks of each;
//! - a bloom filter per block over what analysts look up whole: addresses, e-mail addresses, domains, hashes, GUIDs;
//! - for runs too long for a dictionary (encoded commands, tokens of sessions) a bitmap per block of their trigrams.
//!
//! Words of one or two letters and numbers in decimal or hexadecimal say too little and are left out: a text made of
//! them alone prunes nothing.

mod blocks;
mod build;
mod file;
mod lookup;
mod text;

pub(crate) use blocks::Blocks;
pub(crate) use build::WordsBuilder;
pub(crate) use file::Words;
pub(crate) use lookup::Wanted;

/// Rows of one block.
pub(crate) const BLOCK: usize = 8192;

/// Key of the footer's metadata: offset and length of the index in the file.
pub(crate) const KEY: &str = "luytre.words";
