//! Bytes that lie in pieces, read as if they lay together.

use std::cell::Cell;
use std::ops::Range;

use crate::transport::pieces::{Piece, slices};

/// A piece.
struct Whole<'a> {
    /// Where it begins.
    at: usize,
    bytes: &'a [u8],
    /// Where it lies in the source, if it does.
    kept: Option<usize>,
}

/// Bytes of one piece.
pub(super) struct Part<'a> {
    pub(super) bytes: &'a [u8],
    /// Where they lie in the source, if they do.
    pub(super) kept: Option<Range<usize>>,
}

pub(super) struct Input<'a> {
    pieces: Vec<Whole<'a>>,
    size: usize,
    /// Which piece was read last: reading goes forward.
    last: Cell<usize>,
}

impl<'a> Input<'a> {
    pub(super) fn new(source: &'a [u8], pieces: &'a [Piece]) -> Input<'a> {
        let mut size = 0;
        let mut found = Vec::with_capacity(pieces.len());
        for (piece, bytes) in pieces.iter().zip(slices(source, pieces)) {
            let kept = match piece {
                Piece::Kept(range) => Some(range.start),
                Piece::Made(_) => None,
            };
            if !bytes.is_empty() {
                let at = size;
                found.push(Whole { at, bytes, kept });
                size += bytes.len();
            }
        }
        Input {
            pieces: found,
            size,
            last: Cell::new(0),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.size
    }

    /// So many bytes from `at` on, if they are there before `end`.
    pub(super) fn chunk<const N: usize>(&self, at: usize, end: usize) -> Option<[u8; N]> {
        if at + N > end.min(self.size) {
            return None;
        }
        let first = self.piece(at);
        let piece = self.pieces.get(first)?;
        if let Some(found) = piece
            .bytes
            .get(at - piece.at..)
            .and_then(<[u8]>::first_chunk)
        {
            return Some(*found);
        }
        let mut chunk = [0; N];
        let mut filled = 0;
        for part in self.parts(at, at + N) {
            chunk[filled..filled + part.bytes.len()].copy_from_slice(part.bytes);
            filled += part.bytes.len();
        }
        Some(chunk)
    }

    /// What lies between two places.
    pub(super) fn parts(&self, from: usize, until: usize) -> impl Iterator<Item = Part<'a>> {
        let pieces = self.pieces.iter().skip(self.piece(from));
        let inside = pieces.take_while(move |piece| piece.at < until);
        inside.map(move |piece| {
            let begin = from.saturating_sub(piece.at);
            let end = piece.bytes.len().min(until - piece.at);
            Part {
                bytes: &piece.bytes[begin..end],
                kept: piece.kept.map(|at| at + begin..at + end),
            }
        })
    }

    /// The piece that has this byte.
    fn piece(&self, at: usize) -> usize {
        let last = self.last.get();
        let has = |index: usize| {
            let piece = self.pieces.get(index);
            piece.is_some_and(|piece| piece.at <= at && at - piece.at < piece.bytes.len())
        };
        let found = if has(last) {
            last
        } else {
            let after = self.pieces.partition_point(|piece| piece.at <= at);
            after.saturating_sub(1)
        };
        self.last.set(found);
        found
    }
}
