//! A data set in pieces: what was made anew, and between it what stays where it lies.

pub use sendqueue_dicom::Piece;

/// Whether what is kept lies within a source of this size.
pub fn are_within(pieces: &[Piece], size: usize) -> bool {
    pieces.iter().all(|piece| match piece {
        Piece::Made(_) => true,
        Piece::Kept(range) => range.start <= range.end && range.end <= size,
    })
}

/// The same pieces of a source that begins so much earlier.
pub fn moved(mut pieces: Vec<Piece>, by: usize) -> Vec<Piece> {
    for piece in &mut pieces {
        if let Piece::Kept(range) = piece {
            *range = range.start.saturating_add(by)..range.end.saturating_add(by);
        }
    }
    pieces
}

/// Where they lie, in their order. What is not within its source is left out.
pub fn slices<'a>(source: &'a [u8], pieces: &'a [Piece]) -> Vec<&'a [u8]> {
    let slice = |piece: &'a Piece| match piece {
        Piece::Made(bytes) => bytes,
        Piece::Kept(range) => source.get(range.clone()).unwrap_or_default(),
    };
    pieces.iter().map(slice).collect()
}

/// Of all of them, in bytes.
pub fn length(pieces: &[Piece]) -> usize {
    let length = |piece: &Piece| match piece {
        Piece::Made(bytes) => bytes.len(),
        Piece::Kept(range) => range.len(),
    };
    pieces.iter().map(length).sum()
}

/// Bytes that were made.
pub fn made(pieces: &[Piece]) -> usize {
    let made = |piece: &Piece| match piece {
        Piece::Made(bytes) => bytes.capacity(),
        Piece::Kept(_) => 0,
    };
    pieces.iter().map(made).sum()
}
