//! The footer once more, without the places of pages: it stands behind the word index, where the manifest finds it when the
//! footer itself is damaged. Before it, lowest byte first, its CRC-32C and its length, of four bytes each.

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    FileMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// For a file of these row groups; nothing where it has none.
pub(super) fn write(groups: &[RowGroupMetaData], properties: &WriterProperties) -> Result<Vec<u8>, ParquetError> {
    let Some(first) = groups.first() else { return Ok(Vec::new()) };
    let rows = groups.iter().map(RowGroupMetaData::num_rows).sum();
    let (by, pairs) = (properties.created_by().to_owned(), properties.key_value_metadata().cloned());
    let facts = FileMetaData::new(1, rows, Some(by), pairs, first.schema_descr_ptr(), None);
    let metadata = ParquetMetaData::new(facts, groups.to_vec());
    let mut footer = Vec::new();
    ParquetMetaDataWriter::new(&mut footer, &metadata).finish()?;
    let length = u32::try_from(footer.len()).map_err(|error| ParquetError::External(Box::new(error)))?;
    let mut spare = crc32c::crc32c(&footer).to_le_bytes().to_vec();
    spare.extend_from_slice(&length.to_le_bytes());
    spare.extend_from_slice(&footer);
    Ok(spare)
}

/// What stands at `at`, where it is what was written.
pub(super) fn read(file: &File, at: u64) -> Option<ParquetMetaData> {
    let mut head = [0; 8];
    file.read_exact_at(&mut head, at).ok()?;
    let [a, b, c, d, lengths @ ..] = head;
    let length = u32::from_le_bytes(lengths);
    if at + u64::from(length) > file.metadata().ok()?.len() {
        return None;
    }
    let mut footer = vec![0; usize::try_from(length).ok()?];
    file.read_exact_at(&mut footer, at + head.len() as u64).ok()?;
    if footer.is_empty() || crc32c::crc32c(&footer) != u32::from_le_bytes([a, b, c, d]) {
        return None;
    }
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip);
    reader.parse_and_finish(&Bytes::from(footer)).ok()
}
